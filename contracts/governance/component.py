"""Governance as a component: what time does to proposals and to changes that have passed."""

from itertools import takewhile

from chain.execution.action import Action, Event
from chain.execution.context import BlockContext
from chain.execution.genesis import UnusableGenesis
from chain.execution.param_changes import ParameterError, change_params
from chain.params import read_params, write_params
from chain.state.overlay import Overlay
from chain.types.genesis import Genesis
from chain.types.scalars import Height, Uint, ValidatorId
from contracts.governance import events, schedule, state
from contracts.governance.actions import Propose, Vote, Withdraw


class Governance:
    """Decisions of more than 2/3 of the power."""

    name: str = "governance"
    actions: tuple[type[Action], ...] = (Propose, Vote, Withdraw)
    events: tuple[type[Event], ...] = (
        events.ProposalOpened,
        events.VoteCast,
        events.ProposalPassed,
        events.ProposalFailed,
        events.ProposalExpired,
        events.ProposalWithdrawn,
        events.ParametersChanged,
        events.ParametersKept,
        events.UpgradePlanned,
        events.UpgradeCancelled,
    )

    def genesis(self, overlay: Overlay, data: bytes, genesis: Genesis) -> None:
        """Nothing is proposed at first. Raises UnusableGenesis for a section."""
        if data:
            raise UnusableGenesis("component governance takes no section of its own; parameters belong into params")

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        """Close the proposals whose last height this was; write the parameters that begin with the next block."""
        return (*_expire(overlay, block.height), *_change_parameters(overlay, Height(block.height + 1)))


def _expire(overlay: Overlay, height: Height) -> list[Event]:
    expired: list[Event] = []
    for due in list(takewhile(lambda each: each.deadline <= height, state.open_proposals(overlay))):
        proposal = state.require_proposal(overlay, due.number)
        state.write_proposal(overlay, proposal.closed(state.EXPIRED, height))
        expired.append(events.ProposalExpired(due.number))
    return expired


def _change_parameters(overlay: Overlay, next_height: Height) -> list[Event]:
    changed: list[Event] = []
    for due in schedule.take_due(overlay, next_height):
        try:
            params = change_params(read_params(overlay), due.changes)
        except ParameterError as rule:
            changed.append(events.ParametersKept(due.changes, Uint(rule.code)))
            continue
        write_params(overlay, params)
        changed.append(events.ParametersChanged(due.changes, params.hash()))
    return changed
