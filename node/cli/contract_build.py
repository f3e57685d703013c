"""`cluster contract build`: a contract's circuits, its ABI, what is public of it, and what its methods cost."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from client.whole_files import write_whole
from node.cli.amounts import show_amount
from node.cli.contract_source import add_source, load_source
from node.cli.frame import add_command
from node.cli.screen import Json, Screen

if TYPE_CHECKING:
    from compute.dsl.costs import MethodCost
    from node.cli.frame import Commands

FOLDER: Final = "build"
COSTS: Final = "costs.json"
_SECOND: Final = 1_000_000


def add_build(commands: "Commands") -> None:
    """Adds the command to its group."""
    new = add_command(commands, "build", "circuits, ABI, statement, what is public, what it costs", _build)
    add_source(new)
    new.add_argument("--out", type=Path, metavar="DIR", help=f"where to write (default: {FOLDER} beside the source)")


def _build(arguments: argparse.Namespace, screen: Screen) -> Json:
    from compute.dsl.artifacts import artifacts
    from compute.dsl.costs import costs
    from crypto.r1cs.r1cs_file import write_r1cs

    with screen.progress("compiling") as step:
        source = load_source(arguments.source)
        compiled = source.cls.compiled
        methods = compiled.methods
        folder = arguments.out or source.file.parent / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        step.restart("writing circuits")
        files = artifacts(compiled)
        for place, method in enumerate(methods):
            step.describe(f"writing the circuit of {method.name}")
            files[f"{source.name}-{method.name}.r1cs"] = write_r1cs(method.circuit)
            step.reach((place + 1) / len(methods))
        found = costs(compiled)
        files[COSTS] = (json.dumps([asdict(cost) for cost in found], indent=1) + "\n").encode()
        for name, data in files.items():
            write_whole(folder / name, data)
    show_costs(found, screen)
    screen.line(f"written to {folder}: {', '.join(sorted(files))}")
    return {"contract": source.name, "folder": str(folder), "files": sorted(files), "methods": _documents(found)}


def show_costs(found: "tuple[MethodCost, ...]", screen: Screen) -> None:
    """One line a method."""
    columns = ("method", "constraints", "public", "key MB", "setup s", "prove s", "call bytes", "work", "fee")
    rows = [
        (
            cost.method,
            f"{cost.constraints:,}",
            cost.public_inputs,
            f"{cost.key_bytes / 10**6:.1f}",
            f"{cost.setup_microseconds / _SECOND:.1f}",
            f"{cost.prove_microseconds / _SECOND:.2f}",
            cost.call_bytes,
            f"{cost.work:,}",
            show_amount(str(cost.fee)),
        )
        for cost in found
    ]
    screen.table("", columns, rows)
    screen.line("Seconds and keys are estimates; work and bytes are exact, the fee is at a new chain's base fee.")


def _documents(found: "tuple[MethodCost, ...]") -> list[dict[str, Any]]:
    return [asdict(cost) for cost in found]
