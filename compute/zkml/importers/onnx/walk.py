"""Through the nodes of a graph in their order, from names to what they stand for."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import onnx

from compute.zkml.errors import ModelError
from compute.zkml.importers.errors import GraphNotSorted, ImportTooLarge, NodeMalformed, OperatorUnsupported
from compute.zkml.importers.onnx.call import Call, attributes_of
from compute.zkml.importers.onnx.constants import FOLDED, folded
from compute.zkml.importers.onnx.reading import MAIN_DOMAINS
from compute.zkml.importers.onnx.registry import OPERATORS
from compute.zkml.importers.onnx.sketch import Sketch
from compute.zkml.importers.onnx.tensors import Complement, Computed, Label, Refused, Scored, Tensor

# Of these the shape alone is read, which is known.
OF_SHAPE: Final = ("Shape", "Size")


def walked(
    graph: onnx.GraphProto, known: Mapping[str, Tensor], opsets: Mapping[str, int], sketch: Sketch
) -> dict[str, Tensor]:
    """What each name stands for. What cannot be imported is Refused, as it may not be needed.

    Raises GraphNotSorted, NodeMalformed for a name that is made twice.
    """
    tensors = dict(known)
    for number, node in enumerate(graph.node):
        name = _printable(node, number)
        inputs: list[Tensor | None] = []
        for given in node.input:
            if given and given not in tensors:
                raise GraphNotSorted(name, given)
            inputs.append(tensors[given] if given else None)
        made = _made(node, name, inputs, opsets, sketch)
        for place, output in enumerate(node.output):
            if output in tensors:
                raise NodeMalformed(node.op_type, name, f"{output!r:.80} is made twice")
            if output:
                tensors[output] = made[place] if place < len(made) else _further(node, name, place)
    return tensors


def _printable(node: onnx.NodeProto, number: int) -> str:
    """What the node is called on screens and in files: layers have names that can be printed."""
    name = node.name or next((output for output in node.output if output), f"number {number}")
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def _made(
    node: onnx.NodeProto, name: str, inputs: list[Tensor | None], opsets: Mapping[str, int], sketch: Sketch
) -> tuple[Tensor, ...]:
    refused = next((given for given in inputs if isinstance(given, Refused)), None)
    if refused is not None:
        return (refused,) * len(node.output)
    try:
        made = _outputs(node, name, inputs, opsets, sketch)
    except ModelError as error:
        return (Refused(error),) * len(node.output)
    except (ValueError, IndexError, TypeError, KeyError, OverflowError) as error:  # NumPy: shapes that do not fit
        return (Refused(NodeMalformed(node.op_type, name, str(error))),) * len(node.output)
    for tensor in made:
        if isinstance(tensor, Computed) and not tensor.positions.size:
            return (Refused(NodeMalformed(node.op_type, name, f"an empty tensor of shape {tensor.shape}")),) * len(made)
    try:
        sketch.reserve(sum(map(_held, made)), name)
    except ImportTooLarge as error:
        return (Refused(error),) * len(made)
    return made


def _held(tensor: Tensor) -> int:
    """Elements that are kept for it from now on."""
    if isinstance(tensor, Label | Complement):
        tensor = tensor.scored
    if isinstance(tensor, Scored):
        tensor = tensor.scores
    if isinstance(tensor, Computed):
        return tensor.positions.size
    return tensor.size if isinstance(tensor, np.ndarray) else 0


def _outputs(
    node: onnx.NodeProto, name: str, inputs: list[Tensor | None], opsets: Mapping[str, int], sketch: Sketch
) -> tuple[Tensor, ...]:
    domain = "" if node.domain in MAIN_DOMAINS else node.domain
    opset = opsets.get(domain, 0)
    if (
        not domain
        and node.op_type in FOLDED
        and all(given is None or isinstance(given, np.ndarray) for given in inputs)
    ):
        return folded(node, [given for given in inputs if given is None or isinstance(given, np.ndarray)], opset)
    support = OPERATORS.get((domain, node.op_type))
    if support is None:
        full = f"{domain}.{node.op_type}" if domain else node.op_type
        raise OperatorUnsupported(
            full, name, "it is none of the operators of docs/onnx.md", "replace it in the model before the export"
        )
    used = max((place + 1 for place, output in enumerate(node.output) if output), default=0)
    call = Call(sketch, node.op_type, name, tuple(inputs), used, attributes_of(node), opset)
    made = support.handler(call)
    return made if isinstance(made, tuple) else (made,)


def _further(node: onnx.NodeProto, name: str, place: int) -> Refused:
    return Refused(
        OperatorUnsupported(
            node.op_type, name, f"its output number {place} is not computed", "use its first output alone"
        )
    )
