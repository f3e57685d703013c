"""A node that lies to a requester: whatever it shows, no answer but the proven one is taken for one."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from chain.codec import to_json
from chain.execution.statement import id_element
from chain.execution.verifier import FalseEvidence
from chain.types.scalars import Amount, EncryptionKeyBytes, FieldElement, ObjectId, ProgramId, ProofBytes, VkId
from client.errors import AnswerRefused, NotAnRpc, RpcFailed
from client.inference import open_input, result_pads
from client.market import find_provider, get_model, get_task, list_providers, list_tasks
from client.provider import provider_encryption_key
from client.settlement import check_settlement
from client.wallet import Wallet
from compute.dev_keys import CircuitKeys, DevKeys
from compute.zkml.buyer import wait_for_answer
from compute.zkml.errors import NoProvider, ReceiptUnusable
from compute.zkml.prover import InferenceProver, prove_result
from compute.zkml.publish import Listing, publish
from compute.zkml.receipt import Receipt, has_pending, load_pending, load_receipt, pending_path
from contracts.tasks.actions import Settle, SettleUnbound
from contracts.tasks.provider_actions import UpdateProvider
from contracts.tasks.state import PROOF, SETTLED, Task
from contracts.tasks.statement import settle_inputs
from crypto.field import SCALAR_FIELD
from crypto.groth16 import compress_proof
from crypto.r1cs.builder import Builder
from crypto.r1cs.wtns_file import write_wtns
from tests.support.inference_market import NAME, OFFER, OTHER, OWNER, PROVIDER, ROW, Market, open_market
from tests.support.small_chain import account, secret
from tests.support.small_models import OTHER as OTHER_MODEL
from tests.support.small_models import SMALL

Lie = Callable[[Any], Any]


@pytest.fixture
async def market(
    models_folder: Path, small_keys: CircuitKeys, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Market]:
    monkeypatch.setattr("client.wallet.POLL_SECONDS", 0.005)
    monkeypatch.setattr("compute.zkml.buyer.POLL_SECONDS", 0.01)
    async with open_market(models_folder, small_keys) as opened:
        yield opened


@dataclass
class Settled:
    """A task that was settled honestly, on a node that also holds the provider's key and lies as it is told to."""

    market: Market
    provider: Wallet
    receipt: Receipt
    task: Task
    action: Settle

    def lie(self, task: Task | None = None, action: Settle | SettleUnbound | None = None, **answers: Lie) -> None:
        """Show this task, this action as what settled it, and of methods named `answers` something else."""
        honest = ChainCalls(self.market)
        shown = self.task if task is None else task
        lies: dict[str, Lie] = {"task_get": lambda _: {**to_json(shown), "phase": SETTLED}}
        if action is not None:
            raw = self.provider.sign([action], nonce=0, expiry_height=0, fee_limit=0).raw
            lies["chain_getTransaction"] = lambda _: {"raw": "0x" + raw.hex()}
        honest.lie(**{**lies, **answers})

    async def answer(self) -> tuple[tuple[int, ...], ...]:
        return (await wait_for_answer(self.market.rpc, self.receipt)).outputs


class ChainCalls:
    """The calls of a market's RPC, some answers bent. Lies do not add up: the last `lie` stands."""

    def __init__(self, market: Market) -> None:
        self._rpc = market.rpc
        self._honest = type(market.rpc).call

    def lie(self, **lies: Lie) -> None:
        async def call(method: str, /, **params: object) -> object:
            answer = await self._honest(self._rpc, method, **params)
            return lies[method](answer) if method in lies else answer

        self._rpc.call = call  # type: ignore[method-assign, assignment]


@pytest.fixture
async def settled(market: Market) -> Settled:
    provider = await market.bond(PROVIDER)
    receipt = await market.post()
    state = await market.lock(provider, receipt.task)
    action = market.prove(provider, state, PROVIDER)
    await provider.submit([action])
    return Settled(market, provider, receipt, (await get_task(market.rpc, receipt.task)).task, action)


def with_outputs(task: Task, outputs: tuple[FieldElement, ...]) -> Task:
    assert task.result is not None
    return replace(task, result=replace(task.result, outputs=outputs))


def sealed_outputs(receipt: Receipt, values: list[int]) -> tuple[FieldElement, ...]:
    """What a result of these values looks like: whoever can read the input can make it."""
    packed = SMALL.manifest.pack_outputs(values)
    pads = result_pads(receipt.input.salt, id_element(receipt.task), len(packed))
    return tuple(FieldElement((value + pad) % SCALAR_FIELD) for value, pad in zip(packed, pads, strict=True))


def proves_anything(signals: int) -> Any:
    """A circuit without a rule: every public input has a proof."""
    cs = Builder()
    for wire in cs.public_array("p", signals):
        cs.bind(wire)
    return cs.build()


