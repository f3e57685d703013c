"""The pool: which transactions it takes, in which order it offers them, and what makes them leave."""

from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chain.execution.upgrades import NO_FORK
from chain.mempool import (
    MAX_QUEUED_PER_SENDER,
    AlreadyQueued,
    Mempool,
    MempoolError,
    NonceGap,
    NonceUsed,
    PoolFull,
    ReplacementUnderpriced,
    TooManyQueued,
)
from chain.types.scalars import AccountId, Amount, ChainId, Hash, Height, Nonce, Signature, WorkUnits
from chain.types.transaction import FROM_ACCOUNT, Envelope, FeeSource, Transaction
from contracts.token.actions import Transfer

WORK = WorkUnits(100)


def account(number: int) -> AccountId:
    return AccountId(bytes([number]) * 32)


def paying(
    sender: int, nonce: int, tip: int, *, expiry: int = 100, fee_limit: int = 10**9, amount: int = 1
) -> Transaction:
    """A transaction that nobody checks the signature of."""
    envelope = Envelope(
        ChainId("pool-1"),
        Hash(bytes(32)),
        NO_FORK,
        FeeSource(FROM_ACCOUNT, account(sender)),
        Nonce(nonce),
        Height(expiry),
        Amount(fee_limit),
        Amount(tip),
        (Transfer(account(99), Amount(amount)),),
    )
    return Transaction(envelope, Signature(bytes(64)))


def put(pool: Mempool, *transactions: Transaction, committed: int = 0, work: int = WORK, gap: bool = False) -> None:
    for transaction in transactions:
        pool.add(transaction, WorkUnits(work), Nonce(committed), allow_gap=gap)


def offered(pool: Mempool, base_fee: int = 0) -> list[tuple[int, int]]:
    """(sender, nonce) in the order in which a proposer would try them."""
    return [(each.sender[0], each.envelope.nonce) for each in pool.candidates(Amount(base_fee))]


# Order


def test_the_highest_tip_per_work_unit_comes_first() -> None:
    pool = Mempool()
    put(pool, paying(1, 0, tip=50), paying(2, 0, tip=70), paying(3, 0, tip=60))
    assert offered(pool) == [(2, 0), (3, 0), (1, 0)]


def test_a_tip_counts_by_the_work_that_it_pays_for() -> None:
    pool = Mempool()
    put(pool, paying(1, 0, tip=90), work=300)
    put(pool, paying(2, 0, tip=40), work=100)
    assert offered(pool) == [(2, 0), (1, 0)]


def test_a_senders_transactions_come_by_nonce_however_much_the_later_ones_pay() -> None:
    pool = Mempool()
    put(pool, paying(1, 0, tip=1), paying(1, 1, tip=1_000), paying(2, 0, tip=10))
    assert offered(pool) == [(2, 0), (1, 0), (1, 1)]


def test_what_lies_behind_a_gap_is_kept_and_not_offered_until_the_gap_is_closed() -> None:
    pool = Mempool()
    put(pool, paying(1, 2, tip=9), paying(1, 0, tip=9), gap=True)
    assert offered(pool) == [(1, 0)]
    assert len(pool) == 2
    put(pool, paying(1, 1, tip=9))
    assert offered(pool) == [(1, 0), (1, 1), (1, 2)]


def test_what_the_base_fee_has_outgrown_waits_with_its_followers_until_the_fee_falls() -> None:
    pool = Mempool()
    put(pool, paying(1, 0, tip=5, fee_limit=1_000), paying(1, 1, tip=5), paying(2, 0, tip=1))
    assert offered(pool, base_fee=10) == [(2, 0)]
    assert offered(pool, base_fee=9) == [(1, 0), (1, 1), (2, 0)]
    assert len(pool) == 3


def test_best_stops_with_the_first_that_exceeds_the_room() -> None:
    pool = Mempool()
    transactions = [paying(number, 0, tip=100 - number) for number in range(1, 9)]
    put(pool, *transactions)
    size = len(transactions[0].raw)
    assert pool.best(Amount(0), 3 * size, 10**9) == transactions[:4]
    assert pool.best(Amount(0), 10**9, 2 * WORK) == transactions[:3]
    assert pool.best(Amount(0), 10**9, 10**9) == transactions


