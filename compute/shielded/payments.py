"""An account's notes at work: money into a pool, to somebody else in it, and out of it, in final transactions.

What leaves a pool pays its own fee by default: such a transaction is signed with a key that nobody saw before and names
no account. Notes pay so for other drafts, too, such as calls of contracts. One store file belongs to all processes that
use the key; each holds its lock from reading the chain until the notes that it spends are marked as waiting.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from chain.execution.action import Action, Claim
from chain.execution.fees import base_cost, transaction_work
from chain.execution.statement import id_element
from chain.types.scalars import (
    NATIVE,
    NOBODY,
    AccountId,
    Amount,
    AssetId,
    FieldElement,
    Height,
    Nonce,
    ObjectId,
    ProofBytes,
    Signature,
)
from chain.types.transaction import FROM_PROOF, Envelope, FeeSource, Transaction
from client.errors import RpcFailed, TransactionExpired, TransactionFailed, TransactionOvertaken
from client.notes.address import Address
from client.notes.choice import Choice, choose, notes_of, value_of
from client.notes.errors import FeeTooHigh, NotEnoughNotes, TreesDiffer
from client.notes.keys import FullViewKey, SpendingKey, spending_key
from client.notes.pages import default_pool, find_pool, tree_view
from client.notes.store import NoteStore, OwnNote, Waiting
from client.notes.sync import Tell, held_store, read_chain, unheard
from client.notes.tree import WalletTree
from client.results import ChainStatus, Outcome, chain_status
from client.rpc import RpcClient
from client.wallet import EXPIRY_HEIGHTS, ChainIdentity, Overtaken, Wallet, never_overtaken, wait_committed
from compute.confidential.prover import Draft, complete
from compute.shielded.pool_prover import PoolKeys, PoolProver
from compute.shielded.prover import Coin, Order, Payment, draft_transfer
from contracts.notes.state import EMPTY_ROOT
from contracts.shielded.actions import Transfer
from crypto.keys import SEED_BYTES, SecretKey
from crypto.notes import PoolNote

FEE_ROOM: Final = (3, 2)  # a proof gives so many times what the transaction costs now: three full blocks of rise
FEE_DIGITS: Final = 2  # that count of a fee; the rest is zeros, so that a fee says little of when it was made
ATTEMPTS: Final = 5  # at reading the chain while it grows
MOST_FEE: Final = Amount(10**8)  # nano-CLU, unless told otherwise: some 40 times a transfer's at the initial base fee
NO_FEE: Final = Amount(0)  # by a proof: the account pays

Say = Callable[[str], None]  # what is being done now
Entropy = Callable[[int], bytes]
Prove = Callable[[Draft, Claim], ProofBytes]


@dataclass(frozen=True, slots=True)
class Paid:
    """A final payment. fee: what was given for it at most, by the pool or by the account."""

    outcome: Outcome
    fee: Amount
    transaction: Transaction


@dataclass(frozen=True, slots=True)
class Errand:
    """What notes pay for beside transfers: drafts, what proves them, and whether it is too late for them."""

    drafts: tuple[Draft, ...]
    prove: Prove
    overtaken: Overtaken = never_overtaken


@dataclass(frozen=True, slots=True)
class Fees:
    """What a proof gives for what was asked for, and for a transaction before it that puts notes together."""

    last: Amount
    before: Amount


@dataclass(frozen=True, slots=True)
class Plan:
    """Transfers of one transaction, the one that gives the fee first. last: whether they do what was asked for."""

    orders: tuple[Order, ...]
    fee: Amount
    last: bool


class NoteWallet:
    """The notes of one account in one pool, behind one node. Made by `NoteWallet.open`.

    most_fee: what notes give for a fee at most. Prices are the node's word, and of what a proof gives nothing returns.
    """

    def __init__(self, wallet: Wallet, key: SpendingKey, prover: PoolProver, folder: Path, entropy: Entropy) -> None:
        self.wallet, self.pool = wallet, prover.pool
        self.view: FullViewKey = key.full_view()
        self.say: Say = lambda text: None
        self.most_fee = MOST_FEE
        self._key, self._prover, self._folder, self._entropy = key, prover, folder, entropy

    @classmethod
    async def open(
        cls,
        secret: SecretKey,
        rpc: RpcClient,
        folder: Path,
        keys: PoolKeys,
        pool: ObjectId | None = None,
        expected: ChainIdentity | None = None,
        entropy: Entropy = os.urandom,
    ) -> "NoteWallet":
        """The notes of an account's key in a pool, without one the oldest under a known key; `folder` holds the stores.

        Raises NoPool, PoolKeyMissing, and what Wallet.open raises.
        """
        wallet = await Wallet.open(secret, rpc, expected)
        found = await (default_pool(rpc, keys.knows) if pool is None else find_pool(rpc, pool))
        return cls(wallet, spending_key(secret.seed), PoolProver(keys, found), folder, entropy)

    async def read(self, *, deep: bool = False, tell: Tell = unheard) -> NoteStore:
        """What the account has, at the chain's head. Raises as read_chain."""
        async with self._held() as store:
            await read_chain(self.wallet.rpc, store, self.view, deep=deep, tell=tell)
            return store

    async def shield(
        self, amount: Amount, asset: AssetId = NATIVE, to: Address | None = None, memo: bytes = b""
    ) -> Paid:
        """Move money of the account into the pool, to oneself unless told otherwise; the account pays the fee.

        Raises what submitting raises, PoolKeyMissing, MemoTooLong.
        """
        payment = Payment(self.view.incoming.address() if to is None else to, amount, memo)
        return await self._pay(self._order(asset, payments=(payment,), taken=amount), 0, fee_from_pool=False)

    async def send(
        self, to: Address, amount: Amount, asset: AssetId = NATIVE, memo: bytes = b"", *, fee_from_pool: bool = True
    ) -> Paid:
        """Pay somebody inside the pool.

        Raises NotEnoughNotes, FeeTooHigh, PoolKeyMissing, MemoTooLong, what submitting raises.
        """
        order = self._order(asset, payments=(Payment(to, amount, memo),))
        return await self._pay(order, amount, fee_from_pool=fee_from_pool)

    async def unshield(
        self, recipient: AccountId, amount: Amount, asset: AssetId = NATIVE, *, fee_from_pool: bool = True
    ) -> Paid:
        """Pay an account out of the pool, in the open. Raises as send."""
        order = self._order(asset, paid=amount, recipient=recipient)
        return await self._pay(order, amount, fee_from_pool=fee_from_pool)

    async def pay_for(self, errand: Errand) -> Paid:
        """Send drafts in a transaction that names no account: notes of native money pay its fee.

        Raises NotEnoughNotes, FeeTooHigh, PoolKeyMissing, TransactionOvertaken, what proving them raises, what
        submitting raises.
        """
        return await self._pay(self._order(NATIVE), 0, fee_from_pool=True, errand=errand)

    async def _pay(self, order: Order, amount: int, *, fee_from_pool: bool, errand: Errand | None = None) -> Paid:
        """Carry an order out that spends `amount` of its asset; put notes together first while no two cover it."""
        await asyncio.to_thread(self._prover.require)
        while True:
            async with self._held() as store:
                await self._read_all(store)
                fees = await self._fees(order.asset, errand) if fee_from_pool else Fees(NO_FEE, NO_FEE)
                plan = self._plan(store, order, amount, fees)
                now = errand if plan.last else None
                transaction = await self._submit(store, plan, now)
            self.say("waiting for the block")
            outcome = await self._final(transaction, now)
            if plan.last:
                return Paid(outcome, transaction.envelope.fee_limit, transaction)

    def _plan(self, store: NoteStore, order: Order, amount: int, fees: Fees) -> Plan:
        """The order with notes to spend, or two notes to put together. Raises NotEnoughNotes."""
        wanted = {NATIVE: int(fees.last)}
        wanted[order.asset] = wanted.get(order.asset, 0) + amount
        chosen = {asset: choose(self._notes(store, asset), needed, asset) for asset, needed in wanted.items()}
        for asset, choice in chosen.items():
            if not choice.enough:
                self._require_worth(store, choice if asset == NATIVE else chosen[NATIVE], wanted[NATIVE], fees.before)
                self.say("putting notes together")
                merged = self._order(asset, root=self._root(store), coins=self._coins(store, choice))
                orders = self._with_fee(store, merged, chosen[NATIVE], fees.before)
                return Plan(orders, fees.before, last=False)
        order = replace(order, root=self._root(store), coins=self._coins(store, chosen[order.asset]))
        return Plan(self._with_fee(store, order, chosen[NATIVE], fees.last), fees.last, last=True)

    def _require_worth(self, store: NoteStore, choice: Choice, needed: int, before: Amount) -> None:
        """That notes put together, which costs `before`, still cover what is needed. Raises NotEnoughNotes."""
        held = sum(value_of(note) for note in self._notes(store, NATIVE))
        if held < needed + before:
            raise NotEnoughNotes(held, needed + before)
        if choice.total < before:
            raise NotEnoughNotes(choice.total, before)

    def _with_fee(self, store: NoteStore, order: Order, native: Choice, fee: Amount) -> tuple[Order, ...]:
        """The order, giving the fee itself if it is of native money, else behind one that does nothing else."""
        if not fee or order.asset == NATIVE:
            return (replace(order, fee=fee),)
        return self._order(NATIVE, root=self._root(store), coins=self._coins(store, native), fee=fee), order

    def _order(self, asset: AssetId, **parts: Any) -> Order:
        return Order(self.pool.pool, self.pool.vk_id, parts.pop("root", EMPTY_ROOT), asset=asset, **parts)

    def _notes(self, store: NoteStore, asset: AssetId) -> list[OwnNote]:
        return notes_of(store.unspent(self.pool.pool), id_element(asset))

    def _coins(self, store: NoteStore, choice: Choice) -> tuple[Coin, ...]:
        tree = store.trees.get(self.pool.pool, WalletTree())
        return tuple(
            Coin(note.address, note.content, note.position, tree.witness(note.position))
            for note in choice.notes
            if isinstance(note.content, PoolNote)
        )

    def _root(self, store: NoteStore) -> FieldElement:
        return FieldElement(store.trees.get(self.pool.pool, WalletTree()).root())

    async def _fees(self, asset: AssetId, errand: Errand | None) -> Fees:
        """For a transaction that moves an asset, with an errand or without."""
        status = await chain_status(self.wallet.rpc)
        blank = draft_transfer(self._order(NATIVE), self._key, self._entropy).action
        transfers: tuple[Action, ...] = (blank,) if asset == NATIVE else (blank, blank)
        before = self._fee(status, transfers)
        if errand is None:
            return Fees(before, before)
        return Fees(self._fee(status, (*transfers, *(draft.action for draft in errand.drafts))), before)

    def _fee(self, status: ChainStatus, actions: Sequence[Action]) -> Amount:
        """What a proof gives for a transaction: FEE_ROOM times its cost now, in round numbers. Raises FeeTooHigh."""
        envelope = self._envelope(status, actions, NO_FEE, NOBODY)
        work = transaction_work(Transaction(envelope, Signature(bytes(64))), status.params)
        fee = round_fee(base_cost(work, status.base_fee))
        if fee > self.most_fee:
            raise FeeTooHigh(fee, self.most_fee)
        return Amount(fee)

    async def _submit(self, store: NoteStore, plan: Plan, errand: Errand | None) -> Transaction:
        """Prove, sign and submit; the notes are marked before anybody hears of it, and free again if it is refused."""
        self.say("proving")
        drafts = [draft_transfer(order, self._key, self._entropy) for order in plan.orders]
        if errand is not None:
            drafts += errand.drafts
        transaction = await self._signed(drafts, plan.fee, self._prove(errand))
        store.reserve(_waiting(transaction))
        store.save(self._entropy)
        try:
            await self.wallet.rpc.call("tx_submit", transaction=transaction.raw)
        except RpcFailed:
            store.release(transaction.hash)
            store.save(self._entropy)
            raise
        return transaction

    async def _signed(self, drafts: Sequence[Draft], fee: Amount, prove: Prove) -> Transaction:
        """Drafts proven in a transaction that the first of them pays, or the account if it gives no fee."""
        actions = [draft.action for draft in drafts]
        if not fee:
            envelope = await self.wallet.prepare(actions)
            return self.wallet.sign_envelope(await asyncio.to_thread(complete, envelope, drafts, prove))
        signer = SecretKey(self._entropy(SEED_BYTES))
        envelope = self._envelope(await chain_status(self.wallet.rpc), actions, fee, AccountId(signer.public))
        envelope = await asyncio.to_thread(complete, envelope, drafts, prove)
        return Transaction(envelope, Signature(signer.sign(envelope.signing_bytes())))

    def _prove(self, errand: Errand | None) -> Prove:
        """Transfers under the pool's key, the errand's drafts by its own prover."""
        if errand is None:
            return self._prover.prove
        pool, other = self._prover.prove, errand.prove
        return lambda draft, claim: (pool if isinstance(draft.action, Transfer) else other)(draft, claim)

    def _envelope(self, status: ChainStatus, actions: Sequence[Action], fee: Amount, signer: AccountId) -> Envelope:
        """What a proof pays: signed once by a key of its own, which names nobody."""
        expiry = Height(status.height + min(EXPIRY_HEIGHTS, status.params.max_expiry))
        source = FeeSource(FROM_PROOF, signer)
        chain = self.wallet.identity
        return Envelope(
            chain.chain_id, chain.genesis_hash, chain.fork_id, source, Nonce(0), expiry, fee, Amount(0), tuple(actions)
        )

    async def _final(self, transaction: Transaction, errand: Errand | None) -> Outcome:
        overtaken = never_overtaken if errand is None else errand.overtaken
        try:
            return await wait_committed(self.wallet.rpc, transaction, overtaken)
        except (TransactionFailed, TransactionExpired, TransactionOvertaken):
            async with self._held() as store:
                store.release(transaction.hash)
                store.save(self._entropy)
            raise

    async def _read_all(self, store: NoteStore) -> None:
        """Read on until the copy of the pool's tree is the chain's present one. Raises TreesDiffer."""
        self.say("reading notes")
        for _ in range(ATTEMPTS):
            await read_chain(self.wallet.rpc, store, self.view)
            told, tree = await tree_view(self.wallet.rpc, self.pool.pool), store.trees.get(self.pool.pool, WalletTree())
            if told.root == tree.root():
                return
            if told.size == tree.size:
                break
        raise TreesDiffer("0x" + self.pool.pool.hex(), told.size)

    def _held(self) -> AbstractAsyncContextManager[NoteStore]:
        return held_store(self._folder, self.view, self.wallet.identity)


def round_fee(cost: int) -> int:
    """FEE_ROOM times a cost, up to the next number of FEE_DIGITS digits and zeros."""
    times, parts = FEE_ROOM
    wanted = -(-cost * times // parts)
    unit: int = 10 ** max(len(str(wanted)) - FEE_DIGITS, 0)
    return -(-wanted // unit) * unit


def _waiting(transaction: Transaction) -> Waiting:
    transfers = [action for action in transaction.envelope.actions if isinstance(action, Transfer)]
    return Waiting(
        transaction.hash,
        transaction.envelope.expiry_height,
        tuple(nullifier for transfer in transfers for nullifier in transfer.nullifiers),
        tuple(output.commitment for transfer in transfers for output in transfer.outputs),
    )
