"""A quantised model as bytes: msgpack of the integers of its steps. Whoever reads them checks every one.

    {"format", "manifest", "salt", "steps": [{"kind", "inputs", "layer", fields...}]}

An array stands as {"shape", "int64"}, little-endian. The encoding is the manifest's. salt: of a committed model's
weights, which makes such a file a secret; none otherwise.
"""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import msgpack
import numpy as np

from compute.zkml.errors import BrokenStep, ManifestUnusable, ModelFileUnusable, UnsupportedModel
from compute.zkml.inference import Inference, Weights
from compute.zkml.manifest import decode_manifest
from compute.zkml.model import QuantisedModel, Step
from compute.zkml.operations.argmax import ArgMax
from compute.zkml.operations.clip import Clip
from compute.zkml.operations.committed_forest import CommittedForest
from compute.zkml.operations.curve import Curve
from compute.zkml.operations.forest import Forest
from compute.zkml.operations.gather import Gather
from compute.zkml.operations.leaky_relu import LeakyRelu
from compute.zkml.operations.linear import Linear
from compute.zkml.operations.max_pool import MaxPool
from compute.zkml.operations.operation import Operation
from compute.zkml.operations.rescale import Relu, Rescale
from compute.zkml.operations.total import Total
from compute.zkml.provable import Provable
from compute.zkml.taps import Ints, Taps
from crypto.field import FIELD_BYTES, SCALAR_FIELD

FORMAT: Final = "cluster-model-file/2"
MAX_FILE_BYTES: Final = 256 * 2**20
KINDS: Final[Mapping[str, type[Any]]] = {
    kind.kind: kind
    for kind in (
        *(ArgMax, Clip, CommittedForest, Curve, Forest, Gather),
        *(LeakyRelu, Linear, MaxPool, Relu, Rescale, Total),
    )
}
TYPES: Final[Mapping[Any, type[Any]]] = {int: int, tuple[int, ...]: tuple, Ints: np.ndarray, Taps: Taps}
_BROKEN: Final = (ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError, RecursionError)


def encode_model(model: Provable) -> bytes:
    """The bytes of a model file."""
    document = {
        "format": FORMAT,
        "manifest": model.manifest.encode(),
        "steps": [_step_table(step) for step in model.model.steps],
        "salt": None if model.weights is None else model.weights.salt.to_bytes(FIELD_BYTES, "big"),
    }
    return bytes(msgpack.packb(document))


def read_model(path: Path) -> Provable:
    """The model of a file; everything in it is checked. Raises ModelFileUnusable."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelFileUnusable(path, f"it is larger than {MAX_FILE_BYTES} bytes")
        return decode_model(path.read_bytes())
    except OSError as error:
        raise ModelFileUnusable(path, error.strerror or str(error)) from error
    except (BrokenStep, ManifestUnusable, UnsupportedModel, msgpack.UnpackException, *_BROKEN) as error:
        raise ModelFileUnusable(path, f"{type(error).__name__}: {str(error)[:200]}") from error


def decode_model(data: bytes) -> Provable:
    """Raises ManifestUnusable, UnsupportedModel, BrokenStep, or a plain error where the bytes are no model file."""
    document = msgpack.unpackb(data, strict_map_key=True)
    if not isinstance(document, dict) or set(document) != {"format", "manifest", "steps", "salt"}:
        raise ValueError("it is no model file")
    if document["format"] != FORMAT:
        raise ValueError(f"its format is {document['format']!r:.40}, not {FORMAT}")
    manifest = decode_manifest(document["manifest"])
    steps = tuple(_step(table, number) for number, table in enumerate(document["steps"]))
    model = QuantisedModel(manifest.encoding, steps)
    said = (manifest.outputs, manifest.output_bits, manifest.output_offset, manifest.committed_model)
    if said != (model.outputs, model.output_bits, model.output_offset, model.committed):
        raise ValueError("its manifest describes another model")
    statement = Inference(model, manifest.rows, manifest.results, keyed=manifest.keyed)
    return Provable(statement, manifest, _weights(model, document["salt"]))


def _weights(model: QuantisedModel, salt: Any) -> Weights | None:
    if not model.committed:
        if salt is not None:
            raise ValueError("it has a salt and nothing that is committed")
        return None
    number = int.from_bytes(salt, "big")
    if len(salt) != FIELD_BYTES or number >= SCALAR_FIELD:
        raise ValueError("its salt is no field element")
    return Weights(tuple(model.secrets.tolist()), number)


def _step_table(step: Step) -> dict[str, Any]:
    operation: Any = step.operation
    own = {entry.name: _plain(getattr(operation, entry.name)) for entry in fields(operation)}
    return {"kind": operation.kind, "inputs": list(step.inputs), "layer": step.layer, **own}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {"shape": list(value.shape), "int64": value.astype("<i8").tobytes()}
    if isinstance(value, Taps):
        return {entry.name: _plain(getattr(value, entry.name)) for entry in fields(value)}
    return list(value) if isinstance(value, tuple) else value


def _step(table: dict[str, Any], number: int) -> Step:
    kind, layer = KINDS[table.pop("kind")], table.pop("layer")
    inputs = tuple(table.pop("inputs"))
    if not isinstance(layer, str) or not inputs or not all(type(i) is int and 0 <= i <= number for i in inputs):
        raise ValueError(f"step {number} does not follow those before it")
    if not layer.isprintable():
        raise ValueError(f"the layer of step {number} has a name that cannot be printed")
    if set(table) != {entry.name for entry in fields(kind)}:
        raise ValueError(f"step {number} has not the parts of a {kind.kind}")
    parts = {entry.name: _read(table[entry.name], TYPES[entry.type]) for entry in fields(kind)}
    operation: Operation = kind(**parts)
    return Step(operation, inputs, layer)


def _read(value: Any, kind: type[Any]) -> Any:
    """A part of a step. Raises ValueError where it is of another kind."""
    if isinstance(value, dict) and set(value) == {"shape", "int64"}:
        value = np.frombuffer(value["int64"], dtype="<i8").astype(np.int64).reshape(value["shape"])
    elif isinstance(value, dict) and kind is Taps:
        value = Taps(**{entry.name: _read(value.pop(entry.name), TYPES[entry.type]) for entry in fields(Taps)}, **value)
    elif isinstance(value, list) and all(type(entry) is int for entry in value):
        value = tuple(value)
    if type(value) is not kind:
        raise ValueError(f"{value!r:.40} stands where {kind.__name__} should")
    return value