# Nonces


def test_a_used_nonce_is_refused() -> None:
    pool = Mempool()
    with pytest.raises(NonceUsed) as refusal:
        put(pool, paying(1, 4, tip=1), committed=5)
    assert (refusal.value.expected, refusal.value.got) == (5, 4)


def test_a_gap_is_refused_unless_it_came_by_gossip() -> None:
    pool = Mempool()
    with pytest.raises(NonceGap) as refusal:
        put(pool, paying(1, 7, tip=1), committed=5)
    assert (refusal.value.expected, refusal.value.got) == (5, 7)
    put(pool, paying(1, 7, tip=1), committed=5, gap=True)


def test_the_next_nonce_counts_what_waits_without_a_gap() -> None:
    pool = Mempool()
    put(pool, paying(1, 5, tip=1), paying(1, 6, tip=1), committed=5)
    put(pool, paying(1, 8, tip=1), committed=5, gap=True)
    assert pool.next_nonce(account(1), Nonce(5)) == 7
    assert pool.next_nonce(account(2), Nonce(3)) == 3


def test_an_account_may_have_sixty_four_waiting() -> None:
    pool = Mempool()
    put(pool, *(paying(1, nonce, tip=1) for nonce in range(3, 3 + MAX_QUEUED_PER_SENDER)), committed=3)
    with pytest.raises(TooManyQueued):
        put(pool, paying(1, 3 + MAX_QUEUED_PER_SENDER, tip=1), committed=3)
    put(pool, paying(2, 0, tip=1))


def test_the_same_transaction_is_not_taken_twice() -> None:
    pool = Mempool()
    put(pool, paying(1, 0, tip=1))
    with pytest.raises(AlreadyQueued):
        put(pool, paying(1, 0, tip=1))


# Replacement


@pytest.mark.parametrize(("tip", "needed"), [(0, 1), (1, 2), (9, 10), (10, 11), (11, 13), (100, 110), (101, 112)])
def test_a_waiting_nonce_is_replaced_for_a_tenth_more(tip: int, needed: int) -> None:
    pool = Mempool()
    put(pool, paying(1, 0, tip=tip))
    with pytest.raises(ReplacementUnderpriced) as refusal:
        put(pool, paying(1, 0, tip=needed - 1, amount=2))
    assert refusal.value.needed == needed
    better = paying(1, 0, tip=needed, amount=2)
    put(pool, better)
    assert list(pool.candidates()) == [better]
    assert pool.bytes == len(better.raw)


def test_a_full_pool_still_takes_a_replacement() -> None:
    pool = Mempool(max_count=2)
    put(pool, paying(1, 0, tip=10), paying(2, 0, tip=10))
    put(pool, paying(1, 0, tip=11))
    assert sorted(offered(pool)) == [(1, 0), (2, 0)]


# A full pool


def test_a_full_pool_evicts_its_lowest_tail_for_one_that_pays_more() -> None:
    pool = Mempool(max_count=3)
    put(pool, paying(1, 0, tip=1), paying(1, 1, tip=30), paying(2, 0, tip=20))
    put(pool, paying(3, 0, tip=25))  # the lowest tail is 2's: 1's first is no tail, though it pays least
    assert offered(pool) == [(3, 0), (1, 0), (1, 1)]


def test_a_full_pool_refuses_what_pays_no_more_than_its_lowest_tail() -> None:
    pool = Mempool(max_count=2)
    put(pool, paying(1, 0, tip=5), paying(2, 0, tip=6))
    with pytest.raises(PoolFull):
        put(pool, paying(3, 0, tip=5))
    assert offered(pool) == [(2, 0), (1, 0)]


