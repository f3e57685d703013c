"""Committed data and weights inside of a circuit: private inputs, ranged, packed and hashed as outside.

Nothing is packed before its range is proven, or two data sets could share one commitment.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from compute.zkml.training.dataset import Batch
from compute.zkml.training.shape import DataShape, WeightShape
from crypto import domains
from crypto.poseidon import commit_vector as commit_plain
from crypto.poseidon import pack_bytes
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Inputs
from crypto.r1cs.gadgets.bits import assert_range
from crypto.r1cs.gadgets.pack import pack
from crypto.r1cs.gadgets.poseidon import commit_vector
from crypto.r1cs.wire import Wire, as_wire


@dataclass(frozen=True, slots=True)
class BatchWires:
    """A minibatch in a circuit: ranged features (rows, features), labels (rows,), and the commitment to them."""

    rows: list[list[Wire]]
    labels: list[Wire]
    commitment: Wire


def constrain_batch(cs: Builder, shape: DataShape, rows: int, name: str = "") -> BatchWires:
    """Private inputs `rows`, `labels`, `salt` (with `name` after them) as `Batch.commitment` takes them.

    Constraints: input_bits a feature, label_bits a label, and Poseidon (about 40 a packed element).
    """
    half, low = shape.input_half, shape.label_half
    cells = cs.private_array(f"rows{name}", rows * shape.features, offset=-half)
    marks = cs.private_array(f"labels{name}", rows, offset=-low)
    salt = cs.private(f"salt{name}")
    with cs.scope("range"):
        values = [assert_range(cs, cell + half, shape.input_bits) for cell in cells]
        labels = [assert_range(cs, mark + low, shape.label_bits) for mark in marks]
    with cs.scope("commit"):
        elements = pack(values, shape.input_bits) + pack(labels, shape.label_bits)
        commitment = commit_vector(cs, domains.DATA_BATCH, salt, elements)
    signed = [value - half for value in values]
    count = shape.features
    grid = [signed[start : start + count] for start in range(0, len(signed), count)]
    return BatchWires(grid, [label - low for label in labels], commitment)


def batch_inputs(batch: Batch, name: str = "") -> Inputs:
    """What `constrain_batch` needs from the solver's caller."""
    flat = [value for row in batch.rows for value in row]
    return {f"rows{name}": flat, f"labels{name}": batch.labels, f"salt{name}": batch.salt}


def constrain_root(cs: Builder, shape: DataShape, rows: int, batches: Sequence[Wire]) -> Wire:
    """`DatasetRecord.root` of commitments in a circuit."""
    return commit_vector(cs, domains.DATA_SET, as_wire(shape.element(rows)), batches)


def constrain_weights(cs: Builder, shape: WeightShape, count: int) -> list[Wire]:
    """Private inputs `weights`, ranged and signed. Constraints: bits a weight."""
    cells = cs.private_array("weights", count, offset=-shape.half)
    return [assert_range(cs, cell + shape.half, shape.bits) - shape.half for cell in cells]


def constrain_weights_commitment(cs: Builder, shape: WeightShape, weights: Sequence[Wire], salt: Wire) -> Wire:
    """`commit_weights` in a circuit. Raises RangeError unless the weights are ranged."""
    packed = pack([weight + shape.half for weight in weights], shape.bits)
    return commit_vector(cs, domains.WEIGHTS, salt, packed)


def commit_weights(shape: WeightShape, weights: Sequence[int], salt: int) -> int:
    """commit_vector[WEIGHTS](salt, packed weights). Raises NumberRefused."""
    shape.require_all(weights, len(weights))
    packed = pack_bytes([weight + shape.half for weight in weights], shape.bits)
    return commit_plain(domains.WEIGHTS, salt, packed)
