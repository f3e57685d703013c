"""Building a block: execute while filling, stop at a limit. The result serves the proposer's own prevote."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from chain.codec import encode
from chain.errors import FAULTS
from chain.execution.block import Chain, Execution, Result, Tip, TooMuchWork
from chain.execution.header import check_duplicate_vote
from chain.execution.transaction import FeeLimitTooLow, NonceMismatch
from chain.execution.upgrades import fork_at
from chain.execution.validator_schedule import validators_at
from chain.execution.verifier import Verifier
from chain.params import read_params
from chain.state.view import View
from chain.types.block import PROTOCOL_VERSION, Block, Header, evidence_root, transactions_root
from chain.types.scalars import Blob, Height, Timestamp, TxHash, ValidatorId, VrfOutput, VrfProof
from chain.types.transaction import Transaction
from chain.types.vote import Commit, DuplicateVote
from crypto.errors import ClusterError


@dataclass(frozen=True, slots=True)
class Proposer:
    """Who proposes, and its beacon value for this height."""

    validator: ValidatorId
    beacon_output: VrfOutput
    beacon_proof: VrfProof


@dataclass(frozen=True, slots=True)
class Built:
    """A block, its result, and the transactions that turned out unable to stand in any block now."""

    block: Block
    result: Result
    refused: tuple[TxHash, ...]


def build_block(
    candidates: Iterable[Transaction],
    tip: Tip,
    view: View,
    chain: Chain,
    verifier: Verifier,
    proposer: Proposer,
    time: Timestamp,
    last_commit: Commit,
    evidence: tuple[DuplicateVote, ...] = (),
) -> Built:
    """Fill a block with the best-paying candidates that apply.

    A transaction that can stand in no block any more is left out and named in `refused`; one that may fit a later block
    (a lower nonce is missing, the base fee too high for it) is left out and not named. One whose state rule fails stays
    in with its receipt, so that everything an account pays for gets an answer; what a proof would have paid is refused.
    `time` must be later than the tip's. Raises UpgradeNeeded.
    """
    params = read_params(view)
    height = Height(tip.height + 1)
    context = chain.block_context(view, height, time)
    context.fork.require_known(chain.app_versions)
    evidence = _acceptable(evidence, view, chain, height, verifier)
    context = replace(context, last_commit=last_commit, evidence=evidence)
    execution = Execution(view, chain, context, proposer.validator)
    empty = _assemble((), tip, view, chain, proposer, time, last_commit, evidence)
    room = params.max_block_bytes - len(encode(empty)) - _LIST_OVERHEAD
    chosen, refused = _fill(execution, candidates, room, verifier)
    block = _assemble(chosen, tip, view, chain, proposer, time, last_commit, evidence)
    return Built(block, execution.finish(), refused)


def _fill(
    execution: Execution, candidates: Iterable[Transaction], room: int, verifier: Verifier
) -> tuple[tuple[Blob, ...], tuple[TxHash, ...]]:
    """Execute until `room` bytes or the block's work are used up; what stands in the block, and what never can."""
    chosen: list[Blob] = []
    refused: list[TxHash] = []
    for transaction in candidates:
        size = len(transaction.raw) + _ITEM_OVERHEAD
        if size > room:
            break
        try:
            execution.apply(transaction, verifier)
        except TooMuchWork:
            break
        except FAULTS:
            refused.append(transaction.hash)
        except ClusterError as error:
            if error.fatal:
                raise
            if not _may_fit_later(error):
                refused.append(transaction.hash)
        else:
            room -= size
            chosen.append(Blob(transaction.raw))
    return tuple(chosen), tuple(refused)


def _may_fit_later(error: ClusterError) -> bool:
    if isinstance(error, NonceMismatch):
        return error.got > error.expected
    return isinstance(error, FeeLimitTooLow)


def _acceptable(
    evidence: tuple[DuplicateVote, ...], view: View, chain: Chain, height: Height, verifier: Verifier
) -> tuple[DuplicateVote, ...]:
    """The pieces that this block may carry: a double signature of its own height belongs into a later one."""
    params = read_params(view)
    accepted: tuple[DuplicateVote, ...] = ()
    for piece in evidence:
        try:
            check_duplicate_vote(piece, chain.chain_id, height, verifier)
            chain.application.require_punishable(view, (*accepted, piece), height, params)
        except ClusterError as error:
            if error.fatal:
                raise
            continue
        accepted = (*accepted, piece)
    return accepted


_ITEM_OVERHEAD = 5  # msgpack's header of a byte string, at most
_LIST_OVERHEAD = 8  # growth of the list's own header


def _assemble(
    transactions: tuple[Blob, ...],
    tip: Tip,
    view: View,
    chain: Chain,
    proposer: Proposer,
    time: Timestamp,
    last_commit: Commit,
    evidence: tuple[DuplicateVote, ...],
) -> Block:
    height = Height(tip.height + 1)
    header = Header(
        protocol_version=PROTOCOL_VERSION,
        app_version=fork_at(view, height).app_version,
        chain_id=chain.chain_id,
        height=height,
        time=time,
        proposer=proposer.validator,
        parent_id=tip.block_id,
        last_commit_hash=last_commit.hash(),
        tx_root=transactions_root(transactions),
        evidence_root=evidence_root(evidence),
        validators_hash=validators_at(view, height).hash(),
        next_validators_hash=validators_at(view, Height(height + 1)).hash(),
        params_hash=read_params(view).hash(),
        beacon_output=proposer.beacon_output,
        beacon_proof=proposer.beacon_proof,
        state_root=tip.state_root,
        receipts_root=tip.receipts_root,
    )
    return Block(header, transactions, evidence, last_commit)
