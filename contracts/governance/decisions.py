"""What the validators can decide: parameters and upgrades here, the freezing of keys in contracts/registry."""

from dataclasses import dataclass
from typing import ClassVar, Final

from chain.codec import Unions, wire
from chain.execution.action import by_tag
from chain.execution.context import ExecutionContext
from chain.execution.decision import Decision
from chain.execution.param_changes import ParamChange, change_params
from chain.execution.upgrades import Upgrade, cancel_upgrade, pending_upgrade, plan_upgrade
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Height, Name
from contracts.governance import schedule
from contracts.governance.errors import NoSuchUpgrade, UpgradePending, VersionNotNewer
from contracts.governance.events import UpgradeCancelled, UpgradePlanned
from contracts.registry.decisions import FreezeKey


@wire()
@dataclass(frozen=True, slots=True)
class SetParameters(Decision):
    """Change parameters from the block at `effective` on."""

    tag: ClassVar[int] = 1
    name: ClassVar[str] = "governance.set_parameters"
    writes: ClassVar[int] = 1

    changes: tuple[ParamChange, ...]
    effective: Height

    @property
    def from_height(self) -> Height | None:
        return self.effective

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises the ParameterError of the broken rule: on top of today's parameters they must be allowed."""
        change_params(context.params, self.changes)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        schedule.add(overlay, schedule.PassedChange(self.effective, self.changes))


@wire()
@dataclass(frozen=True, slots=True)
class PlanUpgrade(Decision):
    """Move to another application version at a height; one plan is pending at a time."""

    tag: ClassVar[int] = 3
    name: ClassVar[str] = "governance.plan_upgrade"
    writes: ClassVar[int] = 1

    upgrade: Upgrade

    @property
    def from_height(self) -> Height | None:
        return self.upgrade.height

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises UpgradePending, VersionNotNewer."""
        pending = pending_upgrade(view, context.height)
        if pending is not None:
            raise UpgradePending(pending.name, pending.height)
        active = context.block.fork.app_version
        if self.upgrade.app_version <= active:
            raise VersionNotNewer(active, self.upgrade.app_version)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        plan_upgrade(overlay, self.upgrade)
        context.emit(UpgradePlanned(self.upgrade, self.upgrade.fork_id(context.block.fork.id)))


@wire()
@dataclass(frozen=True, slots=True)
class CancelUpgrade(Decision):
    """Forget the pending upgrade of this name."""

    tag: ClassVar[int] = 4
    name: ClassVar[str] = "governance.cancel_upgrade"
    writes: ClassVar[int] = 1

    upgrade: Name

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NoSuchUpgrade."""
        self._pending(view, context.height)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        pending = self._pending(overlay, context.height)
        cancel_upgrade(overlay, pending)
        context.emit(UpgradeCancelled(pending))

    def _pending(self, view: View, height: Height) -> Upgrade:
        pending = pending_upgrade(view, height)
        if pending is None or pending.name != self.upgrade:
            raise NoSuchUpgrade(self.upgrade)
        return pending


DECISIONS: Final[tuple[type[Decision], ...]] = (SetParameters, FreezeKey, PlanUpgrade, CancelUpgrade)
DECISION_UNIONS: Final[Unions] = {Decision: by_tag(DECISIONS)}
