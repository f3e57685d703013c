"""A light client believes validators, not nodes: every bent answer is refused."""

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
from chain.state.keys import Key
from chain.types.scalars import AccountId, ChainId, Power
from chain.types.validators import Validator, ValidatorSet
from client.errors import AnswerRefused
from client.light import SIGNATURES, Proven, Trusted, check_answer, trust_genesis
from client.rpc import RpcClient
from client.subscription import subscribe
from crypto.errors import ClusterError
from tests.support.one_node import one_node

ABSENT = keys.account(AccountId(b"\xee" * 32))


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trusted, Key, dict[str, Any], dict[str, Any]]:
    return asyncio.run(_ask(tmp_path_factory.mktemp("light")))


async def _ask(root: Path) -> tuple[Trusted, Key, dict[str, Any], dict[str, Any]]:
    async with one_node(root) as node, RpcClient(node.url) as rpc:
        async for news in subscribe(node.url, "blocks"):
            if news.data["header"]["height"] >= 3:
                break
        key = keys.account(AccountId(node.secret("account0").public))
        present, absent = await rpc.call("chain_getProof", key=key), await rpc.call("chain_getProof", key=ABSENT)
        return trust_genesis(node.home.load_genesis()), key, present, absent


Answers = tuple[Trusted, Key, dict[str, Any], dict[str, Any]]


def test_a_true_answer_is_proven(answers: Answers) -> None:
    trusted, key, present, absent = answers
    proven = check_answer(trusted, key, present)
    assert proven.value is not None and decode(Account, proven.value).balance == 10_000 * 10**9
    assert proven.height == present["height"]
    assert check_answer(trusted, ABSENT, absent) == Proven(ABSENT, None, absent["height"])


def _other_height(answer: dict[str, Any]) -> None:
    answer["header"]["height"] += 1


def _other_root(answer: dict[str, Any]) -> None:
    answer["header"]["state_root"] = "0x" + "11" * 32


def _no_signature(answer: dict[str, Any]) -> None:
    answer["commit"]["signatures"] = []


def _bent_signature(answer: dict[str, Any]) -> None:
    signature = answer["commit"]["signatures"][0]["signature"]
    answer["commit"]["signatures"][0]["signature"] = signature[:-2] + ("00" if signature[-2:] != "00" else "01")


def _other_round(answer: dict[str, Any]) -> None:
    answer["commit"]["round"] += 1


def _other_value(answer: dict[str, Any]) -> None:
    answer["proof"]["exist"]["value"] += "00"


def _nothing_left(answer: dict[str, Any]) -> None:
    answer.clear()


@pytest.mark.parametrize(
    "bend",
    [_other_height, _other_root, _no_signature, _bent_signature, _other_round, _other_value, _nothing_left],
)
def test_a_bent_answer_is_refused(answers: Answers, bend: Callable[[dict[str, Any]], None]) -> None:
    trusted, key, present, _ = answers
    answer = deepcopy(present)
    bend(answer)
    with pytest.raises(ClusterError):
        check_answer(trusted, key, answer)


def test_an_answer_about_another_key_is_refused(answers: Answers) -> None:
    trusted, key, present, absent = answers
    with pytest.raises(ClusterError):
        check_answer(trusted, ABSENT, present)
    with pytest.raises(ClusterError):
        check_answer(trusted, key, absent)


def test_strangers_signatures_do_not_count(answers: Answers) -> None:
    trusted, key, present, _ = answers
    real = trusted.validators.validators[0]
    others = ValidatorSet((Validator(real.public_key, real.vrf_key, Power(2)),))
    with pytest.raises(AnswerRefused, match="other validators"):
        check_answer(Trusted(trusted.chain_id, others), key, present)
    with pytest.raises(AnswerRefused, match="chain"):
        check_answer(Trusted(ChainId("another"), trusted.validators), key, present)


def test_a_light_client_believes_no_proof_of_a_computation() -> None:
    SIGNATURES.require([])
    with pytest.raises(FalseEvidence):
        SIGNATURES.require([Claim("groth16", bytes(32), (), b"")])
