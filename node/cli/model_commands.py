"""`cluster model`: publish, list and show models that can be proven."""

import argparse
import json
from pathlib import Path
from typing import Any

from client.market import get_key_state, get_model
from client.rpc import RpcClient
from client.wallet import Wallet
from compute.manifests import decode_any_manifest
from compute.zkml.compiled import PRIVATE, PUBLIC_MODEL
from compute.zkml.errors import ManifestUnusable
from compute.zkml.publish import ROYALTY_BPS, Listing, Published, publish
from crypto.address import encode_address
from node.cli.circom_commands import CIRCOM, add_circom, publish_file
from node.cli.errors import BadArgument
from node.cli.frame import add_command, subcommands
from node.cli.keyring import add_key_arguments, open_wallet
from node.cli.manifest_text import manifest_pairs
from node.cli.model_offer import ToPublish, to_publish
from node.cli.model_source import add_force, add_model_arguments, warn_of_joblib
from node.cli.places import MODELS_FOLDER, models_folder
from node.cli.screen import Json, Screen, Step

ON_CHAIN = (PUBLIC_MODEL, PRIVATE)  # rows are always sealed there
PUBLISHER = "account1"
OTHER_CEREMONY = (
    "somebody else registered the key first and named no ceremony or another one; attesters attest yours with --unnamed"
)
DEVELOPMENT = "the keys are of a single-party setup on this machine (insecure-dev): who made them could forge"


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    new = add_command(commands, "publish", "quantise a model, make its circuit and keys, register", _publish, rpc=True)
    new.add_argument(
        "model",
        help="an .onnx, .joblib or .circom of your own, a folder of `zk compile`, or tumour-logistic, digits-mlp",
    )
    add_model_arguments(new, required=False)
    add_circom(new)
    new.add_argument(
        "--profile", metavar="PROFILE", help="public-model, or private: weights committed (default: public-model)"
    )
    new.add_argument("--name", help="the name to publish it under (default: the example's or the file's)")
    new.add_argument("--version", dest="model_version", default="1.0.0", help="default: 1.0.0")
    new.add_argument("--description", default="", help="one line for whoever looks for a model")
    new.add_argument("--royalty", type=float, default=ROYALTY_BPS / 100, help="percent of each price (default: 5)")
    new.add_argument("--ptau", type=Path, help="of a folder's imported key: the powers of tau, if not given at import")
    add_force(new)
    new.add_argument("--models", type=Path, help=f"where its files go, for workers (default: {MODELS_FOLDER})")
    add_key_arguments(new, default=PUBLISHER)
    add_command(commands, "list", "the newest version of every model", _list, rpc=True)
    show = add_command(commands, "show", "a model, its manifest, how far to trust its key", _show, rpc=True)
    show.add_argument("model", help="its name, or its id in 0x-hex")


async def _publish(arguments: argparse.Namespace, screen: Screen) -> Json:
    if not 0 <= arguments.royalty <= 100:
        raise BadArgument("--royalty", "0 to 100 percent", str(arguments.royalty))
    if arguments.profile not in (None, *ON_CHAIN):
        sold = "public-model, or private (weights committed); a row that is sold is sealed, never public"
        raise BadArgument("--profile", sold, arguments.profile)
    models = (arguments.models or models_folder()).absolute()
    async with RpcClient(arguments.rpc) as rpc:
        wallet = await open_wallet(arguments, rpc)
        warn_of_joblib(arguments.model, screen)
        with screen.progress("publishing") as step:
            if arguments.model.endswith(CIRCOM):
                return await _publish_circom(arguments, wallet, screen, step)
            offer = await to_publish(arguments, step)
            model, keys = offer.ready.compiled.provable, offer.ready.keys
            listing = Listing(
                arguments.name or offer.name,
                arguments.model_version,
                arguments.description or offer.description,
                round(arguments.royalty * 100),
            )
            step.restart("registering", known=False)
            published = await publish(wallet, model, keys, listing, models, step.describe, offer.ceremony)
    document = _published(published, listing, offer)
    screen.pairs(document.items())
    if not published.ceremony_named:
        screen.line(OTHER_CEREMONY)
    if not keys.ceremony:
        screen.line(DEVELOPMENT)
    return document


async def _publish_circom(arguments: argparse.Namespace, wallet: Wallet, screen: Screen, step: Step) -> Json:
    source = Path(arguments.model)
    royalty = round(arguments.royalty * 100)
    listing = Listing(arguments.name or source.stem.lower(), arguments.model_version, arguments.description, royalty)
    document = await publish_file(source, arguments, listing, wallet, step)
    screen.pairs(document.items())
    screen.line(DEVELOPMENT)
    return document


def _published(published: Published, listing: Listing, offer: ToPublish) -> dict[str, Any]:
    ready, manifest = offer.ready, offer.ready.compiled.manifest
    return {
        "model": "0x" + published.model.hex(),
        "name": listing.name,
        "version": listing.version,
        "program": "0x" + published.program.hex(),
        "vk_id": "0x" + published.vk_id.hex(),
        "architecture": manifest.architecture,
        "constraints": len(ready.keys.circuit.constraints),
        "ceremony_named": offer.ceremony is not None and published.ceremony_named,
        "keys": "ceremony" if ready.keys.ceremony else "reused" if ready.reused else "made",
        "agreement": manifest.agreement,
        "score_float": manifest.score_float,
        "score_quantised": manifest.score_quantised,
        "worst_error": manifest.worst_error,
        "royalty_percent": listing.royalty_bps / 100,
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
        "vk_id": "0x" + program.vk_id.hex(),
        "royalty_percent": program.royalty_bps / 100,
        "evidence": found.strength,
        "attesters": [
            encode_address(entry.attester) for entry in key.attestations if entry.ceremony.r1cs == program.r1cs_hash
        ],
        "frozen_at": key.record.frozen_at,
        "manifest": _manifest(found.program.manifest),
    }
    screen.pairs((name, _shown(value)) for name, value in document.items() if name != "manifest")
    try:
        screen.pairs(manifest_pairs(decode_any_manifest(found.program.manifest)))
    except ManifestUnusable as error:
        screen.line(str(error))
    return document


def _shown(value: Any) -> Any:
    """For people: lists by commas, nothing as "none"."""
    return ", ".join(value) or "none" if isinstance(value, list) else "no" if value is None else value


def _manifest(data: bytes) -> dict[str, Any]:
    """The manifest as a table; programs of other makers may have manifests of another kind."""
    try:
        table: dict[str, Any] = json.loads(decode_any_manifest(data).encode())
        return table
    except ManifestUnusable as error:
        return {"unreadable": str(error)}
