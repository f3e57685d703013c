"""The committed chain and the blocks that may follow it: execution on one side, the database on the other.

Every method that executes or writes runs in the node's one execution thread; `tip`, `view` and `params` are replaced as
a whole after each commit and may be read from anywhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from chain.codec import decode, encode, wire
from chain.execution.block import Chain, Result, Tip, apply_block
from chain.execution.header import WrongCommit, check_commit
from chain.execution.validator_schedule import validators_at
from chain.params import Params, read_params
from chain.proposer import Built, Proposer, build_block
from chain.state.tree import TreeUpdate
from chain.types.block import Block
from chain.types.receipt import Receipt, receipts_root
from chain.types.scalars import BlockId, Hash, Height, Round, Timestamp, TxHash
from chain.types.sync import FinalBlock
from chain.types.transaction import Transaction, transaction_hash
from chain.types.validators import ValidatorSet
from chain.types.vote import Commit, DuplicateVote
from node.hub import BlockFinal
from node.storage.database import BlockBatch, Database
from node.storage.snapshot import Snapshot
from node.verifier import NodeVerifier

MAX_APPLIED: Final = 8  # results kept by block id between prevote and Decide


@wire()
@dataclass(frozen=True, slots=True)
class Receipts:
    """A block's receipts as they are stored: one per transaction, then the block's own."""

    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """A block that was executed and found valid, ready to be committed."""

    block: Block
    result: Result
    update: TreeUpdate
    tip: Tip


class Ledger:
    """One per node."""

    def __init__(self, database: Database, chain: Chain, verifier: NodeVerifier) -> None:
        self.database, self.chain, self._verifier = database, chain, verifier
        self._applied: dict[BlockId, Applied] = {}
        self.view: Snapshot = database.snapshot()
        self.tip: Tip = self.view.tip
        self.params: Params = read_params(self.view)
        self.last_commit: Commit = self._stored_commit()

    def validators(self, height: Height) -> ValidatorSet:
        """The set that votes at `height`, as far as the tip's state knows it."""
        return validators_at(self.view, height)

    def judge(self, block: Block) -> Applied:
        """Execute a block that would follow the tip. Raises the error of the rule that it breaks."""
        block_id = block.header.id()
        known = self._applied.get(block_id)
        if known is not None:
            return known
        self._warm(block)
        return self._keep(block, apply_block(block, self.tip, self.view, self.chain, self._verifier))

    def judge_final(self, final: FinalBlock) -> Applied:
        """`judge`, after checking that more than 2/3 of the power committed the block. Raises WrongCommit first."""
        commit, height = final.commit, final.block.height
        if (commit.height, commit.block_id) != (height, final.block.header.id()):
            raise WrongCommit(height, "it is for another block")
        check_commit(commit, self.validators(height), self.chain.chain_id, self._verifier)
        return self.judge(final.block)

    def build(
        self,
        candidates: Iterable[Transaction],
        proposer: Proposer,
        time: Timestamp,
        evidence: tuple[DuplicateVote, ...],
    ) -> Built:
        """Fill and execute the next block; its result is kept for the own prevote."""
        time = Timestamp(max(time, self.tip.time + 1))
        built = build_block(
            candidates, self.tip, self.view, self.chain, self._verifier, proposer, time, self.last_commit, evidence
        )
        self._keep(built.block, built.result)
        return built

    def commit(self, final: FinalBlock) -> BlockFinal:
        """Write a judged block in one synced batch and move the tip."""
        applied = self.judge(final.block)  # executed before, unless it fell out of memory meanwhile
        hashes = tuple(transaction_hash(raw) for raw in final.block.transactions)
        self.database.commit_block(self._batch(applied, final.commit, hashes))
        self.view = self.database.snapshot()
        self.tip, self.params, self.last_commit = applied.tip, read_params(self.view), final.commit
        self._applied.clear()
        unions = self.chain.application.unions
        transactions = tuple(Transaction.decode(raw, unions) for raw in final.block.transactions)
        return BlockFinal(final.block, applied.tip.block_id, final.commit, transactions, applied.result.receipts)

    def final_block(self, height: Height) -> bytes | None:
        """The encoded FinalBlock of a height, or None. Safe from any thread."""
        block, commit = self.database.block(height), self.database.commit(height)
        if not block or not commit:
            return None
        return encode(FinalBlock(decode(Block, block), decode(Commit, commit)))

    def _warm(self, block: Block) -> None:
        unions = self.chain.application.unions
        decoded = [Transaction.decode(raw, unions) for raw in block.transactions]
        self._verifier.warm(claim for transaction in decoded for claims in transaction.claims for claim in claims)

    def _keep(self, block: Block, result: Result) -> Applied:
        update = self.database.update_tree(block.height, result.overlay.changes())
        roots = Hash(update.root.hash), receipts_root(result.receipts)
        header = block.header
        applied = Applied(
            block, result, update, Tip(header.height, header.id(), header.time, header.beacon_output, *roots)
        )
        if len(self._applied) >= MAX_APPLIED:
            del self._applied[next(iter(self._applied))]
        self._applied[applied.tip.block_id] = applied
        return applied

    def _batch(self, applied: Applied, commit: Commit, hashes: tuple[TxHash, ...]) -> BlockBatch:
        return BlockBatch(
            tip=applied.tip,
            changes=applied.result.overlay.changes(),
            update=applied.update,
            block=encode(applied.block),
            commit=encode(commit),
            receipts=encode(Receipts(applied.result.receipts)),
            transactions=hashes,
        )

    def _stored_commit(self) -> Commit:
        raw = self.database.commit(self.tip.height)
        return decode(Commit, raw) if raw else Commit(self.tip.height, Round(0), self.tip.block_id, ())
