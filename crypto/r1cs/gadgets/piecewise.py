"""Sigmoid and tanh, proven as a piecewise linear function whose greatest error is known.

Both are odd about a centre, so only magnitudes are approximated: 2**segment_bits segments of equal width, then
constant. Selection is by bits, with no comparison: the high bits of the magnitude choose base and slope, the low bits
are the offset in the segment. Nothing is rounded in the circuit, so `Piecewise.value` is all there is to say.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import ClassVar, Final

from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import CircuitError, RangeError
from crypto.r1cs.gadgets.bits import MAX_SIGNED_BITS, from_bits, to_bits
from crypto.r1cs.gadgets.boolean import assert_boolean
from crypto.r1cs.gadgets.equality import is_zero
from crypto.r1cs.gadgets.select import select
from crypto.r1cs.wire import Wire, as_wire, linear

_DIGITS: Final = 40
_ONE: Final = 10**36  # the curves' values are integers in units of its inverse
_SLACK: Final = 10  # units that roundings can add up to
_FAR: Final = Decimal(200)  # where the curves are at their limits
_MOST_BITS: Final = 12  # segments and offsets: what is enumerated for the error stays small
_SIGMOID_RANGE: Final = 8  # 1 - sigmoid(8) = 0.00034
_TANH_RANGE: Final = 4  # 1 - tanh(4) = 0.00067

Curve = Callable[[Decimal], Decimal]


class PiecewiseShape(CircuitError):
    """A piecewise linear function was asked for with widths that do not fit together."""

    code: ClassVar[int] = 1732

    def __init__(self, segment_bits: int, offset_bits: int, output_bits: int) -> None:
        super().__init__(
            f"{segment_bits} segment bits, {offset_bits} offset bits and {output_bits} output bits do not fit "
            f"together: expected 0..{_MOST_BITS}, 0..{_MOST_BITS} and more output bits than offset bits."
        )
        self.segment_bits, self.offset_bits, self.output_bits = segment_bits, offset_bits, output_bits


@dataclass(frozen=True, slots=True)
class Piecewise:
    """x -> centre +- h(abs(x) >> dropped_bits), h linear between nodes that stand 2**offset_bits apart, then constant.

    nodes: h at 0, 2**offset_bits, ...; 2**segment_bits + 1 of them, the first 0, in units of 2**offset_bits outputs.
    error: no true value is further from value(x) than this, for any integer x, both as real numbers.
    """

    nodes: tuple[int, ...]
    offset_bits: int
    dropped_bits: int
    centre: int
    output_bits: int  # fraction bits: an output of 2**output_bits stands for 1
    error: Fraction

    @property
    def segment_bits(self) -> int:
        return (len(self.nodes) - 1).bit_length() - 1

    @property
    def slopes(self) -> tuple[int, ...]:
        """Outputs per step of the offset, for each segment."""
        return tuple(right - left for left, right in pairwise(self.nodes))

    @property
    def highest(self) -> int:
        """The largest distance of an output from the centre."""
        return max(self.nodes) << self.offset_bits

    def value(self, x: int) -> int:
        """The function itself, in plain integers."""
        magnitude = abs(x) >> self.dropped_bits
        segment, offset = magnitude >> self.offset_bits, magnitude & (1 << self.offset_bits) - 1
        if segment >= len(self.nodes) - 1:
            half = self.nodes[-1] << self.offset_bits
        else:
            left, right = self.nodes[segment : segment + 2]
            half = (left << self.offset_bits) + (right - left) * offset
        return self.centre + half if x >= 0 else self.centre - half


def piecewise_linear(cs: Builder, a: Wire, table: Piecewise) -> Wire:
    """table.value(a) for a bounded wire; result in centre - highest..centre + highest.

    Constraints, for abs(a) < 2**k and segments chosen by l low and h high bits: k + 2 for sign and magnitude,
    2**l - l - 1 products of bits, 2(2**h - 1) choices (l and h as is cheapest: 1, 4, 7, 11, 18 for 2 to 6 segment
    bits), 1 for slope times offset, 1 for the sign, and where abs(a) can lie beyond the segments 1 (by one bit) or 3.
    At zero the sign is the prover's to choose; the result is the centre either way.
    Raises RangeError if a is unbounded or wider than 252 bits.
    """
    low, high = a.bound or (0, 0)
    width = max(-low, high).bit_length()
    if a.bound is None or width > MAX_SIGNED_BITS:
        raise RangeError("piecewise_linear", a.bound, (1 - 2**MAX_SIGNED_BITS, 2**MAX_SIGNED_BITS - 1))
    sign, magnitude = cs.hint("piecewise_linear", lambda v: (int(v[0] >= 0), abs(v[0])), [a], 2)
    direction = 2 * assert_boolean(cs, sign) - 1
    cs.constrain(direction, a, magnitude)
    bits = to_bits(cs, cs.proven(magnitude, 0, 2**width - 1), width) if width else []
    return table.centre + cs.mul(direction, _half(cs, bits, table))


def sigmoid(unit: Fraction, output_bits: int, segment_bits: int = 5, offset_bits: int = 8) -> Piecewise:
    """1 / (1 + exp(-x)) for x = input * unit, output / 2**output_bits. Raises PiecewiseShape.

    The segments reach to the first power of two of inputs at which x >= 8. The more offset bits, the smaller the error,
    and the larger the outputs must be: see `Piecewise.error`.
    """
    return _table(_sigmoid, Fraction(1, 2), _SIGMOID_RANGE, unit, output_bits, segment_bits, offset_bits)


def tanh(unit: Fraction, output_bits: int, segment_bits: int = 5, offset_bits: int = 8) -> Piecewise:
    """tanh(x) for x = input * unit, output / 2**output_bits; the segments reach to x >= 4. Raises PiecewiseShape."""
    return _table(_tanh, Fraction(0), _TANH_RANGE, unit, output_bits, segment_bits, offset_bits)


def _half(cs: Builder, bits: Sequence[Wire], table: Piecewise) -> Wire:
    """h of the magnitude with these bits, 0..highest."""
    first = table.dropped_bits
    middle, last = first + table.offset_bits, first + table.offset_bits + table.segment_bits
    padded = [*bits, *[as_wire(0)] * (last - len(bits))]
    bases = [node << table.offset_bits for node in table.nodes[:-1]]
    base, slope = _chosen(cs, padded[middle:last], (bases, table.slopes))
    half = (base + cs.mul(slope, from_bits(padded[first:middle]))).bounded(0, table.highest)
    beyond = padded[last:]
    if not beyond:
        return half
    inside = 1 - beyond[0] if len(beyond) == 1 else is_zero(cs, linear((1, bit) for bit in beyond))
    return select(cs, inside, half, table.nodes[-1] << table.offset_bits)


def _chosen(cs: Builder, index: Sequence[Wire], tables: Sequence[Sequence[int]]) -> list[Wire]:
    """tables[...][index], the index given by its bits, lowest first.

    The low bits by polynomials in them, whose monomials all tables share; the high bits by halving, choice by choice.
    """
    count = len(index)
    low = min(range(count + 1), key=lambda n: 2**n - n + len(tables) * 2 ** (count - n))
    monomials: list[Wire] = [as_wire(1)]
    for bit in index[:low]:
        monomials += [cs.mul(monomial, bit) for monomial in monomials]
    results = []
    for table in tables:
        parts = [table[start : start + 2**low] for start in range(0, 2**count, 2**low)]
        wires = [
            linear(zip(_coefficients(part), monomials, strict=True)).bounded(min(part), max(part)) for part in parts
        ]
        for bit in index[low:]:
            wires = [select(cs, bit, one, zero) for zero, one in zip(wires[::2], wires[1::2], strict=True)]
        results.append(wires[0])
    return results


def _coefficients(values: Sequence[int]) -> list[int]:
    """Of the multilinear polynomial with these values at the corners (Moebius inversion over sets of bits)."""
    coefficients = list(values)
    step = 1
    while step < len(coefficients):
        for i in range(len(coefficients)):
            if i & step:
                coefficients[i] -= coefficients[i - step]
        step *= 2
    return coefficients


def _sigmoid(x: Decimal) -> Decimal:
    """Less its centre."""
    return _tanh(x / 2) / 2


def _tanh(x: Decimal) -> Decimal:
    power = (2 * x).exp()
    return (power - 1) / (power + 1)


@lru_cache(maxsize=64)
def _table(
    curve: Curve, centre: Fraction, reach: int, unit: Fraction, output_bits: int, segment_bits: int, offset_bits: int
) -> Piecewise:
    """Nodes for an odd curve that is concave above zero, and their error."""
    if unit <= 0 or not (0 <= segment_bits <= _MOST_BITS and 0 <= offset_bits <= _MOST_BITS):
        raise PiecewiseShape(segment_bits, offset_bits, output_bits)
    window = max(0, -(-reach // unit) - 1).bit_length()  # input bits within the segments
    segments = min(segment_bits, window)
    offsets = min(offset_bits, window - segments)
    if output_bits <= offsets:
        raise PiecewiseShape(segment_bits, offset_bits, output_bits)
    dropped = window - segments - offsets
    grid = _values(curve, unit * 2**dropped, 2 ** (segments + offsets))
    nodes = _nodes(grid, 2**offsets, 2 ** (output_bits - offsets))
    plain = Piecewise(nodes, offsets, 0, 0, output_bits, Fraction(0))
    return Piecewise(nodes, offsets, dropped, int(centre * 2**output_bits), output_bits, _error(grid, plain, dropped))


def _values(curve: Curve, step: Fraction, count: int) -> list[int]:
    """The curve at 0, step, ..., count * step and at its limit, in units of 1 / _ONE, rounded down."""
    with localcontext() as context:
        context.prec = _DIGITS
        places = [Decimal(i * step.numerator) / Decimal(step.denominator) for i in range(count + 1)]
        return [int(curve(place) * _ONE) for place in (*places, _FAR)]


def _nodes(grid: Sequence[int], width: int, scale: int) -> tuple[int, ...]:
    """Chords lie below the curve by up to width**2 / 8 * curvature; nodes are raised by half of it if there are inputs
    between them, the last to halfway between the curve's end and its limit. In units of 1 / scale, rounded.
    """
    corners = grid[:-1:width]
    balanced = list(corners[1:-1])
    if width > 1:
        triples = zip(corners, corners[1:], corners[2:], strict=False)
        balanced = [here - (left - 2 * here + right) // 16 for left, here, right in triples]
    ends = (*balanced, (corners[-1] + grid[-1]) // 2)
    return (0, *((2 * value * scale + _ONE) // (2 * _ONE) for value in ends))


def _error(grid: Sequence[int], table: Piecewise, dropped: int) -> Fraction:
    """The greatest distance: dropped bits let an input lie anywhere between its grid point and the next."""
    worst = 0
    for place, (here, following) in enumerate(pairwise(grid)):
        said = table.value(place) * _ONE >> table.output_bits
        last = place == len(grid) - 2  # stands for all inputs beyond the segments
        worst = max(worst, abs(here - said), abs(following - said) if dropped or last else 0)
    return Fraction(worst + _SLACK, _ONE)
