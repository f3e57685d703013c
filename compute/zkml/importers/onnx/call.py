"""One node of an ONNX graph with what its inputs stand for: what a handler of an operator sees."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from compute.zkml.errors import NotFinite
from compute.zkml.graph import FloatOperation
from compute.zkml.importers.errors import NodeMalformed, OperatorUnsupported, WeightsNotConstant
from compute.zkml.importers.onnx.links import computed, pointwise
from compute.zkml.importers.onnx.sketch import Sketch
from compute.zkml.importers.onnx.tensors import Complement, Computed, Constant, Label, Scored, Tensor
from compute.zkml.taps import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """inputs: None where an optional one is left out. attributes: by name, as Python values. opset: of its domain."""

    sketch: Sketch
    operator: str
    name: str
    inputs: tuple[Tensor | None, ...]
    outputs: int
    attributes: dict[str, Any]
    opset: int

    def given(self, number: int) -> Tensor | None:
        """Input `number` as it is; None when it is left out."""
        return self.inputs[number] if number < len(self.inputs) else None

    def computed(self, number: int) -> Computed:
        """Input `number` as a tensor made from the row; probabilities are computed for that, where they can be.

        Raises NodeMalformed, OperatorUnsupported.
        """
        tensor = self.given(number)
        if isinstance(tensor, Computed):
            return tensor
        if isinstance(tensor, Scored | Complement | Label):
            return computed(self.sketch, self.name, tensor, self.operator)
        raise self.malformed(f"input {number} must be made from the model's input")

    def array(self, number: int) -> Constant | None:
        """Input `number`, a constant or left out. Raises WeightsNotConstant."""
        tensor = self.given(number)
        if tensor is None or isinstance(tensor, np.ndarray):
            return tensor
        raise WeightsNotConstant(self.operator, self.name, f"input {number}")

    def weights(self, number: int) -> Floats:
        """Input `number` as finite constants. Raises WeightsNotConstant, NodeMalformed, NotFinite."""
        array = self.array(number)
        if array is None:
            raise self.malformed(f"input {number} is missing")
        return self.finite(array, f"input {number}")

    def finite(self, array: Constant, what: str) -> Floats:
        """As float64. Raises NotFinite, NodeMalformed for what is no number."""
        if array.dtype.kind not in "fiub":
            array = self._widened(array, what)
        values = np.asarray(array, dtype=np.float64)
        if not np.all(np.isfinite(values)):
            raise NotFinite(f"{what} of operator {self.operator} (node {self.name!r})")
        return values

    def numbers(self, number: int) -> tuple[int, ...] | None:
        """Input `number` as constant integers (a shape, axes), None when left out."""
        array = self.array(number)
        if array is None:
            return None
        if array.dtype.kind not in "iu" or array.ndim > 1:
            raise self.malformed(f"input {number} must be a list of integers")
        return tuple(int(entry) for entry in array.reshape(-1))

    def integer(self, name: str, default: int) -> int:
        return int(self.attributes.get(name, default))

    def number(self, name: str, default: float) -> float:
        """A finite float attribute."""
        return float(self.finite(np.asarray(self.attributes.get(name, default)), name))

    def text(self, name: str, default: str) -> str:
        value = self.attributes.get(name, default)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    def integers(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(int(entry) for entry in self.attributes.get(name, default))

    def axis(self, axis: int, rank: int) -> int:
        """An axis counted from the front. Raises NodeMalformed."""
        if not -rank <= axis < rank:
            raise self.malformed(f"axis {axis} of a tensor of rank {rank}")
        return axis % rank

    def malformed(self, reason: str) -> NodeMalformed:
        return NodeMalformed(self.operator, self.name, reason)

    def unsupported(self, why: str, remedy: str) -> OperatorUnsupported:
        return OperatorUnsupported(self.operator, self.name, why, remedy)

    def emit(self, operation: FloatOperation, source: Computed) -> Computed:
        """An operation on each element of a tensor."""
        return pointwise(self.sketch, self.name, operation, source)

    def _widened(self, array: Constant, what: str) -> Constant:
        """bfloat16 and its like, which NumPy knows only by their package."""
        if array.dtype.kind == "V" and array.dtype.names is None:
            return array.astype(np.float32)
        raise self.malformed(f"{what} holds no numbers")


Handler = Callable[[Call], Tensor | tuple[Tensor, ...]]


@dataclass(frozen=True, slots=True)
class Support:
    """How an operator is imported, and what the page says about it."""

    handler: Handler
    note: str
    domain: str = ""


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes as Python values; tensors become arrays."""
    found: dict[str, Any] = {}
    for attribute in node.attribute:
        value = onnx.helper.get_attribute_value(attribute)
        found[attribute.name] = onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value
    return found
