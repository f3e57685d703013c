"""A model's manifest: what a buyer needs to quantise a row and to read a result. It is registered with the program.

Canonical JSON (sorted keys, no spaces). Numbers that scale inputs and logits are floats: they concern the buyer's own
row and screen, and never reach what validators compute.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from compute.zkml.errors import ManifestUnusable, NotFinite, RowOutOfRange, WrongRowLength
from crypto.poseidon import PACKED_BITS, pack_bytes

FORMAT: Final = "cluster-quantised-model/1"
MAX_INPUT_BITS: Final = 16


@dataclass(frozen=True, slots=True)
class Manifest:
    """row[i] is quantised to round((row[i] - offsets[i]) / steps[i]), which must lie in 0..2**input_bits - 1.

    A result is `elements` field elements; each packs floor(253 / output_bits) numbers, lowest first,
    and each number minus 2**(output_bits - 1) is a logit, which times logit_step approximates the float model's.
    shifts: of the ReLU after each layer but the last. calibrated_maxima: of each layer's accumulators on the sample.
    worst_logit_error: the most that a float logit can differ for any row in range; features with offset 0 and step 1
    are taken to hold whole numbers. Accuracies on held-out rows.
    """

    format: str
    architecture: str
    features: int
    input_bits: int
    offsets: tuple[float, ...]
    steps: tuple[float, ...]
    outputs: int
    output_bits: int
    logit_step: float
    classes: tuple[str, ...]
    shifts: tuple[int, ...]
    calibrated_maxima: tuple[int, ...]
    worst_logit_error: float
    accuracy_float: float
    accuracy_quantised: float

    def encode(self) -> bytes:
        """The bytes that are registered."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False).encode()

    @property
    def elements(self) -> int:
        """Field elements of a result."""
        return -(-self.outputs // (PACKED_BITS // self.output_bits))

    def quantise(self, row: Sequence[float]) -> list[int]:
        """A row's integers. Raises WrongRowLength, NotFinite, RowOutOfRange."""
        if len(row) != self.features:
            raise WrongRowLength(self.features, len(row))
        top = 2**self.input_bits - 1
        quantised = []
        for index, (value, offset, step) in enumerate(zip(row, self.offsets, self.steps, strict=True)):
            if not math.isfinite(value):
                raise NotFinite(f"feature {index} of the row")
            scaled = (float(value) - offset) / step
            if not 0 <= (number := round(max(-1.0, min(scaled, top + 1.0)))) <= top:
                raise RowOutOfRange(index, float(value), offset, offset + top * step)
            quantised.append(number)
        return quantised

    def pack_logits(self, logits: Sequence[int]) -> list[int]:
        """Logits as the field elements of a result, before encryption."""
        half = 1 << (self.output_bits - 1)
        return pack_bytes([logit + half for logit in logits], self.output_bits)

    def unpack_logits(self, elements: Sequence[int]) -> list[int]:
        """The logits in a decrypted result. Raises ManifestUnusable when the elements are no packing of them."""
        if len(elements) != self.elements:
            raise ManifestUnusable(f"a result has {len(elements)} elements, the manifest speaks of {self.elements}")
        per, half, mask = PACKED_BITS // self.output_bits, 1 << (self.output_bits - 1), (1 << self.output_bits) - 1
        logits: list[int] = []
        for element in elements:
            count = min(per, self.outputs - len(logits))
            if element >> (self.output_bits * count):
                raise ManifestUnusable("a decrypted result is wider than the logits that it should hold")
            logits += [(element >> self.output_bits * i & mask) - half for i in range(count)]
        return logits


def decode_manifest(data: bytes) -> Manifest:
    """The manifest of registered bytes. Raises ManifestUnusable."""
    try:
        table = json.loads(data)
        if not isinstance(table, dict) or set(table) != {entry.name for entry in fields(Manifest)}:
            raise ManifestUnusable("its keys are not those of a manifest")
        manifest = Manifest(**{key: _frozen(value) for key, value in table.items()})
        _check(manifest)
        return manifest
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ManifestUnusable(str(error)[:120]) from error


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check(manifest: Manifest) -> None:
    if manifest.format != FORMAT:
        raise ManifestUnusable(f"its format is {manifest.format!r:.40}, not {FORMAT}")
    sizes = (manifest.features, manifest.input_bits, manifest.outputs, manifest.output_bits)
    if any(type(size) is not int or size < 1 for size in sizes):
        raise ManifestUnusable("its sizes are not positive integers")
    if manifest.input_bits > MAX_INPUT_BITS or manifest.output_bits > PACKED_BITS:
        raise ManifestUnusable(f"it asks for more than {MAX_INPUT_BITS} input bits or {PACKED_BITS} output bits")
    lists = (manifest.offsets, manifest.steps, manifest.classes, manifest.shifts, manifest.calibrated_maxima)
    if not all(isinstance(entries, tuple) for entries in lists):
        raise ManifestUnusable("a list is missing")
    if len(manifest.classes) != max(2, manifest.outputs) or not all(isinstance(name, str) for name in manifest.classes):
        raise ManifestUnusable("it has not one name per class")
    if len(manifest.offsets) != manifest.features or len(manifest.steps) != manifest.features:
        raise ManifestUnusable("it has not one offset and step per feature")
    numbers = (*manifest.offsets, *manifest.steps, manifest.logit_step)
    if not all(isinstance(number, (int, float)) and math.isfinite(number) for number in numbers):
        raise ManifestUnusable("a scale is not a finite number")
    if any(step <= 0 for step in (*manifest.steps, manifest.logit_step)):
        raise ManifestUnusable("a step is not positive")
