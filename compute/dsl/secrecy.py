"""What depends on what is not public, followed through one run of a method's body.

A public register shows what is written to it. Where that depends on a private argument, a sealed register or a spent
note, the contract must say so by `reveal`: nothing becomes public because somebody chose the wrong kind of register.
Followed is what the solver computes from what (`Builder.hint`), so also an index, a condition or a hash tells.

A hash of what `once` is given is public, too. It hides what cannot be guessed; so of that it is followed how many bits
of secrets are in it at most, by their types.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from compute.dsl.errors import SecretShown
from compute.dsl.fields import Declared
from compute.dsl.machine import Number
from compute.dsl.place import calling_place
from compute.dsl.scalars import Field
from compute.dsl.values import Leaf, Value
from compute.dsl.wires import Wires
from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import Bound
from crypto.r1cs.program import Hint
from crypto.r1cs.wire import Wire

ENOUGH: Final = 128  # bits that nobody guesses
FIELD_BITS: Final = 254
LISTED: Final = ("Identifier", "Address", "Asset")
_WIDE: Final = frozenset({((), ENOUGH)})


@dataclass(frozen=True, slots=True)
class Told:
    """What a cell tells of secrets. secret: one of them, by name.

    parts: all of them, by the cells that each began with and the bits that it has at most; what has ENOUGH is one part.
    """

    secret: str
    parts: frozenset[tuple[tuple[int, ...], int]]

    @property
    def bits(self) -> int:
        """How many bits must be guessed to know all of it, at most."""
        return sum(bits for _, bits in self.parts)


class Followed(Builder):
    """A builder that knows of each cell of what secrets it tells something."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[int, Told] = {}

    def hint_cells(
        self,
        gadget: str,
        function: Hint,
        inputs: Sequence[Number],
        count: int,
        domain: Sequence[Bound | None] | None = None,
    ) -> range:
        cells = super().hint_cells(gadget, function, inputs, count, domain)
        told = _joined(filter(None, map(self.told, inputs)))
        if told is not None:
            self._told.update(dict.fromkeys(cells, told))
        return cells

    def keep(self, numbers: Sequence[Number], leaves: Sequence[Leaf], what: str) -> None:
        """They are a secret of that name."""
        for number, leaf in zip(numbers, leaves, strict=True):
            if isinstance(number, Wire):
                cells = tuple(number.terms)
                self._told.update(dict.fromkeys(cells, Told(what, frozenset({(cells, _bits(leaf))}))))

    def told(self, number: Number) -> Told | None:
        """What the number tells of secrets: no more than it has bits itself."""
        if isinstance(number, int):
            return None
        told = _joined(self._told[cell] for cell in number.terms if cell in self._told)
        if told is None or number.bound is None or told.bits < ENOUGH:
            return told
        low, high = number.bound
        bits = (high - low).bit_length()
        return told if bits >= ENOUGH else Told(told.secret, frozenset({(tuple(sorted(number.terms)), bits)}))

    def told_by(self, number: Number) -> str | None:
        """A secret that the number tells something of, if there is one."""
        told = self.told(number)
        return None if told is None else told.secret


def _joined(tellings: Iterable[Told]) -> Told | None:
    """What all of them tell together; one of ENOUGH bits stands for it."""
    joined: Told | None = None
    for each in tellings:
        if joined is None:
            joined = each
        elif each.parts is not joined.parts:
            joined = Told(joined.secret, joined.parts | each.parts)
        if joined.bits >= ENOUGH:
            return Told(joined.secret, _WIDE)
    return joined


def _bits(leaf: Leaf) -> int:
    """How many bits must be guessed to know it, at most: none of accounts and assets, which the chain lists."""
    if leaf.type_name in LISTED:
        return 0
    return FIELD_BITS if leaf.high is None else (leaf.high - leaf.low).bit_length()


class FollowedWires(Wires):
    """The machine of a run that is followed. revealed: the lines that reveal something, in order."""

    def __init__(self, cs: Followed) -> None:
        super().__init__(cs)
        self.reveals: list[str] = []

    def revealed(self, number: Number) -> Number:
        line = calling_place().text
        if line not in self.reveals:
            self.reveals.append(line)
        if isinstance(number, int):
            return number
        (fresh,) = self.cs.hint("revealed", lambda values: (0,), [], 1)
        return fresh if number.bound is None else fresh.bounded(*number.bound)


def require_revealed(followed: Followed, declared: Declared[Any], value: Value) -> None:
    """Raises SecretShown if a public register would show with this value what nobody said is to be shown."""
    if declared.sealed:
        return
    for leaf, number in zip(declared.leaves, value.numbers(), strict=True):
        told = followed.told_by(number)
        if told is not None:
            raise SecretShown(
                calling_place(),
                f"everybody reads {declared.name}{leaf.path}, and what is written depends on {told}, which is secret.",
                f"Write reveal(x) around what everybody may know, or declare {declared.name} as Sealed.",
            )


def require_unguessable(followed: Followed, value: Field) -> None:
    """Raises SecretShown for a value of once() that hides less than ENOUGH bits: who tries them all finds its hash."""
    told = followed.told(value.number)
    if told is not None and told.bits < ENOUGH:
        raise SecretShown(
            calling_place(),
            f"everybody sees a hash of what once() is given, and finds {told.secret} by trying: it hides at most "
            f"{told.bits} bits.",
            "Hash it with a random Field that is fixed before, as in a sealed register or a list's leaf: "
            "self.once(poseidon(key, x)). Write self.once(reveal(x)) if everybody may know it.",
        )
