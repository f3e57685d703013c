"""What a manifest says, for people: one line for each thing that a buyer asks."""

from collections.abc import Iterator, Sequence
from typing import Final

from compute.circom.program import CircomManifest
from compute.manifests import AnyManifest
from compute.zkml.encoding import Levels
from compute.zkml.graph import CLASSIFICATION
from compute.zkml.inference import COMMITTED, ENCRYPTED
from compute.zkml.manifest import Manifest

LISTED: Final = 8  # entries of a list that are shown
RESULTS: Final = {ENCRYPTED: "encrypted to the buyer", COMMITTED: "committed: whoever has the opening reads them"}


def manifest_pairs(manifest: AnyManifest) -> list[tuple[str, object]]:
    """Names and values. --json has every field as it is registered."""
    return list(_of_circuit(manifest) if isinstance(manifest, CircomManifest) else _of_model(manifest))


def _of_circuit(manifest: CircomManifest) -> Iterator[tuple[str, object]]:
    yield "circuit", f"{manifest.architecture}, written in circom"
    if not manifest.bound:
        yield "tasks", "unbound: no worker proves them, outputs are plain"
    else:
        yield "row", f"{manifest.features} whole numbers below 2^{manifest.input_bits}"
        yield "trial row", _listed(manifest.trial_row)
    yield "outputs", f"{manifest.outputs} numbers"


def _of_model(manifest: Manifest) -> Iterator[tuple[str, object]]:
    yield "model", manifest.architecture
    if manifest.kind == CLASSIFICATION:
        yield "says", ("only the class, one of " if manifest.class_only else "one of ") + _listed(manifest.classes)
    else:
        yield "says", f"{manifest.outputs} number{'s' if manifest.outputs > 1 else ''}"
    yield "weights", "committed" if manifest.committed_model else "in the circuit"
    yield "row", f"{manifest.features} numbers" + ("" if manifest.rows == 1 else f"; {manifest.rows} rows a task")
    if isinstance(manifest.encoding, Levels):
        yield "their ranges", _ranges(manifest.encoding)
    else:
        yield "their ranges", "any number: only its place among the trees' thresholds counts"
    yield "results", RESULTS.get(manifest.results, manifest.results)
    yield "error", f"{manifest.sample_error:.3g} on the sample, at most {manifest.worst_error:.3g} for any row in range"
    yield "agreement", f"{manifest.agreement:.2%} of the sample's rows, as integers and as floats"
    if manifest.score_float is not None and manifest.score_quantised is not None:
        what = "accuracy" if manifest.kind == CLASSIFICATION else "R^2"
        yield (
            "score",
            f"{what} {manifest.score_quantised:.4g} proven, {manifest.score_float:.4g} in floats; held-out rows",
        )
    else:
        yield "score", "none stated"


def _ranges(levels: Levels) -> str:
    """What values each feature may have; one range where all have the same."""
    top = (1 << levels.bits) - 1
    pairs = [
        levels.of(number) for number in range(1 if len(levels.offsets) == len(levels.steps) == 1 else levels.features)
    ]
    shown = [f"{offset:.4g} to {offset + top * step:.4g}" for offset, step in pairs]
    whole = ", whole numbers" if levels.whole else ""
    return (f"all {shown[0]}" if len(shown) == 1 and levels.features > 1 else _listed(shown)) + whole


def _listed(values: Sequence[object]) -> str:
    """The first few, and how many there are."""
    shown = ", ".join(map(str, values[:LISTED]))
    return shown if len(values) <= LISTED else f"{shown}, … ({len(values)} in all; --json prints them)"
