"""Eleven things that hold of any network that is well, seen through JSON-RPC alone, as a stranger sees it.

After CometBFT's end-to-end tests, which look at blocks, validators, applications, networks and evidence alike.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from chain.codec import from_json
from chain.state.keys import Key
from chain.types.scalars import Height
from chain.types.sync import LightBlock
from client.light.anchors import Anchors
from client.light.blocks import genesis_anchor
from client.light.client import LightClient
from client.light.rules import require_final
from client.light.source import RpcSource
from client.rpc import Call, RpcClient
from contracts.staking.state import TOMBSTONED
from crypto.address import VALIDATOR_HRP, decode_address
from node.home import read_genesis
from tests.nemesis.load import Load
from tests.nemesis.running import Running

PAGE: Final = 50
SUPPLY_KEY: Final = Key(b"chain/supply/")
APART: Final = 3  # blocks that heads may differ by when they are asked one after the other


class Unwell(Exception):
    """A check that did not hold, and what was seen."""


@dataclass
class Seen:
    """What every node shows: blocks[node][height - 1]; lights of node 0."""

    network: Running
    load: Load
    blocks: dict[int, list[dict[str, Any]]]
    lights: list[LightBlock]
    status: dict[int, dict[str, Any]]

    @property
    def nodes(self) -> list[int]:
        return [*self.blocks]


async def look(network: Running, load: Load, height: int) -> Seen:
    """Ask every running node for all blocks up to a height."""
    blocks = {index: await _pages(network.url(index), "chain_getBlock", height) for index in network.up}
    lights = await _pages(network.url(network.up[0]), "chain_getLightBlock", height)
    status = {index: await network.ask(index, "chain_status") for index in network.up}
    return Seen(network, load, blocks, [from_json(LightBlock, each) for each in lights], status)


async def _pages(url: str, method: str, height: int) -> list[dict[str, Any]]:
    found: list[Any] = []
    async with RpcClient(url, timeout=60) as rpc:
        for first in range(1, height + 1, PAGE):
            heights = range(first, min(first + PAGE, height + 1))
            for answer in await rpc.batch([Call(method, {"height": each}) for each in heights]):
                _require(isinstance(answer, dict), answer)
                found.append(answer)
    return found


async def heads_are_close(seen: Seen) -> None:
    heights = [status["height"] for status in seen.status.values()]
    _require(max(heights) - min(heights) <= APART and not any(s["catching_up"] for s in seen.status.values()), heights)


async def all_show_one_chain(seen: Seen) -> None:
    for shown in zip(*seen.blocks.values(), strict=True):
        _require(len({block["id"] for block in shown}) == 1, [block["id"] for block in shown])


async def headers_follow_one_another(seen: Seen) -> None:
    blocks = seen.blocks[seen.nodes[0]]
    _require(blocks[0]["header"]["parent_id"] == seen.status[seen.nodes[0]]["genesis_hash"], "genesis")
    for before, after in pairwise(blocks):
        header = after["header"]
        _require(header["height"] == before["header"]["height"] + 1, header)
        _require(header["parent_id"] == before["id"] and header["time"] > before["header"]["time"], header)


async def validators_are_those_announced(seen: Seen) -> None:
    for before, after in pairwise(seen.lights):
        _require(before.header.next_validators_hash == after.header.validators_hash, after.height)
        _require(after.validators.hash() == after.header.validators_hash, after.height)


async def every_block_was_made_final(seen: Seen) -> None:
    for block in seen.lights:
        require_final(block, block.header.chain_id)


async def what_was_called_final_is_there(seen: Seen) -> None:
    lost = lost_payments(seen)
    _require(not lost, lost)


async def no_transaction_stands_twice(seen: Seen) -> None:
    hashes = [hash_ for block in seen.blocks[seen.nodes[0]] for hash_ in block["transactions"]]
    _require(len(hashes) == len(set(hashes)), len(hashes))


async def receipts_are_the_same_everywhere(seen: Seen) -> None:
    for hash_ in list(seen.load.final)[-20:]:
        shown = [str(await seen.network.ask(index, "chain_getReceipt", hash=hash_)) for index in seen.nodes]
        _require(len(set(shown)) == 1, shown)


async def nobody_honest_is_accused(seen: Seen) -> None:
    """And whoever is, is out."""
    entries = read_genesis(seen.network.root / "genesis.json").validators
    keys = {entry.validator.public_key: entry.moniker for entry in entries}
    twins = {f"node{index}" for index in seen.network.plan.twins}
    accused = {_moniker(piece, keys) for block in seen.blocks[seen.nodes[0]] for piece in block["evidence"]}
    _require(accused <= twins, accused)
    if accused:
        known = (await seen.network.ask(seen.nodes[0], "staking_listValidators"))["validators"]
        _require(accused == {each["moniker"] for each in known if each["status"] == TOMBSTONED}, known)


async def peers_are_connected_and_none_is_banned(seen: Seen) -> None:
    for index in seen.nodes:
        shown = await seen.network.ask(index, "net_peers")
        _require(len(shown["peers"]) >= (len(seen.nodes) - 1) * 2 // 3 and not shown["bans"], (index, shown))


async def a_light_client_believes_every_node(seen: Seen) -> None:
    genesis = read_genesis(seen.network.root / "genesis.json")
    rpcs = [RpcClient(seen.network.url(index)) for index in seen.nodes]
    try:
        for shown in rpcs:
            others = [RpcSource(other) for other in rpcs if other is not shown]
            light = LightClient(RpcSource(shown), Anchors(genesis_anchor(genesis)), witnesses=others)
            proven = await light.prove(SUPPLY_KEY, Height(len(seen.lights) - 1))
            _require(proven.value is not None and not light.liars and not light.silent, (light.liars, light.silent))
    finally:
        for rpc in rpcs:
            await rpc.close()


Check = Callable[[Seen], Awaitable[None]]
CHECKS: Final[tuple[Check, ...]] = (
    heads_are_close,
    all_show_one_chain,
    headers_follow_one_another,
    validators_are_those_announced,
    every_block_was_made_final,
    what_was_called_final_is_there,
    no_transaction_stands_twice,
    receipts_are_the_same_everywhere,
    nobody_honest_is_accused,
    peers_are_connected_and_none_is_banned,
    a_light_client_believes_every_node,
)


def lost_payments(seen: Seen) -> list[str]:
    """Payments that a node called final and that do not stand at that height, on any node."""
    found = set[str]()
    for blocks in seen.blocks.values():
        for hash_, height in seen.load.final.items():
            if height > len(blocks) or hash_ not in blocks[height - 1]["transactions"]:
                found.add(hash_)
    return sorted(found)


def _moniker(piece: dict[str, Any], keys: Mapping[Any, str]) -> str:
    return keys[decode_address(piece["first"]["validator"], VALIDATOR_HRP)]


def _require(holds: object, seen: object) -> None:
    if not holds:
        raise Unwell(str(seen)[:400])
