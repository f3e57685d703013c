"""`cluster zk cost` and `cluster zk compile`: what a model will cost, and its circuit."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from compute.zkml.calibrate import INPUT_BITS, TREE_BITS
from compute.zkml.compiled import PROFILES, PUBLIC_MODEL, Compiled, Settings
from compute.zkml.encoding import MAX_BITS
from compute.zkml.errors import ModelError
from compute.zkml.folder import require_free, same_model, save_compiled
from compute.zkml.inference import OUTPUTS, PUBLIC
from node.cli.cost_text import cost_json, show_cost
from node.cli.errors import BadArgument
from node.cli.frame import add_command
from node.cli.model_source import add_force, add_model_arguments, compile_file, require_batch, warn_of_joblib
from node.cli.screen import Json, Screen
from node.cli.work import built, watched

if TYPE_CHECKING:
    from node.cli.frame import Commands

SVG: Final = ".svg"


def add_cost(commands: "Commands") -> None:
    cost = add_command(commands, "cost", "what proving a model will cost, layer by layer, before it is built", _cost)
    _add_model(cost)
    cost.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the cost by layer")


def add_compile(commands: "Commands") -> None:
    make = add_command(commands, "compile", "quantise a model and write its circuit into a folder", _compile)
    _add_model(make)
    make.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to write")
    add_force(make)


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="an .onnx file, or a .joblib of your own")
    add_model_arguments(parser, required=True)
    parser.add_argument(
        "--profile", choices=PROFILES, default=PUBLIC_MODEL, help="who may know what (default: public-model)"
    )
    parser.add_argument("--results", choices=OUTPUTS, default=PUBLIC, help="what becomes of results (default: public)")
    parser.add_argument(
        "--bits", type=int, help=f"of an input that is no whole number ({INPUT_BITS}, of committed trees {TREE_BITS})"
    )


async def _cost(arguments: argparse.Namespace, screen: Screen) -> Json:
    if arguments.plot is not None and arguments.plot.suffix != SVG:
        raise BadArgument("--plot", "a file whose name ends in .svg", str(arguments.plot))
    compiled = await _compiled(arguments, screen)
    document = {**cost_json(compiled), "refused": _refused(compiled)}
    show_cost(compiled, screen)
    if document["refused"]:
        screen.line(f"`zk compile` refuses it: {document['refused']}")
    if arguments.plot is not None:
        from node.cli.cost_plot import cost_svg

        arguments.plot.write_text(cost_svg(compiled.cost, compiled.manifest.architecture), encoding="utf-8")
        screen.line(f"plot: {arguments.plot}")
    return document


def _refused(compiled: Compiled) -> str | None:
    """Why compiling would refuse the model on this machine, None where it would not."""
    try:
        compiled.require_room()
    except ModelError as error:
        return str(error)
    return None


async def _compile(arguments: argparse.Namespace, screen: Screen) -> Json:
    require_free(arguments.out)
    compiled = await _compiled(arguments, screen)
    if not arguments.force:
        compiled.require_room()
    compiled = same_model(arguments.out, compiled)
    with screen.progress("compiling") as step:
        await built(step, compiled)
        await watched(step, "writing the circuit", lambda: save_compiled(arguments.out, compiled))
    show_cost(compiled, screen)
    screen.line(f"written to {arguments.out}; next: cluster zk setup {arguments.out}")
    document: dict[str, Any] = cost_json(compiled)
    return {**document, "folder": str(arguments.out)}


async def _compiled(arguments: argparse.Namespace, screen: Screen) -> Compiled:
    """Raises BadArgument, and what `compile_file` raises."""
    require_batch(arguments.batch)
    if arguments.bits is not None and not 1 <= arguments.bits <= MAX_BITS:
        raise BadArgument("--bits", f"1 to {MAX_BITS}", str(arguments.bits))
    settings = Settings(
        arguments.profile, arguments.results, arguments.batch, arguments.bits, class_only=arguments.class_only
    )
    warn_of_joblib(arguments.model, screen)
    with screen.progress("quantising") as step:
        compiled = await watched(step, "quantising", lambda: compile_file(arguments.model, arguments, settings))
        await watched(step, "estimating", lambda: compiled.cost.estimate)
    return compiled
