"""A model from a file or an object, checked before anything is made of it: size, opset, weights in other files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import checker, external_data_helper

from compute.zkml.importers.errors import (
    DynamicDimension,
    ExternalDataMissing,
    ImportTooLarge,
    InterfaceUnsupported,
    OnnxFileUnusable,
    OperatorUnsupported,
    OpsetTooOld,
)
from compute.zkml.importers.onnx.shapes import FLOATS

MAX_FILE_BYTES: Final = 1 << 28
MIN_OPSET: Final = 13
# Their meaning has not changed since opset 7, and converters of tree models write them by old versions.
TIMELESS: Final = frozenset(("Add", "Cast", "Concat", "Div", "Gemm", "Identity", "MatMul", "Mul", "Reshape", "Sub"))
OLDEST: Final = 7
MAIN_DOMAINS: Final = ("", "ai.onnx")
ML_DOMAIN: Final = "ai.onnx.ml"


def read_model(source: Path | onnx.ModelProto) -> onnx.ModelProto:
    """Raises OnnxFileUnusable, ImportTooLarge, OpsetTooOld, ExternalDataMissing, OperatorUnsupported."""
    if isinstance(source, Path):
        model, name, folder = _parsed(source), str(source), source.parent
    else:
        model, name, folder = source, "the model", None
    if not model.graph.node and not model.graph.output:
        raise OnnxFileUnusable(name, "it holds no graph")
    if not all(isinstance(text, str) for text in _texts(model)):
        raise OnnxFileUnusable(name, "a name in it is no text")
    _load_external(model, folder)
    _require_opset(model)
    if model.graph.sparse_initializer:
        raise OperatorUnsupported("sparse_initializer", model.graph.name, "weights are sparse", "store them densely")
    return model


def _parsed(path: Path) -> onnx.ModelProto:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ImportTooLarge(f"{path} (bytes)", size, MAX_FILE_BYTES)
        return onnx.load_model_from_string(path.read_bytes())
    except OSError as error:
        raise OnnxFileUnusable(str(path), error.strerror or "it cannot be read") from error
    except DecodeError as error:
        raise OnnxFileUnusable(str(path), "its bytes are no ONNX protobuf") from error


def _texts(model: onnx.ModelProto) -> Iterator[object]:
    """Every name that is read; protobuf hands out bytes where a file holds no UTF-8."""
    graph = model.graph
    yield graph.name
    for named in (*graph.initializer, *graph.input, *graph.output):
        yield named.name
    for given in graph.input:
        yield from (axis.dim_param for axis in given.type.tensor_type.shape.dim)
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)
    yield from (entry.domain for entry in model.opset_import)


def _load_external(model: onnx.ModelProto, folder: Path | None) -> None:
    """Weights from files beside the model, never from elsewhere."""
    total = 0
    attributes = (attribute for node in model.graph.node for attribute in node.attribute)
    held = (attribute.t for attribute in attributes if attribute.HasField("t"))
    for tensor in (*model.graph.initializer, *held):
        if not external_data_helper.uses_external_data(tensor):
            continue
        location = external_data_helper.ExternalDataInfo(tensor).location
        if folder is None:
            raise ExternalDataMissing(location, "a model object has no folder; import it by its path")
        path = folder / location
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ExternalDataMissing(location, "it lies outside the model's folder")
        try:
            total += path.stat().st_size
            if total > MAX_FILE_BYTES:
                raise ImportTooLarge(f"{location} (bytes)", total, MAX_FILE_BYTES)
            external_data_helper.load_external_data_for_tensor(tensor, str(folder))
        except (OSError, ValueError, checker.ValidationError) as error:
            raise ExternalDataMissing(location, str(error)) from error
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]


def opset_of(model: onnx.ModelProto, domain: str) -> int:
    """The version that the model uses of a domain, 0 when of none."""
    names = MAIN_DOMAINS if domain in MAIN_DOMAINS else (domain,)
    return max((entry.version for entry in model.opset_import if entry.domain in names), default=0)


def _require_opset(model: onnx.ModelProto) -> None:
    found = opset_of(model, "")
    used = {node.op_type for node in model.graph.node if node.domain in MAIN_DOMAINS}
    newest = onnx.defs.onnx_opset_version()
    if found > newest:
        raise OnnxFileUnusable("the model", f"it uses opset {found}, the installed onnx knows {newest}")
    if found < MIN_OPSET and used and not (found >= OLDEST and used <= TIMELESS):
        raise OpsetTooOld(found, MIN_OPSET)


def input_shape(model: onnx.ModelProto) -> tuple[str, tuple[int, ...]]:
    """The one input and its shape for a batch of one row. Raises InterfaceUnsupported, DynamicDimension."""
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [given for given in model.graph.input if given.name not in constants]
    if len(inputs) != 1:
        names = ", ".join(given.name for given in inputs)
        raise InterfaceUnsupported(
            f"the model has {len(inputs)} inputs ({names}), and a row is one", "export it with a single input tensor"
        )
    given = inputs[0]
    tensor = given.type.tensor_type
    if given.type.WhichOneof("value") != "tensor_type" or tensor.elem_type not in FLOATS:
        kinds = {number: kind for kind, number in onnx.TensorProto.DataType.items()}
        kind = kinds.get(tensor.elem_type, str(tensor.elem_type)) if tensor.elem_type else "no tensor"
        raise InterfaceUnsupported(
            f"input {given.name!r} is of type {kind}", "export the model with an input of type float"
        )
    if not tensor.HasField("shape"):
        raise InterfaceUnsupported(f"input {given.name!r} has no shape", "export with fixed shapes")
    shape = []
    for number, axis in enumerate(tensor.shape.dim):
        fixed = axis.WhichOneof("value") == "dim_value" and axis.dim_value > 0
        if not fixed and number > 0:
            raise DynamicDimension(axis.dim_param or "unnamed", number, given.name)
        shape.append(axis.dim_value if fixed else 1)
    return given.name, tuple(shape)
