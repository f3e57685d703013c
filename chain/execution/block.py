"""The story of a block: check the header, the commit it builds on, apply every transaction, end the block.

Pure and synchronous: the same at every validator (architecture.md, "The way of a transaction").
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from chain import amount
from chain.codec import encode, wire
from chain.errors import ChainError
from chain.execution import accounts, fees
from chain.execution.application import Application
from chain.execution.context import BlockContext
from chain.execution.header import check_header
from chain.execution.transaction import apply_transaction, require_action_count, required_work
from chain.execution.upgrades import fork_at
from chain.execution.verifier import Verifier
from chain.params import read_params
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.block import APP_VERSIONS, Block
from chain.types.receipt import OK, Receipt
from chain.types.scalars import (
    Amount,
    Blob,
    BlockId,
    ChainId,
    Hash,
    Height,
    Timestamp,
    Uint,
    ValidatorId,
    VrfOutput,
    WorkUnits,
)
from chain.types.transaction import Transaction

Decode = Callable[[Blob], Transaction]


class BlockTooLarge(ChainError):
    """A block's encoding is longer than the parameters allow."""

    code = 3060

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the block has {size} bytes; the limit is {limit}.")
        self.size, self.limit = size, limit


class TooMuchWork(ChainError):
    """A block's transactions cost more work units than the parameters allow."""

    code = 3061

    def __init__(self, work: int, limit: int) -> None:
        super().__init__(f"the block costs {work} work units; the limit is {limit}.")
        self.work, self.limit = work, limit


@wire()
@dataclass(frozen=True, slots=True)
class Tip:
    """The head of the chain, as the next block builds on it; roots are those after its height."""

    height: Height
    block_id: BlockId
    time: Timestamp
    beacon_output: VrfOutput
    state_root: Hash
    receipts_root: Hash


@dataclass(frozen=True, slots=True)
class Chain:
    """What does not change from block to block: identity and rules."""

    chain_id: ChainId
    genesis_hash: Hash
    application: Application
    app_versions: frozenset[Uint] = APP_VERSIONS  # whose rules the application knows

    def block_context(self, view: View, height: Height, time: Timestamp) -> BlockContext:
        """What the block after the state of `view` is executed in."""
        return BlockContext(height, time, self.genesis_hash, read_params(view), fork_at(view, height))


@dataclass(frozen=True, slots=True)
class Result:
    """A block applied but not yet committed: its changes, one receipt per transaction and one for its end."""

    overlay: Overlay
    receipts: tuple[Receipt, ...]


def apply_block(block: Block, tip: Tip, view: View, chain: Chain, verifier: Verifier) -> Result:
    """Everything a validator requires of a block before it prevotes it. Raises the broken rule's error.

    `view` is the state after `tip`. Nothing is written: the result's overlay holds the changes.
    """
    transactions = open_block(block, tip, view, chain, verifier)
    return execute_block(block, transactions, view, chain, verifier)


def open_block(
    block: Block, tip: Tip, view: View, chain: Chain, verifier: Verifier, decode: Decode | None = None
) -> tuple[Transaction, ...]:
    """The block's transactions, after all that can be told without executing them: size, header, encodings, work.

    What their evidence is worth is looked at only then, so that no block makes anybody verify more than a block may
    cost. `decode` may know transactions already. Raises the broken rule's error, or UpgradeNeeded before anything else.
    """
    params = read_params(view)
    fork_at(view, Height(tip.height + 1)).require_known(chain.app_versions)
    size = len(encode(block))
    if size > params.max_block_bytes:
        raise BlockTooLarge(size, params.max_block_bytes)
    chain.application.require_punishable(view, block.evidence, block.height, params)  # before its signatures are
    check_header(block, tip, view, chain.chain_id, params, verifier)
    unions = chain.application.unions
    transactions = tuple(decode(raw) if decode else Transaction.decode(raw, unions) for raw in block.transactions)
    work = 0
    for transaction in transactions:
        require_action_count(transaction)  # before its claims are made, which costs the square of it
        work += required_work(transaction, params)
        if work > params.max_block_work:
            raise TooMuchWork(work, params.max_block_work)
    return transactions


def execute_block(
    block: Block, transactions: Iterable[Transaction], view: View, chain: Chain, verifier: Verifier
) -> Result:
    """What an opened block does. Raises InvalidTransaction, BadSignature or FalseEvidence."""
    facts = chain.block_context(view, block.height, block.header.time)
    context = replace(facts, last_commit=block.last_commit, evidence=block.evidence)
    execution = Execution(view, chain, context, block.header.proposer)
    for transaction in transactions:
        execution.apply(transaction, verifier)
    return execution.finish()


class Execution:
    """Transactions applied one after the other onto one overlay; the proposer builds a block with the same object."""

    def __init__(self, view: View, chain: Chain, context: BlockContext, proposer: ValidatorId) -> None:
        self._overlay = Overlay(view)
        self._chain = chain
        self._context = context
        self._proposer = proposer
        self._base_fee = fees.read_base_fee(view)
        self._receipts: list[Receipt] = []
        self._tips: list[Amount] = []
        self.work = WorkUnits(0)

    def apply(self, transaction: Transaction, verifier: Verifier) -> Receipt:
        """Apply one transaction, or leave all as it was and raise.

        Raises TooMuchWork, InvalidTransaction, BadSignature or FalseEvidence.
        """
        require_action_count(transaction)  # before its claims are made, which costs the square of it
        work = WorkUnits(self.work + required_work(transaction, self._context.params))
        if work > self._context.params.max_block_work:
            raise TooMuchWork(work, self._context.params.max_block_work)
        nested = Overlay(self._overlay)
        receipt = apply_transaction(transaction, nested, self._chain.chain_id, self._context, self._base_fee, verifier)
        nested.commit()
        self._receipts.append(receipt)
        self._tips.append(transaction.envelope.tip)
        self.work = work
        return receipt

    def finish(self) -> Result:
        """End the block: burn the fees, but hand tips to the pool, run the components' block ends, move the base fee.

        A fee was taken from the account that pays, or out of an object's holding by the action that offered it.
        """
        overlay, params = self._overlay, self._context.params
        tips = sum(self._tips)
        burnt = sum(receipt.fee for receipt in self._receipts) - tips
        accounts.reduce_supply(overlay, amount.add(Amount(0), Amount(burnt)))
        accounts.add_to_holding(overlay, accounts.FEE_POOL, amount.add(Amount(0), Amount(tips)))
        events = self._chain.application.end_block(overlay, self._context, self._proposer)
        fees.write_base_fee(overlay, fees.next_base_fee(self._base_fee, self.work, params))
        closing = Receipt(OK, Amount(0), WorkUnits(0), events)
        return Result(overlay, (*self._receipts, closing))
