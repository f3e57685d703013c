"""The explorer in a real browser, on a real node: blocks appear, nothing complains, nobody's words become markup."""

import asyncio
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from chain.types.scalars import Blob, Hash, Name, Text, Uint
from client.rpc import RpcClient
from client.wallet import Wallet
from contracts.registry.actions import PublishModel, RegisterKey, RegisterProgram
from contracts.registry.statement import INFERENCE, public_inputs
from node.devnet.files import FAUCET, Network, Plan, create_network
from node.devnet.processes import Processes
from tests.support import snarkjs
from tests.support.devnet_scene import free_base_port
from tests.support.programs import compressed_key

_FOLDER = Path(__file__).parent
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_INSTALLED = snarkjs.node() is not None and (_FOLDER / "node_modules" / "playwright-core").is_dir()
pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not _INSTALLED, reason="playwright-core is not installed: run tests/peers/setup.sh"),
    pytest.mark.skipif(
        _CHROMIUM is None, reason="there is no Chromium: install it, or run tests/peers/setup.sh as root"
    ),
]

HOSTILE = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>'
SECONDS = 120


async def publish_hostile_model(network: Network) -> str:
    """A model whose description is markup; its id."""
    async with RpcClient(network.rpc_urls[0]) as rpc:
        wallet = await Wallet.open(network.accounts()[FAUCET].secret(), rpc)
        key = RegisterKey(compressed_key(public_inputs(INFERENCE, 2, True)), None)
        program = RegisterProgram(
            key.vk_id, Hash(bytes(32)), Blob(HOSTILE.encode()), Uint(0), INFERENCE, Uint(2), bound=True, model=None
        )
        model = PublishModel(Name("hostile"), Name("1"), program.program, Text(HOSTILE))
        outcome = await wallet.submit([key, program, model])
        return str(next(event["id"] for event in outcome.events if event["type"] == "registry.model_published"))


def visit(network: Network, processes: Processes) -> dict[str, Any]:
    """What the visitor saw of the first node's page; the node is stopped when the visitor says so."""
    processes.start_all()
    asyncio.run(processes.ready())
    model = asyncio.run(publish_hostile_model(network))
    command = [str(snarkjs.node()), str(_FOLDER / "explorer_visit.mjs"), str(_CHROMIUM), network.rpc_urls[0], model]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as visitor:
        assert visitor.stdout is not None and visitor.stderr is not None
        deadline = time.monotonic() + SECONDS
        if visitor.stdout.readline() != "stop\n":
            visitor.kill()
            pytest.fail(visitor.stderr.read())
        processes.stop_all()
        out, errors = visitor.communicate(timeout=max(1.0, deadline - time.monotonic()))
        assert visitor.returncode == 0, errors
        seen: dict[str, Any] = json.loads(out)
        return seen


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    plan = Plan(validators=1, chain_id="explored", block_time_ms=500, base_port=free_base_port(2))
    network = create_network(tmp_path_factory.mktemp("explorer") / "net", plan, time.time_ns() // 1_000_000)
    processes = Processes(network)
    try:
        return visit(network, processes)
    finally:
        processes.stop_all()


def test_blocks_appear_and_go_on(seen: dict[str, Any]) -> None:
    assert int(seen["then"][0].replace(",", "")) > int(seen["first"][0].replace(",", ""))
    assert seen["plots"] >= 2


def test_the_browser_has_nothing_to_complain_of_and_asks_nobody_else(seen: dict[str, Any]) -> None:
    assert seen["complaints"] == []
    assert seen["foreign"] == []


def test_a_hostile_description_is_text(seen: dict[str, Any]) -> None:
    assert HOSTILE in seen["models"]
    assert HOSTILE in seen["model"]
    assert seen["active"] == [None, 0]


def test_markup_in_any_word_of_any_answer_is_text_on_every_page(seen: dict[str, Any]) -> None:
    for place, shown, owned, elements in seen["poisoned"]:
        assert (owned, elements) == (None, 0), f"markup lives on page {place!r}"
        assert shown or place in ("proofs", "tasks", "providers"), f"page {place!r} shows nothing of the answers"


def test_search_leads_to_a_block_and_says_when_nothing_is_known(seen: dict[str, Any]) -> None:
    assert seen["block"].startswith("Block 1")
    assert "Nothing found" in seen["nothing"]


def test_a_lost_node_is_told_and_what_was_shown_stays(seen: dict[str, Any]) -> None:
    assert "does not answer" in seen["banner"]
    assert "Try now" in seen["banner"]
    assert seen["kept"]
