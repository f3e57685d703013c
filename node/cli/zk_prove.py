"""`cluster zk setup`, `prove`, `verify`: keys, a proof, and the verdict on one."""

import argparse
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from compute.zkml.compiled import Proof, Ready
from compute.zkml.folder import (
    KEY,
    OPENING,
    PROOF,
    PUBLIC,
    SETTINGS,
    load_compiled,
    load_ready,
    opening_of,
    require_proof,
    require_proving_room,
    said_of,
    save_proof,
    set_up,
)
from compute.zkml.inference import PUBLIC as PUBLIC_RESULTS
from compute.zkml.sources import read_rows
from crypto.field import SCALAR_FIELD
from crypto.groth16 import PreparedKey, verify
from crypto.groth16.encoding import compress_proof
from crypto.groth16.errors import (
    CoordinateOutOfRange,
    FalseProof,
    IdentityPoint,
    InputOutOfRange,
    NotInSubgroup,
    NotOnCurve,
)
from crypto.groth16.snarkjs import inputs_from_snarkjs, key_from_snarkjs, proof_from_snarkjs
from node.cli.errors import BadArgument
from node.cli.frame import NO, UNUSABLE, add_command
from node.cli.model_source import add_force
from node.cli.places import cache_folder
from node.cli.screen import Json, Screen
from node.cli.work import built, estimated, watched

if TYPE_CHECKING:
    from node.cli.frame import Commands

MICRO: Final = 1_000_000
NOT_A_PROOF: Final = (FalseProof, NotOnCurve, NotInSubgroup, IdentityPoint, CoordinateOutOfRange, InputOutOfRange)


def add_setup(commands: "Commands") -> None:
    make = add_command(
        commands, "setup", "make keys for a compiled model, on this machine alone (insecure-dev)", _setup
    )
    make.add_argument("folder", type=Path, metavar="DIR", help="the folder of `cluster zk compile`")
    add_force(make)


def add_prove(commands: "Commands") -> None:
    prove = add_command(commands, "prove", "prove what a model says of a row", _prove)
    prove.add_argument("folder", type=Path, metavar="DIR", help="the folder of a model with keys")
    prove.add_argument("--input", type=Path, required=True, metavar="ROW.npy", help="the row; also .json and .csv")
    prove.add_argument("--ctx", type=int, default=0, help="what else the proof shall be bound to (default: 0)")
    prove.add_argument("--task", type=int, default=0, help="a task's number (default: 0)")
    add_force(prove)


def add_verify(commands: "Commands") -> None:
    check = add_command(
        commands, "verify", "whether a proof holds: status 0 valid, 1 invalid, 2 unusable", _verify, refused=UNUSABLE
    )
    check.add_argument("folder", type=Path, nargs="?", metavar="DIR", help="a folder with a proof in it")
    for name, file in (("--key", KEY), ("--proof", PROOF), ("--public", PUBLIC)):
        check.add_argument(name, type=Path, metavar="FILE", help=f"instead of DIR/{file}")


def add_open(commands: "Commands") -> None:
    show = add_command(
        commands,
        "open",
        "what a committed or encrypted result says: 0 it does, 1 it does not, 2 unusable",
        _open,
        refused=UNUSABLE,
    )
    show.add_argument("folder", type=Path, metavar="DIR", help="the folder of the model and its proof")
    show.add_argument("--opening", type=Path, metavar="FILE", help=f"instead of DIR/{OPENING}")
    show.add_argument("--public", type=Path, metavar="FILE", help=f"instead of DIR/{PUBLIC}")


async def _setup(arguments: argparse.Namespace, screen: Screen) -> Json:
    folder, compiled = arguments.folder, load_compiled(arguments.folder)
    if not arguments.force:
        compiled.require_room()
    with screen.progress("setting up") as step:
        await built(step, compiled)
        seconds = compiled.cost.estimate.setup_microseconds / MICRO / (os.cpu_count() or 1)
        text = f"setting up {compiled.cost.constraints:,} constraints"
        work = partial(set_up, folder, compiled, cache=cache_folder(), force=True)
        ready = await estimated(step, text, seconds, work)
    screen.line(f"keys in {folder}, id 0x{ready.keys.vk_id.hex()}{_whose(ready)}")
    if not ready.keys.ceremony:
        screen.line("they are of a single-party setup on this machine (insecure-dev): whoever made them could forge")
    return {
        "folder": str(folder),
        "vk_id": "0x" + ready.keys.vk_id.hex(),
        "insecure_dev": not ready.keys.ceremony,
        "reused": ready.reused,
    }


