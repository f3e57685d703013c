"""`cluster zk setup`, `prove`, `verify`: keys, a proof, and the verdict on one."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from compute.zkml.compiled import Proof
from compute.zkml.folder import KEY, OPENING, PROOF, PUBLIC, load_compiled, load_ready, save_proof, set_up
from compute.zkml.sources import read_rows
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
from node.cli.screen import Json, Screen

if TYPE_CHECKING:
    from node.cli.frame import Commands

NOT_A_PROOF: Final = (FalseProof, NotOnCurve, NotInSubgroup, IdentityPoint, CoordinateOutOfRange, InputOutOfRange)


def add_setup(commands: "Commands") -> None:
    make = add_command(
        commands, "setup", "make keys for a compiled model, on this machine alone (insecure-dev)", _setup
    )
    make.add_argument("folder", type=Path, metavar="DIR", help="the folder of `cluster zk compile`")


def add_prove(commands: "Commands") -> None:
    prove = add_command(commands, "prove", "prove what a model says of a row", _prove)
    prove.add_argument("folder", type=Path, metavar="DIR", help="the folder of a model with keys")
    prove.add_argument("--input", type=Path, required=True, metavar="ROW.npy", help="the row; also .json and .csv")
    prove.add_argument("--ctx", type=int, default=0, help="what else the proof shall be bound to (default: 0)")
    prove.add_argument("--task", type=int, default=0, help="a task's number (default: 0)")


def add_verify(commands: "Commands") -> None:
    check = add_command(
        commands, "verify", "whether a proof holds: status 0 valid, 1 invalid, 2 unusable", _verify, refused=UNUSABLE
    )
    check.add_argument("folder", type=Path, nargs="?", metavar="DIR", help="a folder with a proof in it")
    for name, file in (("--key", KEY), ("--proof", PROOF), ("--public", PUBLIC)):
        check.add_argument(name, type=Path, metavar="FILE", help=f"instead of DIR/{file}")


async def _setup(arguments: argparse.Namespace, screen: Screen) -> Json:
    compiled = load_compiled(arguments.folder)
    with screen.progress(f"setting up {compiled.cost.constraints} constraints"):
        ready = await asyncio.to_thread(set_up, arguments.folder, compiled)
    screen.line(f"keys in {arguments.folder}, id 0x{ready.keys.vk_id.hex()}")
    screen.line("they are of a single-party setup on this machine (insecure-dev): whoever made them could forge")
    return {"folder": str(arguments.folder), "vk_id": "0x" + ready.keys.vk_id.hex(), "insecure_dev": True}


async def _prove(arguments: argparse.Namespace, screen: Screen) -> Json:
    with screen.progress("loading the circuit and its keys") as step:
        ready = await asyncio.to_thread(load_ready, arguments.folder)
        rows = read_rows(arguments.input, ready.compiled.manifest.features)
        step.describe("proving")
        proof = await asyncio.to_thread(ready.prove, rows, ctx=arguments.ctx, task=arguments.task)
        save_proof(arguments.folder, proof)
    for said, values in zip(proof.said, proof.values, strict=True):
        screen.line(said if proof.manifest.class_only else f"{said}  ({', '.join(f'{v:.6g}' for v in values)})")
    screen.line(f"proof in {arguments.folder}; {OPENING} opens its commitments: keep it to yourself")
    return _proof_json(arguments.folder, proof)


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
    """One sentence: it holds, or why not."""
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
    return {"valid": True, "vk_id": "0x" + key.id.hex(), "public": [str(value) for value in inputs]}


def _read(arguments: argparse.Namespace, named: Path | None, file: str) -> str:
    """The text of a named file, or of DIR's. Raises BadArgument, OSError."""
    if named is None and arguments.folder is None:
        raise BadArgument("DIR", f"a folder with {file}, or --key, --proof and --public", "neither")
    path = named if named is not None else arguments.folder / file
    try:
        return str(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise BadArgument(str(path), "a JSON file of text", "other bytes") from error
