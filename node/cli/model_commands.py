"""`cluster model`: publish, list and show models that can be proven."""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

from client.market import get_key_state, get_model
from client.rpc import RpcClient
from compute.dev_keys import DevKeys
from compute.zkml.artifact import model_keys
from compute.zkml.compiled import PRIVATE, PUBLIC_MODEL, Settings
from compute.zkml.errors import ManifestUnusable, ResultTooWide
from compute.zkml.inference import ENCRYPTED
from compute.zkml.manifest import MAX_ROWS, decode_manifest
from compute.zkml.provable import MAX_RESULT_ELEMENTS, Provable
from compute.zkml.publish import ROYALTY_BPS, Listing, Published, publish
from compute.zkml.sources import JOBLIB, ONNX
from crypto.address import encode_address
from node.cli.errors import BadArgument
from node.cli.frame import add_command, subcommands
from node.cli.keyring import add_key_arguments, open_wallet
from node.cli.model_source import compile_file, warn_of_joblib
from node.cli.places import cache_folder, models_folder
from node.cli.screen import Json, Screen

ON_CHAIN = (PUBLIC_MODEL, PRIVATE)  # rows are always sealed there
PUBLISHER = "account1"
LISTED = 8  # entries of a list that are shown to people


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    new = add_command(commands, "publish", "quantise a model, make its circuit and keys, register", _publish, rpc=True)
    new.add_argument("model", help="an .onnx or .joblib file of your own, or tumour-logistic, digits-mlp")
    new.add_argument("--sample", type=Path, metavar="ROWS.npy", help="rows that calibrate it")
    new.add_argument("--held-out", type=Path, metavar="ROWS.npy", help="other rows, for the scores in the manifest")
    new.add_argument("--labels", type=Path, metavar="LABELS.npy", help="what the held-out rows really are")
    new.add_argument("--profile", choices=ON_CHAIN, default=PUBLIC_MODEL, help="private: weights committed, not shown")
    new.add_argument("--class-only", action="store_true", help="prove the class, not the outputs behind it")
    new.add_argument("--batch", type=int, default=1, metavar="ROWS", help="rows that go into one proof (default: 1)")
    new.add_argument("--name", help="the name to publish it under (default: the example's or the file's)")
    new.add_argument("--version", dest="model_version", default="1.0.0", help="default: 1.0.0")
    new.add_argument("--description", default="", help="one line for whoever looks for a model")
    new.add_argument("--royalty", type=float, default=ROYALTY_BPS / 100, help="percent of each price (default: 5)")
    new.add_argument("--my-own-file", action="store_true", help="read a .joblib that belongs to another user")
    new.add_argument("--models", type=Path, help="where the model's files go, for workers (default: see docs)")
    add_key_arguments(new, default=PUBLISHER)
    add_command(commands, "list", "the newest version of every model", _list, rpc=True)
    show = add_command(commands, "show", "a model, its manifest, how far to trust its key", _show, rpc=True)
    show.add_argument("model", help="its name, or its id in 0x-hex")


async def _publish(arguments: argparse.Namespace, screen: Screen) -> Json:
    if not 0 <= arguments.royalty <= 100:
        raise BadArgument("--royalty", "0 to 100 percent", str(arguments.royalty))
    models = (arguments.models or models_folder()).absolute()
    async with RpcClient(arguments.rpc) as rpc:
        wallet = await open_wallet(arguments, rpc)
        warn_of_joblib(arguments.model, screen)
        with screen.progress("training and quantising") as step:
            model, name, description = await asyncio.to_thread(_provable, arguments)
            step.describe("compiling the circuit, making development keys")
            keys = await asyncio.to_thread(model_keys, DevKeys(cache_folder()), model)
            listing = Listing(
                arguments.name or name,
                arguments.model_version,
                arguments.description or description,
                round(arguments.royalty * 100),
            )
            published = await publish(wallet, model, keys, listing, models, step.describe)
    document = _published(published, listing, model, len(keys.circuit.constraints))
    screen.pairs(document.items())
    screen.line("the keys are of a single-party setup on this machine (insecure-dev): whoever made them could forge")
    return document


def _provable(arguments: argparse.Namespace) -> tuple[Provable, str, str]:
    """What `model` names: quantised, with its own name and description."""
    file = Path(arguments.model)
    if file.suffix not in (ONNX, JOBLIB):
        from compute.zkml.example_cache import load_example

        example = load_example(arguments.model, cache_folder())
        return example.provable, example.name, example.description
    if arguments.sample is None:
        raise BadArgument("--sample", "a file of rows that calibrate the model", "nothing")
    if not 1 <= arguments.batch <= MAX_ROWS:
        raise BadArgument("--batch", f"1 to {MAX_ROWS} rows", str(arguments.batch))
    settings = Settings(arguments.profile, ENCRYPTED, rows=arguments.batch, class_only=arguments.class_only)
    made = compile_file(file, arguments, settings).provable
    if made.statement.elements > MAX_RESULT_ELEMENTS:
        raise ResultTooWide(made.statement.elements, MAX_RESULT_ELEMENTS)
    return made, file.stem.lower(), ""


def _published(published: Published, listing: Listing, model: Provable, constraints: int) -> dict[str, Any]:
    manifest = model.manifest
    return {
        "model": "0x" + published.model.hex(),
        "name": listing.name,
        "version": listing.version,
        "program": "0x" + published.program.hex(),
        "vk_id": "0x" + published.vk_id.hex(),
        "architecture": manifest.architecture,
        "constraints": constraints,
        "agreement": manifest.agreement,
        "score_float": manifest.score_float,
        "score_quantised": manifest.score_quantised,
        "worst_error": manifest.worst_error,
        "transaction": published.transaction,
        "height": published.height,
        "files": str(published.folder),
    }


async def _list(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        models: list[dict[str, Any]] = (await rpc.call("model_list"))["models"]
    rows = [(model["model"], model["version"], model["publisher"], model["description"]) for model in models]
    screen.table("", ("name", "version", "publisher", "description"), rows)
    return {"models": models}


async def _show(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        found = await get_model(rpc, arguments.model)
        key = await get_key_state(rpc, found.program.record.vk_id)
    model, program = found.model, found.program.record
    document: dict[str, Any] = {
        "model": "0x" + model.id.hex(),
        "name": model.model,
        "version": model.version,
        "description": model.description,
        "publisher": encode_address(model.publisher),
        "program": "0x" + program.id.hex(),
        "royalty_percent": program.royalty_bps / 100,
        "evidence": key.strength,
        "attesters": [encode_address(entry.attester) for entry in key.attestations],
        "frozen_at": key.record.frozen_at,
        "manifest": _manifest(found.program.manifest),
    }
    shown = {**document, "manifest": ""}
    screen.pairs([(name, value) for name, value in shown.items() if name != "manifest"])
    for name, value in document["manifest"].items():
        screen.line(f"  {name}: {_brief(value)}")
    return document


def _brief(value: Any) -> str:
    """A value of the manifest for people; of a long list the first few, and how many there are."""
    if not isinstance(value, list | tuple):
        return str(value)
    shown = ", ".join(f"{item:.6g}" if isinstance(item, float) else str(item) for item in value[:LISTED])
    return shown if len(value) <= LISTED else f"{shown}, … ({len(value)} in all; --json prints them)"


def _manifest(data: bytes) -> dict[str, Any]:
    """The manifest as a table; programs of other makers may have manifests of another kind."""
    try:
        table: dict[str, Any] = json.loads(decode_manifest(data).encode())
        return table
    except ManifestUnusable as error:
        return {"unreadable": str(error)}
