"""Buying and proving inference on a chain that verifies real proofs: the honest way, and every dishonest one."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from chain.execution.verifier import FalseEvidence
from chain.params import DEVNET
from chain.types.scalars import Amount, Blob, FieldElement, Hash, Name, ProofBytes, Text, Uint
from client.errors import AnswerRefused, RpcFailed
from client.inference import PrivateInput
from client.market import find_provider, get_key_state, get_model, get_program, get_task, list_providers, list_tasks
from compute.dev_keys import CircuitKeys
from compute.zkml.artifact import load_artifact, registration
from compute.zkml.buyer import Buyer, choose_providers, open_answer, wait_for_answer
from compute.zkml.errors import (
    NoProvider,
    ProgramNotOfManifest,
    ReceiptUnusable,
    ResultNotOpened,
    RowOutOfRange,
    TaskEndedUnproven,
)
from compute.zkml.model import predicted_class
from compute.zkml.publish import Listing, publish
from compute.zkml.receipt import load_receipt, receipt_path, save_receipt
from contracts.registry.actions import PublishModel, RegisterKey
from contracts.registry.ceremony_actions import AttestCeremony, BondAttester, Ceremony
from contracts.registry.errors import NotNameOwner, VersionTaken
from contracts.registry.statement import INFERENCE_COMMITTED_MODEL
from contracts.tasks.errors import NotTheLocker
from crypto.field import SCALAR_FIELD
from tests.support.inference_market import (
    NAME,
    OFFER,
    OTHER,
    OWNER,
    PROVIDER,
    REQUESTER,
    ROW,
    Market,
    open_market,
)
from tests.support.small_chain import account
from tests.support.small_models import OTHER as OTHER_MODEL
from tests.support.small_models import SMALL


@pytest.fixture
async def market(
    models_folder: Path, small_keys: CircuitKeys, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Market]:
    monkeypatch.setattr("client.wallet.POLL_SECONDS", 0.005)
    monkeypatch.setattr("compute.zkml.buyer.POLL_SECONDS", 0.01)
    async with open_market(models_folder, small_keys) as opened:
        yield opened


async def refusal(market: Market, wallet: object, action: object) -> str:
    """The rule by which submitting is refused."""
    with pytest.raises(RpcFailed) as refused:
        await wallet.submit([action])  # type: ignore[attr-defined]
    return refused.value.name


async def test_a_row_goes_out_sealed_and_its_class_comes_back_proven(market: Market) -> None:
    provider = await market.bond(PROVIDER)
    receipt = await market.post()
    state = await market.lock(provider, receipt.task)
    before = market.rpc.chain.balance(PROVIDER)
    await provider.submit([market.prove(provider, state, PROVIDER)])
    answer = await wait_for_answer(market.rpc, receipt)
    row = SMALL.manifest.quantise(ROW)
    assert [list(outputs) for outputs in answer.outputs] == [SMALL.model.logits(row)]
    assert answer.equals_reference(SMALL.model)
    assert answer.said == (f"class {predicted_class(answer.outputs[0])}",)
    assert (answer.provider, answer.price) == (provider.address, state.task.require_lock().price)
    assert market.rpc.chain.balance(PROVIDER) > before
    assert receipt.readers == (provider.address,)


async def test_what_a_validator_sees_does_not_hold_the_row(market: Market) -> None:
    """The same row posted twice: commitment, ciphertext and sealed keys share nothing."""
    await market.bond(PROVIDER)
    first, second = [await get_task(market.rpc, (await market.post()).task) for _ in range(2)]
    assert first.input is not None and second.input is not None
    assert first.task.terms.input_commitment != second.task.terms.input_commitment
    assert first.input.sealed_input[:16] != second.input.sealed_input[:16]
    assert first.input.recipients[0].sealed != second.input.recipients[0].sealed


async def test_every_forgery_of_a_result_is_refused(market: Market) -> None:
    provider, copier = await market.bond(PROVIDER), await market.bond(OTHER)
    receipt, another = await market.post(), await market.post()
    state, second = [await market.lock(provider, posted.task) for posted in (receipt, another)]
    honest = market.prove(provider, state, PROVIDER)
    (output,) = honest.outputs
    wrong_output = replace(honest, outputs=(FieldElement((output + 1) % SCALAR_FIELD),))
    foreign = replace(honest, proof=market.prove(provider, second, PROVIDER).proof)
    bent = replace(honest, proof=ProofBytes(bytes(64) + honest.proof[64:]))
    for forged in (wrong_output, foreign, bent):
        assert await refusal(market, provider, forged) == FalseEvidence.__name__
    assert await refusal(market, copier, honest) == NotTheLocker.__name__
    await provider.submit([honest])
    assert (await wait_for_answer(market.rpc, receipt)).equals_reference(SMALL.model)


async def test_a_copied_proof_pays_nobody_even_when_the_copier_may_settle(market: Market) -> None:
    provider, copier = await market.bond(PROVIDER), await market.bond(OTHER)
    receipt = await market.post()
    state = await market.lock(provider, receipt.task)
    honest = market.prove(provider, state, PROVIDER)
    market.rpc.pass_to(state.task.terms.lock_deadline)
    assert await refusal(market, copier, honest) == FalseEvidence.__name__
    await copier.submit([market.prove(copier, state, OTHER)])
    assert (await wait_for_answer(market.rpc, receipt)).provider == copier.address


async def test_a_proof_is_worth_nothing_twice(market: Market) -> None:
    provider = await market.bond(PROVIDER)
    receipt = await market.post()
    settle = market.prove(provider, await market.lock(provider, receipt.task), PROVIDER)
    await provider.submit([settle])
    assert await refusal(market, provider, settle) == "TaskNotInState"


async def test_a_result_read_with_another_receipt_or_altered_does_not_open(market: Market) -> None:
    provider = await market.bond(PROVIDER)
    receipt = await market.post()
    await provider.submit([market.prove(provider, await market.lock(provider, receipt.task), PROVIDER)])
    task = (await get_task(market.rpc, receipt.task)).task
    assert task.result is not None
    wrong_salt = replace(
        receipt, input=PrivateInput(receipt.input.row, receipt.input.input_bits, receipt.input.salt ^ 1)
    )
    with pytest.raises(ResultNotOpened):
        open_answer(wrong_salt, task, SMALL.manifest)
    (output,) = task.result.outputs
    altered = replace(task, result=replace(task.result, outputs=(FieldElement((output + 2**200) % SCALAR_FIELD),)))
    with pytest.raises(ResultNotOpened):
        open_answer(receipt, altered, SMALL.manifest)


async def test_a_task_that_nobody_proves_ends_without_an_answer(market: Market) -> None:
    await market.bond(PROVIDER)
    receipt = await market.post()
    market.rpc.pass_to(receipt.height + OFFER.end_within)
    with pytest.raises(TaskEndedUnproven):
        await wait_for_answer(market.rpc, receipt)


async def test_rows_out_of_range_are_refused_before_anything_is_paid(market: Market) -> None:
    await market.bond(PROVIDER)
    before = market.rpc.chain.balance(REQUESTER)
    with pytest.raises(RowOutOfRange):
        await market.post((0.0, 0.0, 8.0))
    assert market.rpc.chain.balance(REQUESTER) == before


async def test_without_a_provider_nothing_is_posted(market: Market) -> None:
    with pytest.raises(NoProvider):
        await market.post()


async def test_the_input_goes_to_the_best_providers_only(market: Market) -> None:
    for person in (PROVIDER, OTHER):
        await market.bond(person)
    known = await list_providers(market.rpc)
    bond = market.rpc.chain.params.min_provider_bond
    forfeited = [replace(entry, record=replace(entry.record, forfeited=1)) for entry in known]  # type: ignore[arg-type]
    dear = [replace(entry, record=replace(entry.record, min_price=Amount(10**9))) for entry in known]
    poor = [replace(entry, bond=Amount(1)) for entry in known]
    skilled = replace(known[1], record=replace(known[1].record, settled=7))  # type: ignore[arg-type]
    assert len(choose_providers(known * 20, Amount(10), bond)) == 3
    assert choose_providers([known[0], skilled], Amount(10), bond)[0] == skilled
    assert choose_providers([forfeited[0], known[1]], Amount(10), bond)[0] == known[1]
    for unfit in (dear, poor):
        with pytest.raises(NoProvider):
            choose_providers(unfit, Amount(10), bond)


async def test_receipts_are_for_their_owner_and_come_back_whole(market: Market, tmp_path: Path) -> None:
    await market.bond(PROVIDER)
    receipt = await market.post()
    path = save_receipt(tmp_path / "receipts", receipt)
    assert load_receipt(tmp_path / "receipts", receipt.task) == receipt
    assert path.stat().st_mode & 0o077 == 0
    other = await market.post()
    path.rename(receipt_path(tmp_path / "receipts", other.task))
    with pytest.raises(ReceiptUnusable):
        load_receipt(tmp_path / "receipts", other.task)
    for damage in ("", "{}", "[]", '{"format": "x"}'):
        path.write_text(damage)
        with pytest.raises(ReceiptUnusable):
            load_receipt(tmp_path / "receipts", receipt.task)
    with pytest.raises(ReceiptUnusable):
        load_receipt(tmp_path / "nowhere", receipt.task)


# Publishing


async def test_a_published_model_is_found_and_its_files_prove(market: Market) -> None:
    found = await get_model(market.rpc, NAME)
    assert found.model.id == market.published.model
    assert found.program.manifest == SMALL.manifest.encode()
    assert load_artifact(market.models, found.program.record)[0] == SMALL.manifest
    assert (await get_model(market.rpc, "0x" + market.published.model.hex())) == found


async def test_another_version_of_the_same_program_registers_only_its_name(market: Market) -> None:
    owner, listing = await market.rpc.wallet(OWNER), Listing(NAME, "2", "again")
    again = await publish(owner, SMALL, market.keys, listing, market.models)
    (name,) = market.rpc.submitted[-1].envelope.actions
    assert again.program == market.published.program and name.name == "registry.publish_model"
    assert (await get_model(market.rpc, NAME)).model.version == "2"


async def test_a_taken_name_or_version_is_refused(market: Market, other_keys: CircuitKeys) -> None:
    for person, listing, rule in (
        (OWNER, Listing(NAME, "1", ""), VersionTaken),
        (OTHER, Listing(NAME, "9", ""), NotNameOwner),
    ):
        wallet = await market.rpc.wallet(person)
        with pytest.raises(RpcFailed) as refused:
            await publish(wallet, OTHER_MODEL, other_keys, listing, market.models)
        assert refused.value.name == rule.__name__


async def test_a_node_that_lies_about_a_manifest_is_found_out(market: Market) -> None:
    program = (await get_model(market.rpc, NAME)).program
    honest = market.rpc.call
    lie = replace(SMALL.manifest, unit=3.0).encode()

    async def lying(method: str, /, **params: object) -> object:
        answer = await honest(method, **params)
        return {**answer, "manifest": "0x" + lie.hex()} if "manifest" in answer else answer

    market.rpc.call = lying  # type: ignore[method-assign, assignment]
    with pytest.raises(AnswerRefused):
        await get_program(market.rpc, program.record.id)
    with pytest.raises(AnswerRefused):
        await get_model(market.rpc, NAME)


async def test_a_thiefs_reading_of_somebodys_key_is_another_program_and_no_buyer_orders_it(market: Market) -> None:
    """Unbound, ctx would pass for the input commitment: a proof about any row would be paid."""
    honest = registration(SMALL, market.keys)
    disguised = replace(honest, bound=False, outputs=Uint(honest.outputs + 2), royalty_bps=Uint(10_000))
    name = PublishModel(Name("stolen"), Name("1"), disguised.program, Text(""))
    await (await market.rpc.wallet(OTHER)).submit([disguised, name])
    assert disguised.program != honest.program
    await market.bond(PROVIDER)
    with pytest.raises(ProgramNotOfManifest) as refused:
        await (await market.buyer()).order("stolen", OFFER)
    assert (refused.value.registered[2], refused.value.told[2]) == (False, True)
    await (await market.buyer()).order(NAME, OFFER)


@pytest.mark.parametrize("change", [{"outputs": 7}, {"bound": False}, {"statement": INFERENCE_COMMITTED_MODEL}])
async def test_a_node_that_lies_about_what_a_program_settles_is_found_out(
    market: Market, change: dict[str, object]
) -> None:
    program = (await get_model(market.rpc, NAME)).program.record.id
    honest = market.rpc.call

    async def lying(method: str, /, **params: object) -> object:
        return {**await honest(method, **params), **change}

    market.rpc.call = lying  # type: ignore[method-assign, assignment]
    with pytest.raises(AnswerRefused):
        await get_program(market.rpc, program)


async def test_a_publisher_is_told_when_a_key_was_registered_first_without_its_ceremony(
    market: Market, other_keys: CircuitKeys
) -> None:
    ceremony = Ceremony(Hash(b"\1" * 32), Hash(other_keys.r1cs_hash), Hash(b"\3" * 32))
    await (await market.rpc.wallet(OTHER)).submit([RegisterKey(Blob(other_keys.compressed), None)])
    told: list[str] = []
    listing = Listing("mine", "1", "x")
    wallet = await market.rpc.wallet(OWNER)
    published = await publish(wallet, OTHER_MODEL, other_keys, listing, market.models, told.append, ceremony)
    assert market.published.ceremony_named and not published.ceremony_named
    await (await market.rpc.wallet(PROVIDER)).submit([BondAttester(DEVNET.min_attester_bond)])
    await (await market.rpc.wallet(PROVIDER)).submit([AttestCeremony(other_keys.vk_id, ceremony)])
    (attestation,) = (await get_key_state(market.rpc, other_keys.vk_id)).attestations
    assert attestation.ceremony == ceremony


async def test_tasks_and_providers_are_listed_by_whom_they_concern(market: Market) -> None:
    assert await find_provider(market.rpc, account(PROVIDER)) is None
    provider = await market.bond(PROVIDER)
    receipt = await market.post()
    await market.bond(OTHER)
    listed = await list_tasks(market.rpc, state="open", recipient=provider.address)
    assert [state.task.id for state in listed] == [receipt.task]
    others = (await market.rpc.wallet(OTHER)).address
    assert await list_tasks(market.rpc, state="open", recipient=others) == []
    await market.lock(provider, receipt.task)
    assert await list_tasks(market.rpc, state="open", recipient=provider.address) == []
    (locked,) = await list_tasks(market.rpc, state="locked", recipient=provider.address)
    assert locked.phase == "locked"


async def test_a_buyer_names_the_readers_before_it_posts(market: Market) -> None:
    provider = await market.bond(PROVIDER)
    await market.bond(OTHER)
    buyer: Buyer = await market.buyer()
    chosen = [entry for entry in await list_providers(market.rpc) if entry.address == provider.address]
    order = await buyer.order(NAME, OFFER, chosen)
    assert order.readers == (provider.address,)
    receipt = await buyer.post(order, ROW)
    assert (await get_task(market.rpc, receipt.task)).task.recipients == (account(PROVIDER),)
