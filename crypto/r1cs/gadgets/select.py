"""Choice between two wires by a bit."""

from crypto.r1cs.builder import Builder
from crypto.r1cs.wire import Wire, as_wire


def select(cs: Builder, condition: Wire, if_one: Wire | int, if_zero: Wire | int) -> Wire:
    """condition ? if_one : if_zero. A bit and any two wires in; bounded by the union of their bounds.

    Constraints: 1. Raises RangeError unless the condition is proven to be 0..1.
    """
    condition.require("select", 0, 1)
    left, right = as_wire(if_one), as_wire(if_zero)
    chosen = right + cs.mul(condition, left - right)
    if left.bound is None or right.bound is None:
        return chosen
    return chosen.bounded(min(left.bound[0], right.bound[0]), max(left.bound[1], right.bound[1]))
