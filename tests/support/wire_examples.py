"""Wire structs of every kind for the codec's tests, with strategies that make them and one example."""

from dataclasses import dataclass
from typing import ClassVar

from hypothesis import strategies as st

from chain.codec import Unions, decode_plain, encode, open_union, wire
from chain.types.scalars import (
    MAX_UINT,
    Amount,
    Blob,
    FieldElement,
    Hash,
    Height,
    Name,
    Uint,
    ValidRound,
    VoteTarget,
)
from crypto.field import SCALAR_FIELD


@wire()
@dataclass(frozen=True, slots=True)
class Inner:
    height: Height
    memo: Name | None


@open_union
class Shape:
    __slots__ = ()
    tag: ClassVar[int]
    name: ClassVar[str]


@wire()
@dataclass(frozen=True, slots=True)
class Square(Shape):
    tag: ClassVar[int] = 1
    name: ClassVar[str] = "square"

    side: Uint


@wire(version=3)
@dataclass(frozen=True, slots=True)
class Circle(Shape):
    tag: ClassVar[int] = 2
    name: ClassVar[str] = "circle"

    radius: Uint
    centre: Inner


@wire()
@dataclass(frozen=True, slots=True)
class Outer:
    amount: Amount
    round: ValidRound
    element: FieldElement
    hash: Hash
    target: VoteTarget
    blob: Blob
    flag: bool
    inner: Inner
    many: tuple[Inner, ...]
    shape: Shape
    maybe: Hash | None


UNIONS: Unions = {Shape: {1: Square, 2: Circle}}

uints = st.integers(0, MAX_UINT)
inners = st.builds(Inner, uints, st.none() | st.text(min_size=1, max_size=64))
outers = st.builds(
    Outer,
    uints,
    st.integers(-1, 2**31 - 1),
    st.integers(0, SCALAR_FIELD - 1),
    st.binary(min_size=32, max_size=32),
    st.just(b"") | st.binary(min_size=32, max_size=32),
    st.binary(max_size=300),
    st.booleans(),
    inners,
    st.lists(inners, max_size=4).map(tuple),
    st.builds(Square, uints) | st.builds(Circle, uints, inners),
    st.none() | st.binary(min_size=32, max_size=32),
)
EXAMPLE = Outer(
    Amount(7),
    ValidRound(-1),
    FieldElement(SCALAR_FIELD - 1),
    Hash(b"\x01" * 32),
    VoteTarget(b""),
    Blob(b"\x00\xff"),
    True,
    Inner(Height(1), None),
    (Inner(Height(2), Name("two")),),
    Circle(Uint(5), Inner(Height(3), Name("ü"))),
    None,
)


def plain_example() -> list[object]:
    plain: list[object] = decode_plain(encode(EXAMPLE))
    return plain
