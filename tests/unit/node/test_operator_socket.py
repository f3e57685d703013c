"""The operator's socket: his own user's alone, off the network, and what can be done through it."""

import asyncio
import json
import logging
import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chain.types.scalars import Amount
from client.errors import RpcFailed, Unreachable
from client.local_socket import short_name
from client.rpc import RpcClient
from client.wallet import Wallet
from contracts.token.actions import Transfer
from node.app import App
from node.cli.frame import build_parser
from node.cli.screen import Json, Screen
from node.devnet.files import Plan, create_single
from node.home import Home
from node.rpc.errors import OperatorSocketUnusable
from node.rpc.operator_methods import OPERATOR_METHODS, OperatorMethods
from node.storage.database import Database
from node.storage.errors import UpkeepStopped
from p2p.address import PeerAddress
from tests.support.devnet_scene import free_base_port
from tests.support.one_node import OneNode, one_node
from tests.support.p2p_nodes import Node as PeerNode
from tests.support.p2p_nodes import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
STRANGER = "0x" + 32 * "ab"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OneNode]:
    async with one_node(tmp_path_factory.mktemp("operator")) as running:
        yield running


async def run(node: OneNode, *argv: str) -> Json:
    """What `cluster node` answers."""
    arguments = build_parser({"node"}).parse_args(["node", argv[0], "--home", str(node.home.root), *argv[1:]])
    return await arguments.run(arguments, Screen(silent=True))


# Who may


async def test_the_socket_is_its_owners_alone(node: OneNode) -> None:
    mode = node.home.operator_socket.stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600


@pytest.mark.parametrize("method", sorted(OPERATOR_METHODS))
async def test_over_the_network_every_operators_method_is_refused(node: OneNode, method: str) -> None:
    async with RpcClient(node.url) as rpc:
        with pytest.raises(RpcFailed, match="cluster node") as refused:
            await rpc.call(method)
    assert refused.value.name == "OnlyOnOperatorSocket"


async def test_the_list_of_refused_methods_is_that_of_the_socket(node: OneNode) -> None:
    table = OperatorMethods(node.app.node, node.home, node.app.stop).table()
    assert table.keys() == OPERATOR_METHODS


async def test_the_network_is_not_told_of_them(node: OneNode) -> None:
    async with RpcClient(node.url) as rpc:
        document = await rpc.call("rpc.discover")
    assert not {method["name"] for method in document["methods"]} & OPERATOR_METHODS


async def test_the_socket_answers_public_methods_too(node: OneNode) -> None:
    async with RpcClient(f"unix://{node.home.operator_socket}") as rpc:
        assert (await rpc.call("chain_status"))["chain_id"] == "test-chain"


# What


async def test_status_tells_what_the_node_is_about(node: OneNode) -> None:
    status = await run(node, "status")
    assert (status["pid"], status["ready"], status["home"]) == (os.getpid(), True, str(node.home.root))
    assert status["validator"] == "0x" + node.app.node.signer.public_key.hex()
    assert status["last_signed"][0] >= status["height"] >= 1
    assert status["disk_bytes"]["database"] > 0 and status["disk_bytes"]["log"] > 0
    assert status["node_id"] == node.home.load_node_key().public.hex()  # as others write it in their `p2p.peers`


async def test_a_ban_ends_the_link_and_lifting_it_lets_the_peer_back(node: OneNode) -> None:
    chain = node.app.node.ledger.chain
    listening = node.app.node.network.listening
    assert listening is not None
    peer = PeerNode("guest", PeerAddress(listening), network_id=chain.chain_id.encode() + chain.genesis_hash)
    async with peer.running():
        await eventually(lambda: peer.connected)
        node_id = peer.id.hex()
        await run(node, "ban", node_id, "--seconds", "100", "--reason", "asks too much")
        await eventually(lambda: not peer.connected)
        shown = await run(node, "peers")
        assert [(ban["node_id"], ban["reason"]) for ban in shown["bans"]] == [("0x" + node_id, "asks too much")]
        await run(node, "unban", node_id)
        assert (await run(node, "peers"))["bans"] == []
    with pytest.raises(RpcFailed, match="not known here"):
        await run(node, "unban", node_id)


async def test_a_ban_has_a_length(node: OneNode) -> None:
    for seconds in ("0", str(367 * 86_400)):
        with pytest.raises(RpcFailed, match="seconds"):
            await run(node, "ban", STRANGER, "--seconds", seconds)


