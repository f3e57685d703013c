"""What depends on what is not public, followed through one run of a method's body.

A public register shows what is written to it. Where that depends on a private argument, a sealed register or a spent
note, the contract must say so by `reveal`: nothing becomes public because somebody chose the wrong kind of register.
Followed is what the solver computes from what (`Builder.hint`), so also an index, a condition or a hash tells.
"""

from collections.abc import Sequence
from typing import Any

from compute.dsl.errors import SecretShown
from compute.dsl.fields import Declared
from compute.dsl.machine import Number
from compute.dsl.place import calling_place
from compute.dsl.values import Value
from compute.dsl.wires import Wires
from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import Bound
from crypto.r1cs.program import Hint
from crypto.r1cs.wire import Wire


class Followed(Builder):
    """A builder that knows of each cell of what secret it tells something: of one of them, by name."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[int, str] = {}

    def hint_cells(
        self,
        gadget: str,
        function: Hint,
        inputs: Sequence[Number],
        count: int,
        domain: Sequence[Bound | None] | None = None,
    ) -> range:
        cells = super().hint_cells(gadget, function, inputs, count, domain)
        told = next(filter(None, map(self.told_by, inputs)), None)
        if told is not None:
            self._told.update(dict.fromkeys(cells, told))
        return cells

    def keep(self, numbers: Sequence[Number], what: str) -> None:
        """They are a secret of that name."""
        for number in numbers:
            if isinstance(number, Wire):
                self._told.update(dict.fromkeys(number.terms, what))

    def told_by(self, number: Number) -> str | None:
        """A secret that the number tells something of, if there is one."""
        if isinstance(number, int):
            return None
        return next((self._told[cell] for cell in number.terms if cell in self._told), None)


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