def test_nobody_evicts_its_own_lower_nonce() -> None:
    pool = Mempool(max_count=1)
    put(pool, paying(1, 0, tip=5))
    with pytest.raises(PoolFull):
        put(pool, paying(1, 1, tip=50))
    assert offered(pool) == [(1, 0)]


def test_a_refusal_after_some_evictions_puts_everything_back() -> None:
    size = len(paying(1, 0, tip=1).raw)
    pool = Mempool(max_bytes=3 * size + 10)
    put(pool, paying(1, 5, tip=1), committed=5)
    put(pool, paying(2, 0, tip=9), paying(3, 0, tip=9))
    large = _of_size(paying(4, 0, tip=5), 2 * size)
    before = (offered(pool), pool.bytes, len(pool))
    with pytest.raises(PoolFull):
        put(pool, large)  # 1's would go, but 2's and 3's pay more
    assert (offered(pool), pool.bytes, len(pool)) == before


def _of_size(transaction: Transaction, size: int) -> Transaction:
    """The same with longer bytes, as the pool sees them."""
    return Transaction(transaction.envelope, transaction.signature, transaction.raw.ljust(size, b"\0"))


# After a block


def test_a_block_takes_its_transactions_and_every_lower_nonce_of_their_senders() -> None:
    pool = Mempool()
    put(pool, *(paying(1, nonce, tip=1) for nonce in range(3)), paying(2, 0, tip=1))
    pool.after_block([(account(1), Nonce(2)), (account(7), Nonce(1))], Height(1))
    assert offered(pool) == [(1, 2), (2, 0)]


def test_a_transaction_leaves_once_no_block_may_hold_it() -> None:
    pool = Mempool()
    put(pool, paying(1, 0, tip=1, expiry=7), paying(2, 0, tip=1, expiry=8))
    pool.after_block([], Height(6))
    assert len(pool) == 2
    pool.after_block([], Height(7))
    assert offered(pool) == [(2, 0)]
    assert pool.bytes == len(paying(2, 0, tip=1, expiry=8).raw)


def test_what_is_removed_frees_its_nonce_and_leaves_its_followers_waiting() -> None:
    pool = Mempool()
    first, second = paying(1, 0, tip=1), paying(1, 1, tip=1)
    put(pool, first, second)
    pool.remove(first.hash)
    pool.remove(first.hash)
    assert first.hash not in pool
    assert pool.get(second.hash) is second
    assert offered(pool) == []
    put(pool, paying(1, 0, tip=0))
    assert offered(pool) == [(1, 0), (1, 1)]


# Against a naive model

COUNT = 8


