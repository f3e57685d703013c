"""Admitted transactions that wait for a block, in memory and bounded.

Order: tip per work unit over per-sender heads, so a sender's nonces stay in sequence. A proof-paid transaction has no
account and is a queue of its own. No two that wait use the same nullifier. A queued nonce or nullifier is replaced for
a tip raised by at least 10%; a full pool makes room by its lowest tail, if that pays less than the newcomer.
Source: architecture.md, "The way of a transaction".
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from chain.errors import ChainError
from chain.types.scalars import AccountId, Amount, Hash, Height, Nonce, TxHash, WorkUnits
from chain.types.transaction import Transaction
from crypto.address import encode_address

MAX_QUEUED_PER_SENDER: Final = 64
MAX_BYTES: Final = 32 * 2**20
MAX_COUNT: Final = 30_000  # at 2 KB of objects each
NOTHING: Final = Amount(0)


class MempoolError(ChainError):
    """Root of the reasons for which the pool does not take a transaction."""

    code = 3100


class AlreadyQueued(MempoolError):
    """The very same transaction waits already."""

    code = 3101

    def __init__(self, hash_: TxHash) -> None:
        super().__init__(f"transaction 0x{hash_.hex()} waits for a block already; nothing needs to be done.")
        self.hash = hash_


class NonceUsed(MempoolError):
    """The nonce stands in a block already."""

    code = 3102

    def __init__(self, expected: Nonce, got: Nonce) -> None:
        super().__init__(f"nonce {got} was used already; the account's next nonce is {expected}.")
        self.expected, self.got = expected, got


class NonceGap(MempoolError):
    """Transactions with lower nonces are missing."""

    code = 3103

    def __init__(self, expected: Nonce, got: Nonce) -> None:
        super().__init__(f"nonce {got} leaves a gap: submit nonce {expected} first, or sign with it.")
        self.expected, self.got = expected, got


class TooManyQueued(MempoolError):
    """One account has as many transactions waiting as it may."""

    code = 3104

    def __init__(self, account: AccountId) -> None:
        super().__init__(
            f"account {encode_address(account)} has {MAX_QUEUED_PER_SENDER} transactions waiting; wait for the "
            "next block."
        )
        self.account = account


class ReplacementUnderpriced(MempoolError):
    """Another transaction with this nonce waits and pays nearly as much or more."""

    code = 3105

    def __init__(self, nonce: Nonce, tip: Amount, needed: Amount) -> None:
        super().__init__(
            f"another transaction with nonce {nonce} waits; to replace it offer a tip of at least {needed} (now {tip})."
        )
        self.nonce, self.tip, self.needed = nonce, tip, needed


class UniqueWaiting(MempoolError):
    """Another transaction that uses the same nullifier waits and pays nearly as much or more."""

    code = 3111

    def __init__(self, unique: bytes, tip: Amount, needed: int) -> None:
        super().__init__(
            f"another transaction with one of its nullifiers waits (id 0x{unique.hex()}); to replace what this "
            f"one would, offer a tip of at least {needed} (now {tip})."
        )
        self.unique, self.tip, self.needed = unique, tip, needed


class PoolFull(MempoolError):
    """The pool is full of transactions that pay at least as much."""

    code = 3106

    def __init__(self, count: int, size: int) -> None:
        super().__init__(
            f"{count} transactions ({size} bytes) wait already; raise the tip or try again in a few blocks."
        )
        self.count, self.size = count, size


@dataclass(frozen=True, slots=True)
class Entry:
    """A waiting transaction with what ordering needs.

    price: the tip per work unit, in 2**-32 nano-CLU. highest_base_fee: the highest that the fee limit covers.
    """

    transaction: Transaction
    work: WorkUnits
    price: int
    highest_base_fee: int

    @classmethod
    def of(cls, transaction: Transaction, work: WorkUnits) -> "Entry":
        envelope, divisor = transaction.envelope, max(work, 1)
        return cls(transaction, work, (envelope.tip << 32) // divisor, (envelope.fee_limit - envelope.tip) // divisor)

    def pays_more_than(self, other: "Entry") -> bool:
        """Compared exactly: prices are rounded."""
        return self.transaction.envelope.tip * other.work > other.transaction.envelope.tip * self.work


QueueId = AccountId | TxHash  # whose queue: an account's, or a proof-paid transaction's own


def _queue_id(transaction: Transaction) -> QueueId:
    return transaction.hash if transaction.envelope.proof_paid else transaction.sender


@dataclass(slots=True)
class _Queue:
    """One account's queue: the committed next nonce, and entries by nonce. A proof-paid transaction has nonce 0."""

    next_nonce: Nonce
    entries: dict[Nonce, Entry]

    @property
    def tail(self) -> Entry:
        return self.entries[max(self.entries)]


