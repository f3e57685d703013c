"""What consensus asks its driver to do. `step` itself never acts."""

from dataclasses import dataclass

from chain.consensus.state import Step
from chain.types.scalars import BlockId, Height, Round, Uint, ValidRound, VoteTarget
from chain.types.vote import Commit, DuplicateVote, PartSetHeader


@dataclass(frozen=True, slots=True)
class GetValue:
    """Build a block for (height, round) and answer with ProposedValue (line 18, getValue())."""

    height: Height
    round: Round


@dataclass(frozen=True, slots=True)
class SignAndPublishProposal:
    """Sign this proposal, feed it back as ProposalReceived, publish it with its block (line 19)."""

    height: Height
    round: Round
    valid_round: ValidRound
    block_id: BlockId
    parts: PartSetHeader


@dataclass(frozen=True, slots=True)
class SignAndPublishVote:
    """Sign this vote, feed it back as VoteReceived, publish it. When the signer refuses: silence, nothing fed back."""

    type: Uint
    height: Height
    round: Round
    target: VoteTarget


@dataclass(frozen=True, slots=True)
class ScheduleTimeout:
    """Feed TimeoutElapsed of the same fields after `timing.timeout_ms(kind, round)`."""

    kind: Uint
    height: Height
    round: Round


@dataclass(frozen=True, slots=True)
class StepChanged:
    """Tell all peers `repeats.status(state)` now: where this node stands has changed."""

    height: Height
    round: Round
    step: Step


@dataclass(frozen=True, slots=True)
class RequestBlock:
    """More than 2/3 voted for a block that has not been judged here: unless it is on its way, ask peers for it.

    The status told to peers names it in `wanted`. Answer with ProposalReceived or BlockJudged.
    """

    height: Height
    round: Round
    block_id: BlockId


@dataclass(frozen=True, slots=True)
class ReportEquivocation:
    """A validator signed twice: keep the evidence for the next own proposal. Reported once per validator and step."""

    evidence: DuplicateVote


@dataclass(frozen=True, slots=True)
class Decide:
    """The block is final: commit it. `certificates.commit_of(state)` may hold more signatures later (line 51)."""

    height: Height
    round: Round
    block_id: BlockId
    commit: Commit


@dataclass(frozen=True, slots=True)
class InvalidBlockDecided:
    """More than 2/3 precommitted a block that this node judged invalid: stop the node, its rules or state differ."""

    height: Height
    round: Round
    block_id: BlockId


Effect = (
    GetValue
    | SignAndPublishProposal
    | SignAndPublishVote
    | ScheduleTimeout
    | StepChanged
    | RequestBlock
    | ReportEquivocation
    | Decide
    | InvalidBlockDecided
)
