"""Settlement: which results are accepted from whom, and where every nano-CLU goes. Proofs are believed here."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.execution.fees import transaction_work
from chain.types.receipt import OK
from chain.types.scalars import MAX_UINT, Amount, FieldElement, ObjectId, Uint, VkId
from contracts.tasks import state
from contracts.tasks.errors import (
    LockEpochMismatch,
    LockExpired,
    NotTheLocker,
    ProviderNotBonded,
    TaskNotFound,
    TaskNotInState,
    WrongBinding,
    WrongInputCommitment,
    WrongKey,
    WrongNumberOfOutputs,
)
from contracts.tasks.events import LockForfeited, TaskSettled
from contracts.tasks.provider_actions import WithdrawBond
from contracts.tasks.transitions import split
from tests.support.programs import BOND
from tests.support.small_chain import account
from tests.support.task_chain import (
    COLLATERAL,
    OUTPUTS,
    OWNER,
    PRICE_END,
    PROVIDER,
    REQUESTER,
    RESCUER,
    STRANGER,
    TaskChain,
)


@pytest.fixture
def chain() -> TaskChain:
    return TaskChain()


def balances(chain: TaskChain) -> dict[int, int]:
    return {person: chain.balance(person) for person in (REQUESTER, OWNER, PROVIDER, RESCUER)}


def test_the_locker_is_paid_and_gets_its_collateral_back(chain: TaskChain) -> None:
    task = chain.locked()
    price = chain.price_after(1)
    burnt = price // 100
    royalty = (price - burnt) // 10
    before, supply = balances(chain), chain.supply()
    receipt = chain.settle(task)
    after = balances(chain)
    assert after[PROVIDER] - before[PROVIDER] == price - burnt - royalty + COLLATERAL - receipt.fee
    assert after[OWNER] - before[OWNER] == royalty
    assert after[REQUESTER] - before[REQUESTER] == PRICE_END - price
    assert chain.supply() == supply - burnt - receipt.fee
    paid, refund = Amount(price - burnt - royalty), Amount(PRICE_END - price)
    assert receipt.events == (
        TaskSettled(task, account(PROVIDER), OUTPUTS, paid, Amount(royalty), Amount(burnt), refund),
    )


def test_a_settled_task_keeps_its_result_and_nothing_else(chain: TaskChain) -> None:
    task = chain.locked()
    chain.settle(task)
    record = chain.task(task)
    assert record.state == state.SETTLED
    assert record.result is not None
    assert (record.result.provider, record.result.outputs, record.result.height) == (
        account(PROVIDER),
        OUTPUTS,
        chain.height,
    )
    assert chain.held_by(task) == 0
    assert state.find_input(chain.view, task) is None
    assert list(state.live_tasks_of_key(chain.view, record.vk_id)) == []
    assert list(chain.view.iterate(state.DUE.scan())) == []
    assert (chain.provider(PROVIDER).locks, chain.provider(PROVIDER).settled) == (0, 1)
    assert list(state.tasks_of_requester(chain.view, account(REQUESTER))) == [task]
    chain.pass_to(chain.height + 40)
    assert chain.task(task) == record


def test_an_owner_that_provides_gets_both_shares() -> None:
    chain = TaskChain(royalty_bps=10_000)
    task = chain.locked()
    before = balances(chain)
    receipt = chain.settle(task)
    price = chain.price_after(1)
    assert balances(chain)[OWNER] - before[OWNER] == price - price // 100
    assert balances(chain)[PROVIDER] - before[PROVIDER] == COLLATERAL - receipt.fee


@given(st.integers(0, MAX_UINT), st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_price_is_split_without_rest(price: int, burn_bps: int, royalty_bps: int) -> None:
    parts = split(Amount(price), burn_bps, royalty_bps)
    assert parts.burnt + parts.royalty + parts.paid == price
    assert min(parts.burnt, parts.royalty, parts.paid) >= 0
    assert parts.burnt * 10_000 <= price * burn_bps < (parts.burnt + 1) * 10_000


# What the proof speaks of must be state's


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"lock_epoch": Uint(0)}, LockEpochMismatch),
        ({"lock_epoch": Uint(2)}, LockEpochMismatch),
        ({"vk_id": VkId(bytes(32))}, WrongKey),
        ({"input_commitment": FieldElement(1)}, WrongInputCommitment),
        ({"outputs": OUTPUTS[:1]}, WrongNumberOfOutputs),
        ({"outputs": (*OUTPUTS, FieldElement(0))}, WrongNumberOfOutputs),
        ({"outputs": ()}, WrongNumberOfOutputs),
        ({"task": ObjectId(bytes(32))}, TaskNotFound),
    ],
)
def test_a_result_for_something_else_is_refused(
    chain: TaskChain, change: dict[str, object], error: type[Exception]
) -> None:
    task = chain.locked()
    chain.check(PROVIDER, chain.result(task))
    with pytest.raises(error):
        chain.check(PROVIDER, chain.result(task, **change))


def test_only_the_locker_settles_while_the_lock_runs(chain: TaskChain) -> None:
    task = chain.locked()
    with pytest.raises(NotTheLocker) as refused:
        chain.check(RESCUER, chain.result(task))
    assert refused.value.locker == account(PROVIDER)


def test_a_task_that_nobody_locked_is_not_settled(chain: TaskChain) -> None:
    task = chain.open()
    with pytest.raises(TaskNotInState) as refused:
        chain.check(PROVIDER, chain.result(task))
    assert refused.value.state == state.OPEN


def test_a_task_is_settled_once(chain: TaskChain) -> None:
    task = chain.locked()
    result = chain.result(task)
    first, second = chain.block(
        chain.transaction(PROVIDER, result), chain.transaction(PROVIDER, result, nonce=chain.nonce(PROVIDER) + 1)
    )
    assert (first.code, second.code) == (OK, TaskNotInState.code)
    assert chain.held_by(task) == 0


def test_one_transaction_settles_several_tasks(chain: TaskChain) -> None:
    tasks = [chain.locked() for _ in range(3)]
    receipt = chain.do(PROVIDER, *(chain.result(task) for task in tasks))
    assert receipt.code == OK
    assert [chain.state_of(task) for task in tasks] == [state.SETTLED] * 3
    assert chain.money() == chain.supply()


# Rescue


def expired_lock(chain: TaskChain) -> ObjectId:
    task = chain.locked()
    chain.pass_to(chain.task(task).terms.lock_deadline)
    return task


def test_after_the_locks_deadline_any_bonded_provider_earns_the_price(chain: TaskChain) -> None:
    task = expired_lock(chain)
    before, price = balances(chain), chain.price_after(1)
    receipt = chain.settle(task, RESCUER)
    burnt = price // 100
    royalty = (price - burnt) // 10
    after = balances(chain)
    assert after[RESCUER] - before[RESCUER] == price - burnt - royalty - receipt.fee
    assert after[PROVIDER] == before[PROVIDER]
    assert after[REQUESTER] - before[REQUESTER] == PRICE_END - price
    record = chain.task(task)
    assert record.result is not None
    assert record.result.provider == account(RESCUER)
    assert list(state.tasks_of_provider(chain.view, account(RESCUER))) == [task]


def test_the_late_locker_may_still_settle_without_its_collateral(chain: TaskChain) -> None:
    task = expired_lock(chain)
    before, price = balances(chain), chain.price_after(1)
    receipt = chain.settle(task)
    burnt = price // 100
    assert balances(chain)[PROVIDER] - before[PROVIDER] == price - burnt - (price - burnt) // 10 - receipt.fee
    assert (chain.provider(PROVIDER).forfeited, chain.provider(PROVIDER).settled) == (1, 1)


def test_a_rescuer_must_be_bonded(chain: TaskChain) -> None:
    task = expired_lock(chain)
    with pytest.raises(ProviderNotBonded):
        chain.check(STRANGER, chain.result(task))
    chain.do(RESCUER, WithdrawBond(BOND))
    with pytest.raises(ProviderNotBonded):
        chain.check(RESCUER, chain.result(task))


def test_after_the_deadline_nobody_settles(chain: TaskChain) -> None:
    task = chain.locked()
    deadline = chain.task(task).terms.deadline
    chain.pass_to(deadline - 1)
    chain.check(RESCUER, chain.result(task))
    chain.pass_to(deadline)
    for person in (PROVIDER, RESCUER):
        with pytest.raises(TaskNotInState):
            chain.check(person, chain.result(task))


def test_the_lock_expires_although_the_queue_is_full() -> None:
    """Two tasks fall due in one block, one fits the cap: the other one's rules change all the same."""
    chain = TaskChain(max_expiries_per_block=Uint(1))
    first = chain.open()
    offer = chain.offer(lock_deadline=chain.task(first).terms.lock_deadline)
    second = chain.open(lock_deadline=offer.terms.lock_deadline)
    for task in (first, second):
        chain.lock(task)
    chain.pass_to(offer.terms.lock_deadline)
    lagging = next(task for task in (first, second) if chain.state_of(task) == state.LOCKED)
    assert chain.task(lagging).phase(chain.next_block.height) == state.LOCK_EXPIRED
    supply = chain.supply()
    receipt = chain.settle(lagging, RESCUER)
    forfeit, settled = receipt.events
    assert forfeit == LockForfeited(lagging, account(PROVIDER), Amount(COLLATERAL))
    assert isinstance(settled, TaskSettled)
    assert supply - chain.supply() == COLLATERAL + settled.burnt + receipt.fee
    assert chain.held_by(lagging) == 0
    assert chain.money() == chain.supply()


