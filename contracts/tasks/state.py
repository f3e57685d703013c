"""What the chain keeps of a task, and under which keys.

A task that lives stands in the queue of its next due height and among its key's live tasks; an open one also among the
open. The sealed input is dropped when the task ends; the record, with its result, stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chain.codec import decode, encode, wire
from chain.state.keys import HEIGHT, ID, Key, Space, be8
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import (
    AccountId,
    Amount,
    Blob,
    FieldElement,
    Height,
    Name,
    ObjectId,
    ProgramId,
    Uint,
    VkId,
)
from contracts.tasks.errors import TaskNotFound, TaskNotInState

PROOF: Final = Name("proof")  # Groth16
EVIDENCE_KINDS: Final = (PROOF,)

OPEN: Final = Name("open")
LOCKED: Final = Name("locked")
LOCK_EXPIRED: Final = Name("lock-expired")
SETTLED: Final = Name("settled")
EXPIRED: Final = Name("expired")
DISSOLVED: Final = Name("dissolved")
LIVE: Final = (OPEN, LOCKED, LOCK_EXPIRED)
ENDED: Final = (SETTLED, EXPIRED, DISSOLVED)

TASK: Final = Space("tasks/task", (ID,))
INPUT: Final = Space("tasks/input", (ID,))
OPEN_TASK: Final = Space("tasks/open", (HEIGHT, ID))  # height of opening
DUE: Final = Space("tasks/due", (HEIGHT, ID))
BY_KEY: Final = Space("tasks/by-key", (ID, ID))
BY_REQUESTER: Final = Space("tasks/by-requester", (ID, HEIGHT, ID))
BY_PROVIDER: Final = Space("tasks/by-provider", (ID, HEIGHT, ID))
UNBOUND_INPUT: Final = Space("tasks/unbound-input", (ID, ID))  # key, input commitment

_PRESENT: Final = b"\x01"


@wire()
@dataclass(frozen=True, slots=True)
class Terms:
    """What a requester asks for and pays. Heights: ramp_end <= lock_deadline < deadline; prices in nano-CLU."""

    program: ProgramId
    input_commitment: FieldElement
    evidence_kind: Name  # "proof"
    price_start: Amount  # at the height of opening
    price_end: Amount  # from ramp_end on; escrowed at once
    ramp_end: Height
    collateral: Amount  # what a lock costs until it is settled
    lock_deadline: Height  # the last height to lock, and for the locker to settle
    deadline: Height  # the last height for anybody to settle

    def price_at(self, opened_at: Height, height: Height) -> Amount:
        """The price that a lock at `height` fixes: linear from opening to ramp_end, rounded down."""
        if height >= self.ramp_end:
            return self.price_end
        rise = (self.price_end - self.price_start) * (height - opened_at) // (self.ramp_end - opened_at)
        return Amount(self.price_start + rise)


@wire()
@dataclass(frozen=True, slots=True)
class SealedKey:
    """The key of a sealed input, sealed to one provider that may lock."""

    provider: AccountId
    sealed: Blob


@wire()
@dataclass(frozen=True, slots=True)
class TaskInput:
    """A private input on its way to the providers: an AEAD ciphertext, and its key sealed to each of them."""

    sealed_input: Blob
    recipients: tuple[SealedKey, ...]


@wire()
@dataclass(frozen=True, slots=True)
class LockRecord:
    """Who locked the task, at which fixed price, when."""

    provider: AccountId
    price: Amount
    height: Height


@wire()
@dataclass(frozen=True, slots=True)
class Result:
    """Who settled the task with which proven ciphertext, when."""

    provider: AccountId
    outputs: tuple[FieldElement, ...]
    height: Height


@wire()
@dataclass(frozen=True, slots=True)
class Task:
    """A task as last written. Its state may lag behind the heights in its terms: rules ask `phase`."""

    id: ObjectId
    requester: AccountId
    terms: Terms
    vk_id: VkId
    recipients: tuple[AccountId, ...]
    opened_at: Height
    state: Name
    lock_epoch: Uint  # 0 until it is locked
    lock: LockRecord | None
    result: Result | None

    @property
    def due(self) -> Height:
        """The last height of the present state; the queue acts at the end of that block."""
        return self.terms.deadline if self.state == LOCK_EXPIRED else self.terms.lock_deadline

    def phase(self, height: Height) -> Name:
        """The state at `height`, whether or not the queue has come to write it down: a pure function of the record."""
        if self.state in ENDED or height <= self.due:
            return self.state
        if self.state == LOCKED and height <= self.terms.deadline:
            return LOCK_EXPIRED
        return EXPIRED

    def require_phase(self, height: Height, *needed: Name) -> Name:
        """The state at `height`. Raises TaskNotInState unless it is one of `needed`."""
        phase = self.phase(height)
        if phase not in needed:
            raise TaskNotInState(self.id, phase, needed, height)
        return phase

    def require_lock(self) -> LockRecord:
        """The lock of a task that was locked. Raises TaskNotInState."""
        if self.lock is None:
            raise TaskNotInState(self.id, self.state, (LOCKED, LOCK_EXPIRED), self.opened_at)
        return self.lock


def find_task(view: View, task_id: ObjectId) -> Task | None:
    raw = view.get(TASK.key(task_id))
    return None if raw is None else decode(Task, raw)


def require_task(view: View, task_id: ObjectId) -> Task:
    """Raises TaskNotFound."""
    task = find_task(view, task_id)
    if task is None:
        raise TaskNotFound(task_id)
    return task


def find_input(view: View, task_id: ObjectId) -> TaskInput | None:
    """The sealed input of a task that has not ended."""
    raw = view.get(INPUT.key(task_id))
    return None if raw is None else decode(TaskInput, raw)


def write_task(overlay: Overlay, task: Task) -> None:
    overlay.put(TASK.key(task.id), encode(task))


def add_task(overlay: Overlay, task: Task, task_input: TaskInput) -> None:
    """A new open task with its input and in all its indexes."""
    write_task(overlay, task)
    overlay.put(INPUT.key(task.id), encode(task_input))
    overlay.put(OPEN_TASK.key(be8(task.opened_at), task.id), _PRESENT)
    overlay.put(DUE.key(be8(task.due), task.id), _PRESENT)
    overlay.put(BY_KEY.key(task.vk_id, task.id), _PRESENT)
    overlay.put(BY_REQUESTER.key(task.requester, be8(task.opened_at), task.id), _PRESENT)


def replace_live(overlay: Overlay, before: Task, after: Task) -> None:
    """Write a live task's next live state, and move it in the queue and among the open."""
    write_task(overlay, after)
    if before.due != after.due:
        overlay.delete(DUE.key(be8(before.due), before.id))
        overlay.put(DUE.key(be8(after.due), after.id), _PRESENT)
    if before.state == OPEN:
        overlay.delete(OPEN_TASK.key(be8(before.opened_at), before.id))


