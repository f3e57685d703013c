"""`cluster light`: what the chain says, proven down to its validators' signatures, without a node of one's own."""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from chain.codec import decode, to_json
from chain.execution.accounts import EMPTY, Account
from chain.params import Params
from chain.state import keys
from chain.state.keys import Key
from chain.types.scalars import Height
from chain.types.sync import LightBlock
from client.light.anchors import Anchors
from client.light.attack import Attack
from client.light.blocks import Anchor, Trust, genesis_anchor
from client.light.client import LightClient, named_anchor
from client.light.errors import LightClientAttack, OtherChainId
from client.light.proofs import Proven
from client.light.rules import DAY_MS, TRUST_PERIOD_MS, Terms
from client.light.source import RpcSource
from client.rpc import RpcClient
from client.whole_files import write_whole
from node.cli.amounts import show_amount
from node.cli.errors import BadArgument
from node.cli.frame import add_command, subcommands
from node.cli.keyring import account_of
from node.cli.lights import kept_anchors
from node.cli.places import devnet_folder, light_folder
from node.cli.screen import Json, Screen
from node.home import read_genesis

POLL_SECONDS: Final = 1.0
Believed = TypeVar("Believed")


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    head = add_command(commands, "head", "the newest block that enough trusted validators signed", _head, rpc=True)
    head.add_argument("--watch", action="store_true", help="go on with every block, until interrupted")
    account = add_command(commands, "account", "what an account holds, proven", _account, rpc=True)
    account.add_argument("account", metavar="ACCOUNT", help="an address, a key's name, or a devnet account")
    state = add_command(commands, "state", "what stands in state under a key, or that nothing does", _state, rpc=True)
    state.add_argument("key", metavar="KEY", help="0x-hex, as chain_getProof takes it")
    for each in (head, account, state):
        _add_trust(each)


def _add_trust(parser: argparse.ArgumentParser) -> None:
    said = "trust this document's validators first (default: the devnet's of $CLUSTER_HOME, if there is one)"
    parser.add_argument("--genesis", metavar="FILE", type=Path, help=said)
    said = "trust a block that somebody you believe has named; with --genesis it counts for all commands with that"
    parser.add_argument("--trust", metavar="HEIGHT:BLOCK_ID", help=said)
    said = "another node, asked for the same blocks; may be given several times"
    parser.add_argument("--witness", metavar="URL", action="append", default=[], help=said)
    days = TRUST_PERIOD_MS // DAY_MS
    said = f"for how many days what was verified counts (default: {days}); less than stake stays bound"
    parser.add_argument("--trust-days", metavar="N", type=int, default=days, help=said)


