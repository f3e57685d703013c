"""What operators do in governance: propose a decision, say yes or no to one, take one's own back."""

from dataclasses import dataclass
from typing import ClassVar, Final

from chain.codec import wire
from chain.execution.action import Action
from chain.execution.context import ExecutionContext
from chain.execution.decision import Decision
from chain.execution.validator_schedule import validators_at
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Height, Text, Uint
from contracts.governance import state
from contracts.governance.errors import (
    EffectTooSoon,
    NotAnOperator,
    NotTheProposer,
    ProposalClosed,
    TooManyOpen,
    WrongDeadline,
)
from contracts.governance.events import ProposalFailed, ProposalOpened, ProposalPassed, ProposalWithdrawn, VoteCast
from contracts.governance.state import Ballot, Proposal
from crypto.errors import ClusterError

MAX_OPEN: Final = 4  # of one operator: who fills it keeps nobody else from proposing
MAX_VOTING_HEIGHTS: Final = 14 * 86_400  # two weeks of blocks of a second
MOST_DECISION_WRITES: Final = 2  # of any decision, a test counts them


@wire()
@dataclass(frozen=True, slots=True)
class Propose(Action):
    """Propose a decision and be for it. Votes are cast until the block at `deadline`, which may still have some."""

    tag: ClassVar[int] = 90
    name: ClassVar[str] = "governance.propose"
    writes: ClassVar[int] = 2  # beside the decision's own, see state_writes
    work: ClassVar[int] = 2_000  # it may read a record and a vote of every validator

    decision: Decision
    deadline: Height
    summary: Text  # for people: why, and where more is to be read

    def state_writes(self) -> int:
        return self.writes + self.decision.writes

    def required_version(self) -> int:
        return max(self.since, self.decision.since)

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises WrongDeadline, EffectTooSoon, NotAnOperator, TooManyOpen, and what the decision's rules raise."""
        first, last = context.height, context.height + MAX_VOTING_HEIGHTS
        if not first <= self.deadline <= last:
            raise WrongDeadline(self.deadline, first, last)
        effect = self.decision.from_height
        if effect is not None and effect <= self.deadline:
            raise EffectTooSoon(effect, self.deadline)
        _require_operator(view, context)
        own = sum(1 for proposal in state.open_proposals(view) if proposal.proposer == context.sender)
        if own >= MAX_OPEN:
            raise TooManyOpen(own, MAX_OPEN)
        self.decision.check(view, context)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        number = Uint(state.count(overlay) + 1)
        state.write_count(overlay, number)
        proposal = Proposal(
            number=number,
            proposer=context.sender,
            decision=self.decision,
            summary=self.summary,
            opened_at=context.height,
            deadline=self.deadline,
            ballots=(Ballot(context.sender, True),),
            status=state.OPEN,
            closed_at=None,
            failure=Uint(0),
        )
        context.emit(ProposalOpened(number, context.sender, self.deadline))
        _tally(overlay, proposal, context)


@wire()
@dataclass(frozen=True, slots=True)
class Vote(Action):
    """An operator's word on an open proposal; the last one counts. Every vote counts all votes anew."""

    tag: ClassVar[int] = 91
    name: ClassVar[str] = "governance.vote"
    writes: ClassVar[int] = 2 + MOST_DECISION_WRITES
    work: ClassVar[int] = 2_000  # it reads a record and a vote of every validator

    proposal: Uint
    approve: bool

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NoSuchProposal, ProposalClosed, NotAnOperator."""
        _require_open(view, self.proposal)
        _require_operator(view, context)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        proposal = state.require_proposal(overlay, self.proposal)
        context.emit(VoteCast(self.proposal, context.sender, self.approve))
        _tally(overlay, proposal.with_ballot(Ballot(context.sender, self.approve)), context)


@wire()
@dataclass(frozen=True, slots=True)
class Withdraw(Action):
    """Take one's own open proposal back."""

    tag: ClassVar[int] = 92
    name: ClassVar[str] = "governance.withdraw"
    writes: ClassVar[int] = 2

    proposal: Uint

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NoSuchProposal, ProposalClosed, NotTheProposer."""
        proposal = _require_open(view, self.proposal)
        if proposal.proposer != context.sender:
            raise NotTheProposer(proposal.number, proposal.proposer)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        proposal = state.require_proposal(overlay, self.proposal)
        state.write_proposal(overlay, proposal.closed(state.WITHDRAWN, context.height))
        context.emit(ProposalWithdrawn(proposal.number))


def _require_open(view: View, number: Uint) -> Proposal:
    proposal = state.require_proposal(view, number)
    if proposal.status != state.OPEN:
        raise ProposalClosed(number, proposal.status)
    return proposal


def _require_operator(view: View, context: ExecutionContext) -> None:
    if state.operator_power(view, context.sender, context.height) == 0:
        raise NotAnOperator(context.sender)


def _tally(overlay: Overlay, proposal: Proposal, context: ExecutionContext) -> None:
    """Write the proposal; with the votes of more than 2/3 of the present power, execute its decision and close it.

    What has changed since it was proposed may forbid the decision by now: then it is closed as failed.
    """
    power = state.power_of(overlay, proposal, True, context.height)
    if not validators_at(overlay, context.height).is_quorum(power):
        state.write_proposal(overlay, proposal)
        return
    try:
        proposal.decision.check(overlay, context)
    except ClusterError as rule:
        if rule.fatal:  # the node's own state is unreadable: not an answer about the proposal
            raise
        state.write_proposal(overlay, proposal.closed(state.FAILED, context.height, rule.code))
        context.emit(ProposalFailed(proposal.number, Uint(rule.code)))
        return
    proposal.decision.execute(overlay, context)
    state.write_proposal(overlay, proposal.closed(state.PASSED, context.height))
    context.emit(ProposalPassed(proposal.number))
