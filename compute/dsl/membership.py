"""Membership in a list that stands as one root: who is listed proves it, and not which one he is.

    members = Register(Field)                                 # MemberTree(leaves, depth).root

    def vote(self, secret: Private[Field], member: Private[Member[8]]) -> None:
        require(member.proves(poseidon(secret), self.members), "not on the list")

A tree of four children a node: depth 8 holds 65,536 leaves. Its hash has a tag of its own, so a leaf or node of another
tree is none of this one.
"""

from collections.abc import Sequence
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

from compute.dsl.composites import Array, Struct
from compute.dsl.errors import DslError, UnknownType
from compute.dsl.integers import machine
from compute.dsl.machine import Range
from compute.dsl.operations import select, tagged_poseidon
from compute.dsl.place import calling_place
from compute.dsl.scalars import Bool, Field
from compute.dsl.sized import u32
from crypto import domains
from crypto.poseidon import poseidon
from crypto.r1cs.wire import Wire

ARITY = 4
MOST_DEPTH = 16
_EMPTY = 0
D = TypeVar("D")
_MADE: dict[int, type["Member[Any]"]] = {}


class TooManyMembers(DslError):
    """A list has more members than a tree of its depth has room for."""

    code = 6441

    def __init__(self, members: int, depth: int) -> None:
        super().__init__(f"{members} members do not fit a tree of depth {depth}, which has {ARITY**depth} leaves.")
        self.members, self.depth = members, depth


class Member(Struct, Generic[D]):
    """`Member[8]`: a place in a tree of depth 8, and the siblings above it. Outside: what MemberTree.member gives."""

    __slots__ = ()
    place: u32
    path: Array[Array[Field, Literal[3]], Literal[1]]

    def __class_getitem__(cls, depth: Any) -> Any:
        if isinstance(depth, TypeVar):
            return super().__class_getitem__(depth)  # type: ignore[misc]
        if get_origin(depth) is Literal:  # for type checkers, which take no bare number here
            (depth,) = get_args(depth)
        if type(depth) is not int or not 1 <= depth <= MOST_DEPTH:
            raise UnknownType(
                calling_place(), "a Member without a depth.", f"Write Member[8]; 1 to {MOST_DEPTH} levels."
            )
        if depth not in _MADE:
            made: type[Member[Any]] = type(f"Member[{depth}]", (Member,), {"__slots__": ()})
            made.parts = {"place": u32, "path": Array[Array[Field, Literal[3]], depth]}
            _MADE[depth] = made
        return _MADE[depth]

    def root(self, leaf: Field) -> Field:
        """The root that this path leads to from a leaf. A place beyond the tree is refused: each has one number.

        Constraints: 305 for each level.
        """
        depth = len(self.path)
        place = machine().ranged(self.place.number, Range(f"place of a {self.type_name}", 0, ARITY**depth - 1))
        return self._led_to(leaf, [_bit(number) for number in machine().bits(place, 2 * depth)])

    def _led_to(self, leaf: Field, bits: list[Bool]) -> Field:
        """The root from a leaf, by as many of the place's bits as the tree has. Constraints: 301 for each level."""
        node = Field.coerced(leaf)
        for level, siblings in enumerate(self.path):
            low, high = bits[2 * level : 2 * level + 2]
            node = tagged_poseidon(_children(node, siblings, low, high), domains.MEMBER_TREE)
        return node

    def proves(self, leaf: Field, root: Field) -> Bool:
        """Whether the leaf, which is not 0 as empty places are, stands at the place in the tree of that root.

        Constraints: 71, and 301 for each level; 66 if it is required.
        """
        inside = self.place < ARITY ** len(self.path) if len(self.path) < MOST_DEPTH else Bool(True)
        return inside & (leaf != 0) & (self._led_to(leaf, self.place.bits()) == root)


def _children(node: Field, siblings: "Array[Field, Any]", low: Bool, high: Bool) -> list[Field]:
    """Four children: the node at the place low + 2 high, the siblings around it in order. Constraints: 4.

    As crypto/r1cs/gadgets/note_tree.py: the last child is what is left of the sum of all.
    """
    one, two, three = siblings
    last = machine().both(low.number, high.number)
    first = _bit(1 - low.number - high.number + last)
    zeroth = select(first, node, one)
    third = select(_bit(last), node, three)
    lower = select(high, two, node + one - zeroth)
    return [zeroth, lower, node + one + two + three - zeroth - lower - third, third]


def _bit(number: Wire | int) -> Bool:
    """A number that is known to be a bit."""
    return Bool.made(number.bounded(0, 1) if isinstance(number, Wire) else number)


class MemberTree:
    """The list outside of contracts. leaves: field elements, in the order of their places; empty places are 0."""

    def __init__(self, leaves: Sequence[int], depth: int) -> None:
        """Raises TooManyMembers, NotAFieldElement."""
        if len(leaves) > ARITY**depth:
            raise TooManyMembers(len(leaves), depth)
        self._levels, self._empty = [list(leaves)], [_EMPTY]
        for _ in range(depth):
            row, empty = self._levels[-1], self._empty[-1]
            filled = [*row, *[empty] * (-len(row) % ARITY)] or [empty] * ARITY
            self._levels.append(
                [poseidon(filled[i : i + ARITY], domains.MEMBER_TREE) for i in range(0, len(filled), ARITY)]
            )
            self._empty.append(poseidon([empty] * ARITY, domains.MEMBER_TREE))

    @property
    def root(self) -> int:
        """What a contract keeps of the list."""
        return self._levels[-1][0]

    def member(self, place: int) -> dict[str, object]:
        """What proves that the leaf at a place is in the list: an argument of type Member[depth]. Raises IndexError."""
        if not 0 <= place < len(self._levels[0]):
            raise IndexError(place)
        path, index = [], place
        for row, empty in zip(self._levels[:-1], self._empty, strict=False):
            start = index // ARITY * ARITY
            group = [row[i] if i < len(row) else empty for i in range(start, start + ARITY)]
            path.append([node for i, node in enumerate(group) if i != index - start])
            index //= ARITY
        return {"place": place, "path": path}
