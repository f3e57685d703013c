"""A model's manifest: what a buyer needs to encode a row and to read a result. It is registered with the program.

Canonical JSON (sorted keys, no spaces). Numbers that scale inputs and outputs are floats: they concern the buyer's own
row and screen, and never reach what validators compute.
"""

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import numpy as np

from chain.types.scalars import Name
from compute.zkml.encoding import MAX_BITS, Encoding, Levels, Thresholds
from compute.zkml.errors import ManifestUnusable, ProgramNotOfManifest, WrongRowCount
from compute.zkml.graph import CLASSIFICATION, LINKS, LOGISTIC, REGRESSION, SOFTMAX
from compute.zkml.inference import COMMITTED, OUTPUTS, Inference
from compute.zkml.model import predicted_class
from compute.zkml.quantise import Quantised
from contracts.registry.state import Program
from contracts.registry.statement import INFERENCE, INFERENCE_COMMITTED_MODEL
from crypto.poseidon import PACKED_BITS, pack_bytes

FORMAT: Final = "cluster-quantised-model/3"
MAX_ROWS: Final = 2**16
MAX_FEATURES: Final = 2**20


@dataclass(frozen=True, slots=True)
class Manifest:
    """rows rows of `encoding` go into a proof. A result is `elements` field elements: the outputs of all rows.

    Packed are floor(253 / output_bits) outputs to an element, lowest first, each plus output_offset; an output times
    unit approximates the float model's. results says whether the elements are public, committed or encrypted; keyed:
    with a key of their own, as the rows are public.
    link: what makes probabilities of outputs. class_only: the one output is the number of the class.
    committed_model: whether the weights stand behind a commitment instead of in the circuit.
    maxima, shifts: of sums of products on the sample, and of the rescalings after them. worst_error bounds
    |float output - output * unit| for every row in range; sample_error is the largest on the sample. Scores (accuracy,
    or R**2 of a regression) are on held-out rows, None where there were none.
    Of a committed model there are no maxima, and errors are rounded up to three digits: exact ones are equations about
    its weights.
    """

    format: str
    architecture: str
    kind: str
    classes: tuple[str, ...]
    link: str
    class_only: bool
    committed_model: bool
    rows: int
    results: str
    keyed: bool
    encoding: Encoding
    outputs: int
    output_bits: int
    output_offset: int
    unit: float
    maxima: tuple[int, ...]
    shifts: tuple[int, ...]
    worst_error: float
    sample_error: float
    agreement: float
    score_float: float | None
    score_quantised: float | None

    def encode(self) -> bytes:
        """The bytes that are registered."""
        table = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        table["encoding"] = _encoding_json(self.encoding)
        return json.dumps(table, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()

    @property
    def statement(self) -> Name:
        """What a proof states to the chain."""
        return INFERENCE_COMMITTED_MODEL if self.committed_model else INFERENCE

    def require_program(self, program: Program) -> None:
        """The program settles proofs of what this manifest tells, bound to their task. Raises ProgramNotOfManifest."""
        require_shape(program, self.statement, self.elements, bound=True)

    @property
    def features(self) -> int:
        return self.encoding.features

    @property
    def input_bits(self) -> int:
        return self.encoding.bits

    @property
    def elements(self) -> int:
        """Public field elements of a result."""
        return 1 if self.results == COMMITTED else self.packed_elements

    @property
    def packed_elements(self) -> int:
        """Field elements that the outputs fill."""
        return -(-self.rows * self.outputs // (PACKED_BITS // self.output_bits))

    def quantise(self, row: Sequence[float]) -> list[int]:
        """A row's integers. Raises WrongRowLength, NotFinite, RowOutOfRange, NotWhole."""
        return self.encoding.numbers(row)

    def quantise_rows(self, rows: Sequence[Sequence[float]]) -> list[int]:
        """The integers of all rows of a proof, one row after the other. Raises WrongRowCount, and as `quantise`."""
        if len(rows) != self.rows:
            raise WrongRowCount(self.rows, len(rows))
        return [number for row in rows for number in self.quantise(row)]

    def pack_outputs(self, outputs: Sequence[int]) -> list[int]:
        """Outputs of all rows as the field elements of a result, before encryption."""
        return pack_bytes([output + self.output_offset for output in outputs], self.output_bits)

    def unpack_outputs(self, elements: Sequence[int]) -> list[int]:
        """The outputs in a result in the clear. Raises ManifestUnusable when the elements are no packing of them."""
        if len(elements) != self.packed_elements:
            raise ManifestUnusable(f"a result has {len(elements)} elements, not {self.packed_elements}")
        per, mask = PACKED_BITS // self.output_bits, (1 << self.output_bits) - 1
        outputs: list[int] = []
        for element in elements:
            count = min(per, self.rows * self.outputs - len(outputs))
            if element >> (self.output_bits * count):
                raise ManifestUnusable("a decrypted result is wider than the outputs that it should hold")
            outputs += [(element >> self.output_bits * i & mask) - self.output_offset for i in range(count)]
        return outputs

    def predicted(self, outputs: Sequence[int]) -> int:
        """The number of the class that one row's outputs name. For classifiers."""
        number = outputs[0] if self.class_only else predicted_class(outputs)
        if not 0 <= number < len(self.classes):
            raise ManifestUnusable(f"output {number} names none of its {len(self.classes)} classes")
        return number

    def said(self, outputs: Sequence[int]) -> str:
        """What one row's outputs say, for people: the class, or the values of a regression."""
        if self.kind == CLASSIFICATION:
            return self.classes[self.predicted(outputs)]
        return ", ".join(f"{output * self.unit:.6g}" for output in outputs)

    def probabilities(self, outputs: Sequence[int]) -> list[float] | None:
        """Of the classes, by the link; not proven beyond the outputs. None where the model knows none."""
        if self.class_only or self.kind != CLASSIFICATION:
            return None
        values = np.asarray(outputs, dtype=np.float64) * self.unit
        if self.link == LOGISTIC and len(values) == 1:
            chance = float(0.5 * (1.0 + np.tanh(0.5 * values[0])))
            return [1.0 - chance, chance]
        if self.link == SOFTMAX:
            powers = np.exp(values - values.max())
            return [float(power) for power in powers / powers.sum()]
        return None


def manifest_of(quantised: Quantised, statement: Inference) -> Manifest:
    """What is said of a quantised model under a statement. Raises ManifestUnusable for names that cannot be printed."""
    model, source, fidelity = quantised.model, quantised.source, quantised.fidelity
    rounded = _rounded_up if model.committed else float
    manifest = Manifest(
        format=FORMAT,
        architecture=source.architecture,
        kind=source.kind,
        classes=source.classes,
        link=source.link,
        class_only=quantised.class_only,
        committed_model=model.committed,
        rows=statement.rows,
        results=statement.outputs,
        keyed=statement.keyed,
        encoding=model.encoding,
        outputs=model.outputs,
        output_bits=model.output_bits,
        output_offset=model.output_offset,
        unit=quantised.unit,
        maxima=() if model.committed else quantised.maxima,
        shifts=tuple(s.operation.shift for s in model.steps if hasattr(s.operation, "shift")),
        worst_error=rounded(fidelity.worst_error),
        sample_error=rounded(fidelity.sample_error),
        agreement=fidelity.agreement,
        score_float=fidelity.score_float,
        score_quantised=fidelity.score_quantised,
    )
    _check_printable(manifest)
    return manifest


def require_shape(program: Program, statement: Name, outputs: int, bound: bool) -> None:
    """Else a key's public inputs would be read as what its circuit never said. Raises ProgramNotOfManifest."""
    registered = (program.statement, program.outputs, program.bound)
    if registered != (statement, outputs, bound):
        raise ProgramNotOfManifest(program.id, registered, (statement, outputs, bound))


def _rounded_up(error: float) -> float:
    """To three digits, never below."""
    near = float(f"{error:.2e}")
    return near if near >= error else float(f"{error * 1.01:.2e}")


def decode_manifest(data: bytes) -> Manifest:
    """The manifest of registered bytes. Raises ManifestUnusable."""
    try:
        table = json.loads(data)
        if not isinstance(table, dict) or set(table) != {entry.name for entry in fields(Manifest)}:
            raise ManifestUnusable("its keys are not those of a manifest")
        encoding = _read_encoding(table.pop("encoding"))
        manifest = Manifest(**{key: _frozen(value) for key, value in table.items()}, encoding=encoding)
        _check(manifest)
        return manifest
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise ManifestUnusable(str(error)[:120]) from error


def _encoding_json(encoding: Encoding) -> dict[str, Any]:
    if isinstance(encoding, Thresholds):
        kind = "<f4" if encoding.single else "<f8"
        flat = np.asarray([value for known in encoding.thresholds for value in known], dtype=kind)
        counts, text = list(encoding.tops), b64encode(flat.tobytes()).decode()
        scales = {"offsets": encoding.offsets, "steps": encoding.steps, "single": encoding.single}
        return {"kind": "thresholds", "counts": counts, "values": text, **scales}
    if isinstance(encoding, Levels):
        return {"kind": "levels", **asdict(encoding)}
    raise TypeError(f"an encoding of no known kind: {type(encoding).__name__}")


def _read_encoding(table: Any) -> Encoding:
    if not isinstance(table, dict):
        raise ManifestUnusable(f"its encoding is {table!r:.40}")
    kind = table.pop("kind")
    if kind == "levels":
        if set(table) != {entry.name for entry in fields(Levels)}:
            raise ManifestUnusable("its levels have not the parts of levels")
        levels = Levels(**{key: _frozen(value) for key, value in table.items()})
        _check_levels(levels)
        return levels
    if kind != "thresholds" or set(table) != {"counts", "values", "offsets", "steps", "single"}:
        raise ManifestUnusable(f"its encoding is {kind!r:.40}")
    counts = [_natural(count) for count in table["counts"]]
    single = table["single"]
    if type(single) is not bool:
        raise ManifestUnusable("it does not say how precisely its thresholds are compared")
    flat = np.frombuffer(b64decode(table["values"], validate=True), dtype="<f4" if single else "<f8").astype(np.float64)
    if sum(counts) != len(flat) or np.isnan(flat).any():
        raise ManifestUnusable("its thresholds are not as many as it says")
    if not counts:
        raise ManifestUnusable("it has no features")
    ends = np.cumsum(counts)
    parts = tuple(tuple(map(float, flat[end - count : end])) for count, end in zip(counts, ends, strict=True))
    if any(list(part) != sorted(set(part)) for part in parts):
        raise ManifestUnusable("its thresholds do not rise")
    _check_scales(table["offsets"], table["steps"], len(parts))
    return Thresholds(parts, _frozen(table["offsets"]), _frozen(table["steps"]), single)


def _natural(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ManifestUnusable(f"{value!r:.40} is not a natural number")
    return value


def _check_levels(levels: Levels) -> None:
    if not 1 <= _natural(levels.features) <= MAX_FEATURES or not 1 <= _natural(levels.bits) <= MAX_BITS:
        raise ManifestUnusable(f"it has no features, more than {MAX_FEATURES}, or more than {MAX_BITS} input bits")
    if _natural(levels.zero) >> levels.bits:
        raise ManifestUnusable("its zero lies outside its levels")
    _check_scales(levels.offsets, levels.steps, levels.features)
    if type(levels.whole) is not bool:
        raise ManifestUnusable("it does not say whether its rows are whole numbers")


def _check_scales(offsets: Any, steps: Any, features: int) -> None:
    for values in (offsets, steps):
        if len(values) not in (1, features):
            raise ManifestUnusable("it has not one offset and step per feature")
        if not all(isinstance(value, (int, float)) and math.isfinite(value) for value in values):
            raise ManifestUnusable("a scale is not a finite number")
    if any(step <= 0 for step in steps):
        raise ManifestUnusable("a step is not positive")


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check(manifest: Manifest) -> None:
    if manifest.format != FORMAT:
        raise ManifestUnusable(f"its format is {manifest.format!r:.40}, not {FORMAT}")
    for size in (manifest.rows, manifest.outputs, manifest.output_bits):
        if _natural(size) == 0:
            raise ManifestUnusable("its sizes are not positive integers")
    if (
        manifest.output_bits > PACKED_BITS
        or manifest.rows > MAX_ROWS
        or _natural(manifest.output_offset) >> PACKED_BITS
    ):
        raise ManifestUnusable(f"it asks for more than {PACKED_BITS} output bits or {MAX_ROWS} rows")
    if (
        manifest.kind not in (CLASSIFICATION, REGRESSION)
        or manifest.link not in LINKS
        or manifest.results not in OUTPUTS
    ):
        raise ManifestUnusable("its kind, link or results are none that exist")
    if not isinstance(manifest.classes, tuple) or not all(isinstance(name, str) for name in manifest.classes):
        raise ManifestUnusable("its classes have no names")
    wanted = max(2, manifest.outputs)
    fits = len(manifest.classes) == wanted or (manifest.class_only and len(manifest.classes) >= 2)
    if manifest.kind == CLASSIFICATION and not fits:
        raise ManifestUnusable("it has not one name per class")
    if not isinstance(manifest.architecture, str):
        raise ManifestUnusable("its architecture has no name")
    _check_printable(manifest)
    if not all(type(value) is bool for value in (manifest.class_only, manifest.committed_model, manifest.keyed)):
        raise ManifestUnusable("it does not say whether its weights are committed, or its class is all it says")
    for values in (manifest.maxima, manifest.shifts):
        if not isinstance(values, tuple) or not all(_natural(value) >= 0 for value in values):
            raise ManifestUnusable("its maxima or shifts are not natural numbers")
    _check_fidelity(manifest)


def _check_printable(manifest: Manifest) -> None:
    """Names are shown on screens: characters that steer a terminal could fake what else it shows."""
    if not all(name.isprintable() for name in (manifest.architecture, *manifest.classes)):
        raise ManifestUnusable("its architecture or a class has a name that cannot be printed")


def _check_fidelity(manifest: Manifest) -> None:
    scores = [value for value in (manifest.score_float, manifest.score_quantised) if value is not None]
    for value in (manifest.unit, manifest.worst_error, manifest.sample_error, manifest.agreement, *scores):
        if type(value) is not float or not math.isfinite(value):
            raise ManifestUnusable("its unit, errors or scores are no finite numbers")
    if min(manifest.worst_error, manifest.sample_error, manifest.agreement) < 0 or manifest.agreement > 1:
        raise ManifestUnusable("an error is negative, or more than all rows agree")
    if type(manifest.unit) is not float or not math.isfinite(manifest.unit) or manifest.unit <= 0:
        raise ManifestUnusable("its unit is not a positive number")
