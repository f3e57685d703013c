"""What time does to tasks: expiry, forfeit, and queues that are capped without anybody noticing."""

from dataclasses import replace

import pytest

from chain.types.scalars import Amount, Height, Name, Uint
from contracts.tasks import state
from contracts.tasks.events import LockForfeited, TaskExpired
from tests.support.small_chain import account
from tests.support.task_chain import COLLATERAL, PRICE_END, PROVIDER, REQUESTER, TaskChain


@pytest.fixture
def chain() -> TaskChain:
    return TaskChain()


def test_a_task_that_nobody_locks_is_paid_back(chain: TaskChain) -> None:
    task = chain.open()
    before = chain.balance(REQUESTER)
    chain.pass_to(chain.task(task).terms.lock_deadline - 1)
    assert chain.state_of(task) == state.OPEN
    chain.block()
    assert chain.state_of(task) == state.EXPIRED
    assert chain.closing_events == (TaskExpired(task, Amount(PRICE_END)),)
    assert chain.balance(REQUESTER) == before + PRICE_END
    assert chain.held_by(task) == 0


def test_an_expired_task_is_listed_nowhere_among_the_living(chain: TaskChain) -> None:
    task = chain.open()
    chain.pass_to(chain.task(task).terms.lock_deadline)
    view = chain.view
    for space in (state.OPEN_TASK, state.DUE, state.BY_KEY, state.INPUT):
        assert list(view.iterate(space.scan())) == []
    assert list(state.tasks_of_requester(view, account(REQUESTER))) == [task]


def test_a_collateral_is_burnt_whole_at_the_locks_deadline(chain: TaskChain) -> None:
    task = chain.locked()
    chain.pass_to(chain.task(task).terms.lock_deadline - 1)
    before, supply = chain.balance(PROVIDER), chain.supply()
    assert chain.state_of(task) == state.LOCKED
    chain.block()
    assert chain.state_of(task) == state.LOCK_EXPIRED
    assert chain.closing_events == (LockForfeited(task, account(PROVIDER), Amount(COLLATERAL)),)
    assert chain.held_by(task) == PRICE_END
    assert chain.balance(PROVIDER) == before
    assert chain.supply() == supply - COLLATERAL
    assert (chain.provider(PROVIDER).locks, chain.provider(PROVIDER).forfeited) == (0, 1)


def test_a_task_that_nobody_rescues_is_paid_back_without_the_collateral(chain: TaskChain) -> None:
    task = chain.locked()
    before = chain.balance(REQUESTER)
    chain.pass_to(chain.task(task).terms.deadline - 1)
    assert chain.state_of(task) == state.LOCK_EXPIRED
    chain.block()
    assert chain.state_of(task) == state.EXPIRED
    assert chain.closing_events == (TaskExpired(task, Amount(PRICE_END)),)
    assert chain.balance(REQUESTER) == before + PRICE_END
    assert chain.held_by(task) == 0
    assert chain.money() == chain.supply()


def test_what_exceeds_the_cap_waits_for_the_next_block() -> None:
    chain = TaskChain(max_expiries_per_block=Uint(2))
    deadline = chain.terms().lock_deadline
    tasks = [chain.open(lock_deadline=deadline) for _ in range(5)]
    chain.pass_to(deadline)
    ended = [sum(chain.state_of(task) == state.EXPIRED for task in tasks)]
    for _ in range(3):
        chain.block()
        ended.append(sum(chain.state_of(task) == state.EXPIRED for task in tasks))
    assert ended == [2, 4, 5, 5]
    assert chain.money() == chain.supply()


def test_the_oldest_deadlines_come_first() -> None:
    chain = TaskChain(max_expiries_per_block=Uint(1))
    deadline = chain.terms().lock_deadline
    later = chain.open(lock_deadline=deadline)
    earlier = chain.open(lock_deadline=Height(deadline - 1))
    earliest = chain.open(lock_deadline=Height(deadline - 1))
    chain.pass_to(deadline)
    assert {chain.state_of(task) for task in (earlier, earliest)} == {state.EXPIRED}
    assert chain.state_of(later) == state.OPEN
    chain.block()
    assert chain.state_of(later) == state.EXPIRED


def test_a_lock_that_the_queue_reaches_after_both_deadlines_is_forfeited_and_paid_back_at_once() -> None:
    chain = TaskChain(max_expiries_per_block=Uint(1))
    busy = chain.terms().lock_deadline
    for _ in range(6):
        chain.open(lock_deadline=busy, ramp_end=busy)
    after, last = Height(busy + 1), Height(busy + 2)
    task = chain.locked(lock_deadline=after, deadline=last, ramp_end=busy)
    chain.pass_to(busy + 5)
    assert chain.state_of(task) == state.LOCKED
    assert chain.task(task).phase(chain.height) == state.EXPIRED
    before = chain.balance(REQUESTER)
    chain.block()
    forfeit, expired = chain.closing_events
    assert forfeit == LockForfeited(task, account(PROVIDER), Amount(COLLATERAL))
    assert expired == TaskExpired(task, Amount(PRICE_END))
    assert chain.balance(REQUESTER) == before + PRICE_END
    assert (chain.state_of(task), chain.held_by(task)) == (state.EXPIRED, 0)
    assert list(chain.view.iterate(state.DUE.scan())) == []


@pytest.mark.parametrize(
    ("stored", "height", "expected"),
    [
        (state.OPEN, 20, state.OPEN),
        (state.OPEN, 21, state.EXPIRED),
        (state.LOCKED, 20, state.LOCKED),
        (state.LOCKED, 21, state.LOCK_EXPIRED),
        (state.LOCKED, 30, state.LOCK_EXPIRED),
        (state.LOCKED, 31, state.EXPIRED),
        (state.LOCK_EXPIRED, 30, state.LOCK_EXPIRED),
        (state.LOCK_EXPIRED, 31, state.EXPIRED),
        (state.SETTLED, 99, state.SETTLED),
        (state.EXPIRED, 1, state.EXPIRED),
        (state.DISSOLVED, 99, state.DISSOLVED),
    ],
)
def test_what_a_task_is_goes_by_heights_alone(chain: TaskChain, stored: str, height: int, expected: str) -> None:
    task = chain.task(chain.open())
    terms = replace(task.terms, lock_deadline=Height(20), deadline=Height(30))
    assert replace(task, terms=terms, state=Name(stored)).phase(Height(height)) == expected
