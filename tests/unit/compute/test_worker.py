"""The worker: it earns, never locks what it should not, and comes back from everything that happens to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chain.types.scalars import Amount, Blob, FieldElement, ObjectId, ProofBytes
from client.errors import RpcFailed, Unreachable
from client.inference import PreparedInput, PrivateInput, Recipient, fresh_salt, prepare_input
from client.market import find_provider, get_task, list_providers
from client.results import chain_status
from client.rows import SealedRows, rows_file_name, save_rows
from compute.dev_keys import CircuitKeys
from compute.worker import job, shelf
from compute.worker.events import WorkerEvent
from compute.zkml.artifact import artifact_folder
from compute.zkml.buyer import wait_for_answer
from contracts.tasks.actions import Open, Settle
from contracts.tasks.provider_state import require_provider
from contracts.tasks.state import SealedKey
from contracts.tasks.transitions import split
from tests.support.inference_market import OFFER, OTHER, PROVIDER, REQUESTER, Market, eventually, open_market
from tests.support.small_chain import CLU, account
from tests.support.small_models import SMALL


@pytest.fixture
async def market(
    models_folder: Path, small_keys: CircuitKeys, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Market]:
    monkeypatch.setattr("client.wallet.POLL_SECONDS", 0.005)
    monkeypatch.setattr("compute.zkml.buyer.POLL_SECONDS", 0.01)
    monkeypatch.setattr(job, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr("compute.worker.worker.REST_SECONDS", 0.0)
    async with open_market(models_folder, small_keys) as opened:
        yield opened


def kinds(market: Market, task: ObjectId) -> list[str]:
    return [event.kind for event in market.events if event.task == task]


async def post_prepared(
    market: Market, change: Callable[[PreparedInput], PreparedInput], apart: bool = False, **terms: Any
) -> ObjectId:
    """A task whose input or terms are not as a client would make them; sealed to the provider."""
    wallet, status = await market.rpc.wallet(REQUESTER), await chain_status(market.rpc)
    (provider,) = await list_providers(market.rpc)
    to = [Recipient(provider.record.account, provider.record.encryption_key)]
    input_ = PrivateInput((0, 7, 15), SMALL.manifest.input_bits, fresh_salt())
    prepared = change(prepare_input(input_, wallet.account, market.published.program, to, apart=apart))
    asked = OFFER.terms(market.published.program, prepared.commitment, status.height, status.params)
    outcome = await wallet.submit([Open(replace(asked, **terms), prepared.sealed_input, prepared.recipients)])
    return ObjectId(bytes.fromhex(outcome.events[0]["task"][2:]))


def honest(prepared: PreparedInput) -> PreparedInput:
    return prepared


# Earning


async def test_a_worker_registers_itself_and_earns(market: Market) -> None:
    async with market.worker():
        await market.until("started")
        before = market.rpc.chain.balance(PROVIDER)
        receipt = await market.post()
        answer = await wait_for_answer(market.rpc, receipt)
        settled = await market.until("settled")
    assert answer.equals_reference(SMALL.model)
    assert kinds(market, receipt.task) == ["accepted", "locked", "proven", "settled"]
    assert settled.details["paid"] == split(answer.price, 100, 500).paid
    assert market.rpc.chain.balance(PROVIDER) > before
    assert [event.kind for event in market.events][-1] == "stopped"


async def test_tasks_that_were_there_before_are_found_without_news(market: Market) -> None:
    async with market.worker():
        await market.until("started")
    market.events.clear()
    receipt = await market.post()

    async def silence() -> AsyncIterator[Any]:
        await asyncio.Event().wait()
        yield None

    async with market.worker(news=silence):
        assert (await wait_for_answer(market.rpc, receipt)).equals_reference(SMALL.model)


@pytest.mark.slow
async def test_many_tasks_at_once_keep_within_the_locks(market: Market) -> None:
    most = 0

    def watch(*_: object) -> None:
        nonlocal most
        most = max(most, require_provider(market.rpc.chain.view, account(PROVIDER)).locks)

    async with market.worker(max_locks=3, provers=2):
        await market.until("started")
        market.rpc.on_block = watch
        receipts = await asyncio.gather(*[market.post((0.0, value / 2, 7.5)) for value in range(6)])
        answers = await asyncio.gather(*[wait_for_answer(market.rpc, receipt) for receipt in receipts])
        await market.until("settled", 6)
    assert all(answer.equals_reference(SMALL.model) for answer in answers)
    assert 1 < most <= 3
    provider = require_provider(market.rpc.chain.view, account(PROVIDER))
    assert (provider.settled, provider.locks, provider.forfeited) == (6, 0, 0)


async def test_of_two_workers_one_earns_each_task(market: Market) -> None:
    await market.bond(OTHER)
    async with market.worker(PROVIDER), market.worker(OTHER):
        await market.until("started", 2)
        receipts = [await market.post((value / 2, 0.0, 0.0)) for value in range(4)]
        for receipt in receipts:
            await wait_for_answer(market.rpc, receipt)
        await market.until("settled", 4)
    assert len(market.told("settled")) == 4
    view = market.rpc.chain.view
    assert sum(require_provider(view, account(person)).settled for person in (PROVIDER, OTHER)) == 4
    assert market.told("lost") == []


# What it leaves alone


async def test_garbage_is_not_locked_and_looked_at_once(market: Market) -> None:
    def bad_ciphertext(prepared: PreparedInput) -> PreparedInput:
        return replace(prepared, sealed_input=Blob(prepared.sealed_input[:-1] + b"\x00\x00"))

    def bad_key(prepared: PreparedInput) -> PreparedInput:
        (entry,) = prepared.recipients
        return replace(prepared, recipients=(SealedKey(entry.provider, Blob(bytes(80))),))

    def lie(prepared: PreparedInput) -> PreparedInput:
        return replace(prepared, commitment=FieldElement(prepared.commitment ^ 1))

    async with market.worker():
        await market.until("started")
        tasks = [await post_prepared(market, change) for change in (bad_ciphertext, bad_key, lie)]
        await market.until("skipped", 3)
        good = await market.post()
        await wait_for_answer(market.rpc, good)
    assert [kinds(market, task) for task in tasks] == [["skipped"]] * 3
    assert all(event.details["final"] for event in market.told("skipped"))
    locks = [tx for tx in market.rpc.submitted if tx.envelope.actions[0].name == "tasks.lock"]
    assert len(locks) == 1


async def test_a_task_whose_rows_are_not_here_is_not_locked_until_they_come(market: Market) -> None:
    apart: list[SealedRows] = []

    def noted(prepared: PreparedInput) -> PreparedInput:
        assert prepared.apart is not None
        apart.append(prepared.apart)
        return prepared

    async with market.worker():
        await market.until("started")
        task = await post_prepared(market, noted, apart=True)
        skipped = await market.until("skipped")
        name = rows_file_name(apart[0].digest)
        assert f"ask the requester for file {name}" in skipped.details["reason"] and not skipped.details["final"]
        market.inputs.mkdir()
        (market.inputs / name).write_bytes(apart[0].data[:-1])  # half way through a copy
        await asyncio.sleep(0.1)
        assert kinds(market, task) == ["skipped"]
        save_rows(market.inputs, apart[0])
        await market.until("settled")
    assert kinds(market, task) == ["skipped", "accepted", "locked", "proven", "settled"]


async def test_a_task_that_pays_too_little_waits_for_its_ramp(market: Market) -> None:
    async with market.worker(min_price=15_000_000):
        await market.until("started")
        receipt = await market.post()
        await market.until("skipped")
        assert kinds(market, receipt.task) == ["skipped"]
        market.rpc.pass_to(receipt.height + OFFER.ramp)
        answer = await wait_for_answer(market.rpc, receipt)
    assert answer.price == 20_000_000


async def test_a_task_that_never_pays_enough_is_left_for_good(market: Market) -> None:
    async with market.worker():
        await market.until("started")
        task = await post_prepared(market, honest, price_start=Amount(1), price_end=Amount(900))
        event = await market.until("skipped")
    assert kinds(market, task) == ["skipped"]
    assert event.details["final"]


async def test_fees_above_the_pay_and_high_collaterals_are_refused(market: Market) -> None:
    async with market.worker(min_price=1, max_collateral=5_000_000):
        await market.until("started")
        await market.post(offer=replace(OFFER, price_start=Amount(2_000), price_end=Amount(2_000)))
        await market.post(offer=replace(OFFER, collateral=Amount(5_000_001)))
        await market.until("skipped", 2)
    collateral, fees = sorted(event.details["reason"] for event in market.told("skipped"))
    assert "fees" in fees and "collateral" in collateral
    assert market.told("accepted") == []


@pytest.mark.parametrize(("safety", "locked"), [(45, True), (46, False)])
async def test_what_cannot_be_proven_in_time_is_not_locked(market: Market, safety: int, locked: bool) -> None:
    """49 heights are left when the task stands in a block, 4 of them go for lock and result."""
    async with market.worker(safety_heights=safety):
        await market.until("started")
        receipt = await market.post()
        event = await market.until("settled" if locked else "skipped")
    assert event.task == receipt.task
    assert locked or ("deadline" in event.details["reason"] and event.details["final"])
    assert bool(market.told("accepted")) is locked


async def test_a_model_without_files_is_left_until_they_come(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "RETRY_SECONDS", 0.0)
    folder = artifact_folder(market.models, market.published.program)
    folder.rename(market.models / "elsewhere")
    async with market.worker():
        await market.until("started")
        receipt = await market.post()
        event = await market.until("skipped")
        assert not event.details["final"]
        (market.models / "elsewhere").rename(folder)
        answer = await wait_for_answer(market.rpc, receipt)
    assert answer.equals_reference(SMALL.model)


# What happens to it


async def test_a_killed_worker_goes_on_with_what_it_had_locked(market: Market) -> None:
    def kill_when_locked(event: WorkerEvent) -> None:
        market.events.append(event)
        if event.kind == "locked":
            killed.cancel()

    worker = market.make_worker(report=kill_when_locked)
    killed = asyncio.create_task(worker.run())
    await market.until("started")
    receipt = await market.post()
    await asyncio.wait({killed})
    assert (await get_task(market.rpc, receipt.task)).phase == "locked"
    market.events.clear()
    async with market.worker():
        answer = await wait_for_answer(market.rpc, receipt)
        await market.until("settled")
    assert answer.equals_reference(SMALL.model)
    assert kinds(market, receipt.task) == ["resumed", "proven", "settled"]


async def test_a_worker_rescues_what_another_let_expire(market: Market) -> None:
    other = await market.bond(OTHER)
    async with market.worker(rescue=False):
        await market.until("started")
    receipt = await market.post()
    await market.lock(other, receipt.task)
    market.rpc.pass_to(receipt.height + OFFER.lock_within)
    async with market.worker(rescue=True):
        answer = await wait_for_answer(market.rpc, receipt)
        await market.until("settled")
    assert kinds(market, receipt.task) == ["rescuing", "proven", "settled"]
    assert answer.provider != other.address
    forfeited = await find_provider(market.rpc, account(OTHER))
    assert forfeited is not None and forfeited.record.forfeited == 1


async def test_a_worker_that_does_not_rescue_leaves_expired_locks(market: Market) -> None:
    other = await market.bond(OTHER)
    async with market.worker(rescue=False):
        await market.until("started")
    late = await market.post()
    await market.lock(other, late.task)
    market.rpc.pass_to(late.height + OFFER.lock_within)
    async with market.worker(rescue=False):
        await wait_for_answer(market.rpc, await market.post())
        assert (await get_task(market.rpc, late.task)).phase == "lock-expired"


@pytest.mark.parametrize(
    "error",
    [Unreachable("memory://chain", "broken off"), RpcFailed(3106, "full", {"code": 3106, "name": "PoolFull"})],
    ids=["unreachable", "refused"],
)
async def test_a_result_that_does_not_go_through_is_sent_again(market: Market, error: Exception) -> None:
    async with market.worker():
        await market.until("started")
        receipt = await market.post()
        await market.until("locked")
        market.rpc.refuse["tx_submit"] = [error, error]
        answer = await wait_for_answer(market.rpc, receipt)
        await market.until("settled")
    assert answer.equals_reference(SMALL.model)
    assert len(market.told("retry")) == 2
    assert len(market.told("proven")) == 1  # the proof does not name the nonce


async def test_an_answer_lost_on_the_way_does_not_cost_the_pay(market: Market) -> None:
    """The node takes lock and result, but its answers never arrive."""
    honest_call: Callable[..., Awaitable[Any]] = market.rpc.call
    lost: list[str] = []

    async def deaf(method: str, /, **params: Any) -> Any:
        answer = await honest_call(method, **params)
        if method == "tx_submit" and market.told("started") and len(lost) < 2:
            name = market.rpc.submitted[-1].envelope.actions[0].name
            if name in ("tasks.lock", "tasks.settle") and name not in lost:
                lost.append(name)
                raise Unreachable("memory://chain", "the answer was lost")
        return answer

    market.rpc.call = deaf  # type: ignore[method-assign]
    async with market.worker():
        await market.until("started")
        receipt = await market.post()
        answer = await wait_for_answer(market.rpc, receipt)
        await market.until("settled")
    assert answer.equals_reference(SMALL.model)
    assert lost == ["tasks.lock", "tasks.settle"]
    assert require_provider(market.rpc.chain.view, account(PROVIDER)).settled == 1


async def test_a_node_that_is_away_for_a_while_is_waited_for(market: Market) -> None:
    away = Unreachable("memory://chain", "refused")
    market.rpc.refuse["chain_status"] = [away, away]
    async with market.worker():
        await market.until("started")
        market.rpc.refuse["task_list"] = [away, away, away]
        await market.until("unreachable")
        receipt = await market.post()
        assert (await wait_for_answer(market.rpc, receipt)).equals_reference(SMALL.model)
    assert len(market.told("unreachable")) == 1  # told once, not at every try


async def test_a_proof_that_the_chain_refuses_is_not_sent_for_ever(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove = job.prove_result

    def bent(*arguments: Any) -> Settle:
        settle = prove(*arguments)
        return replace(settle, proof=ProofBytes(bytes(64) + settle.proof[64:]))

    monkeypatch.setattr(job, "prove_result", bent)
    async with market.worker():
        await market.until("started")
        await market.post()
        event = await market.until("lost")
    assert event.details["reason"] == "its proof was refused"
    assert len(market.told("retry")) == 1


async def test_stopping_settles_what_is_locked_and_locks_nothing_more(market: Market) -> None:
    async with market.worker() as worker:
        await market.until("started")
        receipt = await market.post()
        await market.until("locked")
        worker.stop()
        left = await market.post()
    assert (await get_task(market.rpc, receipt.task)).phase == "settled"
    assert (await get_task(market.rpc, left.task)).phase == "open"


async def test_a_worker_stopped_before_its_node_answers_ends_at_once(market: Market) -> None:
    market.rpc.refuse["chain_status"] = [Unreachable("memory://chain", "refused")] * 1_000
    worker = market.make_worker()
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(0)
    worker.stop()
    await asyncio.wait_for(running, 10)


# Registration


async def test_settings_that_changed_are_registered(market: Market) -> None:
    async with market.worker(min_price=1_000):
        await market.until("started")
    async with market.worker(min_price=2_000):
        await eventually(lambda: len(market.told("started")) == 2)
    provider = await find_provider(market.rpc, account(PROVIDER))
    assert provider is not None and provider.record.min_price == 2_000
    async with market.worker(min_price=2_000):
        await eventually(lambda: len(market.told("started")) == 3)
    assert len(market.told("registered")) == 2


async def test_a_bond_that_the_account_cannot_pay_ends_the_worker(market: Market) -> None:
    with pytest.raises(RpcFailed) as refused:
        await market.make_worker(bond=10**6 * CLU).run()
    assert refused.value.name == "InsufficientBalance"
