"""Values of every wire struct, drawn from a seed: what the codec promises is tried on each type many times."""

import dataclasses
import types
import typing
from functools import cache
from random import Random
from typing import Any, Final

from chain.codec import Unions, open_unions, wire_types
from chain.types.scalars import SCALARS, Scalar
from tests.support.rooms import ROOMS, import_all

MOST_ITEMS: Final = 3
LONGEST: Final = 96  # bytes of a blob; lengths near the bounds are drawn as well where they are short
LETTERS: Final = "aZ09-_ \u00e9\u4e2d\U0001f512\x00"


def known_types(*rooms: str) -> list[type[Any]]:
    """Every wire struct of these rooms, by default of all, in order of their names."""
    import_all(*rooms)
    found = [cls for cls in wire_types() if cls.__module__.partition(".")[0] in (rooms or ROOMS)]
    return sorted(found, key=lambda cls: (cls.__module__, cls.__qualname__))


@cache
def known_unions(*rooms: str) -> Unions:
    """Every open union of these rooms with all its members, the components' and the consensus log's."""
    members = known_types(*rooms)
    return {base: {cls.tag: cls for cls in members if base in cls.__mro__} for base in open_unions()}


class Maker:
    """Draws values that fit a type's definition, and often its bounds."""

    def __init__(self, seed: int, unions: Unions | None = None) -> None:
        self.random, self.unions = Random(seed), known_unions() if unions is None else unions

    def struct(self, cls: type) -> Any:
        """A value of a wire struct."""
        return cls(*[self._value(hint) for hint in _hints(cls)])

    def _value(self, hint: Any) -> Any:
        if hint in SCALARS:
            return self._scalar(SCALARS[hint])
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if origin is tuple:
            return tuple(self._value(args[0]) for _ in range(self.random.randint(0, MOST_ITEMS)))
        if origin in (types.UnionType, typing.Union):
            inner = args[0] if args[1] is type(None) else args[1]
            return None if self.random.random() < 0.3 else self._value(inner)
        if hint in self.unions:
            return self.struct(self.random.choice([*self.unions[hint].values()]))
        return self.struct(hint)

    def _scalar(self, rule: Scalar) -> Any:
        if rule.base is bool:
            return self.random.random() < 0.5
        if rule.base is int:
            return self._integer(rule.low, rule.high)
        length = self.random.choice(rule.lengths) if rule.lengths else self._length(rule.low, rule.high)
        if rule.base is bytes:
            return self.random.choice((self.random.randbytes(length), bytes(length), b"\xff" * length))
        return "".join(self.random.choice(LETTERS) for _ in range(length))

    def _integer(self, low: int, high: int) -> int:
        """An edge as often as anything else."""
        return self.random.choice(_edges(low, high)) if self.random.random() < 0.5 else self.random.randint(low, high)

    def _length(self, low: int, high: int) -> int:
        short = max(low, min(high, LONGEST))
        edges = [edge for edge in (low, short, 31, 32) if low <= edge <= short]
        return self.random.choice((self.random.choice(edges), self.random.randint(low, short)))


@cache
def _hints(cls: type) -> tuple[Any, ...]:
    """The types of a struct's fields, in order."""
    hints = typing.get_type_hints(cls)
    return tuple(hints[field.name] for field in dataclasses.fields(cls))


@cache
def _edges(low: int, high: int) -> tuple[int, ...]:
    """Of the range, and of msgpack's widths within it."""
    edges = (low, high, *(edge for bits in (7, 8, 16, 32, 63) for edge in (2**bits - 1, 2**bits)))
    return tuple(edge for edge in edges if low <= edge <= high)


def bent(data: bytes, random: Random) -> bytes:
    """The bytes with one thing changed: a byte, one more, one less, a piece doubled, cut, or taken from elsewhere."""
    at = random.randrange(len(data))
    other = random.randrange(len(data))
    match random.randrange(7):
        case 0:
            return data[:at] + bytes((data[at] ^ 1 << random.randrange(8),)) + data[at + 1 :]
        case 1:
            return data[:at] + bytes((random.randrange(256),)) + data[at + 1 :]
        case 2:
            return data[:at] + bytes((random.randrange(256),)) + data[at:]
        case 3:
            return data[:at] + data[at + 1 :]
        case 4:
            return data[:at]
        case 5:
            return data + data[at:]
        case _:
            return data[:at] + data[other : other + 8] + data[at + 8 :]
