"""The four example models are sold and asked on one network of processes: a validator and a provider's worker.

`make examples` does the same on four validators.
"""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from client.market import get_model
from client.rpc import RpcClient
from compute.zkml.inference import ENCRYPTED
from examples import tumour_classification
from examples.market import Market, Report, main, open_market
from examples.own_devnet import EXAMPLES, own_devnet
from node.devnet.files import PROVIDER, Network

pytestmark = pytest.mark.slow


async def test_the_examples_run_on_a_devnet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLUSTER_HOME", str(tmp_path))
    async with own_devnet(tmp_path / "devnet", validators=1) as network:
        async with open_market(network.root) as market:
            reports = await asyncio.gather(*(example.run(market) for example in EXAMPLES))
        for report in reports:
            _is_proven(report)
            _agrees_with_the_float_model(report)
        tasks = sum(len(report.bought) for report in reports)
        await _the_provider_settled_all(network, tasks)

        await asyncio.to_thread(main, tumour_classification.run)  # as a user runs it, and for the second time
        await _the_second_run_is_a_second_version(network, reports)
        assert str(reports[1]).splitlines()[0] in capsys.readouterr().out

    with pytest.raises(SystemExit, match="cluster devnet up"):
        await asyncio.to_thread(main, tumour_classification.run)


def test_without_a_devnet_an_example_says_how_to_start_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(market: Market) -> Report:
        raise AssertionError("there is no market")

    monkeypatch.setenv("CLUSTER_HOME", str(tmp_path))
    with pytest.raises(SystemExit, match="cluster devnet up"):
        main(never)


def _is_proven(report: Report) -> None:
    """Each answer is, bit for bit, the integer reference's, and its proof was verified by the buyer."""
    model = report.ready.compiled.provable.model
    assert report.ready.compiled.manifest.results == ENCRYPTED
    for bought in report.bought:
        assert bought.answer.equals_reference(model)
    assert len({bought.answer.transaction for bought in report.bought}) == len(report.bought)


def _agrees_with_the_float_model(report: Report) -> None:
    assert report.proven == report.floats
    assert len(report.proven) == len(report.true) >= 3
    right = Counter(true == said for true, said in zip(report.true, report.proven, strict=True))
    assert right[True] > right[False], str(report)
    assert all(name in str(report) for name in (report.name, *report.proven))


async def _the_provider_settled_all(network: Network, tasks: int) -> None:
    async with RpcClient(network.rpc_urls[0]) as rpc:
        known = await rpc.call("provider_get", address=network.accounts()[PROVIDER].address)
    assert (known["settled"], known["forfeited"]) == (tasks, 0)
    assert len(list((network.root / "tasks").iterdir())) == tasks


async def _the_second_run_is_a_second_version(network: Network, reports: list[Report]) -> None:
    async with RpcClient(network.rpc_urls[0]) as rpc:
        versions = {report.name: (await get_model(rpc, report.name)).model.version for report in reports}
    assert versions.pop(tumour_classification.NAME) == "2"
    assert set(versions.values()) == {"1"} and len(versions) == 3
