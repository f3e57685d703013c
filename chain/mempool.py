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

MAX_QUEUED_PER_SENDER: Final = 64
MAX_BYTES: Final = 32 * 2**20
MAX_COUNT: Final = 50_000


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
            f"account 0x{account.hex()} has {MAX_QUEUED_PER_SENDER} transactions waiting; wait for the next block."
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


@dataclass(slots=True)
class Entry:
    """A waiting transaction with what ordering needs."""

    transaction: Transaction
    work: WorkUnits


@dataclass(slots=True)
class _Sender:
    """One account's queue: the committed next nonce, and entries by nonce."""

    next_nonce: Nonce
    entries: dict[Nonce, Entry]


class Mempool:
    """The pool. Every method is synchronous and cheap; checks of content are ingress's."""

    def __init__(self, max_bytes: int = MAX_BYTES, max_count: int = MAX_COUNT) -> None:
        self._senders: dict[AccountId, _Sender] = {}
        self._by_hash: dict[TxHash, Entry] = {}
        self._expiries: list[tuple[Height, TxHash]] = []
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
        """An account's waiting transactions in order of nonce."""
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
        sender = self._senders.get(account)
        waiting = None if sender is None else sender.entries.get(nonce)
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
        entry = Entry(transaction, work)
        self._make_room(entry)
        sender = self._senders.setdefault(transaction.sender, _Sender(committed, {}))
        sender.next_nonce = max(sender.next_nonce, committed)
        replaced = sender.entries.get(transaction.envelope.nonce)
        if replaced is not None:
            self._forget(replaced)
            sender = self._senders.setdefault(transaction.sender, sender)
        sender.entries[transaction.envelope.nonce] = entry
        self._by_hash[transaction.hash] = entry
        self.bytes += len(transaction.raw)
        heapq.heappush(self._expiries, (transaction.envelope.expiry_height, transaction.hash))

    def candidates(self) -> Iterator[Transaction]:
        """Best first: the highest tip per work unit among the senders' next nonces, then its sender's following."""
        heads = [
            (_Price(entry), account, sender.next_nonce)
            for account, sender in self._senders.items()
            if (entry := sender.entries.get(sender.next_nonce)) is not None
        ]
        heapq.heapify(heads)
        while heads:
            _, account, nonce = heads[0]
            entries = self._senders[account].entries
            transaction = entries[nonce].transaction
            following = Nonce(nonce + 1)
            if following in entries:
                heapq.heapreplace(heads, (_Price(entries[following]), account, following))
            else:
                heapq.heappop(heads)
            yield transaction

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
        while self._expiries and self._expiries[0][0] <= height:
            self.remove(heapq.heappop(self._expiries)[1])

    def _forget(self, entry: Entry) -> None:
        transaction = entry.transaction
        del self._by_hash[transaction.hash]
        self.bytes -= len(transaction.raw)
        sender = self._senders[transaction.sender]
        del sender.entries[transaction.envelope.nonce]
        if not sender.entries:
            del self._senders[transaction.sender]

    def _make_room(self, newcomer: Entry) -> None:
        size = len(newcomer.transaction.raw)
        while self._by_hash and (len(self) + 1 > self._max_count or self.bytes + size > self._max_bytes):
            tail = self._lowest_tail()
            if tail.transaction.sender == newcomer.transaction.sender or not _pays_more(newcomer, tail):
                raise PoolFull(len(self), self.bytes)
            self._forget(tail)

    def _lowest_tail(self) -> Entry:
        tails = [sender.entries[max(sender.entries)] for sender in self._senders.values()]
        return max(tails, key=lambda entry: (_Price(entry), entry.transaction.hash))


def _pays_more(left: Entry, right: Entry) -> bool:
    return left.transaction.envelope.tip * right.work > right.transaction.envelope.tip * left.work


@dataclass(slots=True)
class _Price:
    """Orders entries best-paying first, in integers."""

    entry: Entry

    def __lt__(self, other: "_Price") -> bool:
        return _pays_more(self.entry, other.entry)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Price) and not _pays_more(self.entry, other.entry) and not other < self