def forged(settled: Settled, keys: CircuitKeys, vk_id: VkId) -> Settle:
    """An answer of the node's choice, with a true proof under a key of its own."""
    outputs = sealed_outputs(settled.receipt, [7, -7, 0])
    draft = replace(settled.action, vk_id=vk_id, outputs=outputs)
    inputs = settle_inputs(settled.provider.envelope([draft], nonce=0, expiry_height=0, fee_limit=0), draft)
    proof = compress_proof(keys.proving.prove(write_wtns(keys.circuit.solve({"p": list(inputs)}))))
    return replace(draft, proof=ProofBytes(proof))


async def test_a_key_of_the_nodes_own_proves_nothing(settled: Settled, dev_keys: DevKeys) -> None:
    """Under its own id, shown in task and transaction; and under the honest id, whose bytes are then others."""
    keys = dev_keys.get("anything", lambda: proves_anything(3 + len(settled.action.outputs)))
    own, honest = VkId(keys.vk_id), settled.action.vk_id
    for vk_id in (own, honest):
        action = forged(settled, keys, vk_id)
        task = replace(with_outputs(settled.task, action.outputs), vk_id=vk_id)
        settled.lie(task, action, registry_getKey=lambda _: {"key": "0x" + keys.compressed.hex()})
        with pytest.raises(AnswerRefused):
            await settled.answer()
    settled.lie(action=replace(settled.action, vk_id=own))  # whose key is not even looked at
    with pytest.raises(AnswerRefused):
        await settled.answer()


async def test_a_true_proof_of_something_else_is_no_answer(settled: Settled) -> None:
    """The node reads the salt and proves honestly, but about another row, or another task."""
    market, task, secret_input = settled.market, settled.task, settled.receipt.input
    prover = InferenceProver(SMALL, market.keys)
    row = replace(secret_input, row=(0,) * len(secret_input.row))
    other_row = replace(task, terms=replace(task.terms, input_commitment=row.commitment))
    other_task = replace(task, id=ObjectId(b"\5" * 32))
    for about, private in ((other_row, row), (other_task, secret_input)):
        action = prove_result(prover, settled.provider, about, private)
        shown = with_outputs(task, action.outputs)
        for lie in (shown, replace(shown, id=about.id, terms=about.terms)):
            settled.lie(lie, action)
            with pytest.raises(AnswerRefused):
                await settled.answer()
            with pytest.raises(AnswerRefused):
                await check_settlement(market.rpc, settled.receipt.asked, lie)


async def test_task_program_model_and_outputs_are_what_was_asked_and_proven(settled: Settled) -> None:
    task, asked = settled.task, settled.receipt.asked
    bent_output = (FieldElement((settled.action.outputs[0] + 1) % SCALAR_FIELD),)
    lies = {
        "program": replace(task, terms=replace(task.terms, program=ProgramId(bytes(32)))),
        "outputs": with_outputs(task, bent_output),
        "no lock": replace(task, lock=None),
        "no result": replace(task, result=None),
    }
    for task_shown in lies.values():
        with pytest.raises(AnswerRefused):
            await check_settlement(settled.market.rpc, asked, task_shown)
    settled.lie(action=replace(settled.action, model=FieldElement(7)))
    with pytest.raises(AnswerRefused):
        await settled.answer()
    honest = settled.action
    said = (honest.task, honest.vk_id, honest.lock_epoch, honest.input_commitment, honest.model)
    longer = replace(honest, outputs=(*honest.outputs, FieldElement(0)))
    for action in (SettleUnbound(*said, honest.outputs, honest.proof), longer):
        settled.lie(with_outputs(task, action.outputs), action)
        with pytest.raises(AnswerRefused):
            await settled.answer()
    settled.lie()
    assert await settled.answer() == (tuple(SMALL.model.logits(SMALL.manifest.quantise(ROW))),)


async def test_the_proof_itself_is_verified(settled: Settled) -> None:
    """The node chooses outputs and keeps the honest proof, or none that is one."""
    action = replace(settled.action, outputs=sealed_outputs(settled.receipt, [7, -7, 0]))
    for proof in (settled.action.proof, ProofBytes(bytes(128))):
        settled.lie(with_outputs(settled.task, action.outputs), replace(action, proof=proof))
        with pytest.raises(FalseEvidence):
            await settled.answer()


async def test_an_answer_is_opened_with_its_transaction(settled: Settled) -> None:
    answer = await wait_for_answer(settled.market.rpc, settled.receipt)
    assert answer.transaction == settled.market.rpc.submitted[-1].hash
    settlement = await check_settlement(settled.market.rpc, settled.receipt.asked, settled.task)
    assert settlement.task == settled.task and settlement.program.manifest == SMALL.manifest.encode()


MALFORMED: list[tuple[str, object]] = [
    *((method, answer) for method in ("chain_getBlock", "chain_getTransaction") for answer in (None, [], 7, {})),
    *(("chain_getBlock", {"transactions": answer}) for answer in (None, 7, "0x00")),
    *(("chain_getTransaction", {"raw": answer}) for answer in (None, 7, "0xzz", "0x", "0x00")),
    *(("registry_getKey", answer) for answer in (None, {}, {"key": None}, {"key": "0xzz"}, {"key": "0x"})),
]