# Unbound programs


def test_a_result_of_an_unbound_program_comes_from_the_locker() -> None:
    chain = TaskChain(bound=False)
    task = chain.locked()
    with pytest.raises(NotTheLocker):
        chain.check(RESCUER, chain.unbound_result(task))
    with pytest.raises(WrongNumberOfOutputs):
        chain.check(PROVIDER, replace(chain.unbound_result(task), outputs=()))
    assert chain.do(PROVIDER, chain.unbound_result(task)).code == OK
    assert chain.state_of(task) == state.SETTLED
    assert chain.money() == chain.supply()


def test_a_task_of_an_unbound_program_is_not_rescued() -> None:
    chain = TaskChain(bound=False)
    task = chain.locked()
    chain.pass_to(chain.task(task).terms.lock_deadline)
    for person in (PROVIDER, RESCUER):
        with pytest.raises(LockExpired):
            chain.check(person, chain.unbound_result(task))


def test_bound_and_unbound_programs_have_an_action_each() -> None:
    bound, unbound = TaskChain(), TaskChain(bound=False)
    task, other = bound.locked(), unbound.locked()
    with pytest.raises(WrongBinding, match=r"settled by tasks\.settle\.$"):
        bound.check(PROVIDER, bound.unbound_result(task))
    with pytest.raises(WrongBinding, match=r"settled by tasks\.settle_unbound\.$"):
        unbound.check(PROVIDER, unbound.result(other))


def test_work_is_charged_for_every_public_input(chain: TaskChain) -> None:
    task = chain.locked()
    usual = chain.transaction(PROVIDER, chain.result(task))
    more = chain.transaction(PROVIDER, chain.result(task, outputs=(*OUTPUTS, FieldElement(0))))
    extra = transaction_work(more, chain.params) - transaction_work(usual, chain.params)
    assert extra in (chain.params.prices.groth16_input, chain.params.prices.groth16_input + 10)
