"""A node's beginning and end: what fails on the way up gives everything back, what ends in the middle loses nothing."""

import asyncio
import threading
from pathlib import Path

import pytest

from chain.types.scalars import Height
from client.errors import Unreachable
from client.rpc import RpcClient
from node import app as app_module
from node.app import App
from node.devnet.files import Plan, create_single
from node.home import Home
from node.hub import BlockFinal
from node.instruments import CredulousOnDevnetOnly, Instruments
from node.storage.database import Database
from tests.support.devnet_scene import free_base_port


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return create_single(tmp_path / "node", Plan(1, "app-1", 20, free_base_port(2)), 1_700_000_000_000, None)


async def until(holds: object, life: "asyncio.Task[None]") -> None:
    async with asyncio.timeout(30):
        while not holds():  # type: ignore[operator]
            if life.done():
                life.result()
            await asyncio.sleep(0.005)


async def ended(life: "asyncio.Task[None]") -> None:
    life.cancel()
    await asyncio.wait({life}, timeout=30)
    assert life.done()


@pytest.mark.parametrize(
    "step", ["start_ledger", "ConsensusLog", "Executor", "Ingress", "Relay", "Driver", "_network", "RpcServer"]
)
def test_a_step_that_fails_on_the_way_up_leaves_nothing_open(
    home: Home, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_more: object) -> None:
        raise RuntimeError(step)

    before = threading.active_count()
    with monkeypatch.context() as patch:
        patch.setattr(app_module, step, fail)
        with pytest.raises(RuntimeError, match=step):
            App(home)
    assert threading.active_count() <= before
    App(home).close()  # neither the database's lock nor the signer's is held


def test_a_node_that_never_ran_can_be_closed_twice(home: Home) -> None:
    app = App(home)
    app.close()
    app.close()
    App(home).close()


async def test_a_node_ended_between_any_two_blocks_goes_on_with_the_next(home: Home) -> None:
    height = 0
    for _ in range(3):
        app = App(home)
        life = asyncio.create_task(app.run())
        assert app.node.ledger.tip.height >= height
        await until(lambda app=app, start=height: app.node.ledger.tip.height >= start + 2, life)
        await ended(life)
        height = app.node.ledger.tip.height
    reopened = App(home)
    assert reopened.node.ledger.tip.height == height
    assert reopened.node.ledger.database.verify().blocks == height
    reopened.close()


async def test_an_end_in_the_middle_of_a_commit_waits_for_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM cancels; the thread that writes finishes its batch, and only then is the database closed."""
    app = App(home)
    writing, go_on = threading.Event(), threading.Event()
    commit = Database.commit_block

    def slow(self: Database, batch: object) -> None:
        writing.set()
        assert go_on.wait(30)
        commit(self, batch)  # type: ignore[arg-type]

    monkeypatch.setattr(Database, "commit_block", slow)
    life = asyncio.create_task(app.run())
    await until(writing.is_set, life)
    life.cancel()
    threading.Timer(0.1, go_on.set).start()  # closing blocks the event loop
    await asyncio.wait({life}, timeout=30)
    assert life.cancelled()
    monkeypatch.undo()
    again = App(home)
    assert again.node.ledger.tip.height == 1
    life = asyncio.create_task(again.run())
    await until(lambda: again.node.ledger.tip.height >= 3, life)
    await ended(life)


async def test_told_to_stop_a_node_answers_no_more_and_finishes_the_block_under_way(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = App(home)
    writing, go_on = threading.Event(), threading.Event()
    commit = Database.commit_block

    def slow(self: Database, batch: object) -> None:
        writing.set()
        assert go_on.wait(30)
        commit(self, batch)  # type: ignore[arg-type]

    monkeypatch.setattr(Database, "commit_block", slow)
    life = asyncio.create_task(app.run())
    await until(writing.is_set, life)
    url = f"http://{home.load_config().rpc.listen}"
    listener = app.node.hub.subscribe(BlockFinal)
    async with RpcClient(url) as rpc:
        assert (await rpc.call("chain_status"))["height"] == 0
    app.stop()
    async with RpcClient(url) as rpc:
        with pytest.raises(Unreachable):
            while True:  # until the port is closed, which comes first
                await rpc.call("chain_status")
    assert not life.done()
    go_on.set()
    await asyncio.wait_for(life, 30)
    news = await asyncio.wait_for(listener.next(), 1)  # the step was finished to its end, subscribers told
    assert isinstance(news, BlockFinal) and news.block.height == 1
    again = App(home)
    assert again.node.ledger.tip.height == 1  # that block, and none was begun after it
    again.close()


async def test_stop_before_the_node_is_ready_ends_it_too(home: Home) -> None:
    app = App(home)
    app.stop()
    await asyncio.wait_for(app.run(), 30)
    App(home).close()


async def test_a_fault_that_ends_consensus_ends_the_node_and_gives_the_home_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = App(home)

    def broken(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Database, "commit_block", broken)
    async with asyncio.timeout(30):
        with pytest.raises(BaseExceptionGroup) as raised:
            await app.run()
    assert raised.group_contains(OSError)
    monkeypatch.undo()
    App(home).close()


def test_genesis_is_executed_once_and_not_at_every_start(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    App(home).close()
    monkeypatch.setattr(app_module, "apply_genesis", lambda *_: pytest.fail("executed again"))
    app = App(home)
    assert app.node.ledger.tip.height == Height(0)
    app.close()


def test_a_credulous_node_starts_on_a_development_chain_only(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    App(home, instruments=Instruments(credulous=True)).close()
    text = home.genesis_file.read_text().replace('"allow_insecure_keys": true', '"allow_insecure_keys": false')
    home.genesis_file.write_text(text)
    for path in home.database.iterdir():
        path.unlink()
    with pytest.raises(CredulousOnDevnetOnly):
        App(home, instruments=Instruments(credulous=True))
    App(home).close()