def _whose(ready: Ready) -> str:
    if ready.keys.ceremony:
        return ", imported from a ceremony: nothing was set up"
    return ", made earlier for a circuit of this shape and reused: nothing was set up" if ready.reused else ""


async def _prove(arguments: argparse.Namespace, screen: Screen) -> Json:
    folder, compiled = arguments.folder, load_compiled(arguments.folder)
    numbers_in(arguments)
    with screen.progress("proving") as step:
        rows = read_rows(arguments.input, compiled.manifest.features)
        compiled.encode(list(rows))  # rows that do not fit are refused before anything is built
        require_proving_room(compiled, force=arguments.force)
        await built(step, compiled)
        ready = await watched(step, "loading the keys", partial(load_ready, folder, compiled, force=True))
        work = partial(ready.prove, rows, ctx=arguments.ctx, task=arguments.task)
        proof = await estimated(step, "proving", compiled.cost.estimate.prove_microseconds / MICRO, work)
        save_proof(folder, proof)
    for said, values in zip(proof.said, proof.values, strict=True):
        screen.line(said if proof.manifest.class_only else f"{said}  ({', '.join(f'{v:.6g}' for v in values)})")
    screen.line(f"proof in {folder}; {OPENING} opens its commitments: keep it to yourself")
    return _proof_json(folder, proof)


def numbers_in(arguments: argparse.Namespace) -> None:
    """Raises BadArgument for a --ctx or --task that is no field element."""
    for name in ("ctx", "task"):
        if not 0 <= getattr(arguments, name) < SCALAR_FIELD:
            raise BadArgument(f"--{name}", "0 to r - 1, a field element", str(getattr(arguments, name)))


def _proof_json(folder: Path, proof: Proof) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "said": proof.said,
        "values": proof.values,
        "outputs": [list(one) for one in proof.outputs],
        "proof": "0x" + proof.proven.proof.hex(),
        "public": [str(signal) for signal in proof.public],
    }


def _verify(arguments: argparse.Namespace, screen: Screen) -> Json:
    """One sentence: it holds, or why not. Raises FolderUnusable where there is no proof, and what reading raises."""
    if arguments.folder is not None and arguments.proof is None:
        require_proof(arguments.folder)
    key = PreparedKey(key_from_snarkjs(_read(arguments, arguments.key, KEY)))
    proof_text, inputs_text = _read(arguments, arguments.proof, PROOF), _read(arguments, arguments.public, PUBLIC)
    try:
        inputs = inputs_from_snarkjs(inputs_text)
        verify(key, compress_proof(proof_from_snarkjs(proof_text)), inputs)
    except NOT_A_PROOF as error:
        screen.line(f"invalid: {error}")
        screen.end(NO)
        return {"valid": False, "why": str(error)}
    screen.line(f"valid: the proof shows its {len(inputs)} public inputs under key 0x{key.id.hex()}")
    said = None if arguments.folder is None else _said_in_public(arguments.folder, inputs)
    for one in said or ():
        screen.line(one)
    return {"valid": True, "vk_id": "0x" + key.id.hex(), "public": [str(value) for value in inputs], "said": said}


def _said_in_public(folder: Path, inputs: Sequence[int]) -> list[str] | None:
    """What public results say, where the folder's model gives such. Raises FolderUnusable, ManifestUnusable."""
    if not (folder / SETTINGS).exists():
        return None
    manifest = load_compiled(folder).manifest
    return said_of(manifest, inputs[-manifest.elements :]) if manifest.results == PUBLIC_RESULTS else None


def _open(arguments: argparse.Namespace, screen: Screen) -> Json:
    """Computes what the opening makes public and holds it against public.json. Raises FolderUnusable, BadArgument."""
    compiled = load_compiled(arguments.folder)
    statement, manifest = compiled.provable.statement, compiled.manifest
    public = inputs_from_snarkjs(_read(arguments, arguments.public, PUBLIC))
    private = opening_of(_read(arguments, arguments.opening, OPENING))
    signals = statement.compute(public[0], public[1], private, compiled.provable.weights).signals()
    if signals != public:
        screen.line("it does not: the opening is of another proof, or public.json was altered")
        screen.end(NO)
        return {"opens": False}
    said = said_of(manifest, statement.packed(private.rows))
    for one in said:
        screen.line(one)
    return {"opens": True, "said": said}


def _read(arguments: argparse.Namespace, named: Path | None, file: str) -> str:
    """The text of a named file, or of DIR's. Raises BadArgument, OSError."""
    if named is None and arguments.folder is None:
        raise BadArgument("DIR", f"a folder with {file}, or --key, --proof and --public", "neither")
    path = named if named is not None else arguments.folder / file
    try:
        return str(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise BadArgument(str(path), "a JSON file of text", "other bytes") from error
