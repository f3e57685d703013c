"""The rules by which a light client believes a header, one class each. Codes 5300-5319."""

from pathlib import Path
from typing import TYPE_CHECKING

from chain.types.scalars import BlockId, ChainId, Hash, Height
from client.errors import ClientError

if TYPE_CHECKING:
    from client.light.attack import Attack


class LightError(ClientError):
    """Root of the errors of light clients."""

    code = 5300


class OtherChainId(LightError):
    """A header is of another chain than the trusted one."""

    code = 5301

    def __init__(self, expected: ChainId, got: ChainId) -> None:
        super().__init__(f"the header is of chain {got!r}, not of {expected!r}. Ask a node of the right chain.")
        self.expected, self.got = expected, got


class OtherValidators(LightError):
    """A block's validators are not those that its header, or the header before it, names."""

    code = 5302

    def __init__(self, height: Height, expected: Hash, got: Hash) -> None:
        super().__init__(
            f"at height {height} the validators 0x{got.hex()} are shown; the headers name 0x{expected.hex()}. "
            "The node lies or follows another chain: ask another one."
        )
        self.height, self.expected, self.got = height, expected, got


class CommitForAnother(LightError):
    """A commit belongs to another block than the header beside it."""

    code = 5303

    def __init__(self, height: Height, block_id: BlockId) -> None:
        super().__init__(
            f"the commit beside header {height} (block 0x{block_id.hex()}) is for another block. Ask another node."
        )
        self.height, self.block_id = height, block_id


class TrustExpired(LightError):
    """What is trusted is older than validators are bound by their stake: they could sign another past for free."""

    code = 5304

    def __init__(self, height: Height, age_ms: int, period_ms: int) -> None:
        super().__init__(
            f"what is trusted, height {height}, is {_days(age_ms)} old; after {_days(period_ms)} it no longer counts, "
            "as its validators may have taken their stake away. Get a recent height and block id from somebody you "
            "believe and start again with --trust HEIGHT:BLOCK_ID."
        )
        self.height, self.age_ms, self.period_ms = height, age_ms, period_ms


class TimeNotLater(LightError):
    """A header is not later than the trusted one before it."""

    code = 5305

    def __init__(self, height: Height, after_ms: int, time_ms: int) -> None:
        super().__init__(
            f"header {height} says time {time_ms} ms; it must be later than {after_ms} ms. Ask another node."
        )
        self.height, self.after_ms, self.time_ms = height, after_ms, time_ms


class FromTheFuture(LightError):
    """A header's time lies further ahead than clocks differ."""

    code = 5306

    def __init__(self, height: Height, ahead_ms: int, allowed_ms: int) -> None:
        super().__init__(
            f"header {height} is {ahead_ms / 1000:.1f} s ahead of this machine's clock; at most "
            f"{allowed_ms / 1000:.0f} s are allowed. Set the clock, or ask another node."
        )
        self.height, self.ahead_ms, self.allowed_ms = height, ahead_ms, allowed_ms


class TooFewTrusted(LightError):
    """Those who are trusted did not sign with more than 1/3 of their power: headers between are needed first."""

    code = 5307

    def __init__(self, height: Height, power: int, total: int) -> None:
        super().__init__(
            f"of the trusted validators {power} of {total} units of power signed header {height}; more than a third "
            "must have. Verify a header between first."
        )
        self.height, self.power, self.total = height, power, total


class WrongHeight(LightError):
    """A node answered with another height than was asked for."""

    code = 5308

    def __init__(self, expected: Height, got: Height) -> None:
        super().__init__(f"height {expected} was asked for, and height {got} came. Ask another node.")
        self.expected, self.got = expected, got


class TrustedOtherwise(LightError):
    """A node shows another block at a height whose block is known."""

    code = 5309

    def __init__(self, height: Height, expected: BlockId, got: BlockId) -> None:
        super().__init__(
            f"at height {height} block 0x{got.hex()} is shown; 0x{expected.hex()} is trusted. The node lies or follows "
            "another chain: ask another one. If you were given the trusted block by somebody, ask where it comes from."
        )
        self.height, self.expected, self.got = height, expected, got


class LightClientAttack(LightError):
    """Two nodes show different blocks of one height, both signed by validators who are trusted."""

    code = 5310

    def __init__(self, attack: "Attack") -> None:
        doubled = len(attack.double_votes)
        super().__init__(
            f"two different blocks of height {attack.height} are both signed by the trusted validators "
            f"(0x{attack.shown.header.id().hex()} and 0x{attack.other.header.id().hex()}; {doubled} of them voted "
            "for both in one round). Nothing was believed. Somebody attacks you or the chain has split: ask its "
            "operators before you rely on any node; the evidence convicts the double signers."
        )
        self.height, self.attack = attack.height, attack


class AnchorsUnreadable(LightError):
    """The file of what a light client trusts was changed or belongs to another program."""

    code = 5311

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path}, which holds what this light client trusts, cannot be used: {reason}. Delete it to start again "
            "from the genesis or the block that you name."
        )
        self.path, self.reason = str(path), reason


class NotYetFinal(LightError):
    """A node does not know a height yet."""

    code = 5312

    def __init__(self, url: str, height: Height) -> None:
        super().__init__(f"{url} does not have height {height}. Wait, or ask a node that is further.")
        self.url, self.height = url, height


class WitnessDisagrees(LightError):
    """A witness shows another block, and what both nodes agree on is too old to judge between them."""

    code = 5313

    def __init__(self, name: str, height: Height, common: Height) -> None:
        super().__init__(
            f"{name} shows another block at height {height}, and the last block that both nodes agree on, {common}, is "
            "too old to judge between them. Nothing was believed. Get a recent height and block id from somebody you "
            "believe and start again with --trust HEIGHT:BLOCK_ID."
        )
        self.name, self.height, self.common = name, height, common


class NodeBehind(LightError):
    """A node's newest block is older than what was verified before: it is behind, or hides what came since."""

    code = 5314

    def __init__(self, shown: Height, newest: Height, behind_ms: int) -> None:
        super().__init__(
            f"the node's newest signed block is {shown}, {behind_ms // 1000} s older than block {newest}, which was "
            "verified before: what it shows may have changed since. Ask another node, or wait until it has caught up."
        )
        self.shown, self.newest, self.behind_ms = shown, newest, behind_ms


def _days(milliseconds: int) -> str:
    seconds = milliseconds // 1000
    return f"{seconds // 86_400} days" if seconds >= 172_800 else f"{seconds // 3600} hours"