class NaivePool(RuleBasedStateMachine):
    """The same rules over a plain list, written a second time."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = Mempool(max_count=COUNT)
        self.waiting: list[tuple[Transaction, int]] = []
        self.committed = dict.fromkeys(range(1, 5), 0)
        self.height = 0

    def _of(self, sender: int) -> list[tuple[Transaction, int]]:
        return [each for each in self.waiting if each[0].sender == account(sender)]

    def _price(self, each: tuple[Transaction, int]) -> float:
        return each[0].envelope.tip / each[1]

    @rule(
        sender=st.integers(1, 4),
        ahead=st.integers(-1, 4),
        tip=st.integers(0, 30),
        work=st.sampled_from([1, 2, 4]),
        life=st.integers(1, 4),
        gap=st.booleans(),
    )
    def add(self, sender: int, ahead: int, tip: int, work: int, life: int, gap: bool) -> None:
        nonce = self.committed[sender] + ahead
        if nonce < 0:
            return
        transaction = paying(sender, nonce, tip, expiry=self.height + life)
        expected = self._expected(sender, transaction, work, gap)
        try:
            put(self.pool, transaction, committed=self.committed[sender], work=work, gap=gap)
        except MempoolError as refusal:
            assert type(refusal) is expected
        else:
            assert expected is None

    def _expected(self, sender: int, transaction: Transaction, work: int, gap: bool) -> type[MempoolError] | None:
        """What adding must end with; the model takes the transaction if it is to be taken."""
        nonce, committed = transaction.envelope.nonce, self.committed[sender]
        same = [each for each in self._of(sender) if each[0].envelope.nonce == nonce]
        lower = {each[0].envelope.nonce for each in self._of(sender)}
        if same and same[0][0].raw == transaction.raw:
            return AlreadyQueued
        if nonce < committed:
            return NonceUsed
        if same and 10 * transaction.envelope.tip < 11 * same[0][0].envelope.tip + (not same[0][0].envelope.tip):
            return ReplacementUnderpriced
        if not same and not gap and any(missing not in lower for missing in range(committed, nonce)):
            return NonceGap
        rest = [each for each in self.waiting if each not in same]
        if len(rest) == COUNT:
            tails = [
                max(self._of(owner), key=lambda each: each[0].envelope.nonce)
                for owner in range(1, 5)
                if self._of(owner)
            ]
            lowest = min(tails, key=lambda each: (self._price(each), each[0].hash))
            if lowest[0].sender == transaction.sender or transaction.envelope.tip / work <= self._price(lowest):
                return PoolFull
            rest.remove(lowest)
        self.waiting = [*rest, (transaction, work)]
        return None

    @rule(blocks=st.integers(1, 3))
    def commit(self, blocks: int) -> None:
        """The best candidates stand in a block."""
        self.height += 1
        included = list(self.pool.candidates())[:blocks]
        for transaction in included:
            assert transaction.envelope.nonce == self.committed[transaction.sender[0]]
            self.committed[transaction.sender[0]] += 1
        nonces = {each.sender: Nonce(self.committed[each.sender[0]]) for each in included}
        self.pool.after_block(nonces.items(), Height(self.height))
        self.waiting = [
            each
            for each in self.waiting
            if each[0].envelope.nonce >= self.committed[each[0].sender[0]]
            and each[0].envelope.expiry_height > self.height
        ]

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        if self.waiting:
            gone = data.draw(st.sampled_from(self.waiting))
            self.pool.remove(gone[0].hash)
            self.waiting.remove(gone)

    @invariant()
    def the_same_wait(self) -> None:
        assert len(self.pool) == len(self.waiting)
        assert all(self.pool.get(each.hash) is not None for each, _ in self.waiting)
        assert self.pool.bytes == sum(len(each.raw) for each, _ in self.waiting)

    @invariant()
    def they_are_offered_by_price_over_heads(self) -> None:
        heads = {sender: self.committed[sender] for sender in self.committed}
        by_place = {(each.sender[0], each.envelope.nonce): (each, work) for each, work in self.waiting}
        for transaction in self.pool.candidates():
            sender = transaction.sender[0]
            present = [by_place[place] for place in heads.items() if place in by_place]
            assert self._price(by_place[(sender, heads[sender])]) == max(map(self._price, present))
            assert transaction.envelope.nonce == heads[sender]
            heads[sender] += 1
        assert not [place for place in heads.items() if place in by_place]

    @invariant()
    def nothing_is_remembered_of_what_left(self) -> None:
        """Bounded: the books of senders, expiries and tails shrink with what waits."""
        assert sum(len(hashes) for hashes in self.pool._by_expiry.values()) == len(self.waiting)
        assert len(self.pool._tails) <= 2 * COUNT + MAX_QUEUED_PER_SENDER + 1
        assert set(self.pool._queues) == {each.sender for each, _ in self.waiting}


TestNaivePool = NaivePool.TestCase
TestNaivePool.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_evicting_keeps_the_queues_without_new_gaps() -> None:
    """Tails go first, so what is left of a queue can still be included."""
    pool = Mempool(max_count=6)
    put(pool, *(paying(1, nonce, tip=2) for nonce in range(6)))
    for sender in range(2, 6):
        put(pool, paying(sender, 0, tip=10 * sender))
    nonces = sorted(nonce for sender, nonce in offered(pool) if sender == 1)
    assert nonces == list(range(len(nonces)))
    assert all(left[0] != 1 or right[0] == 1 for left, right in pairwise(offered(pool)))
