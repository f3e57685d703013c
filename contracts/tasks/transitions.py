"""How a task goes from state to state, and where the money goes. Nothing else in the project moves a task or its money.

OPEN -> LOCKED -> SETTLED            a live task holds its highest price, and the collateral while it is LOCKED;
  |       |-> LOCK_EXPIRED -> SETTLED | EXPIRED      an ended one holds nothing
  |-> EXPIRED
any live state -> DISSOLVED, when its key is frozen
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from chain.execution import accounts
from chain.execution.action import Event
from chain.execution.context import ExecutionContext
from chain.state.overlay import Overlay
from chain.types.scalars import AccountId, Amount, FieldElement, Height, Uint
from contracts.registry.state import require_program
from contracts.tasks import state
from contracts.tasks.events import LockForfeited, TaskDissolved, TaskExpired, TaskLocked, TaskOpened, TaskSettled
from contracts.tasks.provider_state import require_provider, write_provider
from contracts.tasks.state import LockRecord, Result, Task, TaskInput

Emit = Callable[[Event], None]

WHOLE_BPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Split:
    """A settled price in its parts, in nano-CLU; they add up to it."""

    burnt: Amount
    royalty: Amount
    paid: Amount


def split(price: Amount, burn_bps: int, royalty_bps: int) -> Split:
    """First the burn of the whole, then the royalty of what is left; both rounded down, the rest is the provider's."""
    burnt = price * burn_bps // WHOLE_BPS
    royalty = (price - burnt) * royalty_bps // WHOLE_BPS
    return Split(Amount(burnt), Amount(royalty), Amount(price - burnt - royalty))


def open_task(overlay: Overlay, task: Task, task_input: TaskInput, emit: Emit) -> None:
    """Take the highest price into escrow, and list the task."""
    terms = task.terms
    accounts.deposit(overlay, task.requester, task.id, terms.price_end)
    state.add_task(overlay, task, task_input)
    emit(TaskOpened(task.id, task.requester, terms.program, terms.price_end, terms.lock_deadline, task.recipients))


def lock(overlay: Overlay, task: Task, sender: AccountId, height: Height, emit: Emit) -> None:
    """OPEN -> LOCKED: fix the price, take the collateral."""
    price = task.terms.price_at(task.opened_at, height)
    epoch = Uint(task.lock_epoch + 1)
    accounts.deposit(overlay, sender, task.id, task.terms.collateral)
    write_provider(overlay, require_provider(overlay, sender).with_lock())
    locked = replace(task, state=state.LOCKED, lock_epoch=epoch, lock=LockRecord(sender, price, height))
    state.replace_live(overlay, task, locked)
    state.note_provider(overlay, task, sender)
    emit(TaskLocked(task.id, sender, price, epoch))


def settle(overlay: Overlay, task: Task, outputs: tuple[FieldElement, ...], context: ExecutionContext) -> None:
    """LOCKED or LOCK_EXPIRED -> SETTLED: pay the sender, the owner and the fire; return what is left."""
    task = _catch_up(overlay, task, context.height, context.emit)
    held, terms, program = task.require_lock(), task.terms, require_program(overlay, task.terms.program)
    parts = split(held.price, context.params.settlement_burn_bps, program.royalty_bps)
    refund = Amount(terms.price_end - held.price)
    accounts.burn_holding(overlay, task.id, parts.burnt)
    _pay(overlay, task, context.sender, parts.paid)
    _pay(overlay, task, program.owner, parts.royalty)
    _pay(overlay, task, task.requester, refund)
    provider = require_provider(overlay, context.sender).with_settled()
    if task.state == state.LOCKED:
        _pay(overlay, task, held.provider, terms.collateral)
        provider = provider.without_lock()
    write_provider(overlay, provider)
    if context.sender != held.provider:
        state.note_provider(overlay, task, context.sender)
    result = Result(context.sender, outputs, context.height)
    state.end_task(overlay, task, replace(task, state=state.SETTLED, result=result))
    context.emit(TaskSettled(task.id, context.sender, outputs, parts.paid, parts.royalty, parts.burnt, refund))


def pass_deadline(overlay: Overlay, task: Task, height: Height, emit: Emit) -> None:
    """Write down what a live task has become by `height` because time passed: LOCK_EXPIRED or EXPIRED."""
    task = _catch_up(overlay, task, height, emit)
    if task.phase(height) != state.EXPIRED:
        return
    refund = task.terms.price_end
    _pay(overlay, task, task.requester, refund)
    state.end_task(overlay, task, replace(task, state=state.EXPIRED))
    emit(TaskExpired(task.id, refund))


def dissolve(overlay: Overlay, task: Task, frozen_at: Height, emit: Emit) -> None:
    """Any live state -> DISSOLVED. A lock that had run out before the freeze is forfeited all the same."""
    task = _catch_up(overlay, task, frozen_at, emit)
    collateral = Amount(0)
    if task.state == state.LOCKED:
        held, collateral = task.require_lock(), task.terms.collateral
        _pay(overlay, task, held.provider, collateral)
        write_provider(overlay, require_provider(overlay, held.provider).without_lock())
    refund = task.terms.price_end
    _pay(overlay, task, task.requester, refund)
    state.end_task(overlay, task, replace(task, state=state.DISSOLVED))
    emit(TaskDissolved(task.id, task.vk_id, refund, collateral))


def _catch_up(overlay: Overlay, task: Task, height: Height, emit: Emit) -> Task:
    """LOCKED -> LOCK_EXPIRED where the lock's deadline lies before `height`: the collateral is burnt whole."""
    if task.state != state.LOCKED or height <= task.terms.lock_deadline:
        return task
    held = task.require_lock()
    accounts.burn_holding(overlay, task.id, task.terms.collateral)
    write_provider(overlay, require_provider(overlay, held.provider).without_lock().with_forfeited())
    late = replace(task, state=state.LOCK_EXPIRED)
    state.replace_live(overlay, task, late)
    emit(LockForfeited(task.id, held.provider, task.terms.collateral))
    return late


def _pay(overlay: Overlay, task: Task, payee: AccountId, value: Amount) -> None:
    if value:
        accounts.withdraw(overlay, task.id, payee, value)
