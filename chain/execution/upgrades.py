"""Upgrades: which rules are in force at which height, and that a program which does not know them stops before it.

A passed plan stands in state until its height. From that height on headers carry its application version and envelopes
its fork id, so that what was signed under the old rules means nothing under the new ones. A program has a table of the
application versions that it can execute; the first block of another one it neither executes nor builds.
Source: protocol.md, "Transactions, fees" (fork_id is the hash of the active upgrade) and "Governance".
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from chain.codec import decode, encode, wire
from chain.errors import ChainError
from chain.state import keys
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.block import FIRST_APP_VERSION
from chain.types.scalars import Hash, Height, Name, Text, Uint
from crypto import domains
from crypto.hashing import tagged_hash

NO_FORK: Final = Hash(bytes(32))  # the fork id before the first upgrade


class UpgradeNeeded(ChainError):
    """The next block belongs to an upgrade that this program does not know: it stops before that block."""

    code = 3120
    fatal = True
    exit_status = 3

    def __init__(self, name: str, height: Height, needed: int, known: Collection[int], info: str) -> None:
        where = f" ({info})" if info else ""
        super().__init__(
            f"height {height} is the first of upgrade {name!r}, which needs application version {needed}; this program "
            f"knows {', '.join(map(str, sorted(known)))}. Install a release that knows version {needed}{where} and "
            "start it on the same home folder: nothing else is to be done."
        )
        self.upgrade, self.height, self.needed, self.known, self.info = name, height, needed, tuple(sorted(known)), info


@wire()
@dataclass(frozen=True, slots=True)
class Upgrade:
    """A plan: from `height` on blocks follow the rules of `app_version`. info: where the release is found."""

    name: Name
    height: Height
    app_version: Uint
    info: Text

    def fork_id(self, previous: Hash) -> Hash:
        """What envelopes carry from the plan's height on: it names all upgrades up to this one."""
        return Hash(tagged_hash(domains.FORK, encode(_ForkMaterial(previous, self))))


@wire()
@dataclass(frozen=True, slots=True)
class _ForkMaterial:
    previous: Hash
    upgrade: Upgrade


@wire()
@dataclass(frozen=True, slots=True)
class _Schedule:
    """All upgrades that were ever passed and not cancelled, by height; the last one may lie ahead."""

    upgrades: tuple[Upgrade, ...]


@dataclass(frozen=True, slots=True)
class Fork:
    """The rules of a block: what its header and its transactions' envelopes must name, and the upgrade they are of."""

    id: Hash
    app_version: Uint
    upgrade: Upgrade | None

    def require_known(self, known: Collection[Uint]) -> None:
        """Raises UpgradeNeeded unless a program with these application versions can execute such a block."""
        if self.app_version not in known:
            name, height, info = ("genesis", Height(0), "")
            if self.upgrade is not None:
                name, height, info = self.upgrade.name, self.upgrade.height, self.upgrade.info
            raise UpgradeNeeded(name, height, self.app_version, known, info)


GENESIS_FORK: Final = Fork(NO_FORK, FIRST_APP_VERSION, None)


def fork_at(view: View, height: Height) -> Fork:
    """The rules of the block at `height`, as far as state knows; ask for no height further than the next."""
    fork = GENESIS_FORK
    for upgrade in _read(view):
        if upgrade.height <= height:
            fork = Fork(upgrade.fork_id(fork.id), upgrade.app_version, upgrade)
    return fork


def pending_upgrade(view: View, height: Height) -> Upgrade | None:
    """The passed plan that the block at `height` does not follow yet, or None. There is at most one."""
    upgrades = _read(view)
    return upgrades[-1] if upgrades and upgrades[-1].height > height else None


def plan_upgrade(overlay: Overlay, upgrade: Upgrade) -> None:
    """Let `upgrade` act from its height on. The caller has made sure that none is pending and that it lies ahead."""
    overlay.put(keys.UPGRADES, encode(_Schedule((*_read(overlay), upgrade))))


def cancel_upgrade(overlay: Overlay, upgrade: Upgrade) -> None:
    """Forget a pending plan."""
    left = tuple(other for other in _read(overlay) if other != upgrade)
    if left:
        overlay.put(keys.UPGRADES, encode(_Schedule(left)))
    else:
        overlay.delete(keys.UPGRADES)


def _read(view: View) -> tuple[Upgrade, ...]:
    raw = view.get(keys.UPGRADES)
    return () if raw is None else decode(_Schedule, raw).upgrades
