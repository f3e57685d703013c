"""What a model will cost, layer by layer, known from its integers before any circuit is built."""

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property

from compute.zkml.inference import COMMITTED, PUBLIC, Inference
from compute.zkml.operations.operation import Cost
from compute.zkml.terms import FULL_WIDTH, Extent, extents
from crypto.poseidon import PACKED_BITS, vector_chunks
from crypto.poseidon_parameters import HALF, parameters
from crypto.r1cs.estimate import Estimate, Size, cells_microseconds, estimate


@dataclass(frozen=True, slots=True)
class LayerCost:
    """One layer of all rows of a proof. by_width: constraints by the bits of the wires that they make; extent: the
    terms of those constraints, and the cells that the layer makes or is given."""

    name: str
    values: int  # what it computes, one row's
    by_width: Cost
    extent: Extent = field(default_factory=Extent)

    @property
    def constraints(self) -> int:
        return sum(self.by_width.values())

    @property
    def cells_microseconds(self) -> int:
        """The part of proving that its wires' widths decide."""
        return cells_microseconds(self.extent.cells)


@dataclass(frozen=True)
class CostReport:
    """Of a whole statement, in the order of its circuit."""

    layers: tuple[LayerCost, ...]
    public_inputs: int
    inputs: int  # private cells that are given, not computed

    @property
    def constraints(self) -> int:
        return sum(layer.constraints for layer in self.layers)

    @property
    def by_width(self) -> Cost:
        return sum((layer.by_width for layer in self.layers), Counter())

    @cached_property
    def size(self) -> Size:
        """What `crypto.r1cs.estimate` wants to know; cell 0, which is one, counts as a bit."""
        total = sum((layer.extent for layer in self.layers), Extent(0, Counter({1: 1})))
        return Size(self.constraints, self.public_inputs, total.terms, total.cells)

    def prove_microseconds(self, layer: LayerCost) -> int:
        """A layer's part of proving: what its wires' widths cost, and of the rest as much as it has constraints."""
        rest = self.estimate.prove_microseconds - sum(one.cells_microseconds for one in self.layers)
        return layer.cells_microseconds + rest * layer.constraints // max(1, self.constraints)

    @cached_property
    def estimate(self) -> Estimate:
        """Seconds of setup and of a proof, bytes of key and memory."""
        return estimate(self.size)


def cost_of(statement: Inference) -> CostReport:
    """The cost of proving a statement once; its constraints are those of `Inference.constrain`."""
    model, rows = statement.model, statement.rows
    packed_rows = -(-rows * model.features // (PACKED_BITS // model.encoding.bits))
    layers = [
        LayerCost("range of rows", model.features, Counter({1: rows * model.encoding.cost()})),
        LayerCost("commit rows", 1, _commitment(packed_rows) + _row_salt(statement)),
    ]
    if model.committed:
        bits = sum(count * width for count, width, _ in model.limits)
        packed = sum(-(-count // (PACKED_BITS // width)) for count, width, _ in model.limits)
        layers += [
            LayerCost("range of weights", len(model.secrets), Counter({1: bits})),
            LayerCost("commit weights", 1, _commitment(packed)),
        ]
    layers += _steps(statement)
    layers.append(LayerCost("outputs", statement.elements, _outputs(statement)))
    public = 3 + model.committed + statement.elements
    measured = (replace(layer, extent=extent) for layer, extent in zip(layers, extents(statement), strict=True))
    return CostReport(tuple(measured), public, rows * model.features + len(model.secrets) + 1 + model.committed)


def _steps(statement: Inference) -> list[LayerCost]:
    """Layers in their order; steps of one layer together."""
    model = statement.model
    found: dict[str, LayerCost] = {}
    for number, step in enumerate(model.steps):
        cost = step.operation.cost([model.ranges[value] for value in step.inputs])
        many = Counter({width: count * statement.rows for width, count in cost.items()})
        before = found.get(step.layer)
        total = many if before is None else before.by_width + many
        found[step.layer] = LayerCost(step.layer, model.ranges[number + 1].width, total)
    return list(found.values())


def _outputs(statement: Inference) -> Cost:
    """ctx bound; results tied to public signals, encrypted or committed."""
    own = 1 + (statement.outputs == PUBLIC)
    elements = statement.packed_elements
    if statement.outputs == PUBLIC:
        return Counter({FULL_WIDTH: own + elements})
    if statement.outputs == COMMITTED:
        return Counter({FULL_WIDTH: own + _permutation(4)}) + _commitment(elements)
    return Counter({FULL_WIDTH: own + elements * (_permutation(4) + 1)})


def _row_salt(statement: Inference) -> Cost:
    return Counter({FULL_WIDTH: _permutation(2)}) if statement.keyed else Counter()


def _commitment(elements: int) -> Cost:
    """Of a vector commitment that is tied to a public signal."""
    permutations, size = vector_chunks(elements)
    return Counter({FULL_WIDTH: permutations * _permutation(size + 2) + 1})


def _permutation(width: int) -> int:
    """Constraints of one Poseidon permutation of that many lanes: crypto/r1cs/gadgets/poseidon.py."""
    return 3 * (2 * HALF * width + len(parameters(width).scalars) - 1)
