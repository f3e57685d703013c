"""Freezing a key: more than 2/3 of the power decide, its tasks are paid back, and nothing is proven under it."""

from dataclasses import replace

import pytest

from chain.types.receipt import OK, Receipt
from chain.types.scalars import Amount, Hash, Height, ObjectId, Uint, VkId
from contracts.governance.actions import Vote
from contracts.registry import state as registry
from contracts.registry.decisions import FreezeKey
from contracts.registry.errors import KeyFrozen, KeyFrozenAlready, KeyNotFrozen, KeyStillDissolving, KeyUnknown
from contracts.registry.events import KeyWasFrozen, KeyWasUnfrozen
from contracts.tasks import state
from contracts.tasks.actions import Lock
from contracts.tasks.events import LockForfeited, TaskDissolved
from tests.support.programs import program_of
from tests.support.small_chain import account, operator
from tests.support.task_chain import COLLATERAL, PRICE_END, PROVIDER, REQUESTER, RESCUER, TaskChain
from tests.support.votes import decide, proposal_of

POWERS = (10, 10, 10)  # 20 of 30 is exactly 2/3, which is not enough
STRANGER = 6


@pytest.fixture
def chain() -> TaskChain:
    return TaskChain(powers=POWERS)


def key_of(chain: TaskChain) -> VkId:
    return registry.require_program(chain.view, chain.program).vk_id


def freeze(chain: TaskChain, frozen: bool = True) -> list[Receipt]:
    """All operators vote in one block."""
    receipts = decide(chain, FreezeKey(key_of(chain), frozen))
    assert all(receipt.code == OK for receipt in receipts), receipts
    return receipts


def is_frozen(chain: TaskChain) -> bool:
    return registry.require_key(chain.view, key_of(chain)).frozen_at is not None


def test_a_key_is_frozen_by_the_vote_that_decides_and_unfrozen_by_another(chain: TaskChain) -> None:
    key = key_of(chain)
    decide(chain, FreezeKey(key, True), voters=(0, 1))
    assert not is_frozen(chain)
    receipt = chain.do(operator(2), Vote(Uint(1), True))
    assert KeyWasFrozen(key) in receipt.events
    assert is_frozen(chain)
    *_, last = freeze(chain, False)
    assert KeyWasUnfrozen(key) in last.events
    assert not is_frozen(chain)


def test_only_keys_that_exist_and_are_not_as_they_shall_be_are_decided_about(chain: TaskChain) -> None:
    def propose(key: VkId, frozen: bool) -> None:
        chain.check(operator(0), proposal_of(chain, FreezeKey(key, frozen)))

    with pytest.raises(KeyUnknown):
        propose(VkId(bytes(32)), True)
    with pytest.raises(KeyNotFrozen):
        propose(key_of(chain), False)
    freeze(chain)
    with pytest.raises(KeyFrozenAlready):
        propose(key_of(chain), True)


def test_a_frozen_key_is_refused_everywhere(chain: TaskChain) -> None:
    offer = chain.offer()
    other = replace(program_of(2), r1cs_hash=Hash(b"\x12" * 32))
    freeze(chain)
    height = chain.height
    for person, action in ((REQUESTER, offer), (REQUESTER, other)):
        with pytest.raises(KeyFrozen) as refused:
            chain.check(person, action)
        assert refused.value.frozen_at == height
    with pytest.raises(KeyFrozen):
        registry.require_active_key(chain.view, key_of(chain), Height(10**6))


def test_open_and_locked_tasks_are_paid_back_with_the_collateral(chain: TaskChain) -> None:
    opened, locked = chain.open(), chain.locked()
    before = {person: chain.balance(person) for person in (REQUESTER, PROVIDER)}
    freeze(chain)
    key = key_of(chain)
    assert set(chain.closing_events) == {
        TaskDissolved(opened, key, Amount(PRICE_END), Amount(0)),
        TaskDissolved(locked, key, Amount(PRICE_END), Amount(COLLATERAL)),
    }
    assert [chain.state_of(task) for task in (opened, locked)] == [state.DISSOLVED] * 2
    assert chain.balance(REQUESTER) == before[REQUESTER] + 2 * PRICE_END
    assert chain.balance(PROVIDER) == before[PROVIDER] + COLLATERAL
    assert (chain.provider(PROVIDER).locks, chain.provider(PROVIDER).forfeited) == (0, 0)
    assert [chain.held_by(task) for task in (opened, locked)] == [0, 0]
    assert list(chain.view.iterate(state.DUE.scan())) == []