def end_task(overlay: Overlay, before: Task, after: Task) -> None:
    """Write a task's terminal state and take it out of everything that lists live tasks."""
    write_task(overlay, after)
    overlay.delete(INPUT.key(before.id))
    overlay.delete(DUE.key(be8(before.due), before.id))
    overlay.delete(BY_KEY.key(before.vk_id, before.id))
    if before.state == OPEN:
        overlay.delete(OPEN_TASK.key(be8(before.opened_at), before.id))


def note_provider(overlay: Overlay, task: Task, provider: AccountId) -> None:
    """List the task among those of a provider that locked or settled it."""
    overlay.put(BY_PROVIDER.key(provider, be8(task.opened_at), task.id), _PRESENT)


def is_unbound_input_used(view: View, vk_id: VkId, commitment: FieldElement) -> bool:
    """Whether a proof for this input under this key may be known to everybody, whichever program it was made for."""
    return view.get(_unbound_input(vk_id, commitment)) is not None


def note_unbound_input(overlay: Overlay, vk_id: VkId, commitment: FieldElement) -> None:
    overlay.put(_unbound_input(vk_id, commitment), _PRESENT)


def open_tasks(view: View, since: Height) -> Iterator[ObjectId]:
    """Tasks that nobody has locked, by height of opening from `since` on; `phase` says whether one still can."""
    for key, _ in view.iterate(OPEN_TASK.scan(), OPEN_TASK.scan(be8(since))):
        yield ObjectId(OPEN_TASK.parts(key)[1])


def tasks_of_requester(view: View, requester: AccountId) -> Iterator[ObjectId]:
    """All tasks that an account ever opened, oldest first."""
    return (ObjectId(BY_REQUESTER.parts(key)[2]) for key, _ in view.iterate(BY_REQUESTER.scan(requester)))


def tasks_of_provider(view: View, provider: AccountId) -> Iterator[ObjectId]:
    """All tasks that a provider ever locked or settled, oldest first."""
    return (ObjectId(BY_PROVIDER.parts(key)[2]) for key, _ in view.iterate(BY_PROVIDER.scan(provider)))


def live_tasks_of_key(view: View, vk_id: VkId) -> Iterator[ObjectId]:
    """Tasks under a verifying key that have not ended, by id."""
    return (ObjectId(BY_KEY.parts(key)[1]) for key, _ in view.iterate(BY_KEY.scan(vk_id)))


def due_tasks(view: View, height: Height) -> Iterator[ObjectId]:
    """Tasks whose present state ends with block `height` or should have ended before, oldest first."""
    for key, _ in view.iterate(DUE.scan()):
        due, task_id = DUE.parts(key)
        if due > be8(height):
            return
        yield ObjectId(task_id)


def _unbound_input(vk_id: VkId, commitment: FieldElement) -> Key:
    return UNBOUND_INPUT.key(vk_id, commitment.to_bytes(ID, "big"))
