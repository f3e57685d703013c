"""A small number as a thermometer: which thresholds it has passed. Every comparison with a constant in one go."""

from itertools import pairwise

from crypto.r1cs.builder import Builder
from crypto.r1cs.gadgets.boolean import assert_boolean
from crypto.r1cs.wire import Wire, linear


def thermometer(cs: Builder, a: Wire, count: int) -> list[Wire]:
    """[a >= 1, a >= 2, ..., a >= count] as bits, which proves 0 <= a <= count. Any field element in.

    Neighbours may differ by 0 or 1 only, counting a 1 before the first and a 0 after the last, so the bits fall once.
    Bit 1 is a less the others, no cell of its own. Constraints: count + 1, but 1 for counts of 0 and 1.
    """
    if count == 0:
        cs.assert_equal(a, 0)
        return []
    if count == 1:
        return [assert_boolean(cs, a)]
    upper = cs.hint("thermometer", lambda v: [int(v[0] > i) for i in range(1, count)], [a], count - 1, [(0, count)])
    first = linear([(1, a), *((-1, bit) for bit in upper)])
    bits = [first, *upper]
    steps = [1 - first, *(high - low for high, low in pairwise(bits)), bits[-1]]
    for step in steps:
        assert_boolean(cs, step)
    return [cs.proven(bit, 0, 1) for bit in bits]
