"""Opening and locking: which terms are accepted, what is escrowed, who gets the lock and at which price."""

from dataclasses import replace

import pytest

from chain.execution.accounts import InsufficientBalance
from chain.types.receipt import OK
from chain.types.scalars import Amount, Blob, FieldElement, Height, Name, ObjectId, ProgramId, Uint
from contracts.registry.errors import KeyNotActive, ProgramUnknown
from contracts.tasks import state
from contracts.tasks.actions import MAX_RECIPIENTS, MAX_SEALED_INPUT, Lock, Open
from contracts.tasks.errors import (
    CiphertextSize,
    CollateralTooLow,
    DeadlineInvalid,
    DuplicateRecipient,
    EvidenceKindUnknown,
    InputCommitmentReused,
    LockTaken,
    NotALockRecipient,
    PriceRampInvalid,
    ProviderNotBonded,
    TaskNotFound,
    TaskNotInState,
    TooManyLocks,
    WrongNumberOfRecipients,
)
from contracts.tasks.events import TaskLocked, TaskOpened
from contracts.tasks.provider_actions import WithdrawBond
from contracts.tasks.state import SealedKey
from tests.support.programs import BOND, program_of, registered_program
from tests.support.small_chain import FUNDS, account
from tests.support.task_chain import (
    COLLATERAL,
    COMMITMENT,
    LOCK_WITHIN,
    OTHER,
    OWNER,
    PRICE_END,
    PROVIDER,
    RAMP,
    REQUESTER,
    RESCUER,
    STRANGER,
    TaskChain,
    sealed_to,
)


@pytest.fixture
def chain() -> TaskChain:
    return TaskChain()


# Opening


def test_opening_escrows_the_highest_price(chain: TaskChain) -> None:
    before = chain.balance(REQUESTER)
    receipt = chain.do(REQUESTER, chain.offer())
    event = receipt.events[0]
    assert isinstance(event, TaskOpened)
    assert event.escrow == chain.held_by(event.task) == PRICE_END
    assert event.recipients == (account(PROVIDER), account(OTHER))
    assert chain.balance(REQUESTER) == before - PRICE_END - receipt.fee
    task = chain.task(event.task)
    assert (task.state, task.lock_epoch, task.lock, task.result) == (state.OPEN, 0, None, None)
    assert task.opened_at == chain.height


def test_an_open_task_is_listed_everywhere_it_is_looked_for(chain: TaskChain) -> None:
    first = chain.open()
    second = chain.open()
    view = chain.view
    assert list(state.open_tasks(view, Height(0))) == [first, second]
    assert list(state.open_tasks(view, chain.height)) == [second]
    assert list(state.tasks_of_requester(view, account(REQUESTER))) == [first, second]
    assert set(state.live_tasks_of_key(view, chain.task(first).vk_id)) == {first, second}
    found = state.find_input(view, first)
    assert found is not None
    assert found.recipients == sealed_to(PROVIDER, OTHER)


def _heights(ramp_end: int = RAMP, lock_deadline: int = LOCK_WITHIN, deadline: int = 30) -> dict[str, int]:
    return {"ramp_end": ramp_end, "lock_deadline": lock_deadline, "deadline": deadline}


@pytest.mark.parametrize(
    "heights",
    [
        _heights(ramp_end=21),
        _heights(lock_deadline=30),
        _heights(lock_deadline=31),
        _heights(ramp_end=0, lock_deadline=0),
        _heights(deadline=10_001),
    ],
)
def test_heights_out_of_order_are_refused(chain: TaskChain, heights: dict[str, int]) -> None:
    opened = chain.height + 1
    with pytest.raises(DeadlineInvalid) as refused:
        chain.check(REQUESTER, chain.offer(**{name: Height(opened + after) for name, after in heights.items()}))
    assert refused.value.latest == opened + chain.params.max_task_heights


