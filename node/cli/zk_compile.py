"""`cluster zk cost` and `cluster zk compile`: what a model will cost, and its circuit."""

import argparse
import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from compute.zkml.calibrate import INPUT_BITS, TREE_BITS
from compute.zkml.compiled import PROFILES, PUBLIC_MODEL, Compiled, Settings
from compute.zkml.cost import CostReport
from compute.zkml.encoding import MAX_BITS
from compute.zkml.folder import save_compiled
from compute.zkml.inference import OUTPUTS, PUBLIC
from compute.zkml.manifest import MAX_ROWS, Manifest
from node.cli.errors import BadArgument
from node.cli.frame import add_command
from node.cli.model_source import compile_file, warn_of_joblib
from node.cli.screen import Json, Screen

if TYPE_CHECKING:
    from node.cli.frame import Commands

BAR: Final = 40


def add_cost(commands: "Commands") -> None:
    cost = add_command(commands, "cost", "what proving a model will cost, layer by layer, before it is built", _cost)
    _add_model(cost)
    cost.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the cost by layer")


def add_compile(commands: "Commands") -> None:
    make = add_command(commands, "compile", "quantise a model and write its circuit into a folder", _compile)
    _add_model(make)
    make.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to write")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="an .onnx file, or a .joblib of your own")
    parser.add_argument("--sample", type=Path, required=True, metavar="ROWS.npy", help="rows that calibrate it")
    parser.add_argument("--held-out", type=Path, metavar="ROWS.npy", help="other rows, for the scores")
    parser.add_argument("--labels", type=Path, metavar="LABELS.npy", help="what the held-out rows really are")
    parser.add_argument(
        "--profile", choices=PROFILES, default=PUBLIC_MODEL, help="who may know what (default: public-model)"
    )
    parser.add_argument("--results", choices=OUTPUTS, default=PUBLIC, help="what becomes of results (default: public)")
    parser.add_argument("--batch", type=int, default=1, metavar="ROWS", help="rows that go into one proof (default: 1)")
    parser.add_argument(
        "--bits", type=int, help=f"of an input that is no whole number ({INPUT_BITS}, of committed trees {TREE_BITS})"
    )
    parser.add_argument("--class-only", action="store_true", help="prove the class, not the outputs behind it")
    parser.add_argument("--my-own-file", action="store_true", help="read a .joblib that belongs to another user")


async def _cost(arguments: argparse.Namespace, screen: Screen) -> Json:
    compiled = await _compiled(arguments, screen)
    document = _document(compiled)
    _show(compiled, screen)
    if arguments.plot is not None:
        from node.cli.cost_plot import cost_svg

        arguments.plot.write_text(cost_svg(compiled.cost, compiled.manifest.architecture), encoding="utf-8")
        screen.line(f"plot: {arguments.plot}")
    return document


async def _compile(arguments: argparse.Namespace, screen: Screen) -> Json:
    compiled = await _compiled(arguments, screen)
    with screen.progress(f"building {compiled.cost.constraints} constraints"):
        await asyncio.to_thread(save_compiled, arguments.out, compiled)
    _show(compiled, screen)
    screen.line(f"written to {arguments.out}; next: cluster zk setup {arguments.out}")
    return {**_document(compiled), "folder": str(arguments.out)}


async def _compiled(arguments: argparse.Namespace, screen: Screen) -> Compiled:
    """Raises BadArgument, and what `compile_file` raises."""
    if not 1 <= arguments.batch <= MAX_ROWS:
        raise BadArgument("--batch", f"1 to {MAX_ROWS} rows", str(arguments.batch))
    if arguments.bits is not None and not 1 <= arguments.bits <= MAX_BITS:
        raise BadArgument("--bits", f"1 to {MAX_BITS}", str(arguments.bits))
    settings = Settings(
        arguments.profile, arguments.results, arguments.batch, arguments.bits, class_only=arguments.class_only
    )
    warn_of_joblib(arguments.model, screen)
    with screen.progress("quantising"):
        return await asyncio.to_thread(compile_file, arguments.model, arguments, settings)


def _show(compiled: Compiled, screen: Screen) -> None:
    report, manifest = compiled.cost, compiled.manifest
    screen.table(manifest.architecture, ("layer", "values", "constraints", "", "share"), _rows(report))
    screen.line()
    screen.pairs([*_totals(report).items(), *_fidelity(manifest).items()])


def _rows(report: CostReport) -> Iterable[tuple[object, ...]]:
    largest = max(layer.constraints for layer in report.layers)
    for layer in report.layers:
        bar = "█" * round(BAR * layer.constraints / largest) or ("▏" if layer.constraints else "")
        yield layer.name, layer.values, layer.constraints, bar, f"{layer.constraints / report.constraints:.1%}"


def _totals(report: CostReport) -> dict[str, Any]:
    return {"constraints": report.constraints, "public_inputs": report.public_inputs}


def _fidelity(manifest: Manifest) -> dict[str, Any]:
    return {
        "agreement": manifest.agreement,
        "sample_error": manifest.sample_error,
        "worst_error": manifest.worst_error,
        "score_float": manifest.score_float,
        "score_quantised": manifest.score_quantised,
    }


def _document(compiled: Compiled) -> dict[str, Any]:
    layers = [
        {"layer": layer.name, "values": layer.values, "constraints": layer.constraints}
        for layer in compiled.cost.layers
    ]
    return {
        "architecture": compiled.manifest.architecture,
        "profile": compiled.settings.profile,
        **_totals(compiled.cost),
        **_fidelity(compiled.manifest),
        "layers": layers,
    }
