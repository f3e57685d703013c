"""False proofs cost their sender and the peer that brought them a budget, which comes back block by block."""

import pytest

from node.failures import BLOCKS_BACK, BLOCKS_OF_WORK, FailureBudget, PeerSpentItsWork, TooManyFalseProofs, WorkBudget

ALICE, BOB = b"a" * 32, b"b" * 32
PEER = "peer 01"


def spent(*sources: str | None) -> FailureBudget:
    budget = FailureBudget(limit=2)
    for source in sources:
        budget.count(source, ALICE)
    return budget


def test_below_the_limit_proofs_are_looked_at() -> None:
    spent(PEER).require(PEER, ALICE)


def test_a_spent_sender_waits_whoever_brings_it() -> None:
    with pytest.raises(TooManyFalseProofs):
        spent(PEER, "peer 02").require("peer 03", ALICE)


def test_a_spent_peer_waits_whatever_it_brings() -> None:
    with pytest.raises(TooManyFalseProofs) as refused:
        spent(PEER, PEER).require(PEER, BOB)
    assert (refused.value.name, refused.value.count) == (PEER, 2)


def test_one_users_failures_over_rpc_do_not_shut_out_another() -> None:
    budget = spent(None, None)
    budget.require(None, BOB)
    with pytest.raises(TooManyFalseProofs):
        budget.require(None, ALICE)


def test_each_block_forgives_one_failure() -> None:
    budget = FailureBudget(limit=2)
    budget.leak(height=10)
    budget.count(PEER, ALICE)
    budget.count(PEER, ALICE)
    budget.leak(height=10)
    with pytest.raises(TooManyFalseProofs):
        budget.require(PEER, ALICE)
    budget.leak(height=11)
    budget.require(PEER, ALICE)
    budget.count(PEER, ALICE)
    budget.leak(height=13)
    budget.count(PEER, ALICE)
    budget.require(PEER, ALICE)


def test_a_peer_has_so_much_work_and_each_block_gives_some_back() -> None:
    budget = WorkBudget()
    budget.leak(10, block_work=100)
    budget.spend(PEER, BLOCKS_OF_WORK * 100 - 1)
    budget.require(PEER, block_work=100)
    budget.spend(PEER, 1)
    with pytest.raises(PeerSpentItsWork) as refused:
        budget.require(PEER, block_work=100)
    assert (refused.value.spent, refused.value.limit) == (BLOCKS_OF_WORK * 100, BLOCKS_OF_WORK * 100)
    budget.require("peer 02", block_work=100)
    budget.leak(10, block_work=100)
    assert budget.spent(PEER) == BLOCKS_OF_WORK * 100
    budget.spend(PEER, 1_000)
    budget.leak(12, block_work=100)
    assert budget.spent(PEER) == BLOCKS_OF_WORK * 100 + 1_000 - 2 * BLOCKS_BACK * 100
    budget.leak(100, block_work=100)
    budget.require(PEER, block_work=100)
    assert budget.spent(PEER) == 0


def test_memory_is_bounded() -> None:
    budget = FailureBudget(limit=1)
    for number in range(5_000):
        budget.count(f"peer {number}", ALICE)
    budget.require("peer 0", BOB)
    with pytest.raises(TooManyFalseProofs):
        budget.require("peer 4999", BOB)
    work = WorkBudget()
    for number in range(5_000):
        work.spend(f"peer {number}", 10**9)
    work.require("peer 0", block_work=1)
    with pytest.raises(PeerSpentItsWork):
        work.require("peer 4999", block_work=1)
