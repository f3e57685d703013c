"""Every operator that is imported."""

from typing import Final

from compute.zkml.importers.onnx import (
    activations,
    arithmetic,
    convolution,
    dense,
    pooling,
    shapes,
    tails,
    trees,
)
from compute.zkml.importers.onnx.call import Support

_MODULES: Final = (dense, arithmetic, convolution, pooling, activations, shapes, tails, trees)

# By domain and name; the domain of ONNX itself is "".
OPERATORS: Final[dict[tuple[str, str], Support]] = {
    (support.domain, name): support for module in _MODULES for name, support in module.OPERATORS.items()
}
