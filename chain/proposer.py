"""Building a block: execute while filling, stop at a limit. The result serves the proposer's own prevote."""

from collections.abc import Iterable
from dataclasses import dataclass

from chain.codec import encode
from chain.execution.block import Chain, Execution, Result, Tip, TooMuchWork
from chain.execution.context import BlockContext
from chain.execution.transaction import InvalidTransaction
from chain.execution.validator_schedule import validators_at
from chain.execution.verifier import BadSignature, FalseEvidence, Verifier
from chain.params import read_params
from chain.state.view import View
from chain.types.block import (
    APP_VERSION,
    PROTOCOL_VERSION,
    Block,
    Header,
    evidence_root,
    transactions_root,
)
from chain.types.scalars import Blob, Height, Timestamp, TxHash, ValidatorId, VrfOutput, VrfProof
from chain.types.transaction import Transaction
from chain.types.vote import Commit, DuplicateVote


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

    A transaction that may not stand in a block is left out and named in `refused`; one whose state rule fails stays in
    with its receipt, so that everything admitted gets an answer. `time` must be later than the tip's.
    """
    params = read_params(view)
    height = Height(tip.height + 1)
    execution = Execution(view, chain, BlockContext(height, time, chain.genesis_hash, params), proposer.validator)
    empty = _assemble((), tip, view, chain, proposer, time, last_commit, evidence)
    room = params.max_block_bytes - len(encode(empty)) - _LIST_OVERHEAD
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
        except (InvalidTransaction, BadSignature, FalseEvidence):
            refused.append(transaction.hash)
            continue
        room -= size
        chosen.append(Blob(transaction.raw))
    block = _assemble(tuple(chosen), tip, view, chain, proposer, time, last_commit, evidence)
    return Built(block, execution.finish(), tuple(refused))


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
        app_version=APP_VERSION,
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