class Mempool:
    """The pool. Every method is synchronous and cheap; checks of content are ingress's."""

    def __init__(self, max_bytes: int = MAX_BYTES, max_count: int = MAX_COUNT) -> None:
        self._queues: dict[QueueId, _Queue] = {}
        self._by_hash: dict[TxHash, Entry] = {}
        self._by_unique: dict[bytes, Entry] = {}
        self._by_expiry: dict[Height, dict[TxHash, None]] = {}
        self._tails: list[tuple[int, TxHash]] = []  # a heap, lowest price first; holds every tail, and stale ones
        self._max_bytes, self._max_count = max_bytes, max_count
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._by_hash)

    def __contains__(self, hash_: object) -> bool:
        return hash_ in self._by_hash

    def get(self, hash_: TxHash) -> Transaction | None:
        """The waiting transaction, or None."""
        entry = self._by_hash.get(hash_)
        return None if entry is None else entry.transaction

    def waiting(self) -> Iterator[Entry]:
        """All that waits, the longest waiting first."""
        return iter(self._by_hash.values())

    def queued(self, account: AccountId) -> list[Entry]:
        """The account's waiting transactions in order of nonce."""
        queue = self._queues.get(account)
        return [] if queue is None else [queue.entries[nonce] for nonce in sorted(queue.entries)]

    def next_nonce(self, account: AccountId, committed: Nonce) -> Nonce:
        """The lowest nonce from `committed` on that does not wait yet."""
        return self._next_nonce(account, committed)

    def check(self, transaction: Transaction, committed: Nonce, *, allow_gap: bool) -> None:
        """Whether `add` would take it, as far as nonce and replacement tell. Raises a MempoolError; changes nothing.

        `committed` is the next nonce of the account that pays, 0 when a proof does.
        """
        nonce, account = transaction.envelope.nonce, transaction.sender
        if transaction.hash in self._by_hash:
            raise AlreadyQueued(transaction.hash)
        if nonce < committed:
            raise NonceUsed(committed, nonce)
        if nonce >= committed + MAX_QUEUED_PER_SENDER:
            raise TooManyQueued(account)
        if not allow_gap and self._at_nonce(transaction) is None:
            expected = self._next_nonce(_queue_id(transaction), committed)
            if nonce != expected:
                raise NonceGap(expected, nonce)
        self._check_replacement(transaction)

    def add(self, transaction: Transaction, work: WorkUnits, committed: Nonce, *, allow_gap: bool = False) -> None:
        """Take a checked transaction. Raises a MempoolError; then nothing has changed."""
        self.check(transaction, committed, allow_gap=allow_gap)
        entry = Entry.of(transaction, work)
        replaced = [(rival, self._queue(rival).next_nonce) for rival in self._rivals(transaction)]
        for rival, _ in replaced:
            self._forget(rival)
        try:
            self._make_room(entry)
        except PoolFull:
            for rival, next_nonce in replaced:
                self._insert(rival, next_nonce)
            raise
        self._insert(entry, committed)

    def candidates(self, base_fee: Amount = NOTHING) -> Iterator[Transaction]:
        """Best first: the highest tip per work unit among the senders' next nonces, then its sender's following.

        One whose fee limit does not cover `base_fee` waits with all that follow it, until the fee falls or it expires.
        """
        heads = [
            (-entry.price, queue_id, queue.next_nonce)
            for queue_id, queue in self._queues.items()
            if (entry := queue.entries.get(queue.next_nonce)) is not None and entry.highest_base_fee >= base_fee
        ]
        heapq.heapify(heads)
        while heads:
            _, queue_id, nonce = heads[0]
            entries = self._queues[queue_id].entries
            transaction = entries[nonce].transaction
            following = entries.get(Nonce(nonce + 1))
            if following is not None and following.highest_base_fee >= base_fee:
                heapq.heapreplace(heads, (-following.price, queue_id, Nonce(nonce + 1)))
            else:
                heapq.heappop(heads)
            yield transaction

    def best(self, base_fee: Amount, max_bytes: int, max_work: int) -> list[Transaction]:
        """Candidates up to the first that exceeds a limit, that one included."""
        chosen: list[Transaction] = []
        for transaction in self.candidates(base_fee):
            chosen.append(transaction)
            max_bytes -= len(transaction.raw)
            max_work -= self._by_hash[transaction.hash].work
            if max_bytes < 0 or max_work < 0:
                break
        return chosen

    def remove(self, hash_: TxHash) -> None:
        """Forget a transaction that can no longer stand in a block."""
        entry = self._by_hash.get(hash_)
        if entry is not None:
            self._forget(entry)

    def after_block(
        self, nonces: Iterable[tuple[AccountId, Nonce]], height: Height, used: Iterable[bytes] = ()
    ) -> None:
        """A block at `height` is final. Drops what cannot follow.

        `nonces` are the next ones of every account that paid in it, `used` the nullifiers of what succeeded in it.
        """
        for account, next_nonce in nonces:
            queue = self._queues.get(account)
            if queue is None:
                continue
            queue.next_nonce = next_nonce
            for nonce in [nonce for nonce in queue.entries if nonce < next_nonce]:
                self._forget(queue.entries[nonce])
        for unique in used:
            entry = self._by_unique.get(unique)
            if entry is not None:
                self._forget(entry)
        for expired in [expiry for expiry in self._by_expiry if expiry <= height]:
            for hash_ in list(self._by_expiry[expired]):
                self.remove(hash_)

    def drop_forks_but(self, fork_id: Hash) -> list[Transaction]:
        """An upgrade is next: forget, and name, what was signed for other rules than those of `fork_id`."""
        gone = [entry for entry in self._by_hash.values() if entry.transaction.envelope.fork_id != fork_id]
        for entry in gone:
            self._forget(entry)
        return [entry.transaction for entry in gone]

    def _queue(self, entry: Entry) -> _Queue:
        return self._queues[_queue_id(entry.transaction)]

    def _next_nonce(self, queue_id: QueueId, committed: Nonce) -> Nonce:
        queue = self._queues.get(queue_id)
        nonce = committed
        while queue is not None and nonce in queue.entries:
            nonce = Nonce(nonce + 1)
        return nonce

    def _at_nonce(self, transaction: Transaction) -> Entry | None:
        queue = self._queues.get(_queue_id(transaction))
        return None if queue is None else queue.entries.get(transaction.envelope.nonce)

    def _rivals(self, transaction: Transaction) -> list[Entry]:
        """What waits and could not stand in a chain with it: the same nonce of its account, the same nullifiers."""
        found = [self._at_nonce(transaction), *map(self._by_unique.get, transaction.envelope.uniques)]
        return list({entry.transaction.hash: entry for entry in found if entry is not None}.values())

    def _check_replacement(self, transaction: Transaction) -> None:
        """Raises ReplacementUnderpriced or UniqueWaiting unless it pays a tenth more than all rivals together."""
        rivals = self._rivals(transaction)
        tips, tip = sum(rival.transaction.envelope.tip for rival in rivals), transaction.envelope.tip
        needed = tips + max(1, -(-tips // 10))
        if not rivals or tip >= needed:
            return
        if rivals == [self._at_nonce(transaction)]:
            raise ReplacementUnderpriced(transaction.envelope.nonce, tip, Amount(needed))
        raise UniqueWaiting(next(filter(self._by_unique.__contains__, transaction.envelope.uniques)), tip, needed)

    def _insert(self, entry: Entry, committed: Nonce) -> None:
        transaction = entry.transaction
        queue = self._queues.setdefault(_queue_id(transaction), _Queue(committed, {}))
        queue.next_nonce = max(queue.next_nonce, committed)
        queue.entries[transaction.envelope.nonce] = entry
        self._by_hash[transaction.hash] = entry
        self._by_unique.update(dict.fromkeys(transaction.envelope.uniques, entry))
        self._by_expiry.setdefault(transaction.envelope.expiry_height, {})[transaction.hash] = None
        self.bytes += len(transaction.raw)
        self._note_tail(queue)

    def _forget(self, entry: Entry) -> None:
        transaction = entry.transaction
        del self._by_hash[transaction.hash]
        self.bytes -= len(transaction.raw)
        expiring = self._by_expiry[transaction.envelope.expiry_height]
        del expiring[transaction.hash]
        if not expiring:
            del self._by_expiry[transaction.envelope.expiry_height]
        for unique in dict.fromkeys(transaction.envelope.uniques):
            del self._by_unique[unique]
        queue = self._queue(entry)
        del queue.entries[transaction.envelope.nonce]
        if queue.entries:
            self._note_tail(queue)
        else:
            del self._queues[_queue_id(transaction)]

    def _note_tail(self, queue: _Queue) -> None:
        """Keep the promise of `_tails`; stale ones are swept once they outnumber what waits."""
        tail = queue.tail
        heapq.heappush(self._tails, (tail.price, tail.transaction.hash))
        if len(self._tails) > 2 * len(self._by_hash) + MAX_QUEUED_PER_SENDER:
            tails = [other.tail for other in self._queues.values()]
            self._tails = [(tail.price, tail.transaction.hash) for tail in tails]
            heapq.heapify(self._tails)

    def _lowest_tail(self) -> Entry:
        while True:
            entry = self._by_hash.get(self._tails[0][1])
            if entry is not None and self._queue(entry).tail is entry:
                return entry
            heapq.heappop(self._tails)

    def _make_room(self, newcomer: Entry) -> None:
        """Evict the lowest tails, if all that have to go pay less than the newcomer. Raises PoolFull."""
        size, own = len(newcomer.transaction.raw), _queue_id(newcomer.transaction)
        gone: list[tuple[Entry, Nonce]] = []
        while self._by_hash and (len(self) + 1 > self._max_count or self.bytes + size > self._max_bytes):
            tail = self._lowest_tail()
            if _queue_id(tail.transaction) == own or not newcomer.pays_more_than(tail):
                for entry, next_nonce in gone:
                    self._insert(entry, next_nonce)
                raise PoolFull(len(self), self.bytes)
            gone.append((tail, self._queue(tail).next_nonce))
            self._forget(tail)