@pytest.mark.parametrize("heights", [_heights(20, 20, 21), _heights(0, 1, 2), _heights(deadline=10_000)])
def test_the_tightest_and_the_longest_heights_are_accepted(chain: TaskChain, heights: dict[str, int]) -> None:
    opened = chain.height + 1
    chain.check(REQUESTER, chain.offer(**{name: Height(opened + after) for name, after in heights.items()}))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"price_start": Amount(PRICE_END + 1)}, PriceRampInvalid),
        ({"price_start": Amount(0), "price_end": Amount(0)}, PriceRampInvalid),
        ({"price_end": Amount(FUNDS + 1)}, InsufficientBalance),
        ({"collateral": Amount(999_999)}, CollateralTooLow),
        ({"evidence_kind": Name("hearsay")}, EvidenceKindUnknown),
        ({"program": ProgramId(bytes(32))}, ProgramUnknown),
    ],
)
def test_terms_that_break_a_rule_are_refused(
    chain: TaskChain, change: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        chain.check(REQUESTER, chain.offer(**change))


def _recipients(offer: Open, *recipients: SealedKey) -> Open:
    return replace(offer, recipients=recipients)


def test_recipients_are_distinct_bonded_providers(chain: TaskChain) -> None:
    offer = chain.offer()
    with pytest.raises(WrongNumberOfRecipients):
        chain.check(REQUESTER, _recipients(offer))
    with pytest.raises(WrongNumberOfRecipients):
        chain.check(REQUESTER, _recipients(offer, *sealed_to(*range(1, MAX_RECIPIENTS + 2))))
    with pytest.raises(DuplicateRecipient):
        chain.check(REQUESTER, _recipients(offer, *sealed_to(PROVIDER, OTHER, PROVIDER)))
    with pytest.raises(ProviderNotBonded) as refused:
        chain.check(REQUESTER, _recipients(offer, *sealed_to(PROVIDER, STRANGER)))
    assert (refused.value.account, refused.value.bond) == (account(STRANGER), 0)
    chain.do(OTHER, WithdrawBond(BOND))
    with pytest.raises(ProviderNotBonded):
        chain.check(REQUESTER, offer)


@pytest.mark.parametrize("size", [0, 16, MAX_SEALED_INPUT + 1])
def test_a_sealed_input_has_a_plausible_size(chain: TaskChain, size: int) -> None:
    with pytest.raises(CiphertextSize):
        chain.check(REQUESTER, replace(chain.offer(), sealed_input=Blob(bytes(size))))


@pytest.mark.parametrize("size", [0, 48, 257])
def test_a_sealed_key_has_a_plausible_size(chain: TaskChain, size: int) -> None:
    with pytest.raises(CiphertextSize):
        chain.check(REQUESTER, _recipients(chain.offer(), SealedKey(account(PROVIDER), Blob(bytes(size)))))


def test_a_program_is_asked_for_when_its_key_is_active() -> None:
    chain = TaskChain(activation_delay=Uint(9))
    with pytest.raises(KeyNotActive):
        chain.check(REQUESTER, chain.offer())
    chain.pass_to(9)
    chain.check(REQUESTER, chain.offer())


def test_an_input_of_an_unbound_program_is_asked_about_once() -> None:
    chain = TaskChain(bound=False)
    chain.open()
    with pytest.raises(InputCommitmentReused):
        chain.check(REQUESTER, chain.offer())
    chain.check(REQUESTER, chain.offer(input_commitment=FieldElement(COMMITMENT + 1)))
    other = registered_program(chain, OWNER, bound=False, seed=2)
    chain.check(REQUESTER, chain.offer(program=other))


def test_another_program_of_the_same_key_does_not_make_a_known_proof_new() -> None:
    chain = TaskChain(bound=False)
    chain.open()
    twin = replace(program_of(2, bound=False), manifest=Blob(b"the same circuit under another name"))
    assert chain.do(OWNER, twin).code == OK
    with pytest.raises(InputCommitmentReused):
        chain.check(REQUESTER, chain.offer(program=twin.program))


def test_an_input_of_a_bound_program_may_be_asked_about_again(chain: TaskChain) -> None:
    chain.open()
    chain.check(REQUESTER, chain.offer())


# Locking


@pytest.mark.parametrize("wait", [1, 2, 7, 9, 10, 11, LOCK_WITHIN])
def test_a_lock_fixes_the_price_of_its_height(chain: TaskChain, wait: int) -> None:
    task = chain.open()
    chain.pass_to(chain.height + wait - 1)
    receipt = chain.lock(task)
    assert receipt.events == (TaskLocked(task, account(PROVIDER), Amount(chain.price_after(wait)), Uint(1)),)


def test_a_price_whose_ramp_is_over_is_the_end_price(chain: TaskChain) -> None:
    task = chain.open(ramp_end=Height(0))
    chain.lock(task)
    assert chain.task(task).require_lock().price == PRICE_END


def test_a_lock_takes_the_collateral(chain: TaskChain) -> None:
    task = chain.open()
    before = chain.balance(PROVIDER)
    receipt = chain.lock(task)
    assert chain.held_by(task) == PRICE_END + COLLATERAL
    assert chain.balance(PROVIDER) == before - COLLATERAL - receipt.fee
    assert chain.provider(PROVIDER).locks == 1
    assert list(state.open_tasks(chain.view, Height(0))) == []
    assert list(state.tasks_of_provider(chain.view, account(PROVIDER))) == [task]


def test_the_first_lock_in_a_block_wins(chain: TaskChain) -> None:
    task = chain.open()
    first, second = chain.block(chain.transaction(OTHER, Lock(task)), chain.transaction(PROVIDER, Lock(task)))
    assert (first.code, second.code) == (OK, LockTaken.code)
    assert chain.task(task).require_lock().provider == account(OTHER)


def test_a_lock_is_not_taken_twice_or_handed_on(chain: TaskChain) -> None:
    task = chain.locked()
    for person in (PROVIDER, OTHER):
        with pytest.raises(LockTaken) as refused:
            chain.check(person, Lock(task))
        assert refused.value.locker == account(PROVIDER)


def test_only_those_who_can_read_the_input_lock(chain: TaskChain) -> None:
    task = chain.open()
    with pytest.raises(NotALockRecipient):
        chain.check(RESCUER, Lock(task))


def test_a_recipient_that_lost_its_bond_cannot_lock(chain: TaskChain) -> None:
    task = chain.open()
    chain.do(PROVIDER, WithdrawBond(BOND))
    with pytest.raises(ProviderNotBonded):
        chain.check(PROVIDER, Lock(task))


def test_a_recipient_without_the_collateral_cannot_lock(chain: TaskChain) -> None:
    task = chain.open(collateral=FUNDS)
    with pytest.raises(InsufficientBalance):
        chain.check(PROVIDER, Lock(task))


def test_locks_per_provider_are_capped() -> None:
    chain = TaskChain(max_locks_per_provider=Uint(2))
    first = chain.locked()
    chain.locked()
    third = chain.open()
    with pytest.raises(TooManyLocks) as refused:
        chain.check(PROVIDER, Lock(third))
    assert (refused.value.locks, refused.value.limit) == (2, 2)
    chain.settle(first)
    chain.check(PROVIDER, Lock(third))


def test_a_task_is_locked_until_its_lock_deadline(chain: TaskChain) -> None:
    task = chain.open()
    deadline = chain.task(task).terms.lock_deadline
    chain.pass_to(deadline - 1)
    chain.check(PROVIDER, Lock(task))
    chain.pass_to(deadline)
    with pytest.raises(TaskNotInState) as refused:
        chain.check(PROVIDER, Lock(task))
    assert refused.value.state == state.EXPIRED


def test_a_task_that_does_not_exist_cannot_be_locked(chain: TaskChain) -> None:
    with pytest.raises(TaskNotFound):
        chain.check(PROVIDER, Lock(ObjectId(bytes(32))))


def test_a_program_registered_in_the_same_transaction_cannot_be_asked_for_yet(chain: TaskChain) -> None:
    action = program_of(2, seed=3)
    with pytest.raises(ProgramUnknown):
        chain.check(REQUESTER, chain.offer(program=action.program))
