"""Admitted transactions that wait for a block, in memory and bounded.

Order: tip per work unit over per-sender heads, so a sender's nonces stay in sequence. A queued nonce is replaced for a
tip raised by at least 10%; a full pool makes room by its lowest tail, if that pays less than the newcomer.
Source: architecture.md, "The way of a transaction".
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from chain.errors import ChainError
from chain.types.scalars import AccountId, Amount, Height, Nonce, TxHash, WorkUnits
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


@dataclass(slots=True)
class _Sender:
    """One account's queue: the committed next nonce, and entries by nonce."""

    next_nonce: Nonce
    entries: dict[Nonce, Entry]

    @property
    def tail(self) -> Entry:
        return self.entries[max(self.entries)]


class Mempool:
    """The pool. Every method is synchronous and cheap; checks of content are ingress's."""

    def __init__(self, max_bytes: int = MAX_BYTES, max_count: int = MAX_COUNT) -> None:
        self._senders: dict[AccountId, _Sender] = {}
        self._by_hash: dict[TxHash, Entry] = {}
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

    def queued(self, account: AccountId) -> list[Entry]:
        """The account's waiting transactions in order of nonce."""
        sender = self._senders.get(account)
        return [] if sender is None else [sender.entries[nonce] for nonce in sorted(sender.entries)]

    def next_nonce(self, account: AccountId, committed: Nonce) -> Nonce:
        """The lowest nonce from `committed` on that does not wait yet."""
        sender = self._senders.get(account)
        nonce = committed
        while sender is not None and nonce in sender.entries:
            nonce = Nonce(nonce + 1)
        return nonce

    def check(self, transaction: Transaction, committed: Nonce, *, allow_gap: bool) -> None:
        """Whether `add` would take it, as far as nonce and replacement tell. Raises a MempoolError; changes nothing."""
        nonce, account = transaction.envelope.nonce, transaction.sender
        if transaction.hash in self._by_hash:
            raise AlreadyQueued(transaction.hash)
        if nonce < committed:
            raise NonceUsed(committed, nonce)
        if nonce >= committed + MAX_QUEUED_PER_SENDER:
            raise TooManyQueued(account)
        waiting = self._waiting(account, nonce)
        if waiting is not None:
            tip = waiting.transaction.envelope.tip
            needed = Amount(tip + max(1, -(-tip // 10)))
            if transaction.envelope.tip < needed:
                raise ReplacementUnderpriced(nonce, transaction.envelope.tip, needed)
        elif not allow_gap and nonce != (expected := self.next_nonce(account, committed)):
            raise NonceGap(expected, nonce)

    def add(self, transaction: Transaction, work: WorkUnits, committed: Nonce, *, allow_gap: bool = False) -> None:
        """Take a checked transaction. Raises a MempoolError; then nothing has changed."""
        self.check(transaction, committed, allow_gap=allow_gap)
        entry = Entry.of(transaction, work)
        replaced = self._waiting(transaction.sender, transaction.envelope.nonce)
        if replaced is not None:
            self._forget(replaced)
        try:
            self._make_room(entry)
        except PoolFull:
            if replaced is not None:
                self._insert(replaced, committed)
            raise
        self._insert(entry, committed)

    def candidates(self, base_fee: Amount = NOTHING) -> Iterator[Transaction]:
        """Best first: the highest tip per work unit among the senders' next nonces, then its sender's following.

        One whose fee limit does not cover `base_fee` waits with all that follow it, until the fee falls or it expires.
        """
        heads = [
            (-entry.price, account, sender.next_nonce)
            for account, sender in self._senders.items()
            if (entry := sender.entries.get(sender.next_nonce)) is not None and entry.highest_base_fee >= base_fee
        ]
        heapq.heapify(heads)
        while heads:
            _, account, nonce = heads[0]
            entries = self._senders[account].entries
            transaction = entries[nonce].transaction
            following = entries.get(Nonce(nonce + 1))
            if following is not None and following.highest_base_fee >= base_fee:
                heapq.heapreplace(heads, (-following.price, account, Nonce(nonce + 1)))
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

    def after_block(self, nonces: Iterable[tuple[AccountId, Nonce]], height: Height) -> None:
        """A block at `height` is final: `nonces` are the next ones of every sender in it. Drops what cannot follow."""
        for account, next_nonce in nonces:
            sender = self._senders.get(account)
            if sender is None:
                continue
            sender.next_nonce = next_nonce
            for nonce in [nonce for nonce in sender.entries if nonce < next_nonce]:
                self._forget(sender.entries[nonce])
        for expired in [expiry for expiry in self._by_expiry if expiry <= height]:
            for hash_ in list(self._by_expiry[expired]):
                self.remove(hash_)

    def _waiting(self, account: AccountId, nonce: Nonce) -> Entry | None:
        sender = self._senders.get(account)
        return None if sender is None else sender.entries.get(nonce)

    def _insert(self, entry: Entry, committed: Nonce) -> None:
        transaction = entry.transaction
        sender = self._senders.setdefault(transaction.sender, _Sender(committed, {}))
        sender.next_nonce = max(sender.next_nonce, committed)
        sender.entries[transaction.envelope.nonce] = entry
        self._by_hash[transaction.hash] = entry
        self._by_expiry.setdefault(transaction.envelope.expiry_height, {})[transaction.hash] = None
        self.bytes += len(transaction.raw)
        self._note_tail(sender)

    def _forget(self, entry: Entry) -> None:
        transaction = entry.transaction
        del self._by_hash[transaction.hash]
        self.bytes -= len(transaction.raw)
        expiring = self._by_expiry[transaction.envelope.expiry_height]
        del expiring[transaction.hash]
        if not expiring:
            del self._by_expiry[transaction.envelope.expiry_height]
        sender = self._senders[transaction.sender]
        del sender.entries[transaction.envelope.nonce]
        if sender.entries:
            self._note_tail(sender)
        else:
            del self._senders[transaction.sender]

    def _note_tail(self, sender: _Sender) -> None:
        """Keep the promise of `_tails`; stale ones are swept once they outnumber what waits."""
        tail = sender.tail
        heapq.heappush(self._tails, (tail.price, tail.transaction.hash))
        if len(self._tails) > 2 * len(self._by_hash) + MAX_QUEUED_PER_SENDER:
            tails = [other.tail for other in self._senders.values()]
            self._tails = [(tail.price, tail.transaction.hash) for tail in tails]
            heapq.heapify(self._tails)

    def _lowest_tail(self) -> Entry:
        while True:
            entry = self._by_hash.get(self._tails[0][1])
            if entry is not None and self._senders[entry.transaction.sender].tail is entry:
                return entry
            heapq.heappop(self._tails)

    def _make_room(self, newcomer: Entry) -> None:
        """Evict the lowest tails, if all that have to go pay less than the newcomer. Raises PoolFull."""
        size = len(newcomer.transaction.raw)
        gone: list[tuple[Entry, Nonce]] = []
        while self._by_hash and (len(self) + 1 > self._max_count or self.bytes + size > self._max_bytes):
            tail = self._lowest_tail()
            if tail.transaction.sender == newcomer.transaction.sender or not newcomer.pays_more_than(tail):
                for entry, next_nonce in gone:
                    self._insert(entry, next_nonce)
                raise PoolFull(len(self), self.bytes)
            gone.append((tail, self._senders[tail.transaction.sender].next_nonce))
            self._forget(tail)
