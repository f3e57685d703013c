"""Wires: linear combinations of witness cells, each with the integer bound that the circuit proves for it."""

from collections.abc import Iterable

from crypto.field import SCALAR_FIELD
from crypto.r1cs.errors import Bound, RangeError


class Wire:
    """constant + sum of coefficient * cell; adding wires and multiplying by a constant costs no constraint.

    `bound` (lo, hi) says that the value, read as an integer, is proven to lie in lo..hi; None says any field element.
    Sums keep a bound as long as it spans less than the field, so a bounded wire never wraps. Immutable.
    """

    __slots__ = ("bound", "constant", "terms")

    def __init__(self, terms: dict[int, int], constant: int = 0, bound: Bound | None = None) -> None:
        self.terms = terms
        self.constant = constant
        self.bound = bound if bound is None or bound[1] - bound[0] < SCALAR_FIELD else None

    def __add__(self, other: "Wire | int") -> "Wire":
        if isinstance(other, int):
            return Wire(self.terms, _reduced(self.constant + other), _shifted(self.bound, other))
        terms = dict(self.terms)
        _accumulate(terms, other.terms, 1)
        return Wire(terms, _reduced(self.constant + other.constant), _sum(self.bound, other.bound))

    def __neg__(self) -> "Wire":
        return self * -1

    def __sub__(self, other: "Wire | int") -> "Wire":
        if isinstance(other, int):
            return self + -other
        terms = dict(self.terms)
        _accumulate(terms, other.terms, -1)
        return Wire(terms, _reduced(self.constant - other.constant), _sum(self.bound, scaled(other.bound, -1)))

    def __mul__(self, factor: int) -> "Wire":
        if factor % SCALAR_FIELD == 0:
            return constant(0)
        terms = {cell: _reduced(coefficient * factor) for cell, coefficient in self.terms.items()}
        return Wire(terms, _reduced(self.constant * factor), scaled(self.bound, factor))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: int) -> "Wire":
        return self * -1 + other

    def bounded(self, lo: int, hi: int) -> "Wire":
        """The same wire with a proven bound. For gadgets only, once their constraints imply lo <= value <= hi."""
        return Wire(self.terms, self.constant, (lo, hi))

    @property
    def is_constant(self) -> bool:
        return not self.terms

    def within(self, lo: int, hi: int) -> bool:
        """Whether the value is proven to lie in lo..hi."""
        return self.bound is not None and lo <= self.bound[0] and self.bound[1] <= hi

    def require(self, gadget: str, lo: int, hi: int) -> None:
        """Raises RangeError in `gadget`'s name unless the value is proven to lie in lo..hi."""
        if not self.within(lo, hi):
            raise RangeError(gadget, self.bound, (lo, hi))


def constant(value: int) -> Wire:
    """A wire that always holds `value`; costs nothing."""
    reduced = _reduced(value)
    return Wire({}, reduced, (reduced, reduced))


def as_wire(value: Wire | int) -> Wire:
    return constant(value) if isinstance(value, int) else value


def linear(parts: Iterable[tuple[int, Wire]], offset: int = 0) -> Wire:
    """offset + sum of coefficient * wire in one pass: use it instead of `sum` for many wires."""
    terms: dict[int, int] = {}
    total = low = high = offset
    bounded = True
    for coefficient, wire in parts:
        if not coefficient:
            continue
        if len(wire.terms) == 1:  # most are one cell
            ((cell, factor),) = wire.terms.items()
            if factor == 1 and cell not in terms and -SCALAR_FIELD < coefficient < SCALAR_FIELD:
                terms[cell] = coefficient
            else:
                _accumulate(terms, wire.terms, coefficient)
        else:
            _accumulate(terms, wire.terms, coefficient)
        if wire.constant:
            total += coefficient * wire.constant
        bound = wire.bound
        if bound is None:
            bounded = False
        elif coefficient > 0:
            low += coefficient * bound[0]
            high += coefficient * bound[1]
        else:
            low += coefficient * bound[1]
            high += coefficient * bound[0]
    return Wire(terms, _reduced(total), (low, high) if bounded else None)


def scaled(bound: Bound | None, factor: int) -> Bound | None:
    """The bound of factor * value, the factor read as the signed integer it is written as."""
    if bound is None:
        return None
    ends = (bound[0] * factor, bound[1] * factor)
    return (min(ends), max(ends))


def product_bound(left: Bound | None, right: Bound | None) -> Bound | None:
    """The bound of a product; None if either is unbounded or the product could wrap."""
    if left is None or right is None:
        return None
    corners = [x * y for x in left for y in right]
    low, high = min(corners), max(corners)
    return (low, high) if high - low < SCALAR_FIELD else None


def _sum(left: Bound | None, right: Bound | None) -> Bound | None:
    return None if left is None or right is None else (left[0] + right[0], left[1] + right[1])


def _shifted(bound: Bound | None, by: int) -> Bound | None:
    return None if bound is None else (bound[0] + by, bound[1] + by)


def _reduced(value: int) -> int:
    """Small numbers stay signed, so that sums of small wires are exact integers; others are reduced into the field."""
    return value if -SCALAR_FIELD < value < SCALAR_FIELD else value % SCALAR_FIELD


def _accumulate(terms: dict[int, int], added: dict[int, int], factor: int) -> None:
    for cell, coefficient in added.items():
        total = coefficient * factor
        if cell in terms:
            total += terms[cell]
        if not -SCALAR_FIELD < total < SCALAR_FIELD:
            total %= SCALAR_FIELD
        if total:
            terms[cell] = total
        else:
            terms.pop(cell, None)
