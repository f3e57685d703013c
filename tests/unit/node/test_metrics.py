"""Metrics: on an address of their own or nowhere, bounded in labels, documented one by one, and about what happens."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

import configs
from chain.execution.upgrades import Upgrade
from chain.types.scalars import Height, Name, Text, Uint
from client.rpc import RpcClient
from node.hub import Hub
from node.rpc.errors import PortInUse
from node.telemetry import readings
from node.telemetry.metrics import Metrics
from node.telemetry.pulse import TICK_SECONDS, Pulse
from node.telemetry.readings import Readings, standing
from node.telemetry.server import MetricsServer
from p2p.network import PeerInfo
from tests.support.devnet_scene import free_base_port
from tests.support.one_node import OneNode, one_node
from tests.support.rooms import ROOT

pytestmark = pytest.mark.asyncio(loop_scope="module")

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OneNode]:
    async with one_node(tmp_path_factory.mktemp("metrics")) as running:
        yield running


async def page(node: OneNode) -> str:
    return (await Readings(node.app.node, node.home).text()).decode()


async def series(node: OneNode) -> Series:
    samples = [sample for family in text_string_to_metric_families(await page(node)) for sample in family.samples]
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}


def value(found: Series, name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


async def test_without_an_address_nobody_listens(node: OneNode) -> None:
    assert node.app.node.config.metrics.listen == ""
    async with aiohttp.ClientSession() as session, session.get(node.url + "/metrics") as response:
        assert response.status == 404


async def test_the_page_is_served_where_the_configuration_says(node: OneNode) -> None:
    port = free_base_port(1)
    server = MetricsServer(Readings(node.app.node, node.home), f"127.0.0.1:{port}")
    await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/metrics") as response:
                assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
                assert "cluster_chain_height" in await response.text()
            async with session.post(f"http://127.0.0.1:{port}/", data=b"{}") as response:
                assert response.status == 404  # no RPC here
    finally:
        await server.stop()


async def test_an_address_in_use_is_refused_by_its_key(node: OneNode) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = MetricsServer(Readings(node.app.node, node.home), f"127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(PortInUse, match=r"metrics\.listen"):
            await server.start()
        await server.stop()


async def test_what_happens_is_counted(node: OneNode) -> None:
    async with RpcClient(node.url) as rpc:
        before = await series(node)
        for _ in range(3):
            await rpc.call("net_info")
    after = await series(node)
    calls = {"method": "net_info", "outcome": "ok"}
    assert (
        value(after, "cluster_rpc_calls_total", **calls)
        == before.get(("cluster_rpc_calls_total", frozenset(calls.items())), 0) + 3
    )
    assert value(after, "cluster_rpc_call_seconds_count", method="net_info") >= 3
    assert value(after, "cluster_chain_height") >= value(before, "cluster_chain_height") >= 1
    assert value(after, "cluster_consensus_blocks_total") >= 1
    assert value(after, "cluster_ready") == 1
    assert value(after, "cluster_app_version") == 1
    assert value(after, "cluster_upgrade_height") == value(after, "cluster_upgrade_unknown") == 0
    assert value(after, "cluster_validators") == 1
    assert value(after, "cluster_validator_power") == value(after, "cluster_validators_power") > 0
    assert value(after, "cluster_validator_missed") == value(after, "cluster_validator_out") == 0
    assert value(after, "cluster_disk_bytes", part="database") > 0
    assert value(after, "process_resident_memory_bytes") > 10**7
    assert value(after, "process_open_fds") > 5
    steps = [level for (name, _), level in after.items() if name == "cluster_consensus_step"]
    assert sorted(steps) == [0, 0, 0, 1]


async def test_an_upgrade_that_this_program_will_stop_at_is_told(
    node: OneNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version, unknown in ((2, 1), (1, 0)):
        upgrade = Upgrade(Name("second"), Height(10**6), Uint(version), Text(""))
        monkeypatch.setattr(readings, "pending_upgrade", lambda _view, _height, upgrade=upgrade: upgrade)
        found = await series(node)
        assert (value(found, "cluster_upgrade_height"), value(found, "cluster_upgrade_unknown")) == (10**6, unknown)


async def test_invented_methods_make_no_series(node: OneNode) -> None:
    async with aiohttp.ClientSession() as session:
        for name in ("a_b", "a_c", "net_inf0"):
            async with session.post(node.url, json={"jsonrpc": "2.0", "id": 1, "method": name}) as response:
                await response.read()
    methods = {dict(labels)["method"] for name, labels in await series(node) if name == "cluster_rpc_calls_total"}
    assert "unknown" in methods and not methods & {"a_b", "a_c", "net_inf0"}


async def test_every_metric_is_explained_on_the_page_and_no_other(node: OneNode) -> None:
    shown = {family.name for family in text_string_to_metric_families(await page(node))}
    ours = {name for name in shown if name.startswith("cluster_")}
    text = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    explained = {name.removesuffix("_total") for name in re.findall(r"^\| `(cluster_\w+)", text, re.MULTILINE)}
    sometimes = {"cluster_proof_verify_recent_seconds", "cluster_signer_connected"}  # with proofs; with a remote signer
    assert ours | sometimes == explained


async def test_alerts_are_about_metrics_that_there_are(node: OneNode) -> None:
    rules = (Path(configs.__path__[0]) / "prometheus-alerts.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:cluster|process)_[a-z0-9_]+", " ".join(re.findall(r"expr: (.*)", rules))))
    there = {name for name, _ in await series(node)} | {"cluster_signer_connected"}
    assert len(named) >= 8 and named <= there


async def test_a_loop_that_is_held_up_shows_as_lag() -> None:
    metrics = Metrics()
    now = [0.0]
    pulse = Pulse(Hub(), metrics, lambda: now[0])
    watching = asyncio.create_task(pulse._watch_loop())
    await asyncio.sleep(0)
    now[0] = TICK_SECONDS + 2.0  # the clock went on, the loop did not
    async with asyncio.timeout(10):
        while not metrics.registry.get_sample_value("cluster_event_loop_lag_seconds_count"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    watching.cancel()
    assert metrics.registry.get_sample_value("cluster_event_loop_lag_seconds_sum") == 2.0


@pytest.mark.parametrize(
    ("score", "name"), [(0.0, "blameless"), (-0.5, "blameless"), (-1.0, "marked"), (-49.0, "marked"), (-50.0, "poor")]
)
async def test_peers_are_counted_by_where_their_score_stands(score: float, name: str) -> None:
    peer = PeerInfo(b"", "", "inbound", 0.0, None, score, (), 0, 0, 0, 0, 0, 0, 0)  # type: ignore[arg-type]
    assert standing(peer) == name
