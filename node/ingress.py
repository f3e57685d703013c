"""The one door for transactions, from RPC and gossip alike: cheapest checks first, proofs last, then the mempool.

Order: size and canonical decoding, envelope, fee and solvency, queue rules, signature, rules of state, evidence.
Whoever sends proofs that fail has only a few of them looked at; the fee is checked before any proof. So it is with
rules that compute much (a key's, a reader's): they are checked beside the event loop, one transaction at a time.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from chain.execution import accounts, fees
from chain.execution.context import BlockContext, ExecutionContext
from chain.execution.transaction import CannotPayFee, check_envelope, required_fee, required_work
from chain.execution.verifier import FalseEvidence
from chain.mempool import Mempool
from chain.state.overlay import Overlay
from chain.types.scalars import AccountId, Amount, Height, Timestamp, WorkUnits
from chain.types.transaction import Transaction
from crypto.errors import ClusterError
from node.failures import FailureBudget
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
        self._failures = FailureBudget()
        self._one_heavy = asyncio.Lock()

    async def admit(self, raw: bytes, source: str | None, *, allow_gap: bool = False) -> Admission:
        """Admit exact transaction bytes; `source` names the peer whose failed proofs are counted, None for RPC.

        Raises the broken rule's error; then nothing has changed. Gossip allows nonce gaps, as messages overtake others.
        """
        transaction = Transaction.decode(raw, self._ledger.chain.application.unions)
        admission = self._check(transaction, allow_gap=allow_gap)
        await self._check_rules_fairly(transaction, source)
        await self._check_evidence(transaction, source)
        committed = accounts.read_account(self._ledger.view, transaction.sender).nonce
        self._mempool.add(transaction, admission.work, committed, allow_gap=allow_gap)
        self._hub.announce(TransactionAdmitted(transaction))
        return admission

    async def simulate(self, raw: bytes) -> Admission:
        """Everything that `admit` checks, without admitting."""
        transaction = Transaction.decode(raw, self._ledger.chain.application.unions)
        admission = self._check(transaction, allow_gap=False)
        await self._check_rules_fairly(transaction, None)
        await self._check_evidence(transaction, None)
        return admission

    def _check(self, transaction: Transaction, *, allow_gap: bool) -> Admission:
        ledger, view = self._ledger, self._ledger.view
        block = self._next_block()
        check_envelope(transaction, ledger.chain.chain_id, block)
        work = required_work(transaction, block.params)
        fee = required_fee(transaction, work, fees.read_base_fee(view))
        account = accounts.read_account(view, transaction.sender)
        self._mempool.check(transaction, account.nonce, allow_gap=allow_gap)
        promised = fee + self._promised_before(transaction)
        if account.balance < promised:
            raise CannotPayFee(transaction.sender, account.balance, Amount(promised))
        self._verifier.require_signature(transaction.sender, transaction.signing_bytes, transaction.signature)
        return Admission(transaction, work, fee)

    async def _check_rules_fairly(self, transaction: Transaction, source: str | None) -> None:
        """`_check_rules`; heavy ones in a thread, and who sends heavy ones that fail has only a few looked at."""
        work = sum(action.work for action in transaction.envelope.actions)
        if work < HEAVY_RULES:
            self._check_rules(transaction)
            return
        async with self._one_heavy:
            self._failures.leak(self._ledger.tip.height)
            self._failures.require(source, transaction.sender)
            try:
                await asyncio.to_thread(self._check_rules, transaction)
            except ClusterError:
                self._failures.count(source, transaction.sender, weight=work // HEAVY_RULES)
                raise

    def _check_rules(self, transaction: Transaction) -> None:
        """Each action's rules against committed state, later actions on what earlier ones of the transaction did."""
        block, overlay = self._next_block(), Overlay(self._ledger.view)
        last = len(transaction.envelope.actions) - 1
        for index, action in enumerate(transaction.envelope.actions):
            context = ExecutionContext(block, transaction.envelope, index)
            action.check(overlay, context)
            if index < last:
                action.execute(overlay, context)

    async def _check_evidence(self, transaction: Transaction, source: str | None) -> None:
        claims = [claim for claims in transaction.claims for claim in claims]
        if not claims:
            return
        self._failures.leak(self._ledger.tip.height)
        self._failures.require(source, transaction.sender)
        try:
            await self._verifier.prefetch(claims)
        except FalseEvidence:
            self._failures.count(source, transaction.sender)
            raise

    def _next_block(self) -> BlockContext:
        ledger = self._ledger
        tip = ledger.tip
        height, time = Height(tip.height + 1), Timestamp(tip.time + 1)
        return BlockContext(height, time, ledger.chain.genesis_hash, ledger.params)

    def _promised_before(self, transaction: Transaction) -> int:
        """Fee limits of the sender's queued transactions with lower nonces."""
        sender: AccountId = transaction.sender
        return sum(
            entry.transaction.envelope.fee_limit
            for entry in self._mempool.queued(sender)
            if entry.transaction.envelope.nonce < transaction.envelope.nonce
        )
