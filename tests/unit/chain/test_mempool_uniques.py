"""The pool and nullifiers: one transaction waits per nullifier, whoever pays it; a proof-paid one is its own queue."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chain.execution.upgrades import NO_FORK
from chain.mempool import (
    AlreadyQueued,
    Mempool,
    MempoolError,
    NonceGap,
    PoolFull,
    ReplacementUnderpriced,
    UniqueWaiting,
)
from chain.types.scalars import AccountId, Amount, ChainId, Hash, Height, Nonce, Signature, Uint, WorkUnits
from chain.types.transaction import FROM_ACCOUNT, FROM_PROOF, Envelope, FeeSource, Transaction
from tests.support.purse import spend

WORK = WorkUnits(100)
OFFER = 10**6


def unique(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _made(kind: Uint, signer: int, nonce: int, tip: int, nullifiers: tuple[int, ...], expiry: int) -> Transaction:
    """A transaction that nobody checks the signature of."""
    envelope = Envelope(
        ChainId("pool-1"),
        Hash(bytes(32)),
        NO_FORK,
        FeeSource(kind, AccountId(bytes([signer]) * 32)),
        Nonce(nonce),
        Height(expiry),
        Amount(OFFER),
        Amount(tip),
        (spend(*nullifiers, offer=OFFER if kind == FROM_PROOF else 0),),
    )
    return Transaction(envelope, Signature(bytes(64)))


def by_proof(*nullifiers: int, tip: int, key: int = 50, expiry: int = 100) -> Transaction:
    return _made(FROM_PROOF, key, 0, tip, nullifiers, expiry)


def by_account(sender: int, nonce: int, *nullifiers: int, tip: int, expiry: int = 100) -> Transaction:
    return _made(FROM_ACCOUNT, sender, nonce, tip, nullifiers, expiry)


def put(pool: Mempool, *transactions: Transaction, committed: int = 0, gap: bool = False) -> None:
    for transaction in transactions:
        pool.add(transaction, WORK, Nonce(0 if transaction.envelope.proof_paid else committed), allow_gap=gap)


def waiting(pool: Mempool) -> list[bytes]:
    """What a proposer would try, in order."""
    return hashes(*pool.candidates())


def hashes(*transactions: Transaction) -> list[bytes]:
    return [transaction.hash for transaction in transactions]


def test_proof_paid_transactions_stand_among_the_others_by_price() -> None:
    pool = Mempool()
    account_paid = [by_account(1, 0, tip=5), by_account(1, 1, tip=80), by_account(2, 0, tip=60)]
    proof_paid = [by_proof(1, tip=70), by_proof(2, tip=3)]
    put(pool, *account_paid, *proof_paid)
    first, second, third = account_paid
    assert waiting(pool) == hashes(proof_paid[0], third, first, second, proof_paid[1])


def test_one_key_may_sign_any_number_of_them() -> None:
    pool = Mempool()
    put(pool, *(by_proof(number, tip=number) for number in range(1, 101)))
    assert len(waiting(pool)) == 100


def test_a_key_that_is_an_account_too_has_its_queue_beside_them() -> None:
    pool = Mempool()
    put(pool, by_account(50, 0, tip=1), by_proof(1, tip=2, key=50), by_account(50, 1, tip=3))
    assert len(waiting(pool)) == 3
    with pytest.raises(NonceGap):
        put(pool, by_account(50, 3, tip=1))


def test_what_the_base_fee_has_outgrown_waits() -> None:
    pool = Mempool()
    put(pool, by_proof(1, tip=0), by_proof(2, tip=OFFER // 2))
    assert len(list(pool.candidates(Amount(OFFER // WORK)))) == 1
    assert len(list(pool.candidates(Amount(OFFER // WORK + 1)))) == 0


@pytest.mark.parametrize(("tip", "needed"), [(0, 1), (1, 2), (10, 11), (100, 110), (101, 112)])
def test_a_nullifier_that_waits_is_replaced_for_a_tenth_more(tip: int, needed: int) -> None:
    for first in (by_proof(1, tip=tip), by_account(1, 0, 1, tip=tip)):
        for maker in (lambda tip: by_proof(1, tip=tip, key=51), lambda tip: by_account(2, 0, 1, tip=tip)):
            pool = Mempool()
            put(pool, first)
            with pytest.raises(UniqueWaiting) as refusal:
                put(pool, maker(needed - 1))
            assert (refusal.value.unique, refusal.value.needed) == (unique(1), needed)
            assert waiting(pool) == hashes(first)
            put(pool, maker(needed))
            assert waiting(pool) == hashes(maker(needed))
            assert pool.bytes == len(maker(needed).raw)


def test_who_replaces_several_pays_more_than_all_of_them() -> None:
    """Else one payment would drive out many."""
    pool = Mempool()
    put(pool, by_proof(1, tip=100), by_proof(2, tip=50), by_account(1, 0, 3, tip=50))
    with pytest.raises(UniqueWaiting) as refusal:
        put(pool, by_proof(3, 9, 2, 1, tip=219))
    assert refusal.value.needed == 220
    put(pool, by_proof(3, 9, 2, 1, tip=220))
    assert len(pool) == 1


def test_a_nonce_and_a_nullifier_may_belong_to_two_that_wait() -> None:
    pool = Mempool()
    put(pool, by_account(1, 0, 1, tip=100), by_account(1, 1, tip=1), by_proof(2, tip=100))
    with pytest.raises(UniqueWaiting):
        put(pool, by_account(1, 0, 2, tip=219))
    with pytest.raises(ReplacementUnderpriced):
        put(pool, by_account(1, 0, 3, tip=109))
    better = by_account(1, 0, 2, tip=220)
    put(pool, better)
    assert waiting(pool)[0] == better.hash
    assert len(pool) == 2
    put(pool, by_proof(1, tip=0))  # the replaced one's nullifier is free


def test_replacing_in_the_middle_of_a_queue_leaves_its_followers_waiting() -> None:
    pool = Mempool()
    queue = [by_account(1, 0, tip=1), by_account(1, 1, 7, tip=1), by_account(1, 2, tip=1)]
    put(pool, *queue)
    put(pool, by_proof(7, tip=2))
    assert waiting(pool) == hashes(by_proof(7, tip=2), queue[0])
    put(pool, by_account(1, 1, tip=0))
    assert len(waiting(pool)) == 4


def test_the_same_bytes_are_not_taken_twice() -> None:
    pool = Mempool()
    put(pool, by_proof(1, tip=5))
    with pytest.raises(AlreadyQueued):
        put(pool, by_proof(1, tip=5))


# Room


def test_a_full_pool_evicts_the_worst_whoever_pays_it() -> None:
    pool = Mempool(max_count=2)
    put(pool, by_proof(1, tip=5), by_account(1, 0, tip=9))
    put(pool, by_proof(2, tip=7))
    assert waiting(pool) == hashes(by_account(1, 0, tip=9), by_proof(2, tip=7))
    with pytest.raises(PoolFull):
        put(pool, by_proof(3, tip=7))
    put(pool, by_proof(1, tip=8))  # the evicted one's nullifier is free
    assert waiting(pool) == hashes(by_account(1, 0, tip=9), by_proof(1, tip=8))


def test_one_key_evicts_its_own_worse_ones() -> None:
    pool = Mempool(max_count=1)
    put(pool, by_proof(1, tip=5, key=50))
    put(pool, by_proof(2, tip=6, key=50))
    assert waiting(pool) == hashes(by_proof(2, tip=6, key=50))


def test_what_finds_no_room_puts_back_what_it_would_have_replaced() -> None:
    small, tail = by_proof(1, tip=10), by_account(1, 0, 3, tip=2)
    pool = Mempool(max_bytes=len(small.raw) + len(tail.raw) + 40)
    put(pool, small, tail)
    large = by_proof(3, *range(100, 140), tip=9)
    before = (waiting(pool), pool.bytes)
    with pytest.raises(PoolFull):
        put(pool, large)
    assert (waiting(pool), pool.bytes) == before
    with pytest.raises(UniqueWaiting):
        put(pool, by_proof(3, tip=2))


# After a block


def test_a_block_that_used_a_nullifier_drops_whatever_else_uses_it() -> None:
    pool = Mempool()
    put(pool, by_proof(1, 2, tip=5), by_account(1, 0, 3, tip=5), by_account(1, 1, tip=5), by_proof(4, tip=5))
    pool.after_block([], Height(1), [unique(2), unique(3), unique(9)])
    assert waiting(pool) == hashes(by_proof(4, tip=5))
    assert len(pool) == 2  # the follower of what left waits for its nonce
    put(pool, by_proof(1, tip=0))


def test_nonces_of_a_block_do_not_touch_what_a_proof_pays() -> None:
    pool = Mempool()
    put(pool, by_proof(1, tip=5, key=50))
    pool.after_block([(AccountId(bytes([50]) * 32), Nonce(9))], Height(1))
    assert len(waiting(pool)) == 1


def test_it_leaves_when_it_expires_or_is_removed() -> None:
    pool = Mempool()
    put(pool, by_proof(1, tip=5, expiry=7), by_proof(2, tip=5))
    pool.after_block([], Height(7))
    pool.remove(by_proof(2, tip=5).hash)
    assert (len(pool), pool.bytes) == (0, 0)
    put(pool, by_proof(1, 2, tip=0))


# Against a naive model

COUNT = 6
nullifiers = st.lists(st.integers(1, 6), max_size=3, unique=True)


class NaivePool(RuleBasedStateMachine):
    """The same rules over a plain list, written a second time; nonces of an account come in order here."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = Mempool(max_count=COUNT)
        self.waiting: list[Transaction] = []
        self.height = 0

    @rule(tip=st.integers(0, 40), used=nullifiers.filter(bool), key=st.integers(50, 51), life=st.integers(1, 4))
    def add_by_proof(self, tip: int, used: list[int], key: int, life: int) -> None:
        self._add(by_proof(*used, tip=tip, key=key, expiry=self.height + life))

    @rule(tip=st.integers(0, 40), used=nullifiers, sender=st.integers(1, 2), nonce=st.integers(0, 2))
    def add_by_account(self, tip: int, used: list[int], sender: int, nonce: int) -> None:
        self._add(by_account(sender, nonce, *used, tip=tip, expiry=self.height + 50))

    def _add(self, transaction: Transaction) -> None:
        expected = self._expected(transaction)
        try:
            put(self.pool, transaction, gap=True)
        except MempoolError as refusal:
            assert type(refusal) is expected
        else:
            assert expected is None

    def _expected(self, transaction: Transaction) -> type[MempoolError] | None:
        """What adding must end with; the model takes the transaction if it is to be taken."""
        if any(each.raw == transaction.raw for each in self.waiting):
            return AlreadyQueued
        same_nonce = [each for each in self.waiting if _place(each) == _place(transaction)]
        uniques = set(transaction.envelope.uniques)
        rivals = [each for each in self.waiting if each in same_nonce or uniques & set(each.envelope.uniques)]
        tips = sum(each.envelope.tip for each in rivals)
        if rivals and 10 * transaction.envelope.tip < 11 * tips + (not tips):
            return ReplacementUnderpriced if rivals == same_nonce else UniqueWaiting
        rest = [each for each in self.waiting if each not in rivals]
        if len(rest) == COUNT:
            lowest = min(_tails(rest), key=lambda each: (each.envelope.tip, each.hash))
            own = not transaction.envelope.proof_paid and _place(lowest)[0] == transaction.sender
            if own or transaction.envelope.tip <= lowest.envelope.tip:
                return PoolFull
            rest.remove(lowest)
        self.waiting = [*rest, transaction]
        return None

    @rule(used=nullifiers)
    def block(self, used: list[int]) -> None:
        self.height += 1
        gone = {unique(number) for number in used}
        self.pool.after_block([], Height(self.height), sorted(gone))
        self.waiting = [
            each
            for each in self.waiting
            if not gone & set(each.envelope.uniques) and each.envelope.expiry_height > self.height
        ]

    @invariant()
    def the_same_wait(self) -> None:
        assert len(self.pool) == len(self.waiting)
        assert all(self.pool.get(each.hash) is not None for each in self.waiting)
        assert self.pool.bytes == sum(len(each.raw) for each in self.waiting)

    @invariant()
    def no_nullifier_waits_twice_and_none_is_remembered_in_vain(self) -> None:
        uniques = [each for transaction in self.waiting for each in transaction.envelope.uniques]
        assert len(set(uniques)) == len(uniques)
        assert set(self.pool._by_unique) == set(uniques)

    @invariant()
    def every_proof_paid_one_is_offered(self) -> None:
        offered = [each for each in self.pool.candidates() if each.envelope.proof_paid]
        assert sorted(each.hash for each in offered) == sorted(
            each.hash for each in self.waiting if each.envelope.proof_paid
        )
        assert [each.envelope.tip for each in offered] == sorted((each.envelope.tip for each in offered), reverse=True)


def _place(transaction: Transaction) -> tuple[bytes, int]:
    envelope = transaction.envelope
    return (transaction.hash if envelope.proof_paid else transaction.sender, envelope.nonce)


def _tails(transactions: list[Transaction]) -> list[Transaction]:
    """Those with the highest nonce of their queue."""
    highest: dict[bytes, Transaction] = {}
    for transaction in sorted(transactions, key=lambda each: each.envelope.nonce):
        highest[_place(transaction)[0]] = transaction
    return list(highest.values())


TestNaivePool = NaivePool.TestCase
TestNaivePool.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
