"""A small chain with real blocks: headers, beacons, commits, state roots, made by its validators in turn."""

from collections.abc import Sequence
from dataclasses import replace

from chain.execution.block import Result, Tip, apply_block
from chain.execution.genesis import apply_genesis, genesis_tip
from chain.proposer import Proposer, build_block
from chain.state.store import MemoryStore
from chain.state.tree import Tree, TreeUpdate
from chain.types.block import Block, Header, evidence_root, transactions_root
from chain.types.receipt import receipts_root
from chain.types.scalars import (
    BlockId,
    Hash,
    Height,
    Round,
    Signature,
    Timestamp,
    Uint,
    ValidatorId,
    VoteTarget,
    VrfOutput,
    VrfProof,
)
from chain.types.transaction import Transaction
from chain.types.vote import PRECOMMIT, Commit, CommitSignature, DuplicateVote, Vote, vote_signing_bytes
from crypto import vrf
from crypto.beacon import header_alpha
from tests.support.small_chain import CHAIN_ID, SmallChain, consensus_key

NO_COMMIT_ROUND = Round(0)


def validator_id(index: int) -> ValidatorId:
    return ValidatorId(consensus_key(index).public)


def signed_vote(index: int, type_: Uint, height: Height, target: VoteTarget, round_: int = 0) -> Vote:
    """A vote of the validator with this index."""
    message = vote_signing_bytes(CHAIN_ID, type_, height, Round(round_), target)
    signature = Signature(consensus_key(index).sign(message))
    return Vote(type_, height, Round(round_), target, validator_id(index), signature)


def commit_of(height: Height, block_id: BlockId, signers: Sequence[int]) -> Commit:
    """The commit of these validators, sorted as it must be."""
    votes = [signed_vote(index, PRECOMMIT, height, VoteTarget(block_id)) for index in signers]
    entries = sorted((vote.validator, vote.signature) for vote in votes)
    return Commit(height, NO_COMMIT_ROUND, block_id, tuple(CommitSignature(*entry) for entry in entries))


class SealedChain(SmallChain):
    """Blocks are proposed by validator 0 and signed by all."""

    def __init__(self, powers: Sequence[int] = (10,), **options: object) -> None:
        super().__init__(powers, **options)  # type: ignore[arg-type]
        self.store = MemoryStore()
        self.chain, result = apply_genesis(self.genesis, self.store, self.chain.application)
        self.signers = tuple(range(len(powers)))
        self._nodes: dict[bytes, bytes] = {}
        self._tree = Tree(self._nodes.get)
        root = self._store(result, 0)
        self.tip = genesis_tip(self.genesis, root, receipts_root(result.receipts))
        self.last_commit = Commit(Height(0), NO_COMMIT_ROUND, self.tip.block_id, ())

    def beacon(self, index: int = 0) -> tuple[VrfOutput, VrfProof]:
        """A validator's beacon value for the next height."""
        alpha = header_alpha(self.tip.height + 1, self.tip.beacon_output)
        proof = vrf.prove(consensus_key(index), alpha)
        return VrfOutput(vrf.proof_output(proof)), VrfProof(proof)

    def build(self, *transactions: Transaction, evidence: tuple[DuplicateVote, ...] = ()) -> Block:
        """The next block of validator 0, as the proposer builds it."""
        proposer = Proposer(validator_id(0), *self.beacon())
        time = Timestamp(self.tip.time + 1_000)
        built = build_block(
            transactions, self.tip, self.view, self.chain, self.verifier, proposer, time, self.last_commit, evidence
        )
        assert built.refused == ()
        return built.block

    def apply(self, block: Block) -> Result:
        """Everything that a validator checks before it prevotes. Raises the broken rule."""
        return apply_block(block, self.tip, self.view, self.chain, self.verifier)

    def append(self, block: Block) -> Result:
        """Apply, store and sign a block; it becomes the tip."""
        result = self.apply(block)
        root = self._store(result, block.height)
        header = block.header
        self.tip = Tip(
            header.height, header.id(), header.time, header.beacon_output, root, receipts_root(result.receipts)
        )
        self.last_commit = commit_of(header.height, header.id(), self.signers)
        self.height = header.height
        return result

    def _store(self, result: Result, height: int) -> Hash:
        update: TreeUpdate = self._tree.update(height, result.overlay.changes())
        self._nodes.update(update.puts())
        self._tree.adopt(update)
        self.store.apply(result.overlay.changes())
        return Hash(update.root.hash)


def with_header(block: Block, **changes: object) -> Block:
    """The block with header fields changed."""
    header: Header = replace(block.header, **changes)  # type: ignore[arg-type]
    return replace(block, header=header)


def with_body(block: Block, **changes: object) -> Block:
    """The block with another body, and a header whose roots fit it."""
    body: Block = replace(block, **changes)  # type: ignore[arg-type]
    return with_header(
        body,
        tx_root=transactions_root(body.transactions),
        evidence_root=evidence_root(body.evidence),
        last_commit_hash=body.last_commit.hash(),
    )
