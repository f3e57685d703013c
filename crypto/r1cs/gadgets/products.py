"""Products of many bounded wires at once, in cells that stay narrow for signed factors."""

from collections.abc import Sequence

from crypto.r1cs.builder import Builder
from crypto.r1cs.wire import Wire, product_bound


def products(cs: Builder, left: Sequence[Wire], right: Sequence[Wire]) -> list[Wire]:
    """left[i] * right[i] for bounded wires, each with the exact bound of its product.

    A cell holds its product less the product's lower bound, so that signed factors make no wide cells (zkml.md, cost
    model). Constraints: 1 each. Raises RangeError if a factor is unbounded or wider than 125 bits.
    """
    bounds = []
    for pair in zip(left, right, strict=True):
        for wire in pair:
            wire.require("products", -(2**125), 2**125)
        bounds.append(product_bound(pair[0].bound, pair[1].bound) or (0, 0))
    lows, count = [low for low, _ in bounds], len(bounds)

    def computed(values: Sequence[int]) -> list[int]:
        return [a * b - low for a, b, low in zip(values[:count], values[count:], lows, strict=True)]

    cells = cs.hint("products", computed, [*left, *right], count)
    made = []
    for a, b, cell, (low, high) in zip(left, right, cells, bounds, strict=True):
        product = cell + low
        cs.constrain(a, b, product)
        made.append(cs.proven(product, low, high))
    return made