async def _head(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with _light(arguments) as light:
        with screen.progress("verifying headers"):
            block = await kept(light.follow(), screen)
            await kept(_compare_with_bonds(arguments, light, Height(block.height - 1)), screen)
        _tell(block, light, screen)
        while arguments.watch:
            await asyncio.sleep(POLL_SECONDS)
            newer = await kept(light.follow(), screen)
            if newer.height > block.height:
                block = newer
                screen.line(f"{block.height}  0x{block.header.id().hex()}")
        return {**_shown(block), **_witnesses(light)}


async def _account(arguments: argparse.Namespace, screen: Screen) -> Json:
    account = account_of(arguments.account, "account")
    proven, light = await _prove(arguments, keys.account(account), screen)
    record = EMPTY if proven.value is None else decode(Account, proven.value)
    screen.pairs([("balance", show_amount(record.balance)), ("nonce", record.nonce), *_when(proven), *_said(light)])
    return {"balance": str(record.balance), "nonce": record.nonce, **_proof(proven), **_witnesses(light)}


async def _state(arguments: argparse.Namespace, screen: Screen) -> Json:
    try:
        key = Key(bytes.fromhex(arguments.key.removeprefix("0x")))
    except ValueError:
        raise BadArgument("key", "0x-hex", arguments.key) from None
    proven, light = await _prove(arguments, key, screen)
    value = None if proven.value is None else "0x" + proven.value.hex()
    screen.pairs([("value", value or "nothing stands there"), *_when(proven), *_said(light)])
    return {"value": value, **_proof(proven), **_witnesses(light)}


async def _prove(arguments: argparse.Namespace, key: Key, screen: Screen) -> tuple[Proven, LightClient]:
    async with _light(arguments) as light:
        with screen.progress("verifying headers"):
            proven = await kept(light.prove(key), screen)
            await kept(_compare_with_bonds(arguments, light, proven.height), screen)
            return proven, light


async def _compare_with_bonds(arguments: argparse.Namespace, light: LightClient, height: Height) -> None:
    """Warns where trust is to last longer than stake stays bound, by the chain's parameters after a height, proven."""
    params = decode(Params, (await light.prove(keys.PARAMS, height)).value or b"")
    warning = longer_than_bonds(arguments.trust_days, params)
    if warning:
        print(warning, file=sys.stderr, flush=True)


def longer_than_bonds(days: int, params: Params) -> str:
    """What is to be said of trust that lasts so many days; nothing if stake stays bound for longer."""
    bound_ms = params.staking.unbonding * params.block_time_ms
    if days * DAY_MS < bound_ms:
        return ""
    about = f"{bound_ms / DAY_MS:.1f} days" if bound_ms >= DAY_MS else f"{bound_ms // 1000} seconds"
    return (
        f"warning: what is verified counts for {days} days (--trust-days), but on this chain stake stays bound for "
        f"about {about} only. Whoever has taken it back can sign another past: be back sooner, or name a recent block "
        "with --trust."
    )


@asynccontextmanager
async def _light(arguments: argparse.Namespace) -> AsyncIterator[LightClient]:
    """The light client of the arguments; what it verified before is in a file."""
    if arguments.trust_days < 1:
        raise BadArgument("--trust-days", "1 or more", str(arguments.trust_days))
    urls = [url.rstrip("/") for url in (arguments.rpc, *arguments.witness)]
    for at, url in enumerate(urls):
        if url in urls[:at]:
            raise BadArgument("--witness", "nodes other than that of --rpc, each once", url)
    async with AsyncExitStack() as stack:
        source, *witnesses = [
            RpcSource(await stack.enter_async_context(RpcClient(url))) for url in (arguments.rpc, *arguments.witness)
        ]
        anchors = await _anchors(arguments, source)
        yield LightClient(source, anchors, witnesses=witnesses, terms=Terms(arguments.trust_days * DAY_MS))


async def _anchors(arguments: argparse.Namespace, source: RpcSource) -> Anchors:
    named = None if arguments.trust is None else await _named(arguments.trust, source)
    if named is not None and arguments.genesis is None:
        return kept_anchors(named)
    anchors = kept_anchors(genesis_anchor(read_genesis(arguments.genesis or _devnet_genesis())))
    if named is not None:
        if named.chain_id != anchors.root.chain_id:
            raise OtherChainId(anchors.root.chain_id, named.chain_id)
        anchors.add([named])
    return anchors


async def _named(text: str, source: RpcSource) -> Anchor:
    trust = Trust.parse(text)
    if trust is None:
        raise BadArgument("--trust", "HEIGHT:0x and 64 hex digits", text)
    return await named_anchor(source, trust.height, trust.block_id)


def _devnet_genesis() -> Path:
    path = devnet_folder() / "genesis.json"
    if not path.exists():
        raise BadArgument("--genesis or --trust", "whom to trust first, a genesis or HEIGHT:BLOCK_ID", "neither")
    return path


async def kept(work: Awaitable[Believed], screen: Screen) -> Believed:
    """What the work finds; the two blocks of an attack are written down before its error goes on."""
    try:
        return await work
    except LightClientAttack as found:
        path = light_folder() / f"attack-{found.height}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(_evidence(found.attack), indent=1).encode() + b"\n")
        screen.line(f"both blocks and the double votes are written to {path}")
        raise


def _evidence(attack: Attack) -> Json:
    return {
        "common_height": attack.common,
        "shown": to_json(attack.shown),
        "other": to_json(attack.other),
        "double_votes": [to_json(piece) for piece in attack.double_votes],
    }


def _tell(block: LightBlock, light: LightClient, screen: Screen) -> None:
    header = block.header
    validators, signers = block.validators, block.commit.signatures
    power = sum(validators.power(entry.validator) for entry in signers)
    screen.pairs(
        [
            ("height", block.height),
            ("block_id", "0x" + header.id().hex()),
            ("time", _time(header.time)),
            (
                "signed by",
                f"{len(signers)} validators, {power} of {validators.total_power} units of power",
            ),
            *_said(light),
        ]
    )


def _shown(block: LightBlock) -> dict[str, Json]:
    return {"height": block.height, "block_id": "0x" + block.header.id().hex(), "header": to_json(block.header)}


def _when(proven: Proven) -> list[tuple[str, object]]:
    return [("after height", proven.height), ("signed at", _time(proven.time))]


def _proof(proven: Proven) -> dict[str, Json]:
    return {"height": proven.height, "time": proven.time}


def _said(light: LightClient) -> list[tuple[str, object]]:
    """What there is to say of the witnesses; nothing if they agreed, or if none was named."""
    silent, liars = ", ".join(light.silent), ", ".join(light.liars)
    return [*([("no answer from", silent)] if silent else []), *([("lied", liars)] if liars else [])]


def _witnesses(light: LightClient) -> dict[str, Json]:
    return {"silent_witnesses": light.silent, "lying_witnesses": light.liars}


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
