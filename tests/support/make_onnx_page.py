"""Writes docs/onnx.md: every ONNX operator that is imported, from the registry itself.

python -m tests.support.make_onnx_page             write the page
python -m tests.support.make_onnx_page --check     exit status 1 if the page is out of date
"""

import sys

from compute.zkml.importers.onnx.reading import MAX_FILE_BYTES, MIN_OPSET, OLDEST, TIMELESS
from compute.zkml.importers.onnx.registry import OPERATORS
from compute.zkml.importers.onnx.sketch import MAX_TAPS
from tests.support.rooms import ROOT

PAGE = ROOT / "docs" / "onnx.md"

HEAD = f"""# ONNX operators

<!-- Written by tests/support/make_onnx_page.py; a test fails when it is out of date. -->

`import_onnx` takes a file of opset {MIN_OPSET} or later ({OLDEST} or later if it uses nothing but
{", ".join(sorted(TIMELESS))} of the main domain, whose meaning is older, as converters
of trees write them) with one input of floats and one output, or a label beside
scores, of which the scores are proven. The first axis of the input may be open and is one row; a first axis of fixed
length is part of the row, and every other axis has a fixed length. Nodes that read constants alone are computed once:
the chains of Shape, Gather and Concat that exporters leave before a Reshape disappear. An operator that the output does
not need may be anything. All else is refused with its name.
Limits: {MAX_FILE_BYTES >> 20} MiB a file with its external data, {MAX_TAPS >> 20} million positions and products.

## Exact and approximate

The importer itself approximates nothing: the float model that quantisation starts from computes every operator below in
double precision, from which float32 arithmetic of other runtimes differs by their rounding. Quantisation adds the error
that each compiled model states, and that of Sigmoid and Tanh includes the error of their curves.

A Softmax, or the Sigmoid of a single output, at the end of a model is its *link*: the scores before it are proven, and
probabilities are read from them without proof and without approximation. Which class is first does not depend on it.

Trees compare in single precision, or in double where their thresholds are doubles, and agree with ONNX Runtime at
every threshold and beside it. When the row is scaled before the trees, the scaling is done in double precision: a
scaled value within one float32 rounding of a threshold may go the other way than in a runtime that scales in single
precision. Rows have no missing values.

Of a classifier of two classes whose leaves all speak of one class, the score s decides: with post_transform LOGISTIC
the class is the second when s > 0; with NONE when s > 1/2 if no leaf weight is negative, else when s > 0, as in ONNX
Runtime.

## Operators
"""


def make_page() -> str:
    """The whole page."""
    rows = [
        f"| {name} | {domain or 'ai.onnx'} | {support.note} |" for (domain, name), support in sorted(OPERATORS.items())
    ]
    return "\n".join([HEAD, "| operator | domain | |", "|---|---|---|", *rows]) + "\n"


def main(argv: list[str]) -> int:
    page = make_page()
    if argv == ["--check"]:
        return int(not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page)
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
