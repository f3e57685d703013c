"""What consensus is told: everything that can move the state of `step`, as plain data that the log can keep.

Every input is a wire struct with a tag, so that the write-ahead log stores exactly what `step` was given.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from chain.codec import Registry, open_union, wire
from chain.types.scalars import BlockId, Height, Round, Uint
from chain.types.validators import ValidatorSet
from chain.types.vote import PartSetHeader, Proposal, Vote

TIMEOUT_PROPOSE: Final = Uint(1)
TIMEOUT_PREVOTE: Final = Uint(2)
TIMEOUT_PRECOMMIT: Final = Uint(3)


@open_union
class Input:
    """Base of the inputs. Inputs of another height than the state's change nothing."""

    __slots__ = ()
    tag: ClassVar[int]


@wire()
@dataclass(frozen=True, slots=True)
class StartHeight(Input):
    """The block of height - 1 is committed and it is time for the next; `validators` are those of `height`."""

    tag: ClassVar[int] = 1
    height: Height
    validators: ValidatorSet


@wire()
@dataclass(frozen=True, slots=True)
class ProposalReceived(Input):
    """A proposal whose signature holds and whose whole block has arrived, has `block_id`, and was executed.

    valid: the block obeys every rule, state root included. It is about the block alone and the first judgement of a
    block stands, so a proposal that does not fit its block (other parts, a fresh value of another proposer) is not
    handed in at all: else a false proposal could make this node hold a good block invalid.
    timely: `timing.is_timely` at first receipt; it counts only when the proposal's valid_round is -1.
    The own proposal comes back this way with both True.
    """

    tag: ClassVar[int] = 2
    proposal: Proposal
    valid: bool
    timely: bool


@wire()
@dataclass(frozen=True, slots=True)
class BlockJudged(Input):
    """A block that came without its round's proposal (asked for with RequestBlock) has arrived and was executed."""

    tag: ClassVar[int] = 3
    height: Height
    block_id: BlockId
    parts: PartSetHeader
    valid: bool


@wire()
@dataclass(frozen=True, slots=True)
class VoteReceived(Input):
    """A vote whose signature the driver has checked; own votes come back this way."""

    tag: ClassVar[int] = 4
    vote: Vote


@wire()
@dataclass(frozen=True, slots=True)
class TimeoutElapsed(Input):
    """A timeout asked for with ScheduleTimeout has run out."""

    tag: ClassVar[int] = 5
    kind: Uint
    height: Height
    round: Round


@wire()
@dataclass(frozen=True, slots=True)
class ProposedValue(Input):
    """The answer to GetValue: the block that this node built for (height, round)."""

    tag: ClassVar[int] = 6
    height: Height
    round: Round
    block_id: BlockId
    parts: PartSetHeader


INPUTS: Final[Registry] = {
    kind.tag: kind for kind in (StartHeight, ProposalReceived, BlockJudged, VoteReceived, TimeoutElapsed, ProposedValue)
}


def height_of(event: Input) -> Height:
    """The height that an input is about."""
    match event:
        case VoteReceived(vote):
            return vote.height
        case ProposalReceived(proposal):
            return proposal.height
        case StartHeight() | BlockJudged() | TimeoutElapsed() | ProposedValue():
            return event.height
    raise TypeError(f"{type(event).__name__} is no input of consensus")
