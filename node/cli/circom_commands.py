"""`cluster zk import FILE.circom`: a circom circuit as a program that tasks can name, its files beside models'."""

import argparse
from functools import partial
from pathlib import Path
from typing import Final

from compute.circom.compiler import Compiled, compile_circom
from compute.circom.program import (
    CircomManifest,
    bound_manifest,
    circom_keys,
    circom_program_id,
    save_circom,
    unbound_manifest,
)
from compute.dev_keys import DevKeys
from node.cli.errors import BadArgument
from node.cli.places import cache_folder, models_folder
from node.cli.screen import Json, Screen
from node.cli.work import watched

CIRCOM: Final = ".circom"
_BOUND: Final = 3  # public signals beside outputs: ctx, task, commitment
_UNBOUND: Final = 1  # an input commitment


def add_circom(parser: argparse.ArgumentParser) -> None:
    """What says how a circuit is a program."""
    parser.add_argument("--features", type=int, help="of a .circom with ClusterTask: numbers of a row; unbound without")
    parser.add_argument("--input-bits", type=int, default=16, help="of a .circom: bits of each number (default: 16)")
    parser.add_argument("--trial-row", metavar="1,2,3", help="of a .circom: a row that has a proof (default: zeros)")
    parser.add_argument("--models", type=Path, help="of a .circom: where programs' files go (default: see docs)")


async def import_circom(source: Path, arguments: argparse.Namespace, screen: Screen) -> Json:
    """Compile, make keys, write the program's folder; the chain is told by `compute.circom.publish`."""
    models, row = (arguments.models or models_folder()).absolute(), _row(arguments)
    with screen.progress("compiling") as step:
        compiled = await watched(step, "compiling with circom", partial(compile_circom, source))
        manifest = _manifest(source, compiled, arguments, row)
        keys = await watched(step, "loading or making keys", partial(circom_keys, DevKeys(cache_folder()), compiled))
        folder = await watched(step, "writing", partial(save_circom, models, compiled, manifest, keys))
    program = circom_program_id(manifest, keys)
    document = {
        "program": "0x" + program.hex(),
        "vk_id": "0x" + keys.vk_id.hex(),
        "bound": manifest.bound,
        "constraints": len(compiled.circuit.constraints),
        "outputs": manifest.outputs,
        "files": str(folder),
    }
    screen.pairs(document.items())
    return document


def _row(arguments: argparse.Namespace) -> list[int]:
    """The trial row. Raises BadArgument."""
    if arguments.trial_row is None:
        return [0] * (arguments.features or 0)
    parts = arguments.trial_row.split(",")
    if len(parts) != arguments.features or not all(part.strip().isdecimal() for part in parts):
        raise BadArgument("--trial-row", "as many numbers as --features, such as 1,2,3", arguments.trial_row)
    return [int(part) for part in parts]


def _manifest(source: Path, compiled: Compiled, arguments: argparse.Namespace, row: list[int]) -> CircomManifest:
    """Raises BadArgument, ManifestUnusable."""
    beside = _UNBOUND if arguments.features is None else _BOUND
    outputs = compiled.circuit.public_count - beside
    if outputs < 1:
        raise BadArgument(str(source), f"{beside} public signals and an output", f"{outputs + beside} public signals")
    if arguments.features is None:
        return unbound_manifest(source.stem, outputs)
    return bound_manifest(source.stem, arguments.features, arguments.input_bits, outputs, row)
