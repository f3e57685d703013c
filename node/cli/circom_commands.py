"""A circom circuit as a program: `cluster zk import FILE.circom` writes its files, `cluster model publish` sells it."""

import argparse
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from client.wallet import Wallet
from compute.circom.compiler import Compiled, compile_circom
from compute.circom.errors import NoWitness
from compute.circom.program import (
    CircomManifest,
    CircomProver,
    bound_manifest,
    circom_keys,
    circom_program_id,
    save_circom,
    unbound_manifest,
)
from compute.circom.publish import publish_circom
from compute.dev_keys import CircuitKeys, DevKeys
from compute.zkml.publish import Listing
from node.cli.errors import BadArgument
from node.cli.places import cache_folder, models_folder
from node.cli.screen import Json, Screen, Step
from node.cli.work import watched

CIRCOM: Final = ".circom"
_BOUND: Final = 3  # public signals beside outputs: ctx, task, commitment
_UNBOUND: Final = 1  # an input commitment


def add_circom(parser: argparse.ArgumentParser) -> None:
    """What says how a circuit is a program."""
    parser.add_argument("--features", type=int, help="of a .circom with ClusterTask: numbers of a row; unbound without")
    parser.add_argument("--input-bits", type=int, default=16, help="of a .circom: bits of each number (default: 16)")
    parser.add_argument("--trial-row", metavar="1,2,3", help="of a .circom: a row that has a proof (default: zeros)")


async def import_circom(source: Path, arguments: argparse.Namespace, screen: Screen) -> Json:
    """Compile, make keys, write the program's folder; no chain is told."""
    models = (arguments.models or models_folder()).absolute()
    with screen.progress("compiling") as step:
        compiled, manifest, keys = await _made(source, arguments, step)
        folder = await watched(step, "writing", partial(save_circom, models, compiled, manifest, keys))
    document = {
        "program": "0x" + circom_program_id(manifest, keys).hex(),
        **_facts(compiled, manifest, keys),
        "files": str(folder),
    }
    screen.pairs(document.items())
    screen.line(f"sell it: cluster model publish {source}, with the same options")
    return document


async def publish_file(
    source: Path, arguments: argparse.Namespace, listing: Listing, wallet: Wallet, step: Step
) -> Json:
    """Compile, make keys, write the program's folder, register key, program and name."""
    compiled, manifest, keys = await _made(source, arguments, step)
    step.restart("registering", known=False)
    models = (arguments.models or models_folder()).absolute()
    published = await publish_circom(wallet, compiled, manifest, keys, listing, models)
    return {
        "model": "0x" + published.model.hex(),
        "name": listing.name,
        "version": listing.version,
        "program": "0x" + published.program.hex(),
        **_facts(compiled, manifest, keys),
        "royalty_percent": listing.royalty_bps / 100,
        "transaction": published.transaction,
        "height": published.height,
        "files": str(published.folder),
    }


async def _made(
    source: Path, arguments: argparse.Namespace, step: Step
) -> tuple[Compiled, CircomManifest, CircuitKeys]:
    """A circuit with its manifest and development keys. Raises BadArgument, ManifestUnusable, what compiling raises."""
    row = _row(arguments)
    compiled = await watched(step, "compiling with circom", partial(compile_circom, source))
    manifest = _manifest(source, compiled, arguments, row)
    keys = await watched(step, "loading or making keys", partial(circom_keys, DevKeys(cache_folder()), compiled))
    await watched(step, "trying it out", partial(_try, CircomProver(compiled, manifest, keys), row))
    return compiled, manifest, keys


def _try(prover: CircomProver, row: list[int]) -> None:
    """A bound circuit must take rows of the manifest's size and commit to them with its bits; ones tell bits apart.

    Raises WrongSignals, InputRefused, and NoWitness for a trial row that has no proof.
    """
    if prover.manifest.bound:
        prover.outputs(1, row, 1)
        with suppress(NoWitness):  # a circuit may well refuse ones
            prover.outputs(1, [1] * len(row), 1)


def _facts(compiled: Compiled, manifest: CircomManifest, keys: CircuitKeys) -> dict[str, Any]:
    return {
        "vk_id": "0x" + keys.vk_id.hex(),
        "bound": manifest.bound,
        "constraints": len(compiled.circuit.constraints),
        "outputs": manifest.outputs,
    }


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