def test_a_lock_that_had_run_out_before_the_freeze_stays_forfeited(chain: TaskChain) -> None:
    task = chain.locked()
    chain.pass_to(chain.task(task).terms.lock_deadline)
    supply, before = chain.supply(), chain.balance(PROVIDER)
    assert chain.state_of(task) == state.LOCK_EXPIRED
    freeze(chain)
    assert chain.closing_events == (TaskDissolved(task, key_of(chain), Amount(PRICE_END), Amount(0)),)
    assert chain.balance(PROVIDER) == before
    assert chain.provider(PROVIDER).forfeited == 1
    assert chain.supply() > supply - COLLATERAL  # burnt once, before the freeze; the votes' fees are less


def test_a_freeze_that_overtakes_the_queue_does_not_give_a_forfeit_back() -> None:
    chain = TaskChain(powers=POWERS, max_expiries_per_block=Uint(1))
    busy = chain.terms().lock_deadline
    for _ in range(4):
        chain.open(lock_deadline=busy, ramp_end=busy)
    task = chain.locked(lock_deadline=busy + 1, ramp_end=busy)
    chain.pass_to(busy + 1)
    assert chain.state_of(task) == state.LOCKED
    freeze(chain)
    events = list(chain.closing_events)
    while chain.state_of(task) != state.DISSOLVED:
        chain.block()
        events += chain.closing_events
    assert LockForfeited(task, account(PROVIDER), Amount(COLLATERAL)) in events
    assert TaskDissolved(task, key_of(chain), Amount(PRICE_END), Amount(0)) in events
    assert chain.money() == chain.supply()


def test_a_lock_is_not_forfeited_because_the_freeze_kept_it_from_settling() -> None:
    """The key is frozen in time; the queue reaches the task only after the lock's deadline."""
    chain = TaskChain(powers=POWERS, max_expiries_per_block=Uint(1))
    tasks = [chain.locked(), *(chain.open() for _ in range(2))]
    deadline = chain.task(tasks[0]).terms.lock_deadline
    chain.pass_to(deadline - 1)
    freeze(chain)
    while any(chain.state_of(task) in state.LIVE for task in tasks):
        chain.block()
    assert [chain.state_of(task) for task in tasks] == [state.DISSOLVED] * 3
    assert chain.height > deadline
    assert chain.provider(PROVIDER).forfeited == 0
    assert chain.money() == chain.supply()


def test_while_tasks_wait_to_be_paid_back_nobody_moves_them_or_unfreezes_the_key() -> None:
    chain = TaskChain(powers=POWERS, max_expiries_per_block=Uint(1))
    tasks: list[ObjectId] = [chain.open() for _ in range(3)]
    locked = chain.locked()
    freeze(chain)
    waiting = [task for task in tasks if chain.state_of(task) == state.OPEN]
    assert waiting
    with pytest.raises(KeyFrozen):
        chain.check(PROVIDER, Lock(waiting[0]))
    with pytest.raises(KeyStillDissolving):
        chain.check(operator(0), proposal_of(chain, FreezeKey(key_of(chain), False)))
    chain.pass_to(chain.height + 4)
    assert {chain.state_of(task) for task in (*tasks, locked)} == {state.DISSOLVED}
    chain.check(operator(0), proposal_of(chain, FreezeKey(key_of(chain), False)))


def test_no_result_is_taken_under_a_frozen_key_while_locked_tasks_wait() -> None:
    chain = TaskChain(powers=POWERS, max_expiries_per_block=Uint(1))
    tasks = [chain.locked() for _ in range(3)]
    freeze(chain)
    waiting = [task for task in tasks if chain.state_of(task) == state.LOCKED]
    assert len(waiting) == 2
    for task in waiting:
        with pytest.raises(KeyFrozen):
            chain.check(PROVIDER, chain.result(task))


def test_an_unfrozen_key_works_again(chain: TaskChain) -> None:
    freeze(chain)
    freeze(chain, False)
    task = chain.locked()
    assert chain.settle(task).code == OK
    assert chain.provider(RESCUER).settled == 0
