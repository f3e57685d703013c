"""Dense layers: sums of products, without a constraint when the weights are constants of the circuit."""

from collections.abc import Sequence
from operator import index, mul

from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import Bound, RangeError
from crypto.r1cs.wire import Wire, linear, product_bound


def dense(weights: Sequence[Sequence[int]], inputs: Sequence[Wire], bias: Sequence[int]) -> list[Wire]:
    """weights @ inputs + bias with constant integers; weights (outputs, inputs), bias (outputs,), inputs bounded.

    Each output carries the exact bound that follows from the inputs' bounds. Constraints: 0.
    Raises RangeError if an input is unbounded or a sum could wrap.
    """
    layer = _Layer(inputs)
    return [
        _exact("dense", layer.output(row, offset) if layer.plain else linear(zip(row, inputs, strict=True), offset))
        for row, offset in zip(weights, bias, strict=True)
    ]


class _Layer:
    """The inputs of a layer taken apart once for all its outputs. `plain`: each is a bounded cell of its own."""

    def __init__(self, inputs: Sequence[Wire]) -> None:
        self._cells = [cell for wire in inputs for cell in wire.terms]
        bounds = [wire.bound or (0, 0) for wire in inputs]
        self.plain = len(set(self._cells)) == len(inputs) and all(
            len(wire.terms) == 1 and wire.bound and not wire.constant and 1 in wire.terms.values() for wire in inputs
        )
        self._sums = [low + high for low, high in bounds]
        self._spans = [high - low for low, high in bounds]

    def output(self, row: Sequence[int], offset: int) -> Wire:
        """row @ inputs + offset for plain inputs. Its bound is middle -+ span / 2, both summed over the inputs."""
        factors = list(map(index, row))  # fixed-width integers would wrap
        middle, span = (
            2 * offset + sum(map(mul, factors, self._sums)),
            sum(map(mul, map(abs, factors), self._spans)),
        )
        terms = {cell: factor for cell, factor in zip(self._cells, factors, strict=True) if factor}
        return Wire(terms, offset, ((middle - span) // 2, (middle + span) // 2))


def dense_private(
    cs: Builder, weights: Sequence[Sequence[Wire]], inputs: Sequence[Wire], bias: Sequence[Wire]
) -> list[Wire]:
    """weights @ inputs + bias with private, bounded weights (outputs, inputs) and bias (outputs,).

    Product cells are offset by their lower bound, so that signed weights make no wide cells (zkml.md, cost model).
    Constraints: 1 per weight. Raises RangeError if an input or weight is unbounded or a sum could wrap.
    """
    width = len(inputs)
    bounds = [[_product_bound(w, x) for w, x in zip(row, inputs, strict=True)] for row in weights]
    lows = [low for row in bounds for low, _ in row]

    def products(values: Sequence[int]) -> list[int]:
        xs = values[:width]
        return [values[width + i] * xs[i % width] - low for i, low in enumerate(lows)]

    cells = cs.hint("dense_private", products, [*inputs, *(w for row in weights for w in row)], len(lows))
    outputs = []
    for i, (row, offset) in enumerate(zip(weights, bias, strict=True)):
        terms = []
        for j, (weight, value) in enumerate(zip(row, inputs, strict=True)):
            low, high = bounds[i][j]
            product = cells[i * width + j] + low
            cs.constrain(weight, value, product)
            terms.append((1, cs.proven(product, low, high)))
        outputs.append(_exact("dense_private", linear([*terms, (1, offset)])))
    return outputs


def _product_bound(weight: Wire, value: Wire) -> Bound:
    for wire in (weight, value):
        wire.require("dense_private", -(2**125), 2**125)
    return product_bound(weight.bound, value.bound) or (0, 0)


def _exact(gadget: str, total: Wire) -> Wire:
    if total.bound is None:
        raise RangeError(gadget, None, (-(SCALAR_FIELD // 2), SCALAR_FIELD // 2))
    return total
