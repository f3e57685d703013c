"""Zero, equality and inverses. The hint may be an inverse or anything when there is none; the result is unique."""

from collections.abc import Sequence

from crypto import field
from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import DivisionByZero
from crypto.r1cs.wire import Wire, as_wire


def is_zero(cs: Builder, a: Wire) -> Wire:
    """1 if a = 0, else 0. Any field element in; 0..1 out.

    Constraints: 2: a * hint = 1 - out, a * out = 0. For a = 0 the hint is free, out is not. Source: circomlib IsZero.
    """
    reciprocal, out = cs.hint("is_zero", _inverse_or_zero, [a], 2)
    cs.constrain(a, reciprocal, 1 - out)
    cs.constrain(a, out, 0)
    return cs.proven(out, 0, 1)


def is_equal(cs: Builder, a: Wire, b: Wire | int) -> Wire:
    """1 if a = b, else 0. Any field elements in; 0..1 out. Constraints: 2."""
    return is_zero(cs, a - as_wire(b))


def inverse(cs: Builder, a: Wire) -> Wire:
    """1 / a, which also proves a != 0. Any field element but zero in, any out. Constraints: 1."""
    (out,) = cs.hint("inverse", _inverse, [a], 1)
    cs.constrain(a, out, 1)
    return out


def assert_nonzero(cs: Builder, a: Wire) -> None:
    """Proves a != 0. Any field element in. Constraints: 1; none if its bound excludes zero and all that equals it."""
    if a.bound is None or _holds_multiple(*a.bound):
        inverse(cs, a)


def _holds_multiple(low: int, high: int) -> bool:
    """Whether low..high has a multiple of r: a bound is of an integer, and -r or r is zero, too."""
    return high // SCALAR_FIELD * SCALAR_FIELD >= low


def _inverse_or_zero(values: Sequence[int]) -> tuple[int, int]:
    value = values[0] % SCALAR_FIELD
    return (field.inverse(value), 0) if value else (0, 1)


def _inverse(values: Sequence[int]) -> tuple[int]:
    if values[0] % SCALAR_FIELD == 0:
        raise DivisionByZero("inverse")
    return (field.inverse(values[0]),)
