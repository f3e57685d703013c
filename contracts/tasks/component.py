"""Tasks as a component: what time and frozen keys do to them at the end of each block."""

from itertools import islice

from chain.execution.action import Action, Event
from chain.execution.context import BlockContext
from chain.execution.genesis import UnusableGenesis
from chain.state.overlay import Overlay
from chain.types.genesis import Genesis
from chain.types.scalars import Height, ValidatorId
from contracts.registry.state import dissolving_keys, finish_dissolving
from contracts.tasks import events, transitions
from contracts.tasks.actions import Lock, Open, Settle, SettleUnbound
from contracts.tasks.provider_actions import AddBond, RegisterProvider, UpdateProvider, WithdrawBond
from contracts.tasks.state import due_tasks, live_tasks_of_key, require_task


class Tasks:
    """Providers and proof-of-compute tasks."""

    name: str = "tasks"
    actions: tuple[type[Action], ...] = (
        RegisterProvider,
        UpdateProvider,
        AddBond,
        WithdrawBond,
        Open,
        Lock,
        Settle,
        SettleUnbound,
    )
    events: tuple[type[Event], ...] = (
        events.ProviderRegistered,
        events.ProviderUpdated,
        events.BondChanged,
        events.TaskOpened,
        events.TaskLocked,
        events.TaskSettled,
        events.LockForfeited,
        events.TaskExpired,
        events.TaskDissolved,
    )

    def genesis(self, overlay: Overlay, data: bytes, genesis: Genesis) -> None:
        """There are no tasks at first. Raises UnusableGenesis for a section."""
        if data:
            raise UnusableGenesis("component tasks takes no section of its own; open tasks by transaction")

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        """Pay back tasks of frozen keys, then pass deadlines: together at most max_expiries_per_block tasks.

        What is left over waits for the next block. No rule depends on that, as `Task.phase` goes by heights alone.
        """
        happened: list[Event] = []
        left = _dissolve(overlay, block.params.max_expiries_per_block, happened)
        following = Height(block.height + 1)
        for task_id in list(islice(due_tasks(overlay, block.height), left)):
            transitions.pass_deadline(overlay, require_task(overlay, task_id), following, happened.append)
        return tuple(happened)


def _dissolve(overlay: Overlay, left: int, happened: list[Event]) -> int:
    """Dissolve up to `left` tasks of frozen keys, in order; returns how many more may end in this block."""
    for vk_id, frozen_at in list(dissolving_keys(overlay)):
        live = list(islice(live_tasks_of_key(overlay, vk_id), left + 1))
        for task_id in live[:left]:
            transitions.dissolve(overlay, require_task(overlay, task_id), frozen_at, happened.append)
        if len(live) > left:
            return 0
        finish_dissolving(overlay, vk_id)
        left -= len(live)
    return left
