"""`cluster contract call` draws a call up anew; of what it signs at most one is ever applied, whatever a node says."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from chain.execution import accounts
from chain.types.transaction import Transaction
from client.errors import RpcFailed, TransactionOvertaken
from client.rpc import Call as Asked
from compute.confidential import proven
from compute.confidential.on_chain import ContractClient
from compute.confidential.outrun import outrun
from compute.confidential.prover import Draft
from compute.sandbox import Deployed, Sandbox
from contracts.confidential.call import Call
from contracts.confidential.errors import StaleRegister
from node.cli.contract_call import _Calling
from node.cli.contract_errors import CallUnsettled
from node.cli.contract_source import Source
from node.cli.screen import Step
from tests.support.contract_node import SignedNode
from tests.support.note_wallets import ALICE
from tests.support.small_chain import CLU, account, secret
from tests.unit.compute.test_nameless_calls import Box, Scene, WatchedRpc, box, drafted, scene, standing

__all__ = ["box", "scene"]
SIGNED = 77
ATTEMPTS = 3
PRICE = 100 * CLU
LATE = RpcFailed(StaleRegister.code, "another call came first.", {"code": StaleRegister.code})


def calling(scene: Scene, name: str, *, nameless: bool = False, **given: object) -> _Calling:
    arguments = argparse.Namespace(method=name, attempts=ATTEMPTS, heights=20, knows=[])
    notes = scene.alice if nameless else None
    return _Calling(scene.box, notes, Source(Path("box.py"), Box), given, secret(ALICE), arguments)


def balance(scene: Scene) -> int:
    return accounts.balance(scene.rpc.chain.view, account(ALICE))


def says_late(rpc: WatchedRpc, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its receipts say that calls came too late, though they were applied."""
    honest = rpc.batch

    async def lying(calls: Sequence[Asked]) -> list[Any]:
        answers = await honest(calls)
        return [
            {**each, "receipt": {**each["receipt"], "code": StaleRegister.code}}
            if isinstance(each, dict) and "receipt" in each
            else each
            for each in answers
        ]

    monkeypatch.setattr(rpc, "batch", lying)


async def test_a_node_that_lies_about_a_receipt_is_paid_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    before, sent = balance(scene), len(scene.rpc.submitted)
    says_late(scene.rpc, monkeypatch)
    with pytest.raises(CallUnsettled, match=r"the node's word alone .*none was signed") as refused:
        await calling(scene, "buy", price=PRICE).sent(Step(None, None))
    assert len(scene.rpc.submitted) == sent + 1 and PRICE <= before - balance(scene) < PRICE + CLU
    assert refused.value.told.startswith("transaction 0x") and not refused.value.proves


@pytest.mark.slow
async def test_refused_attempts_have_one_nonce(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that keeps what it says that it refused can put at most one of them into a block."""
    kept, honest = list[Transaction](), scene.rpc.call
    unions = scene.rpc.chain.chain.application.unions

    async def keeping(method: str, /, **params: Any) -> Any:
        if method == "tx_submit":
            kept.append(Transaction.decode(params["transaction"], unions))
            raise LATE
        answer = await honest(method, **params)
        return {**answer, "next_nonce": answer["nonce"] + len(kept)} if method == "chain_getAccount" else answer

    first = scene.rpc.chain.nonce(ALICE)
    monkeypatch.setattr(scene.box.wallet.rpc, "call", keeping)
    with pytest.raises(RpcFailed):
        await calling(scene, "buy", price=PRICE).sent(Step(None, None))
    assert [each.envelope.nonce for each in kept] == [first] * ATTEMPTS


@pytest.mark.slow
async def test_what_is_outrun_is_sent_anew(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the nonce that follows; every call that was signed before must be outrun."""
    said, asked = [True, False], list[Sequence[Draft]]()

    async def told(client: ContractClient, *drafts: Draft) -> bool:
        asked.append(drafts)
        return said.pop(0)

    monkeypatch.setattr(ContractClient, "outrun", told)
    says_late(scene.rpc, monkeypatch)
    sent = len(scene.rpc.submitted)
    with pytest.raises(CallUnsettled):
        await calling(scene, "buy", price=PRICE).sent(Step(None, None))
    first, second = scene.rpc.submitted[sent:]
    assert second.envelope.nonce == first.envelope.nonce + 1
    assert [len(drafts) for drafts in asked] == [1, 2]


@pytest.mark.slow
async def test_a_call_that_a_note_pays_is_not_repeated_on_a_nodes_word(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = list[str]()

    async def overtaken(client: ContractClient, *given: object) -> None:
        sent.append("0x" + bytes(32).hex())
        raise TransactionOvertaken(sent[-1]) if len(sent) == 1 else LATE

    monkeypatch.setattr(ContractClient, "send_nameless", overtaken)
    for _ in range(2):
        with pytest.raises(CallUnsettled):
            await calling(scene, "put", nameless=True, amount=5).sent(Step(None, None))
    assert len(sent) == 2


# Whether a call was outrun, from what validators signed


@pytest.mark.parametrize(
    ("others", "told"),
    [((), False), ((7,), True), ((5,), False), ((7, 5), False), ((3, 2), False)],
    ids=["it may come yet", "another's content", "its own content", "moved twice", "back at its own content"],
)
def test_only_another_content_in_its_place_tells(box: Deployed, others: tuple[int, ...], told: bool) -> None:
    call = drafted(box, "mark", 5).action
    for by in others:
        box.mark(by, sender=box.owner)
    assert isinstance(call, Call) and outrun(call, box.view) is told


def test_a_sealed_register_tells_by_its_commitment(box: Deployed) -> None:
    call, own = drafted(box, "put", 5).action, box.draft("put", 5, sender=box.owner)
    box.chain.send(box.owner, own)
    assert isinstance(call, Call) and isinstance(own.action, Call)
    assert outrun(call, box.view) and not outrun(own.action, box.view)


def test_what_writes_nothing_is_never_told(box: Deployed) -> None:
    call = drafted(box, "count").action
    box.mark(7, sender=box.owner)
    assert isinstance(call, Call) and not outrun(call, box.view)


async def test_a_nodes_word_does_not_count(box: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proven, "POLL_SECONDS", 0)
    node, draft = SignedNode(cast(Sandbox, box.chain), SIGNED), drafted(box, "mark", 5)
    node.alter["contract_get"] = lambda told: replace(
        told, registers=tuple(replace(each, version=each.version + 1) for each in told.registers)
    )
    signed, unsigned = standing(box, tmp_path, node, node.light), standing(box, tmp_path, node)
    assert (signed.proves, unsigned.proves) == (True, False)
    assert not await signed.outrun(draft) and not await unsigned.outrun(draft)


async def test_what_validators_signed_counts(box: Deployed, tmp_path: Path) -> None:
    draft = drafted(box, "mark", 5)
    box.mark(7, sender=box.owner)
    node = SignedNode(cast(Sandbox, box.chain), SIGNED)
    signed, later = standing(box, tmp_path, node, node.light), drafted(box, "mark", 5)
    assert await signed.outrun(draft) and not await signed.outrun(draft, later)
    assert not await standing(box, tmp_path, node).outrun(draft)
