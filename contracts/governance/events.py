"""What a receipt tells about governance."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.action import Event
from chain.execution.param_changes import ParamChange
from chain.execution.upgrades import Upgrade
from chain.types.scalars import AccountId, Hash, Height, Uint


@wire()
@dataclass(frozen=True, slots=True)
class ProposalOpened(Event):
    """An operator proposed something and is for it; votes are cast until `deadline`."""

    tag: ClassVar[int] = 90
    name: ClassVar[str] = "governance.proposal_opened"

    proposal: Uint
    proposer: AccountId
    deadline: Height


@wire()
@dataclass(frozen=True, slots=True)
class VoteCast(Event):
    """An operator's last word on a proposal."""

    tag: ClassVar[int] = 91
    name: ClassVar[str] = "governance.vote_cast"

    proposal: Uint
    operator: AccountId
    approve: bool


@wire()
@dataclass(frozen=True, slots=True)
class ProposalPassed(Event):
    """More than 2/3 of the power were for it, and it was executed; the events of what it did stand before this one."""

    tag: ClassVar[int] = 92
    name: ClassVar[str] = "governance.proposal_passed"

    proposal: Uint


@wire()
@dataclass(frozen=True, slots=True)
class ProposalFailed(Event):
    """More than 2/3 of the power were for it, but a rule forbids it by now: `code` is the rule's."""

    tag: ClassVar[int] = 93
    name: ClassVar[str] = "governance.proposal_failed"

    proposal: Uint
    code: Uint


@wire()
@dataclass(frozen=True, slots=True)
class ProposalExpired(Event):
    """The deadline has passed without enough votes."""

    tag: ClassVar[int] = 94
    name: ClassVar[str] = "governance.proposal_expired"

    proposal: Uint


@wire()
@dataclass(frozen=True, slots=True)
class ProposalWithdrawn(Event):
    """The proposer took it back."""

    tag: ClassVar[int] = 95
    name: ClassVar[str] = "governance.proposal_withdrawn"

    proposal: Uint


@wire()
@dataclass(frozen=True, slots=True)
class ParametersChanged(Event):
    """From the next block on these parameters have these values; `params_hash` is of all of them."""

    tag: ClassVar[int] = 96
    name: ClassVar[str] = "governance.parameters_changed"

    changes: tuple[ParamChange, ...]
    params_hash: Hash


@wire()
@dataclass(frozen=True, slots=True)
class ParametersKept(Event):
    """A passed change did not happen, as it contradicts what others have changed since: `code` is the rule's."""

    tag: ClassVar[int] = 97
    name: ClassVar[str] = "governance.parameters_kept"

    changes: tuple[ParamChange, ...]
    code: Uint


@wire()
@dataclass(frozen=True, slots=True)
class UpgradePlanned(Event):
    """The validators decided an upgrade; `fork_id` is what transactions name from its height on."""

    tag: ClassVar[int] = 98
    name: ClassVar[str] = "governance.upgrade_planned"

    upgrade: Upgrade
    fork_id: Hash


@wire()
@dataclass(frozen=True, slots=True)
class UpgradeCancelled(Event):
    """The validators decided that a planned upgrade does not come."""

    tag: ClassVar[int] = 99
    name: ClassVar[str] = "governance.upgrade_cancelled"

    upgrade: Upgrade
