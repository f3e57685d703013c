"""Largest of several bounded integers, and where it is."""

from collections.abc import Sequence

from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import RangeError
from crypto.r1cs.gadgets.bits import MAX_SIGNED_BITS, to_bits
from crypto.r1cs.gadgets.boolean import assert_boolean
from crypto.r1cs.gadgets.compare import is_non_negative
from crypto.r1cs.gadgets.select import select
from crypto.r1cs.wire import Wire, linear


def maximum(cs: Builder, a: Wire, b: Wire, bits: int) -> Wire:
    """max(a, b) for bounded wires whose difference is within -2**bits..2**bits - 1; bounded by both.

    Constraints: bits + 2. Raises RangeError if the difference is not so bounded.
    """
    if a.bound is None or b.bound is None:
        raise RangeError("maximum", None, (-(2**bits), 2**bits - 1))
    larger = select(cs, is_non_negative(cs, a - b, bits), a, b)
    return larger.bounded(max(a.bound[0], b.bound[0]), max(a.bound[1], b.bound[1]))


def max_pool(cs: Builder, window: Sequence[Wire], bits: int) -> Wire:
    """The largest of a window, two by two. Constraints: (n - 1)(bits + 2). Raises RangeError as `maximum`."""
    largest = window[0]
    for value in window[1:]:
        largest = maximum(cs, largest, value, bits)
    return largest


def argmax(cs: Builder, values: Sequence[Wire], bits: int) -> tuple[Wire, Wire]:
    """(index, maximum): the first of the largest values, as NumPy's argmax breaks ties; index in 0..n - 1.

    Bounded wires in, any two of which differ by less than 2**bits. A one-hot choice s, m with s_i (m - v_i) = 0, and
    m - v_i - [i before the choice] >= 0, which settles ties and also forbids a second choice, so the first place of s
    is 1 - the others without being proven a bit. Constraints: n(bits + 2) - 1, n at least 2.
    Raises RangeError if the values are not so bounded.
    """
    low, high = _common_bound(values, bits)
    count = len(values)
    hints = cs.hint("argmax", lambda v: _one_hot(v)[1:], values, count - 1)
    (excess,) = cs.hint("argmax", lambda v: (max(v) - low,), values, 1)
    largest = excess + low
    first = linear([(-1, hint) for hint in hints], 1)
    chosen = [first, *(assert_boolean(cs, hint) for hint in hints)]
    for i, value in enumerate(values):
        cs.constrain(chosen[i], largest - value, 0)
        before_choice = linear((1, later) for later in chosen[i + 1 :])
        to_bits(cs, largest - value - before_choice, bits)
    index = linear(enumerate(chosen)).bounded(0, count - 1)
    return index, cs.proven(largest, low, high)


def _common_bound(values: Sequence[Wire], bits: int) -> tuple[int, int]:
    bounds = [value.bound for value in values if value.bound is not None]
    if len(values) < 2 or len(bounds) < len(values):
        raise RangeError("argmax", None, (0, 2**bits - 1))
    low, high = min(lo for lo, _ in bounds), max(hi for _, hi in bounds)
    if high - low >= 2**bits or bits > MAX_SIGNED_BITS:
        raise RangeError("argmax", (low, high), (low, low + 2**bits - 1))
    return low, high


def _one_hot(values: Sequence[int]) -> list[int]:
    winner = list(values).index(max(values))
    return [int(i == winner) for i in range(len(values))]
