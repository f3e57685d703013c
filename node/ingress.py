"""The one door for transactions, from RPC and gossip alike: cheapest checks first, proofs last, then the mempool.

Order: size and canonical decoding, envelope, fee and solvency, queue rules, signature, rules of state, evidence.
Whoever sends proofs that fail has only a few of them looked at; the fee is checked before any proof. So it is with
rules that compute much (a key's, a reader's): they are checked beside the event loop, one transaction at a time.

Where a proof pays, nobody is behind it until that proof holds: of what gives the fee, rules and proof come first, and
nothing else is computed before. Transactions with a nullifier in common are looked at one after the other, so that no
more than one of them has its proof verified, unless that one fails.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from chain.execution import accounts, fees
from chain.execution.action import Claim
from chain.execution.context import ExecutionContext
from chain.execution.transaction import CannotPayFee, check_envelope, required_fee, required_work
from chain.execution.verifier import FalseEvidence
from chain.mempool import Mempool
from chain.state.overlay import Overlay
from chain.types.scalars import Amount, Nonce, WorkUnits
from chain.types.transaction import Transaction
from crypto.errors import ClusterError
from node.failures import FailureBudget, WorkBudget
from node.hub import Hub, TransactionAdmitted
from node.ledger import Ledger
from node.verifier import NodeVerifier

HEAVY_RULES: Final = 20_000  # work units that a transaction's actions declare for their rules; 1 unit is 1 microsecond


@dataclass(frozen=True, slots=True)
class Admission:
    """What an admitted transaction will cost at the present base fee."""

    transaction: Transaction
    work: WorkUnits
    fee: Amount


class Ingress:
    """Checks transactions against the committed state and the sender's queued nonces, and admits them."""

    def __init__(self, ledger: Ledger, mempool: Mempool, verifier: NodeVerifier, hub: Hub) -> None:
        self._ledger, self._mempool, self._verifier, self._hub = ledger, mempool, verifier, hub
        self._failures, self.work = FailureBudget(), WorkBudget()
        self._one_heavy = asyncio.Lock()
        self._one_unfunded = asyncio.Lock()
        self._looked_at: dict[bytes, asyncio.Event] = {}  # nullifiers of what is being checked; set when that is over

    async def admit(self, raw: bytes, source: str | None, *, allow_gap: bool = False) -> Admission:
        """Admit exact transaction bytes; `source` names the peer whose failed proofs are counted, None for RPC.

        Raises the broken rule's error; then nothing has changed. Gossip allows nonce gaps, as messages overtake others.
        """
        transaction = Transaction.decode(raw, self._ledger.chain.application.unions)
        async with self._alone(transaction):
            admission = await self._check(transaction, source, allow_gap=allow_gap)
            self._mempool.add(transaction, admission.work, self._committed(transaction), allow_gap=allow_gap)
        self._hub.announce(TransactionAdmitted(transaction))
        return admission

    async def simulate(self, raw: bytes) -> Admission:
        """Everything that `admit` checks, without admitting."""
        transaction = Transaction.decode(raw, self._ledger.chain.application.unions)
        async with self._alone(transaction):
            return await self._check(transaction, None, allow_gap=False)

    @asynccontextmanager
    async def _alone(self, transaction: Transaction) -> AsyncIterator[None]:
        """Waits until no other transaction with one of its nullifiers is looked at."""
        uniques = set(transaction.envelope.uniques)
        while others := [self._looked_at[unique] for unique in uniques if unique in self._looked_at]:
            await others[0].wait()
        over = asyncio.Event()
        self._looked_at.update(dict.fromkeys(uniques, over))
        try:
            yield
        finally:
            for unique in uniques:
                del self._looked_at[unique]
            over.set()

    async def _check(self, transaction: Transaction, source: str | None, *, allow_gap: bool) -> Admission:
        admission = self._check_envelope(transaction, allow_gap=allow_gap)
        payer: bytes = transaction.sender
        if transaction.envelope.proof_paid:
            await self._check_offer(transaction, source)
            payer = transaction.envelope.uniques[0]
        await self._check_rules_fairly(transaction, source, payer)
        await self._check_evidence([claim for claims in transaction.claims for claim in claims], source, payer)
        return admission

    def _check_envelope(self, transaction: Transaction, *, allow_gap: bool) -> Admission:
        ledger, view = self._ledger, self._ledger.view
        block = ledger.next_block
        check_envelope(transaction, ledger.chain.chain_id, block)
        work = required_work(transaction, block.params)
        fee = required_fee(transaction, work, fees.read_base_fee(view))
        self._mempool.check(transaction, self._committed(transaction), allow_gap=allow_gap)
        if not transaction.envelope.proof_paid:
            balance, promised = accounts.balance(view, transaction.sender), fee + self._promised_before(transaction)
            if balance < promised:
                raise CannotPayFee(transaction.sender, balance, Amount(promised))
        self._verifier.require_signature(transaction.sender, transaction.signing_bytes, transaction.signature)
        return Admission(transaction, work, fee)

    async def _check_offer(self, transaction: Transaction, source: str | None) -> None:
        """Of the action that gives the fee, rules and proof. Over RPC, where nobody is behind it, one at a time."""
        self._check_rules(transaction, 1)
        if source is not None:
            await self._check_evidence(transaction.claims[0], source, None)
            return
        async with self._one_unfunded:
            await self._check_evidence(transaction.claims[0], None, None)

    async def _check_rules_fairly(self, transaction: Transaction, source: str | None, payer: bytes) -> None:
        """`_check_rules`; heavy ones in a thread, and who sends heavy ones that fail has only a few looked at."""
        actions = transaction.envelope.actions
        work = sum(action.extra_work() for action in actions)
        if work < HEAVY_RULES:
            self._check_rules(transaction, len(actions))
            return
        async with self._one_heavy:
            self._failures.leak(self._ledger.tip.height)
            self._failures.require(source, payer)
            try:
                await asyncio.to_thread(self._check_rules, transaction, len(actions))
            except ClusterError:
                self._failures.count(source, payer, weight=work // HEAVY_RULES)
                raise

    def _check_rules(self, transaction: Transaction, count: int) -> None:
        """The first `count` actions' rules against committed state, later actions on what earlier ones of them did."""
        block, overlay = self._ledger.next_block, Overlay(self._ledger.view)
        for index, action in enumerate(transaction.envelope.actions[:count]):
            context = ExecutionContext(block, transaction.envelope, index)
            action.check(overlay, context)
            if index < count - 1:
                action.execute(overlay, context)

    async def _check_evidence(self, claims: Sequence[Claim], source: str | None, payer: bytes | None) -> None:
        if not claims:
            return
        height, params = self._ledger.tip.height, self._ledger.next_block.params
        self._failures.leak(height)
        self._failures.require(source, payer)
        self.work.leak(height, params.max_block_work)
        unknown = self._verifier.unknown(claims)
        if source is not None and unknown:
            self.work.require(source, params.max_block_work)
            self.work.spend(source, fees.evidence_work(unknown, params))
        try:
            await self._verifier.prefetch(claims)
        except FalseEvidence:
            self._failures.count(source, payer)
            raise

    def _committed(self, transaction: Transaction) -> Nonce:
        """The nonce from which on the mempool counts: the account's next one, 0 where a proof pays."""
        if transaction.envelope.proof_paid:
            return Nonce(0)
        return accounts.read_account(self._ledger.view, transaction.sender).nonce

    def _promised_before(self, transaction: Transaction) -> int:
        """Fee limits of the sender's queued transactions with lower nonces."""
        return sum(
            entry.transaction.envelope.fee_limit
            for entry in self._mempool.queued(transaction.sender)
            if entry.transaction.envelope.nonce < transaction.envelope.nonce
        )
