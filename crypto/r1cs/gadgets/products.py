"""Products of many bounded wires at once, in cells that stay narrow for signed factors."""

from collections.abc import Sequence

from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import Bound, RangeError
from crypto.r1cs.wire import Wire, product_bound


def products(cs: Builder, left: Sequence[Wire], right: Sequence[Wire]) -> list[Wire]:
    """left[i] * right[i] for bounded wires, each with the exact bound of its product.

    A cell holds its product less the product's lower bound, so that signed factors make no wide cells (zkml.md, cost
    model). Constraints: 1 each. Raises RangeError if a factor is unbounded or a product could wrap.
    """
    bounds = [_bound(*pair) for pair in zip(left, right, strict=True)]
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


def _bound(a: Wire, b: Wire) -> Bound:
    bound = product_bound(a.bound, b.bound)
    if bound is None:
        known, wide = (b, a) if a.bound is None else (a, b)
        limit = SCALAR_FIELD // (2 * max(map(abs, known.bound or (0, 1))))
        raise RangeError("products", wide.bound, (-limit, limit))
    return bound
