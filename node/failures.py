"""How many false proofs a payer or a peer may cost us before it has to wait: a bucket a name, leaking by the block."""

from collections import OrderedDict
from typing import Final

from node.errors import NodeError

MAX_FAILURES: Final = 32  # false proofs in the bucket before a name is refused
MAX_NAMES: Final = 4_096


class TooManyFalseProofs(NodeError):
    """A payer or peer had so many false proofs looked at lately that no more are, for a while."""

    code = 7030

    def __init__(self, name: str, count: int) -> None:
        super().__init__(f"{name} sent {count} false proofs lately; the node looks at its next ones in some blocks.")
        self.name, self.count = name, count


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