async def test_malformed_answers_are_refused_by_name(settled: Settled) -> None:
    for method, malformed in MALFORMED:
        settled.lie(**{method: lambda _, malformed=malformed: malformed})
        with pytest.raises(AnswerRefused):
            await settled.answer()
    for method in ("registry_getProgram", "task_get"):
        settled.lie(**{method: lambda _: ["no", "members"]})
        with pytest.raises(NotAnRpc):
            await settled.answer()


# Who can read the row


async def test_a_node_cannot_put_its_own_key_in_a_providers_place(market: Market) -> None:
    await market.bond(PROVIDER)
    spy = provider_encryption_key(secret(OTHER))
    swapped = {"encryption_key": "0x" + spy.public.hex()}
    ChainCalls(market).lie(
        provider_list=lambda answer: {"providers": [{**entry, **swapped} for entry in answer["providers"]]},
        provider_get=lambda answer: {**answer, **swapped},
    )
    with pytest.raises(NoProvider):
        await market.post()
    named = await find_provider(market.rpc, account(PROVIDER))
    assert named is not None
    buyer = await market.buyer()
    with pytest.raises(AnswerRefused):
        await buyer.order(NAME, OFFER, [named])


async def test_a_provider_with_another_key_hinders_nobody(market: Market) -> None:
    """Whoever registers a key that is not the account's gets no rows; those who did not still do."""
    await market.bond(PROVIDER)
    stranger = await market.bond(OTHER)
    await stranger.submit([UpdateProvider(EncryptionKeyBytes(b"\7" * 32), Amount(0), (PROOF,))])
    receipt = await market.post()
    assert [entry.address for entry in await list_providers(market.rpc) if entry.holds_key] == list(receipt.readers)
    state = await get_task(market.rpc, receipt.task)
    assert state.input is not None
    key, manifest = provider_encryption_key(secret(PROVIDER)), SMALL.manifest
    opened = open_input(state.task, state.input, account(PROVIDER), key, manifest.features, manifest.input_bits)
    assert opened == receipt.input


async def test_a_node_shows_the_model_task_and_provider_that_were_asked_for(
    market: Market, other_keys: CircuitKeys
) -> None:
    provider = await market.bond(PROVIDER)
    await market.bond(OTHER)
    evil = await publish(
        await market.rpc.wallet(OWNER), OTHER_MODEL, other_keys, Listing("evil", "1", ""), market.models
    )
    shown = await market.rpc.call("model_get", name="evil")
    first, second = [await market.post() for _ in range(2)]
    other_task = await market.rpc.call("task_get", id=second.task)
    other_provider = await market.rpc.call("provider_get", address=(await market.rpc.wallet(OTHER)).address)
    assert (await get_model(market.rpc, "0x" + evil.model.hex().upper())).model.id == evil.model
    ChainCalls(market).lie(
        model_get=lambda _: shown, task_get=lambda _: other_task, provider_get=lambda _: other_provider
    )
    for asked in (NAME, "0x" + market.published.model.hex()):
        with pytest.raises(AnswerRefused):
            await get_model(market.rpc, asked)
    with pytest.raises(AnswerRefused):
        await get_task(market.rpc, first.task)
    with pytest.raises(AnswerRefused):
        await find_provider(market.rpc, provider.account)


# What opens the answer


async def test_the_receipt_is_kept_before_the_task_is_paid_for(market: Market, tmp_path: Path) -> None:
    """The node takes the task and never answers: what opens the result is on the disk, and is found by the task."""
    folder = tmp_path / "receipts"
    await market.bond(PROVIDER)
    buyer = await market.buyer(receipts=folder)
    order = await buyer.order(NAME, OFFER)
    market.rpc.refuse["chain_getReceipt"] = [RpcFailed(-32000, "gone", {})]
    with pytest.raises(RpcFailed):
        await buyer.post(order, ROW)
    assert has_pending(folder)
    market.rpc.block()
    (state,) = await list_tasks(market.rpc)
    task = state.task
    kept = load_pending(folder, task)
    assert (kept.task, kept.input.commitment) == (task.id, task.terms.input_commitment)
    other_program = replace(task, terms=replace(task.terms, program=ProgramId(bytes(32))))
    with pytest.raises(ReceiptUnusable):
        load_pending(folder, other_program)


async def test_a_known_task_has_one_receipt(market: Market, tmp_path: Path) -> None:
    await market.bond(PROVIDER)
    buyer = await market.buyer(receipts=tmp_path)
    receipt = await buyer.post(await buyer.order(NAME, OFFER), ROW)
    assert load_receipt(tmp_path, receipt.task) == receipt
    assert not pending_path(tmp_path, receipt.input.commitment).exists() and not has_pending(tmp_path)
