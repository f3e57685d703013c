"""Prometheus's own tool finds nothing to complain of: the page of a node under load, and the alerts."""

import shutil
import subprocess
from pathlib import Path

import aiohttp
import pytest

import configs
from chain.types.scalars import Amount
from client.rpc import RpcClient
from client.wallet import Wallet
from contracts.token.actions import Transfer
from node.telemetry.readings import Readings
from tests.support.one_node import one_node
from tests.support.rooms import ROOT

_UNPACKED = ROOT / ".venv-peers" / "promtool"
_PROMTOOL = shutil.which("promtool") or (str(_UNPACKED) if _UNPACKED.exists() else None)
pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(_PROMTOOL is None, reason="there is no promtool: run tests/peers/setup.sh"),
]

STALLED = "If its peers are further, it is behind. If none is, more than 1/3 of the power is away."


def promtool(*arguments: str, stdin: bytes | None = None) -> None:
    """Runs without a word of complaint."""
    assert _PROMTOOL is not None
    checked = subprocess.run([_PROMTOOL, *arguments], input=stdin, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr.decode()) == (0, ""), checked.stdout.decode()


async def test_check_metrics_has_nothing_to_say(tmp_path: Path) -> None:
    async with one_node(tmp_path) as node, RpcClient(node.url) as rpc:
        wallet = await Wallet.open(node.secret("account1"), rpc)
        await wallet.submit([Transfer(wallet.account, Amount(1))])
        async with aiohttp.ClientSession() as session, session.post(node.url, data=b"{") as refused:
            await refused.read()
        node.app.node.verifier.seconds.extend((0.001, 0.002))  # as after two proofs
        promtool("check", "metrics", stdin=await Readings(node.app.node, node.home).text())


def test_check_rules_has_nothing_to_say() -> None:
    promtool("check", "rules", str(Path(configs.__path__[0]) / "prometheus-alerts.yml"))


def test_the_alert_of_a_stalled_chain_fires(tmp_path: Path) -> None:
    """promtool's own time, in minutes: the chain's newest block stays as it was for three of them."""
    rules = Path(configs.__path__[0]) / "prometheus-alerts.yml"
    (tmp_path / "test.yml").write_text(
        f"rule_files: [{rules}]\n"
        "evaluation_interval: 15s\n"
        "tests:\n"
        "  - interval: 15s\n"
        "    input_series:\n"
        "      - series: cluster_chain_block_timestamp_seconds{instance='a'}\n"
        "        values: '0x12'\n"
        "    alert_rule_test:\n"
        "      - {eval_time: 1m, alertname: ClusterChainStalled, exp_alerts: []}\n"
        "      - eval_time: 3m\n"
        "        alertname: ClusterChainStalled\n"
        "        exp_alerts:\n"
        "          - exp_labels: {instance: a, severity: critical}\n"
        "            exp_annotations:\n"
        "              summary: 'a: no block for a minute'\n"
        f"              description: '{STALLED}'\n"
    )
    promtool("test", "rules", str(tmp_path / "test.yml"))
