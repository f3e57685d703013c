"""Machines of the full-stack simulation that lie: each is a function over the frames that leave its machine.

A liar gets every frame with whom it goes to and gives back what that one is told: nothing, the frame, or others.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chain.codec import decode, encode
from chain.consensus.repeats import Status
from chain.types.parts import BlockPart
from chain.types.scalars import NIL, Blob, Height, Signature, Timestamp, VoteTarget
from chain.types.sync import BlockPiece, FinalBlock, encode_final, pieces_of
from chain.types.vote import PRECOMMIT, Commit, CommitSignature, Vote, vote_signing_bytes
from node.relay import BLOCK_PIECE, PART, PROPOSAL, STATUS, VOTE

if TYPE_CHECKING:
    from tests.support.simulated_machine import Machine
    from tests.support.simulated_stack import SimulatedStack


def equivocator(stack: "SimulatedStack", machine: "Machine", to: int, topic: int, payload: bytes) -> Iterable[bytes]:
    """Half of the others get its votes as they are, the rest votes for nil."""
    if topic != VOTE:
        return (payload,)
    vote = decode(Vote, payload)
    if vote.validator != machine.key or to % 2 or vote.is_nil:
        return (payload,)
    other = replace(vote, target=VoteTarget(NIL))
    signed = Signature(machine.secret.sign(other.signing_bytes(stack.genesis.chain_id)))
    return (encode(replace(other, signature=signed)), payload) if stack.rng.random() < 0.5 else (payload,)


def mute(stack: "SimulatedStack", machine: "Machine", to: int, topic: int, payload: bytes) -> Iterable[bytes]:
    """Receives, answers who asks for blocks, and never votes or proposes."""
    return () if topic in (VOTE, PROPOSAL, PART) else (payload,)


def boaster(stack: "SimulatedStack", machine: "Machine", to: int, topic: int, payload: bytes) -> Iterable[bytes]:
    """Claims to be far ahead, and sends nothing to whoever asks for its blocks."""
    if topic == STATUS:
        status = decode(Status, payload)
        return (encode(replace(status, height=Height(status.height + 1_000))),)
    return () if topic == BLOCK_PIECE else (payload,)


def scrambler(stack: "SimulatedStack", machine: "Machine", to: int, topic: int, payload: bytes) -> Iterable[bytes]:
    """Sends parts of blocks with other content."""
    if topic != PART:
        return (payload,)
    part = decode(BlockPart, payload)
    return (encode(replace(part, data=Blob(bytes([part.data[0] ^ 1]) + part.data[1:]))),)


def historian(stack: "SimulatedStack", machine: "Machine", to: int, topic: int, payload: bytes) -> Iterable[bytes]:
    """Tells of final blocks that were not: a millisecond later, and committed by itself alone."""
    if topic == STATUS:
        status = decode(Status, payload)
        return (encode(replace(status, height=Height(status.height + 3))),)
    if topic != BLOCK_PIECE:
        return (payload,)
    piece = decode(BlockPiece, payload)
    encoded = machine.ledger.final_block(piece.height)
    if encoded is None:
        return (payload,)
    final = decode(FinalBlock, encoded)
    header = replace(final.block.header, time=Timestamp(final.block.header.time + 1))
    chain_id, block_id = stack.genesis.chain_id, header.id()
    message = vote_signing_bytes(chain_id, PRECOMMIT, header.height, final.commit.round, VoteTarget(block_id))
    own = CommitSignature(machine.key, Signature(machine.secret.sign(message)))
    commit = Commit(header.height, final.commit.round, block_id, (own,))
    forged = encode_final(encode(replace(final.block, header=header)), encode(commit))
    return tuple(encode(told) for told in pieces_of(piece.height, forged))


LIARS: Final = {liar.__name__: liar for liar in (equivocator, mute, boaster, scrambler, historian)}
