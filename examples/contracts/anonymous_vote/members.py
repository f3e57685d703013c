"""The list of members outside of the chain: everybody computes its root, and each member its own way up to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from crypto.poseidon import poseidon

DEPTH: Final = 16  # room for 65,536, and the length of the way that `vote` takes
NOBODY: Final = 0  # an empty place; no secret is known whose hash it is


def identity(secret: int) -> int:
    """What a member gives to whoever keeps the list. The secret is a random number below 2**248, and stays his."""
    return poseidon([secret])


@dataclass(frozen=True, slots=True)
class Way:
    """Where a member stands in the list, and the siblings from his leaf upwards: arguments of `vote`, and private."""

    place: int
    path: tuple[int, ...]


class MemberList:
    """Published before the poll: whoever reads it counts the members, and finds each identity once."""

    def __init__(self, identities: Iterable[int]) -> None:
        self.identities = tuple(identities)
        self._levels = [list(self.identities)]
        empty = NOBODY
        for _ in range(DEPTH):
            below = self._levels[-1]
            padded = [*below, empty] if len(below) % 2 or not below else below
            self._levels.append([poseidon(padded[i : i + 2]) for i in range(0, len(padded) - 1, 2)])
            empty = poseidon([empty, empty])

    @property
    def root(self) -> int:
        """What the poll's register `members` holds."""
        return self._levels[DEPTH][0]

    def way(self, identity: int) -> Way:
        """Raises ValueError for who is not on the list."""
        place, empty, path = self.identities.index(identity), NOBODY, []
        for height in range(DEPTH):
            level, sibling = self._levels[height], place >> height ^ 1
            path.append(level[sibling] if sibling < len(level) else empty)
            empty = poseidon([empty, empty])
        return Way(place, tuple(path))
