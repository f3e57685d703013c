"""`cluster model`: publish, list and show models that can be proven."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from client.market import get_key_state, get_model
from client.rpc import RpcClient
from compute.dev_keys import DevKeys
from compute.zkml.artifact import model_keys
from compute.zkml.errors import ManifestUnusable
from compute.zkml.manifest import decode_manifest
from compute.zkml.publish import ROYALTY_BPS, Listing, Published, publish
from compute.zkml.quantise import Quantised
from crypto.address import encode_address
from node.cli.errors import BadArgument
from node.cli.frame import add_command, subcommands
from node.cli.keyring import add_key_arguments, open_wallet
from node.cli.places import cache_folder, models_folder
from node.cli.screen import Json, Screen

JOBLIB_SUFFIX = ".joblib"
LISTED = 8  # entries of a list that are shown to people


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    new = add_command(commands, "publish", "quantise a model, make its circuit and keys, register", _publish, rpc=True)
    new.add_argument("model", help="tumour-logistic, digits-mlp, or a .joblib file of your own")
    new.add_argument("--name", help="the name to publish it under (default: the example's or the file's)")
    new.add_argument("--version", dest="model_version", default="1.0.0", help="default: 1.0.0")
    new.add_argument("--description", default="", help="one line for whoever looks for a model")
    new.add_argument("--royalty", type=float, default=ROYALTY_BPS / 100, help="percent of each price (default: 5)")
    new.add_argument("--data", type=Path, metavar="FILE.npz", help="for a .joblib: sample, rows, labels")
    new.add_argument("--my-own-file", action="store_true", help="reading a .joblib runs its code: say that you made it")
    new.add_argument("--models", type=Path, help="where the model's files go, for workers (default: see docs)")
    add_key_arguments(new)
    add_command(commands, "list", "the newest version of every model", _list, rpc=True)
    show = add_command(commands, "show", "a model, its manifest, how far to trust its key", _show, rpc=True)
    show.add_argument("model", help="its name, or its id in 0x-hex")


async def _publish(arguments: argparse.Namespace, screen: Screen) -> Json:
    if not 0 <= arguments.royalty <= 100:
        raise BadArgument("--royalty", "0 to 100 percent", str(arguments.royalty))
    models = (arguments.models or models_folder()).absolute()
    async with RpcClient(arguments.rpc) as rpc:
        wallet = await open_wallet(arguments, rpc)
        with screen.progress("training and quantising") as step:
            quantised, name, description = await asyncio.to_thread(_quantised, arguments)
            step.describe("compiling the circuit, making development keys")
            keys = await asyncio.to_thread(model_keys, DevKeys(cache_folder()), quantised)
            listing = Listing(
                arguments.name or name,
                arguments.model_version,
                arguments.description or description,
                round(arguments.royalty * 100),
            )
            published = await publish(wallet, quantised, keys, listing, models, step.describe)
    document = _published(published, listing, quantised, len(keys.circuit.constraints))
    screen.pairs(document.items())
    screen.line("the keys are of a single-party setup on this machine (insecure-dev): whoever made them could forge")
    return document


def _quantised(arguments: argparse.Namespace) -> tuple[Quantised, str, str]:
    """What `model` names: quantised, with its own name and description."""
    if not arguments.model.endswith(JOBLIB_SUFFIX):
        from compute.zkml.example_cache import load_example

        example = load_example(arguments.model, cache_folder())
        return example.quantised, example.name, example.description
    from compute.zkml.model_import import import_classifier

    file = Path(arguments.model)
    if arguments.data is None:
        raise BadArgument("--data", "a .npz with sample, rows and labels for a .joblib", "nothing")
    return import_classifier(file, arguments.data, trusted=arguments.my_own_file), file.stem.lower(), ""


def _published(published: Published, listing: Listing, quantised: Quantised, constraints: int) -> dict[str, Any]:
    manifest = quantised.manifest
    return {
        "model": "0x" + published.model.hex(),
        "name": listing.name,
        "version": listing.version,
        "program": "0x" + published.program.hex(),
        "vk_id": "0x" + published.vk_id.hex(),
        "architecture": manifest.architecture,
        "constraints": constraints,
        "accuracy_float": manifest.accuracy_float,
        "accuracy_quantised": manifest.accuracy_quantised,
        "worst_logit_error": manifest.worst_logit_error,
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
    from dataclasses import asdict

    try:
        return asdict(decode_manifest(data))
    except ManifestUnusable as error:
        return {"unreadable": str(error)}
