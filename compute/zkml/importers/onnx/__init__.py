"""Models from ONNX files: what PyTorch, scikit-learn, LightGBM and XGBoost export.

Of opset 13 and up; from 7 on where all operators are ones that have not changed. docs/onnx.md lists the operators.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import onnx

from compute.zkml.graph import CLASSIFICATION, IDENTITY, REGRESSION, Affine, FloatModel, Gather
from compute.zkml.importers.errors import InterfaceUnsupported, OnnxFileUnusable
from compute.zkml.importers.onnx.links import computed
from compute.zkml.importers.onnx.reading import ML_DOMAIN, input_shape, opset_of, read_model
from compute.zkml.importers.onnx.sketch import Sketch
from compute.zkml.importers.onnx.tensors import Complement, Computed, Label, Refused, Scored, Tensor, laid_out
from compute.zkml.importers.onnx.walk import walked

NO_NUMBERS: Final = frozenset(
    (
        onnx.TensorProto.STRING,
        onnx.TensorProto.BOOL,
        onnx.TensorProto.INT64,
        onnx.TensorProto.INT32,
    )
)


def import_onnx(source: Path | onnx.ModelProto, kind: str | None = None) -> FloatModel:
    """The model that a file or an object holds, for one row: the input flattened in row-major order.

    kind: "classification" for a model that ends with bare scores, which otherwise reads as a regression.
    Raises the errors of compute.zkml.importers.errors, and NotFinite.
    """
    model = read_model(source)
    name, shape = input_shape(model)
    sketch = Sketch(int(np.prod(shape, dtype=object)))
    known: dict[str, Tensor] = {name: laid_out(0, shape)} | _constants(model.graph)
    opsets = {"": opset_of(model, ""), ML_DOMAIN: opset_of(model, ML_DOMAIN)}
    tensors = walked(model.graph, known, opsets, sketch)
    output = _output(model.graph, tensors, sketch)
    if isinstance(output, Refused):
        raise output.error
    return _finished(sketch, output, kind, "onnx:" + model.graph.name if model.graph.name else "onnx")


def _constants(graph: onnx.GraphProto) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for tensor in graph.initializer:
        try:
            found[tensor.name] = onnx.numpy_helper.to_array(tensor)
        except (ValueError, TypeError, KeyError) as error:
            raise OnnxFileUnusable("the model", f"initializer {tensor.name!r:.80} is broken: {error}") from error
    return found


def _output(graph: onnx.GraphProto, tensors: Mapping[str, Tensor], sketch: Sketch) -> Tensor:
    """The output to prove: scores rather than the label that stands beside them. Raises InterfaceUnsupported."""
    labels: list[tuple[str, Tensor]] = []
    scores: list[tuple[str, Tensor]] = []
    for output in graph.output:
        tensor = tensors.get(output.name)
        if tensor is None:
            raise OnnxFileUnusable("the model", f"nothing makes its output {output.name!r:.80}")
        is_label = isinstance(tensor, Label) or output.type.tensor_type.elem_type in NO_NUMBERS
        (labels if is_label else scores).append((output.name, tensor))
    chosen = scores or labels
    if len({id(tensor) for _, tensor in chosen}) != 1:
        names = ", ".join(name for name, _ in chosen)
        raise InterfaceUnsupported(
            f"the model has {len(chosen)} outputs ({names})", "export it with the one output that is to be proven"
        )
    output = chosen[0][1]
    for _, label in labels:
        if isinstance(output, Computed) and isinstance(label, Label) and _shows(sketch, output, label.scored.scores):
            return label.scored
    return output


def _shows(sketch: Sketch, output: Computed, scores: Computed) -> bool:
    """Whether a tensor is but the scores in another form: moved, or a single one with its negative."""
    value = output.value
    while value > scores.value:
        node = sketch.nodes[value - 1]
        operation = node.operation
        moves = isinstance(operation, Gather) and len(node.inputs) == 1
        if not moves and not (isinstance(operation, Affine) and operation.taps.is_diagonal):
            return False
        value = node.inputs[0]
    return value == scores.value


def _finished(sketch: Sketch, output: Tensor, kind: str | None, architecture: str) -> FloatModel:
    class_only = isinstance(output, Label)
    scored = output.scored if isinstance(output, Label) else output
    if isinstance(scored, Complement) or (isinstance(scored, Scored) and _stays_a_curve(scored, class_only, kind)):
        scored = computed(sketch, "output", scored, "the output")
    if isinstance(scored, Scored):
        scores, link, classes, kind = scored.scores, scored.link, scored.classes, CLASSIFICATION
    elif isinstance(scored, Computed):
        scores, link, classes, kind = scored, IDENTITY, (), kind or REGRESSION
    else:
        raise InterfaceUnsupported("the output is a constant", "export a model whose output depends on its input")
    classes = _classes(classes, scores.positions.size) if kind == CLASSIFICATION else ()
    value = sketch.flat(scores, "output")
    if value == 0:
        value = sketch.emit(Gather(np.arange(sketch.widths[0], dtype=np.int64)), (0,), sketch.widths[0], "output")
    nodes, layers = sketch.kept(value)
    return FloatModel(
        features=sketch.widths[0],
        nodes=nodes,
        layers=layers,
        kind=kind,
        classes=classes,
        link=link,
        architecture=architecture,
        class_only=class_only,
    )


def _stays_a_curve(scored: Scored, class_only: bool, kind: str | None) -> bool:
    """Several sigmoids are several answers, of a regression, unless they are said to be scores of classes."""
    many = scored.operator == "Sigmoid" and scored.scores.positions.size > 1
    return many and not class_only and kind != CLASSIFICATION


def _classes(named: tuple[str, ...], outputs: int) -> tuple[str, ...]:
    """A single output decides between two."""
    count = 2 if outputs == 1 else outputs
    if named and len(named) != count:
        raise InterfaceUnsupported(
            f"the model names {len(named)} classes for {outputs} scores", "name as many classes as there are scores"
        )
    return named or tuple(str(number) for number in range(count))
