"""The committed chain and the blocks that may follow it: execution on one side, the database on the other.

Every method that executes or writes runs in the one execution thread; `tip`, `view` and `next_block` are replaced as a
whole after each commit and may be read from anywhere.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from chain.codec import decode, encode, wire
from chain.errors import FAULTS
from chain.execution.block import Chain, Result, Tip, execute_block, open_block
from chain.execution.context import BlockContext
from chain.execution.header import WrongCommit, check_commit
from chain.execution.validator_schedule import validators_at
from chain.params import Params
from chain.proposer import Built, Proposer, build_block
from chain.state.tree import TreeUpdate
from chain.types.block import Block
from chain.types.receipt import Receipt, receipts_root
from chain.types.scalars import Blob, BlockId, Hash, Height, Round, Timestamp, TxHash
from chain.types.sync import FinalBlock, LightBlock, encode_final
from chain.types.transaction import Transaction, transaction_hash
from chain.types.validators import ValidatorSet
from chain.types.vote import Commit, DuplicateVote
from crypto.errors import ClusterError
from node.bodies import require_own_body
from node.errors import NodeError
from node.hub import BlockFinal
from node.storage.database import BlockBatch, Database
from node.storage.snapshot import Snapshot
from node.verifier import NodeVerifier

MAX_APPLIED: Final = 8  # results kept by block id between prevote and Decide

Known = Callable[[TxHash], Transaction | None]  # what was decoded before, by the hash of its exact bytes


class InvalidBlockFinal(NodeError):
    """More than 2/3 of the power committed a block that this node holds invalid: its rules or its state differ."""

    code = 7020
    fatal = True

    def __init__(self, height: Height, block_id: BlockId, reason: str) -> None:
        super().__init__(
            f"the network committed block 0x{block_id.hex()} at height {height}, which this node holds invalid "
            f"({reason}). Compare software versions; then run `cluster data resync` and start again."
        )
        self.height, self.block_id, self.reason = height, block_id, reason


@wire()
@dataclass(frozen=True, slots=True)
class Receipts:
    """A block's receipts as they are stored: one per transaction, then the block's own."""

    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """A block that was executed and found valid, ready to be committed."""

    block: Block
    transactions: tuple[Transaction, ...]
    result: Result
    update: TreeUpdate
    tip: Tip


class Ledger:
    """One per node."""

    def __init__(
        self, database: Database, chain: Chain, verifier: NodeVerifier, known: Known = lambda _hash: None
    ) -> None:
        self.database, self.chain, self._verifier, self._known = database, chain, verifier, known
        self._applied: dict[BlockId, Applied] = {}
        self.view: Snapshot = database.snapshot()
        self.tip: Tip = self.view.tip
        self.next_block: BlockContext = self._next_block()
        self.require_known()
        self.last_commit: Commit = self._stored_commit()

    @property
    def params(self) -> Params:
        """The parameters of the next block."""
        return self.next_block.params

    def require_known(self) -> None:
        """Raises UpgradeNeeded when this program does not know the next block's rules."""
        self.next_block.fork.require_known(self.chain.app_versions)

    def validators(self, height: Height) -> ValidatorSet:
        """The set that votes at `height`, as far as the tip's state knows it."""
        return validators_at(self.view, height)

    def judge(self, block: Block) -> Applied:
        """Execute a block that would follow the tip. Raises the error of the rule that it breaks."""
        known = self._applied.get(block.header.id())
        if known is not None:
            return known
        transactions = open_block(block, self.tip, self.view, self.chain, self._verifier, self._decode)
        self._verifier.warm(claim for transaction in transactions for claims in transaction.claims for claim in claims)
        result = execute_block(block, transactions, self.view, self.chain, self._verifier)
        return self._keep(block, transactions, result)

    def judge_final(self, final: FinalBlock) -> Applied:
        """`judge`, after checking that more than 2/3 of the power committed the block and that this is its content.

        Raises WrongCommit, BadSignature or WrongBody; InvalidBlockFinal when only this node finds fault with it.
        """
        commit, block, block_id = final.commit, final.block, final.block.header.id()
        if block.height != self.tip.height + 1:
            raise WrongCommit(block.height, f"height {self.tip.height + 1} is next here")
        if (commit.height, commit.block_id) != (block.height, block_id):
            raise WrongCommit(block.height, "it is for another block")
        check_commit(commit, self.validators(block.height), self.chain.chain_id, self._verifier)
        require_own_body(block)
        try:
            return self.judge(block)
        except FAULTS as fault:
            raise InvalidBlockFinal(block.height, block_id, repr(fault)) from fault
        except ClusterError as error:
            if error.fatal:
                raise
            raise InvalidBlockFinal(block.height, block_id, str(error)) from error

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
        self._keep(built.block, tuple(map(self._decode, built.block.transactions)), built.result)
        return built

    def commit(self, final: FinalBlock) -> BlockFinal:
        """Write a judged block in one synced batch and move the tip."""
        applied = self.judge(final.block)  # known, unless many others were judged since
        self.database.commit_block(self._batch(applied, final.commit))
        self.view = self.database.snapshot()
        self.tip, self.last_commit = applied.tip, final.commit
        self.next_block = self._next_block()
        self._applied.clear()
        return BlockFinal(
            applied.block, applied.tip.block_id, final.commit, applied.transactions, applied.result.receipts
        )

    def final_block(self, height: Height) -> bytes | None:
        """The encoded FinalBlock of a height, or None. Safe from any thread."""
        block, commit = self.database.block(height), self.database.commit(height)
        return encode_final(block, commit) if block and commit else None

    def light_block(self, height: Height) -> LightBlock | None:
        """What a light client is shown of a height, or None. Safe from any thread."""
        return light_block_at(self.database, height)

    def _next_block(self) -> BlockContext:
        """What transactions are judged in before they stand in a block: at the least time that one can have."""
        return self.chain.block_context(self.view, Height(self.tip.height + 1), Timestamp(self.tip.time + 1))

    def _decode(self, raw: Blob) -> Transaction:
        known = self._known(transaction_hash(raw))
        return Transaction.decode(raw, self.chain.application.unions) if known is None else known

    def _keep(self, block: Block, transactions: tuple[Transaction, ...], result: Result) -> Applied:
        update = self.database.update_tree(block.height, result.overlay.changes())
        roots = Hash(update.root.hash), receipts_root(result.receipts)
        header = block.header
        tip = Tip(header.height, header.id(), header.time, header.beacon_output, *roots)
        applied = Applied(block, transactions, result, update, tip)
        if len(self._applied) >= MAX_APPLIED:
            del self._applied[next(iter(self._applied))]
        self._applied[tip.block_id] = applied
        return applied

    def _batch(self, applied: Applied, commit: Commit) -> BlockBatch:
        return BlockBatch(
            tip=applied.tip,
            changes=applied.result.overlay.changes(),
            update=applied.update,
            block=encode(applied.block),
            commit=encode(commit),
            receipts=encode(Receipts(applied.result.receipts)),
            transactions=tuple(transaction.hash for transaction in applied.transactions),
            validators=self._new_validators(applied.block.height),
        )

    def _new_validators(self, height: Height) -> tuple[Hash, bytes] | None:
        """The set of a block that is about to be written, unless the database has it already."""
        validators = self.validators(height)
        known = self.database.validators(validators.hash()) is not None
        return None if known else (validators.hash(), encode(validators))

    def _stored_commit(self) -> Commit:
        raw = self.database.commit(self.tip.height)
        return decode(Commit, raw) if raw else Commit(self.tip.height, Round(0), self.tip.block_id, ())


def light_block_at(database: Database, height: Height) -> LightBlock | None:
    """What a light client is shown of a stored height, or None. Safe from any thread."""
    raw, commit = database.block(height), database.commit(height)
    if not raw or not commit:
        return None
    header = decode(Block, raw).header
    validators = database.validators(header.validators_hash)
    if validators is None:
        return None
    return LightBlock(header, decode(Commit, commit), decode(ValidatorSet, validators))
