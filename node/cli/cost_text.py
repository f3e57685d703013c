"""What a model costs and how far its integers are from its floats: for people and for programs."""

from collections.abc import Iterable
from shutil import get_terminal_size
from typing import Any, Final

from compute.zkml.compiled import Compiled
from compute.zkml.cost import CostReport, LayerCost
from compute.zkml.graph import CLASSIFICATION
from compute.zkml.manifest import Manifest
from compute.zkml.room import available_bytes
from crypto.r1cs.estimate import Estimate
from node.cli.screen import Screen

BAR: Final = 28
NARROW: Final = 8  # of a terminal below WIDE columns
WIDE: Final = 100
TRUSTED: Final = 0.9  # of the sample's rows: below, say so
MICRO: Final = 1_000_000
MEGA: Final = 1_000_000


def show_cost(compiled: Compiled, screen: Screen) -> None:
    """A table of layers with bars, then totals, estimates and errors."""
    report, manifest = compiled.cost, compiled.manifest
    columns = ("layer", "values", "constraints", "", "share", "prove s")
    screen.table(f"{manifest.architecture}, {compiled.settings.profile}", columns, _rows(report))
    screen.line()
    screen.pairs([*_totals(report), *_estimates(report.estimate), *_fidelity(manifest)])


def cost_json(compiled: Compiled) -> dict[str, Any]:
    """What --json prints. Seconds of CPU; bytes."""
    report, manifest, said = compiled.cost, compiled.manifest, compiled.cost.estimate
    return {
        "architecture": manifest.architecture,
        "kind": manifest.kind,
        "classes": list(manifest.classes),
        "profile": compiled.settings.profile,
        "results": compiled.settings.results,
        "rows": manifest.rows,
        "constraints": report.constraints,
        "terms": report.size.terms,
        "public_inputs": report.public_inputs,
        "setup_seconds": said.setup_microseconds / MICRO,
        "prove_seconds": said.prove_microseconds / MICRO,
        "key_bytes": said.key_bytes,
        "r1cs_bytes": said.r1cs_bytes,
        "setup_peak_bytes": said.setup_peak_bytes,
        "prove_peak_bytes": said.prove_peak_bytes,
        "available_bytes": available_bytes(),
        "agreement": manifest.agreement,
        "sample_error": manifest.sample_error,
        "worst_error": manifest.worst_error,
        "score_float": manifest.score_float,
        "score_quantised": manifest.score_quantised,
        "score_delta": score_delta(manifest),
        "layers": [_layer_json(report, layer) for layer in report.layers],
    }


def score_delta(manifest: Manifest) -> float | None:
    """What quantisation changed of the score on held-out rows; None where there were none."""
    if manifest.score_float is None or manifest.score_quantised is None:
        return None
    return manifest.score_quantised - manifest.score_float


def _layer_json(report: CostReport, layer: LayerCost) -> dict[str, Any]:
    return {
        "layer": layer.name,
        "values": layer.values,
        "constraints": layer.constraints,
        "by_width": {str(width): count for width, count in sorted(layer.by_width.items())},
        "terms": layer.extent.terms,
        "prove_seconds": report.prove_microseconds(layer) / MICRO,
    }


def _rows(report: CostReport) -> Iterable[tuple[object, ...]]:
    largest = max(1, *(layer.constraints for layer in report.layers))
    widest = BAR if get_terminal_size().columns >= WIDE else NARROW
    for layer in report.layers:
        bar = "█" * round(widest * layer.constraints / largest) or ("▏" if layer.constraints else "")
        share = f"{layer.constraints / max(1, report.constraints):.1%}"
        yield (
            layer.name,
            f"{layer.values:,}",
            f"{layer.constraints:,}",
            bar,
            share,
            _seconds(report.prove_microseconds(layer)),
        )


def _totals(report: CostReport) -> list[tuple[str, str]]:
    terms = f"{report.size.terms:,} terms"
    return [("constraints", f"{report.constraints:,} of {terms}"), ("public inputs", str(report.public_inputs))]


def _estimates(said: Estimate) -> list[tuple[str, str]]:
    free = available_bytes()
    room = "" if free is None else f"; {_size(free)} are free here"
    return [
        ("setup", f"about {_seconds(said.setup_microseconds)} CPU-seconds, {_size(said.setup_peak_bytes)} of memory"),
        ("a proof", f"about {_seconds(said.prove_microseconds)} CPU-seconds, {_size(said.prove_peak_bytes)}{room}"),
        ("proving key", _size(said.key_bytes)),
    ]


def _fidelity(manifest: Manifest) -> list[tuple[str, str]]:
    shown = [
        ("agreement", f"{manifest.agreement:.2%} of the sample's rows: {_agreeing(manifest)}"),
        (
            "error",
            f"{manifest.sample_error:.3g} on the sample, at most {manifest.worst_error:.3g} for any row in range",
        ),
    ]
    delta = score_delta(manifest)
    if delta is not None:
        shown.append(
            ("score", f"{manifest.score_float:.4f} as floats, {manifest.score_quantised:.4f} proven ({delta:+.4f})")
        )
    return shown


def _agreeing(manifest: Manifest) -> str:
    what = "same class" if manifest.kind == CLASSIFICATION else "within 1 % of the outputs' spread"
    doubt = "; little: more --bits, or a sample more like the rows to come" if manifest.agreement < TRUSTED else ""
    return f"{what}, as integers and as floats{doubt}"


def _seconds(microseconds: int) -> str:
    seconds = microseconds / MICRO
    return f"{seconds:.3f}" if seconds < 1 else f"{seconds:,.1f}"


def _size(count: int) -> str:
    return f"{count / MEGA:,.1f} MB" if count < 1_000 * MEGA else f"{count / 1_000 / MEGA:,.2f} GB"
