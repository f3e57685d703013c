"""`cluster zk export` and `cluster zk import`: to other people's software, and keys and circuits from it."""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from compute.zkml.compiled import Compiled
from compute.zkml.export import PARTS, Exporter, write_files
from compute.zkml.folder import load_compiled, require_proving_room
from compute.zkml.imported import import_key
from compute.zkml.sources import read_rows
from crypto.groth16.export import WITNESS
from node.cli.circom_commands import CIRCOM, add_circom, import_circom
from node.cli.errors import BadArgument
from node.cli.frame import add_command
from node.cli.model_source import add_force
from node.cli.places import MODELS_FOLDER
from node.cli.screen import Json, Screen
from node.cli.work import built, watched
from node.cli.zk_prove import numbers_in

if TYPE_CHECKING:
    from node.cli.frame import Commands

EXPORT: Final = "export"
CONTRACT_NAME: Final = "Groth16Verifier"


def add_export(commands: "Commands") -> None:
    summary = "write a model's circuit, keys and proof for snarkjs, Solidity and others"
    export = add_command(commands, "export", summary, _export)
    export.add_argument("folder", type=Path, metavar="DIR", help="the folder of `cluster zk compile`")
    export.add_argument("--to", type=Path, metavar="FOLDER", help="where to write (default: DIR/export)")
    export.add_argument("--only", metavar="PARTS", help=f"some of {','.join(PARTS)} (default: all that are there)")
    export.add_argument(
        "--input", type=Path, metavar="ROW.npy", help="a row whose witness to write (default: that of the last proof)"
    )
    export.add_argument("--ctx", type=int, default=0, help="with --input: what the witness is bound to (default: 0)")
    export.add_argument("--task", type=int, default=0, help="with --input: a task's number (default: 0)")
    export.add_argument(
        "--contract", metavar="NAME", default=CONTRACT_NAME, help=f"the Solidity contract's name ({CONTRACT_NAME})"
    )
    add_force(export)


def add_import(commands: "Commands") -> None:
    summary = "take a ceremony's key for a compiled model, or a circom circuit as a program"
    take = add_command(commands, "import", summary, _import)
    take.add_argument("folder", type=Path, metavar="DIR", help="the folder of `cluster zk compile`, or a FILE.circom")
    take.add_argument("zkey", type=Path, nargs="?", metavar="FILE.zkey", help="the key that the ceremony ended with")
    take.add_argument(
        "--ptau", type=Path, help="the powers of tau that it began with: every point is checked; publishing needs it"
    )
    take.add_argument("--initial", type=Path, metavar="ZKEY", help="with --ptau: the key before the first contribution")
    add_circom(take)
    take.add_argument("--models", type=Path, help=f"of a .circom: where its files go (default: {MODELS_FOLDER})")
    add_force(take)


async def _export(arguments: argparse.Namespace, screen: Screen) -> Json:
    folder, parts = arguments.folder, _parts(arguments.only)
    to = arguments.to if arguments.to is not None else folder / EXPORT
    numbers_in(arguments)
    compiled = load_compiled(folder)
    given = None if arguments.input is None else _given(compiled, arguments)
    require_proving_room(compiled, force=arguments.force)
    with screen.progress("exporting") as step:
        await built(step, compiled)
        exporter = await watched(
            step, "loading the keys", partial(Exporter, folder, compiled, arguments.contract, given)
        )
        files = await watched(step, "exporting", partial(exporter.files, parts))
        written = write_files(to, files)
    for path in written:
        screen.line(f"{path}  {path.stat().st_size:,} bytes")
    if WITNESS in files:
        screen.line(f"{WITNESS} holds the row and every secret of its proof: keep it to yourself")
    return {"folder": str(to), "files": [str(path) for path in written]}


def _parts(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    parts = tuple(text.split(","))
    for part in parts:
        if part not in PARTS:
            raise BadArgument("--only", f"some of {','.join(PARTS)}", part)
    return parts


def _given(compiled: Compiled, arguments: argparse.Namespace) -> tuple[tuple[int, ...], int, int, int]:
    rows = read_rows(arguments.input, compiled.manifest.features)
    return compiled.encode(list(rows)), compiled.salt(), arguments.ctx, arguments.task


async def _import(arguments: argparse.Namespace, screen: Screen) -> Json:
    if arguments.folder.suffix == CIRCOM:
        return await import_circom(arguments.folder, arguments, screen)
    if arguments.zkey is None:
        raise BadArgument("FILE.zkey", "the key of a ceremony, behind DIR", "nothing")
    if arguments.initial is not None and arguments.ptau is None:
        raise BadArgument("--initial", "--ptau beside it", "none")
    folder, compiled = arguments.folder, load_compiled(arguments.folder)
    require_proving_room(compiled, force=arguments.force)
    with screen.progress("importing") as step:
        await built(step, compiled)
        work = partial(import_key, folder, compiled, arguments.zkey, arguments.ptau, arguments.initial)
        taken = await watched(step, "checking every point of the key", work)
    report = taken.report
    for number, one in enumerate(report.contributions, 1):
        screen.line(f"contribution {number}{' (beacon)' if one.beacon else ''}: {one.name}, hash {one.hash.hex()}")
    screen.line(f"imported, id 0x{taken.keys.vk_id.hex()}: `cluster zk prove {folder}` uses it from now on")
    if not report.sections_checked:
        screen.line(
            "with --ptau FILE every point would be held against the ceremony's beginning, as publishing wants it"
        )
    return {
        "folder": str(folder),
        "vk_id": "0x" + taken.keys.vk_id.hex(),
        "transcript": "0x" + report.transcript.hex(),
        "sections_checked": report.sections_checked,
        "circuit_hash_checked": report.circuit_hash_checked,
        "contributions": [{"name": one.name, "hash": "0x" + one.hash.hex()} for one in report.contributions],
    }
