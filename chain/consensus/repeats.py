"""What a peer lacks. Every node tells its status on connect, at each step and each second; who has more repeats it.

Gossip loses messages and a restarted node has missed some, while Tendermint assumes that whatever one correct node has
received all will receive. Repeats make that true. They answer a peer's own statement, so they bypass its seen-sets.
"""

from dataclasses import dataclass, replace
from typing import Final

from chain.codec import wire
from chain.consensus.state import Offer, State, Step, initial_state
from chain.consensus.step import wanted_blocks
from chain.consensus.votes import Tally
from chain.types.scalars import Blob, BlockId, Height, Round, Uint, VoteTarget
from chain.types.validators import ValidatorSet
from chain.types.vote import Proposal, Vote


@wire()
@dataclass(frozen=True, slots=True)
class Status:
    """Where a node stands, and what it has of its round.

    prevotes and precommits have one bit per validator, in the set's order, lowest bit of the first byte first; a
    missing bit counts as 0. wanted is a block that a quorum stands behind and that the node has not got, or empty.
    """

    height: Height
    round: Round
    step: Uint
    has_proposal: bool
    prevotes: Blob
    precommits: Blob
    wanted: VoteTarget


@dataclass(frozen=True, slots=True)
class Repeats:
    """What to send to a peer: votes and a proposal as they are; blocks of this height by id; a final block by height.

    final_height: the committed block of that height with its commit, when the peer is behind in heights.
    """

    proposal: Proposal | None = None
    votes: tuple[Vote, ...] = ()
    blocks: tuple[BlockId, ...] = ()
    final_height: Height | None = None


NOTHING: Final = Repeats()
_PROPOSE: Final = Uint(int(Step.PROPOSE))
_DECIDED: Final = Uint(int(Step.DECIDED))


def status(state: State) -> Status:
    """What this node tells its peers."""
    wanted = min(wanted_blocks(state), default=b"")
    return Status(
        state.height,
        state.round,
        Uint(int(state.step)),
        state.offer is not None,
        _held(state.votes.prevotes(state.round), state.validators),
        _held(state.votes.precommits(state.round), state.validators),
        VoteTarget(wanted),
    )


def stored_status(state: State, tip: Height) -> Status:
    """The same of a node whose newest stored block is that of `tip`: a height is decided once its block is stored."""
    if tip > state.height or (tip == state.height and state.step != Step.DECIDED):
        return status(replace(initial_state(None), height=tip))
    if state.step == Step.DECIDED and tip < state.height:
        return status(replace(state, step=Step.PRECOMMIT))
    return status(state)


def repeats_for(state: State, peer: Status) -> Repeats:
    """What this node has and a peer of that status lacks. Cheap to ask, but the driver limits how often a peer may."""
    decided = state.step == Step.DECIDED
    peer_needs = peer.height + 1 if peer.step == _DECIDED else peer.height
    if peer_needs < state.height or (peer_needs == state.height and decided):
        return Repeats(final_height=Height(peer_needs))
    if peer_needs > state.height or peer.step == _DECIDED:
        return NOTHING
    round_ = Round(max(peer.round, state.round))
    offer = _lacking_offer(state, peer, round_)
    blocks = {BlockId(peer.wanted)} if peer.wanted else set()
    if offer is not None:
        blocks.add(offer.proposal.block_id)
    return Repeats(
        None if offer is None else offer.proposal,
        _lacking_votes(state, peer, round_),
        tuple(sorted(block_id for block_id in blocks if state.is_valid(block_id))),
    )


def _lacking_offer(state: State, peer: Status, round_: Round) -> Offer | None:
    """The proposal of the later of both rounds; one of an invalid block is not passed on."""
    offer = state.offers.get(round_)
    if offer is None or not state.is_valid(offer.proposal.block_id):
        return None
    return None if peer.round == round_ and peer.has_proposal else offer


def _lacking_votes(state: State, peer: Status, round_: Round) -> tuple[Vote, ...]:
    """The votes of the peer's round that it has not got; when it is behind, those of this node's round as well.

    To these come the votes of another round that prove something: the polka which the proposal leans on (line 28), for
    as long as the peer waits to prevote, and precommits of more than 2/3 (line 49). They are sent whole: a peer that
    counts another vote of an equivocator still needs this one.
    """
    votes = [
        *_not_held(state.votes.prevotes(peer.round), state.validators, peer.prevotes),
        *_not_held(state.votes.precommits(peer.round), state.validators, peer.precommits),
    ]
    if state.round > peer.round:
        votes += [*state.votes.prevotes(state.round).votes(), *state.votes.precommits(state.round).votes()]
    offer = state.offers.get(round_)
    if offer is not None and (peer.round < round_ or peer.step == _PROPOSE):
        polka = state.votes.prevotes(offer.proposal.valid_round)
        votes += polka.votes_for(VoteTarget(offer.proposal.block_id))
    if state.votes.decided is not None:
        decided_round, block_id = state.votes.decided
        votes += state.votes.precommits(decided_round).votes_for(VoteTarget(block_id))
    return tuple(dict.fromkeys(votes))


def _held(tally: Tally, validators: ValidatorSet) -> Blob:
    held = bytearray((len(validators.validators) + 7) // 8)
    for index, validator in enumerate(validators.validators):
        if validator.public_key in tally.first:
            held[index // 8] |= 1 << index % 8
    return Blob(bytes(held))


def _not_held(tally: Tally, validators: ValidatorSet, held: bytes) -> list[Vote]:
    missing = []
    for index, validator in enumerate(validators.validators):
        vote = tally.first.get(validator.public_key)
        has = index // 8 < len(held) and held[index // 8] >> index % 8 & 1
        if vote is not None and not has:
            missing.append(vote)
    return missing
