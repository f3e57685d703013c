"""Governance as RPC shows it: proposals with their count, and the upgrade that is in force or lies ahead."""

from dataclasses import dataclass

from chain.codec import wire
from chain.execution.upgrades import Upgrade, fork_at, pending_upgrade
from chain.execution.validator_schedule import validators_at
from chain.state.view import View
from chain.types.scalars import Hash, Height, Power, Uint
from contracts.governance import state
from contracts.governance.state import Proposal


@wire()
@dataclass(frozen=True, slots=True)
class Count:
    """What a vote in the next block would find: power for and against, and that of the whole set."""

    approve: Power
    reject: Power
    total: Power


@wire()
@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal, and the count of one that is open."""

    proposal: Proposal
    count: Count | None


@wire()
@dataclass(frozen=True, slots=True)
class UpgradeView:
    """The rules of the next block, the upgrade that they came with, and the one that lies ahead with its fork id."""

    app_version: Uint
    fork_id: Hash
    active: Upgrade | None
    pending: Upgrade | None
    pending_fork_id: Hash | None


def proposal_view(view: View, number: Uint, next_height: Height) -> ProposalView:
    """Raises NoSuchProposal."""
    proposal = state.require_proposal(view, number)
    if proposal.status != state.OPEN:
        return ProposalView(proposal, None)
    approve, reject = (state.power_of(view, proposal, answer, next_height) for answer in (True, False))
    return ProposalView(proposal, Count(approve, reject, validators_at(view, next_height).total_power))


def upgrade_view(view: View, next_height: Height) -> UpgradeView:
    """As state knows it, for the block at `next_height`."""
    fork, pending = fork_at(view, next_height), pending_upgrade(view, next_height)
    pending_id = None if pending is None else pending.fork_id(fork.id)
    return UpgradeView(fork.app_version, fork.id, fork.upgrade, pending, pending_id)
