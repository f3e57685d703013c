"""Dense layers: sums of products, without a constraint where the weights are constants of the circuit."""

from collections.abc import Sequence
from operator import index, mul

from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.errors import RangeError
from crypto.r1cs.gadgets.products import products
from crypto.r1cs.wire import Wire, linear


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


def dense_private(
    cs: Builder, weights: Sequence[Sequence[Wire]], inputs: Sequence[Wire], bias: Sequence[Wire]
) -> list[Wire]:
    """weights @ inputs + bias with private, bounded weights (outputs, inputs) and bias (outputs,).

    Constraints: 1 per weight. Raises RangeError if an input or weight is unbounded or a sum could wrap.
    """
    width = len(inputs)
    made = products(cs, [weight for row in weights for weight in row], [*inputs] * len(weights))
    return [
        _exact("dense_private", linear([*((1, product) for product in made[i * width : (i + 1) * width]), (1, offset)]))
        for i, offset in enumerate(bias)
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


def _exact(gadget: str, total: Wire) -> Wire:
    if total.bound is None:
        raise RangeError(gadget, None, (-(SCALAR_FIELD // 2), SCALAR_FIELD // 2))
    return total
