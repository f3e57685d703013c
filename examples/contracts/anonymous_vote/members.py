"""The list of members outside of the chain: everybody computes its root, each member what proves that he is on it."""

from collections.abc import Iterable
from typing import Final

from compute.dsl.membership import MemberTree
from crypto.poseidon import poseidon

DEPTH: Final = 8  # that of `vote`: room for 65,536


def identity(secret: int) -> int:
    """What a member gives to whoever keeps the list. The secret is a random number below 2**248, and stays his."""
    return poseidon([secret])


class MemberList:
    """Published before the poll: whoever reads it counts the members, and finds each identity once."""

    def __init__(self, identities: Iterable[int]) -> None:
        """Raises TooManyMembers, NotAFieldElement."""
        self.identities = tuple(identities)
        self._tree = MemberTree(self.identities, DEPTH)

    @property
    def root(self) -> int:
        """What the poll's register `members` holds."""
        return self._tree.root

    def member(self, identity: int) -> dict[str, object]:
        """The place of an identity and the siblings above it, a private argument of `vote`. Raises ValueError."""
        return self._tree.member(self.identities.index(identity))
