"""An answer of a real node, proven down to its validators' signatures; every bent answer is refused."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from chain.codec import decode
from chain.execution.accounts import Account
from chain.execution.action import Claim
from chain.execution.verifier import FalseEvidence
from chain.state import keys
from chain.state.errors import InvalidProof
from chain.state.keys import Key
from chain.types.genesis import Genesis
from chain.types.scalars import AccountId, ChainId, Height
from chain.types.sync import LightBlock
from client.errors import AnswerRefused
from client.light.anchors import Anchors
from client.light.blocks import genesis_anchor
from client.light.client import LightClient
from client.light.errors import NotYetFinal, OtherChainId, WrongHeight
from client.light.rules import SIGNATURES
from client.light.source import RpcSource
from client.rpc import RpcClient
from client.subscription import subscribe
from crypto.errors import ClusterError
from tests.support.one_node import one_node

ABSENT = keys.account(AccountId(b"\xee" * 32))


class Recorded:
    """What a node answered once, as a source that a test can bend."""

    name = "recorded"

    def __init__(self, genesis: Genesis, key: Key) -> None:
        self.genesis, self.key = genesis, key
        self.blocks = dict[int, LightBlock]()
        self.proofs = dict[Key, dict[str, Any]]()

    async def block(self, height: Height | None = None) -> LightBlock:
        return self.blocks[max(self.blocks) if height is None else height]

    async def proof(self, key: Key, height: Height | None = None) -> dict[str, Any]:
        return self.proofs[key]

    def light(self, genesis: Genesis | None = None) -> LightClient:
        return LightClient(self, Anchors(genesis_anchor(genesis or self.genesis)))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return asyncio.run(_record(tmp_path_factory.mktemp("light")))


async def _record(root: Path) -> Recorded:
    async with one_node(root) as running, RpcClient(running.url) as rpc:
        async for news in subscribe(running.url, "blocks"):
            if news.data["header"]["height"] >= 3:
                break
        source = RpcSource(rpc)
        made = Recorded(running.home.load_genesis(), keys.account(AccountId(running.secret("account0").public)))
        for key in (made.key, ABSENT):
            made.proofs[key] = await source.proof(key)
            height = Height(made.proofs[key]["header"]["height"])
            made.blocks[height] = await source.block(height)
        assert (await source.block()).height >= 3
        with pytest.raises(NotYetFinal):
            await source.block(Height(10**6))
        return made


@pytest.fixture
def answers(node: Recorded) -> Recorded:
    made = Recorded(node.genesis, node.key)
    made.blocks, made.proofs = dict(node.blocks), deepcopy(node.proofs)
    return made


async def test_a_true_answer_is_proven(answers: Recorded) -> None:
    proven = await answers.light().prove(answers.key)
    assert proven.value is not None and decode(Account, proven.value).balance == 10_000 * 10**9
    assert proven.height == answers.proofs[answers.key]["height"]
    absent = await answers.light().prove(ABSENT)
    assert (absent.key, absent.value) == (ABSENT, None)
    assert absent.time == answers.blocks[absent.height + 1].header.time


def _other_height(answer: dict[str, Any]) -> None:
    answer["header"]["height"] -= 1


def _other_root(answer: dict[str, Any]) -> None:
    answer["header"]["state_root"] = "0x" + "11" * 32


def _other_value(answer: dict[str, Any]) -> None:
    answer["proof"]["exist"]["value"] += "00"


def _no_proof(answer: dict[str, Any]) -> None:
    answer["proof"] = {}


def _nothing_left(answer: dict[str, Any]) -> None:
    answer.clear()


@pytest.mark.parametrize("bend", [_other_height, _other_root, _other_value, _no_proof, _nothing_left])
async def test_a_bent_answer_is_refused(answers: Recorded, bend: Callable[[dict[str, Any]], None]) -> None:
    bend(answers.proofs[answers.key])
    answers.blocks.setdefault(1, next(iter(answers.blocks.values())))
    answers.blocks.setdefault(2, next(iter(answers.blocks.values())))
    with pytest.raises(ClusterError):
        await answers.light().prove(answers.key)


async def test_an_answer_about_another_key_is_refused(answers: Recorded) -> None:
    answers.proofs = {ABSENT: answers.proofs[answers.key], answers.key: answers.proofs[ABSENT]}
    for key in answers.proofs:
        with pytest.raises(InvalidProof):
            await answers.light().prove(key)


async def test_an_answer_about_another_height_is_refused(answers: Recorded) -> None:
    at = answers.proofs[answers.key]["height"]
    await answers.light().prove(answers.key, Height(at))
    with pytest.raises(AnswerRefused, match="was asked for"):
        await answers.light().prove(answers.key, Height(at + 1))


async def test_another_chains_genesis_is_no_trust(answers: Recorded) -> None:
    genesis = answers.genesis
    another = Genesis(ChainId("another"), genesis.time, genesis.params, genesis.validators, genesis.accounts, ())
    with pytest.raises(OtherChainId):
        await answers.light(another).prove(answers.key)


class Shuffled(RpcClient):
    """A node that answers another height than it is asked for."""

    async def call(self, method: str, /, **params: Any) -> Any:
        return await super().call(method, **{**params, "height": 1})


async def test_a_node_that_shows_another_height_is_found_out(tmp_path: Path) -> None:
    async with one_node(tmp_path) as running, Shuffled(running.url) as rpc:
        async for news in subscribe(running.url, "blocks"):
            if news.data["header"]["height"] >= 1:
                break
        with pytest.raises(WrongHeight):
            await RpcSource(rpc).block(Height(2))


def test_a_light_client_believes_no_proof_of_a_computation() -> None:
    SIGNATURES.require([])
    with pytest.raises(FalseEvidence):
        SIGNATURES.require([Claim("groth16", bytes(32), (), b"")])