async def test_the_pool_is_shown_to_the_operator(node: OneNode) -> None:
    async with RpcClient(node.url) as rpc:
        wallet = await Wallet.open(node.secret("account1"), rpc)
        envelope = await wallet.prepare([Transfer(wallet.account, Amount(1))])
        raw = wallet.sign_envelope(envelope).raw
        await rpc.call("tx_submit", transaction=raw)
        shown = await run(node, "pool", "--limit", "5")
        assert shown["count"] == len(shown["transactions"])
        for entry in shown["transactions"]:  # none if a block was quicker
            assert entry["sender"] == "0x" + wallet.account.hex() and entry["bytes"] == len(raw)
    with pytest.raises(RpcFailed, match="limit"):
        await run(node, "pool", "--limit", "10001")


async def test_the_log_level_changes_at_once(node: OneNode) -> None:
    root = logging.getLogger()
    before = root.level
    try:
        await run(node, "log-level", "error")
        assert root.level == logging.ERROR
        assert (await run(node, "log-level", "debug"))["before"] == "error"
        assert root.level == logging.DEBUG
    finally:
        root.setLevel(before)


async def test_compacting_gives_disk_back_and_loses_nothing(node: OneNode) -> None:
    tip = node.app.node.ledger.tip.height
    answer = await run(node, "compact")
    assert answer["bytes_before"] > 0 and answer["bytes_after"] > 0
    assert node.app.node.ledger.database.block(tip) is not None


async def test_a_snapshot_is_a_whole_database_of_a_moment(node: OneNode, tmp_path: Path) -> None:
    answer = await run(node, "snapshot", str(tmp_path / "copy" / "db"))
    config, genesis = node.home.load_config(), node.home.load_genesis()
    copied = Database.open(tmp_path / "copy" / "db", node.home.load_storage_key(config), genesis.hash())
    try:
        assert copied.tip is not None and copied.tip.height == answer["height"] >= 1
        assert copied.verify().blocks == answer["height"]
    finally:
        copied.close()
    with pytest.raises(RpcFailed, match="not empty"):
        await run(node, "snapshot", str(tmp_path / "copy" / "db"))
    assert not list((tmp_path / "copy").glob("*.partial"))


async def test_a_snapshot_where_nothing_can_be_written_is_refused(node: OneNode, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RpcFailed, match="user may write"):
        await run(node, "snapshot", str(tmp_path / "file" / "db"))


async def test_upkeep_ends_when_the_node_stops(node: OneNode, tmp_path: Path) -> None:
    database = node.app.node.ledger.database
    with pytest.raises(UpkeepStopped):
        database.compact(lambda: True)


# Its beginning and end


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return create_single(tmp_path / "node", Plan(1, "op-1", 50, free_base_port(2)), 1_700_000_000_000, None)


async def test_stop_ends_the_node_in_order_and_takes_the_socket_away(home: Home) -> None:
    app = App(home)
    life = asyncio.create_task(app.run())
    await eventually(lambda: home.operator_socket.exists() and app.node.ledger.tip.height >= 1)
    arguments = build_parser({"node"}).parse_args(["node", "stop", "--home", str(home.root)])
    assert await arguments.run(arguments, Screen(silent=True)) == {"pid": os.getpid()}
    await asyncio.wait_for(life, 30)
    assert not home.operator_socket.exists()
    with pytest.raises(Unreachable):
        await arguments.run(arguments, Screen(silent=True))


async def test_a_socket_that_a_killed_process_left_is_replaced(home: Home) -> None:
    with socket.socket(socket.AF_UNIX) as left, short_name(home.operator_socket) as name:
        left.bind(name)
    app = App(home)
    life = asyncio.create_task(app.run(app.stop))
    await asyncio.wait_for(life, 30)
    assert not home.operator_socket.exists()


async def test_a_file_in_the_sockets_place_stops_the_start_and_stays(home: Home) -> None:
    home.operator_socket.write_text("mine")
    with pytest.raises(BaseExceptionGroup) as refused:
        await App(home).run()
    assert refused.group_contains(OperatorSocketUnusable)
    assert home.operator_socket.read_text() == "mine"


async def test_a_home_with_a_path_beyond_what_a_socket_takes(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    home = create_single(deep, Plan(1, "op-1", 50, free_base_port(2)), 1_700_000_000_000, None)
    app = App(home)

    answers: list[Json] = []

    async def ask() -> None:
        async with RpcClient(f"unix://{home.operator_socket}") as rpc:
            answers.append(await rpc.call("node_status"))
        app.stop()

    asking: list[asyncio.Task[None]] = []
    await asyncio.wait_for(app.run(lambda: asking.append(asyncio.create_task(ask()))), 30)
    await asking[0]
    assert json.dumps(answers[0]["home"]) == json.dumps(str(deep))
