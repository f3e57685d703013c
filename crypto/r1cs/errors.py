"""What a circuit refuses, when it is built and when it is solved."""

from typing import ClassVar

from crypto.errors import CryptoError
from crypto.field import SCALAR_FIELD

Bound = tuple[int, int]  # inclusive: lo <= value <= hi


class CircuitError(CryptoError):
    """Root of the errors of circuits."""

    code: ClassVar[int] = 1720


class RangeError(CircuitError):
    """A wire's proven bound is wider than a gadget can take: the result could wrap or be chosen by the prover."""

    code: ClassVar[int] = 1721

    def __init__(self, gadget: str, bound: Bound | None, needed: Bound) -> None:
        had = "any field element" if bound is None else f"{bound[0]}..{bound[1]}"
        super().__init__(
            f"{gadget} needs a value proven to lie in {needed[0]}..{needed[1]}; this wire is only known to be {had}. "
            f"Prove its range first, or give the gadget more bits."
        )
        self.gadget, self.bound, self.needed = gadget, bound, needed


class PublicAfterPrivate(CircuitError):
    """Public wires come first in circom's wire order, so they are declared before any other wire."""

    code: ClassVar[int] = 1722

    def __init__(self, name: str) -> None:
        super().__init__(f"Public signal {name!r} was declared after a private wire. Declare all public signals first.")
        self.name = name


class NameTaken(CircuitError):
    """Two inputs or outputs of one circuit share a name."""

    code: ClassVar[int] = 1723

    def __init__(self, name: str) -> None:
        super().__init__(f"The circuit already has a signal called {name!r}. Give the second one another name.")
        self.name = name


class OutputNotDefinedOnce(CircuitError):
    """A declared output must be tied to exactly one value, else the prover could choose it."""

    code: ClassVar[int] = 1724

    def __init__(self, wire: int, definitions: int) -> None:
        super().__init__(f"Output wire {wire} was defined {definitions} times; it must be defined exactly once.")
        self.wire, self.definitions = wire, definitions


class WrongInputs(CircuitError):
    """The names or lengths given to the solver are not the circuit's."""

    code: ClassVar[int] = 1725

    def __init__(self, name: str, expected: int, given: int) -> None:
        super().__init__(
            f"Input {name!r}: the circuit takes {expected} values here and was given {given}. "
            f"Give every declared input, nothing else, and no outputs."
        )
        self.name, self.expected, self.given = name, expected, given


class InputNotInField(CircuitError):
    """An input value cannot be a field element as it stands; it is refused, never reduced."""

    code: ClassVar[int] = 1726

    def __init__(self, name: str, value: int) -> None:
        super().__init__(f"Input {name!r} is {value}: expected 0 <= value - offset < {SCALAR_FIELD}.")
        self.name, self.value = name, value


class ValueRefused(CircuitError):
    """Solving met a value outside what a gadget proves: no witness exists for these inputs."""

    code: ClassVar[int] = 1727

    def __init__(self, gadget: str, value: int, needed: Bound) -> None:
        super().__init__(
            f"{gadget} got {value} and proves only {needed[0]}..{needed[1]}, so these inputs have no witness. "
            f"Check that they are quantised as the circuit's manifest says."
        )
        self.gadget, self.value, self.needed = gadget, value, needed


class Unsatisfied(CircuitError):
    """A witness does not satisfy a constraint."""

    code: ClassVar[int] = 1728

    def __init__(self, constraint: int, scope: str) -> None:
        super().__init__(f"Constraint {constraint} ({scope or 'top level'}) does not hold for this witness.")
        self.constraint, self.scope = constraint, scope


class NotAnOutput(CircuitError):
    """Only what `Builder.output` returned can be tied to a value: an input is given, and other wires have theirs."""

    code: ClassVar[int] = 1731

    def __init__(self) -> None:
        super().__init__("Builder.define takes a wire that Builder.output returned; use assert_equal for other wires.")


class UnusedPublic(CircuitError):
    """A public signal stands in no constraint, so a proof would not depend on it."""

    code: ClassVar[int] = 1730

    def __init__(self, cell: int) -> None:
        super().__init__(f"Public cell {cell} is in no constraint. Use it, or tie it to the proof with Builder.bind.")
        self.cell = cell


class DivisionByZero(CircuitError):
    """A witness needs the inverse of zero: a value that must be invertible is not."""

    code: ClassVar[int] = 1729

    def __init__(self, gadget: str) -> None:
        super().__init__(f"{gadget} was given zero, which has no inverse, so these inputs have no witness.")
        self.gadget = gadget
