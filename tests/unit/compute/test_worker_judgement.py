"""What a lock may cost and bring is known before it is taken: pace, time, price and fees."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.execution.fees import transaction_work
from chain.params import DEVNET
from chain.types.scalars import AccountId, Amount, FieldElement, Hash, Height, Name, ObjectId, ProgramId, Uint, VkId
from chain.types.transaction import Transaction
from compute.worker.judge import (
    Market,
    Promise,
    fee_work,
    lock_by,
    objection_to_profit,
    objection_to_terms,
    objection_to_time,
)
from compute.worker.pace import CAUTION, LOCK_HEIGHTS, SETTLE_HEIGHTS, Pace
from compute.worker.settings import WorkerSettings
from contracts.registry.state import Program
from contracts.registry.statement import INFERENCE, INFERENCE_COMMITTED_MODEL
from contracts.tasks.actions import Lock, Settle
from contracts.tasks.state import OPEN, PROOF, Task, Terms
from tests.support.programs import NO_PROOF
from tests.support.small_chain import SmallChain

ID = bytes(32)
PROGRAM = Program(
    ProgramId(ID), VkId(ID), Hash(ID), Hash(ID), AccountId(ID), Uint(1_000), INFERENCE, Uint(1), True, None, Height(1)
)
SETTINGS = WorkerSettings(min_price=100, max_collateral=1_000, safety_heights=5)
OVERHEAD = LOCK_HEIGHTS + SETTLE_HEIGHTS


def task(**changes: Any) -> Task:
    terms = Terms(
        program=ProgramId(ID),
        input_commitment=FieldElement(1),
        evidence_kind=PROOF,
        price_start=Amount(0),
        price_end=Amount(1_000),
        ramp_end=Height(110),
        collateral=Amount(1_000),
        lock_deadline=Height(150),
        deadline=Height(160),
    )
    return Task(
        ObjectId(ID), AccountId(ID), replace(terms, **changes), VkId(ID), (), Height(100), OPEN, Uint(0), None, None
    )


def market(height: int = 120, base_fee: int = 0) -> Market:
    return Market(Height(height), Amount(base_fee), DEVNET)


def test_a_fair_task_has_nothing_against_it() -> None:
    assert objection_to_terms(task(), market(), SETTINGS) is None
    assert objection_to_profit(task(), PROGRAM, market()) is None
    assert objection_to_time(task(), market(), Pace(1.0), (), SETTINGS) is None


@pytest.mark.parametrize(
    ("changes", "height", "final"),
    [
        ({"evidence_kind": Name("attested")}, 120, True),
        ({"collateral": Amount(1_001)}, 120, True),
        ({"price_end": Amount(99)}, 120, True),
        ({}, 99, False),  # the ramp has not begun
    ],
)
def test_terms_are_refused_for_good_or_for_now(changes: dict[str, Any], height: int, final: bool) -> None:
    objection = objection_to_terms(task(**changes), market(height), SETTINGS)
    assert objection is not None and objection.final is final


def test_the_price_counted_is_that_of_the_next_block() -> None:
    """100 a height: at head 100 the next block pays exactly the least price."""
    assert objection_to_terms(task(), market(100), SETTINGS) is None
    assert objection_to_terms(task(), market(100), replace(SETTINGS, min_price=101)) is not None


def test_a_price_below_the_fees_is_no_profit() -> None:
    paid = 1_000 * 99 // 100 * 90 // 100
    cheap, dear = task(price_end=Amount(10**9)), task()
    assert objection_to_profit(cheap, PROGRAM, market(base_fee=100)) is None
    objection = objection_to_profit(dear, PROGRAM, market(base_fee=100))
    assert objection is not None and not objection.final and str(paid) in objection.reason


COMMITTED = replace(PROGRAM, statement=INFERENCE_COMMITTED_MODEL, model=FieldElement(2**253))


@pytest.mark.parametrize(
    ("program", "outputs"), [(PROGRAM, 1), (PROGRAM, 7), (PROGRAM, 29), (COMMITTED, 1), (COMMITTED, 28)]
)
def test_the_fees_counted_are_at_least_those_that_are_charged(program: Program, outputs: int) -> None:
    chain, program = SmallChain(), replace(program, outputs=Uint(outputs))
    values = (FieldElement(2**253),) * outputs
    settle = Settle(ObjectId(ID), VkId(ID), Uint(1), FieldElement(1), program.model, values, NO_PROOF)
    transactions: list[Transaction] = [chain.transaction(1, Lock(ObjectId(ID))), chain.transaction(1, settle)]
    charged = sum(transaction_work(transaction, DEVNET) for transaction in transactions)
    assert charged <= fee_work(DEVNET, program) <= charged + 100


promises = st.lists(st.builds(Promise, st.floats(0, 20), st.integers(120, 400).map(Height)), max_size=4)


@given(st.integers(100, 149), st.floats(0, 30), promises, st.integers(1, 4), st.floats(0.1, 5))
def test_no_lock_is_taken_that_the_measured_pace_cannot_keep(
    height: int, own: float, promised: list[Promise], provers: int, block_seconds: float
) -> None:
    """All proofs that would then be due fit before the earliest deadline among them, in whatever order they come."""
    pace, settings = Pace(block_seconds), replace(SETTINGS, provers=provers)
    pace.proof_made(ProgramId(ID), own)
    objection = objection_to_time(task(), market(height), pace, promised, settings)
    proofs = [own, *(promise.seconds for promise in promised)]
    heights = (max(proofs) + (sum(proofs) - max(proofs)) / provers) * CAUTION / block_seconds
    earliest = min(150, *(promise.deadline for promise in promised), 150)
    if objection is None:
        assert height + OVERHEAD + heights + settings.safety_heights <= earliest + 1e-6
    else:
        assert height + OVERHEAD + heights + 1 + settings.safety_heights > earliest


def test_a_lock_that_is_late_in_a_block_still_leaves_time() -> None:
    """The transaction expires at the last height at which the proof fits."""
    pace = Pace(1.0)
    pace.proof_made(ProgramId(ID), 10.0)
    latest = lock_by(task(), pace, (), SETTINGS)
    assert latest == 150 - SETTLE_HEIGHTS - 10 * CAUTION - 5
    assert lock_by(task(), pace, (Promise(10.0, Height(400)),), SETTINGS) == latest - 10 * CAUTION
    assert lock_by(task(), pace, (Promise(0.0, Height(140)),), SETTINGS) == latest - 10


def test_time_that_other_proofs_take_may_pass() -> None:
    for promised, final in (([Promise(100.0, Height(400))], False), ([], True)):
        objection = objection_to_time(task(), market(148), Pace(1.0), promised, SETTINGS)
        assert objection is not None and objection.final is final


def test_blocks_that_come_faster_than_they_should_are_noticed() -> None:
    pace = Pace(1.0)
    for second in range(40):
        pace.block_seen(float(second), 10 * second)
    assert 9 < pace.heights_per_second <= 10
    assert pace.heights_to_settle(2.0) > SETTLE_HEIGHTS + 2 * CAUTION * 9


def test_slow_blocks_are_no_reason_to_promise_more() -> None:
    pace = Pace(1.0)
    for second in range(0, 400, 10):
        pace.block_seen(float(second), second // 10)
    assert pace.heights_per_second == 1.0


def test_a_clock_or_a_head_that_stands_still_changes_nothing() -> None:
    pace = Pace(1.0)
    for moment, height in ((5.0, 7), (5.0, 9), (4.0, 11), (9.0, 9)):
        pace.block_seen(moment, height)
    assert pace.heights_per_second >= 1.0


def test_a_slow_proof_counts_at_once_and_is_forgotten_slowly() -> None:
    pace, program = Pace(1.0), ProgramId(ID)
    assert pace.proof_seconds(program) == 0.0
    pace.proof_made(program, 1.0)
    pace.proof_made(program, 5.0)
    assert pace.proof_seconds(program) == 5.0
    pace.proof_made(program, 1.0)
    assert 4.0 < pace.proof_seconds(program) < 5.0
    assert pace.proof_seconds(ProgramId(b"o" * 32)) == 0.0
