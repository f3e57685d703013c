"""What proofs may cost us: how many false ones of a payer or a peer, how much work of a peer, before it has to wait."""

from collections import OrderedDict
from typing import Final

from node.errors import NodeError

MAX_FAILURES: Final = 32  # false proofs in the bucket before a name is refused
MAX_NAMES: Final = 4_096
BLOCKS_OF_WORK: Final = 8  # that a peer may have verified at once,
BLOCKS_BACK: Final = 2  # of which so many come back with each block


class TooManyFalseProofs(NodeError):
    """A payer or peer had so many false proofs looked at lately that no more are, for a while."""

    code = 7030

    def __init__(self, name: str, count: int) -> None:
        super().__init__(f"{name} sent {count} false proofs lately; the node looks at its next ones in some blocks.")
        self.name, self.count = name, count


class PeerSpentItsWork(NodeError):
    """A peer's transactions had so many proofs verified lately that its next ones wait for some blocks."""

    code = 7031

    def __init__(self, peer: str, spent: int, limit: int) -> None:
        super().__init__(
            f"proofs that {peer} relayed took {spent} work units lately, and {limit} are allowed; the node looks at "
            "its next ones in some blocks."
        )
        self.peer, self.spent, self.limit = peer, spent, limit


class WorkBudget:
    """What verifying a peer's proofs may cost us, good ones too: a bucket a peer, leaking by the block.

    Twice what a block can hold comes back with each block, so a peer that relays all there is does not wait; one that
    sends what will not fit into blocks does, and leaves the verifier to the others. Bounded in names.
    """

    def __init__(self) -> None:
        self._height = 0
        self._spent: OrderedDict[str, int] = OrderedDict()

    def require(self, peer: str, block_work: int) -> None:
        """Raises PeerSpentItsWork while the peer has spent its budget; `block_work`: what a block can hold."""
        spent, limit = self._spent.get(peer, 0), BLOCKS_OF_WORK * block_work
        if spent >= limit:
            raise PeerSpentItsWork(peer, spent, limit)

    def spend(self, peer: str, work: int) -> None:
        """The peer's proofs are verified now."""
        self._spent[peer] = self._spent.pop(peer, 0) + work
        if len(self._spent) > MAX_NAMES:
            self._spent.popitem(last=False)

    def spent(self, peer: str) -> int:
        """Work units that have not leaked yet."""
        return self._spent.get(peer, 0)

    def leak(self, height: int, block_work: int) -> None:
        """The head is at `height`: every block since the last time gives everybody two blocks' work back."""
        passed, self._height = height - self._height, height
        if passed > 0:
            back = passed * BLOCKS_BACK * block_work
            self._spent = OrderedDict((peer, spent - back) for peer, spent in self._spent.items() if spent > back)


class FailureBudget:
    """Counts failures by source and payer; `leak` forgives one of each per block. Bounded in names.

    A source is a peer; None is RPC, where everybody shares the door and one's failures must not shut it for others. A
    payer is what is scarce: an account that can pay, or the nullifier of a note once a proof has shown that it pays;
    None before that, as keys that sign once cost nothing.
    """

    def __init__(self, limit: int = MAX_FAILURES) -> None:
        self._limit = limit
        self._height = 0
        self._counts: OrderedDict[str, int] = OrderedDict()

    def require(self, source: str | None, payer: bytes | None) -> None:
        """Raises TooManyFalseProofs while either has spent its budget."""
        for name in _names(source, payer):
            count = self._counts.get(name, 0)
            if count >= self._limit:
                raise TooManyFalseProofs(name, count)

    def count(self, source: str | None, payer: bytes | None, weight: int = 1) -> None:
        """One more false proof, or something that cost as much as `weight` of them."""
        for name in _names(source, payer):
            self._counts[name] = self._counts.pop(name, 0) + weight
            if len(self._counts) > MAX_NAMES:
                self._counts.popitem(last=False)

    def leak(self, height: int) -> None:
        """The head is at `height`: forgive everybody one failure per block since the last time."""
        passed, self._height = height - self._height, height
        if passed > 0:
            kept = ((name, count - passed) for name, count in self._counts.items() if count > passed)
            self._counts = OrderedDict(kept)


def _names(source: str | None, payer: bytes | None) -> tuple[str, ...]:
    names = (source, None if payer is None else f"payer 0x{payer.hex()}")
    return tuple(name for name in names if name is not None)
