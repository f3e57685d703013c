"""What people do with tasks: open, lock, settle. Source: protocol.md, "Proof-of-compute tasks"."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from chain.codec import wire
from chain.execution import accounts
from chain.execution.action import Action, Claim, Effect
from chain.execution.context import ExecutionContext
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Blob, FieldElement, ObjectId, ProofBytes, Uint, VkId
from contracts.registry.ceremony_state import require_usable_key
from contracts.registry.state import require_active_key, require_program
from contracts.tasks import state, statement, transitions
from contracts.tasks.errors import (
    CiphertextSize,
    CollateralTooLow,
    DeadlineInvalid,
    DuplicateRecipient,
    EvidenceKindUnknown,
    InputCommitmentReused,
    LockEpochMismatch,
    LockExpired,
    LockTaken,
    NotALockRecipient,
    NotTheLocker,
    PriceRampInvalid,
    TooManyLocks,
    WrongBinding,
    WrongInputCommitment,
    WrongKey,
    WrongModel,
    WrongNumberOfOutputs,
    WrongNumberOfRecipients,
)
from contracts.tasks.provider_state import require_bonded, require_offered
from contracts.tasks.state import SealedKey, Task, TaskInput, Terms, require_task
from crypto.sealedbox import AEAD_OVERHEAD, SEAL_OVERHEAD

if TYPE_CHECKING:
    from chain.types.transaction import Envelope

__all__ = ["Lock", "Open", "SealedKey", "Settle", "SettleUnbound", "Terms"]

MAX_RECIPIENTS: Final = 16
MAX_SEALED_INPUT: Final = 64 * 1024
MAX_SEALED_KEY: Final = 256


@wire()
@dataclass(frozen=True, slots=True)
class Open(Action):
    """Ask for a proven computation on a sealed input; the highest price is escrowed now, nobody is asked again."""

    tag: ClassVar[int] = 24
    name: ClassVar[str] = "tasks.open"
    writes: ClassVar[int] = 9
    work: ClassVar[int] = 1_000  # the writes of its expiry, for which nobody else pays

    terms: Terms
    sealed_input: Blob  # AEAD ciphertext of input and salt under a fresh key
    recipients: tuple[SealedKey, ...]  # who can read the input, and may lock

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises the TaskError or RegistryError of the broken rule, or InsufficientBalance."""
        _check_terms(self.terms, context)
        _check_ciphertexts(self.sealed_input, self.recipients)
        program = require_program(view, self.terms.program)
        require_usable_key(view, program.vk_id, context.height, context.params, program.r1cs_hash)
        if not program.bound and state.is_unbound_input_used(view, program.vk_id, self.terms.input_commitment):
            raise InputCommitmentReused(program.vk_id, self.terms.input_commitment)
        accounts.require_balance(view, context.sender, self.terms.price_end)
        for recipient in self.recipients:
            provider = require_bonded(view, recipient.provider, context.params.min_provider_bond)
            require_offered(provider, self.terms.evidence_kind)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        program = require_program(overlay, self.terms.program)
        if not program.bound:
            state.note_unbound_input(overlay, program.vk_id, self.terms.input_commitment)
        task = Task(
            id=context.new_object_id,
            requester=context.sender,
            terms=self.terms,
            vk_id=program.vk_id,
            recipients=tuple(recipient.provider for recipient in self.recipients),
            opened_at=context.height,
            state=state.OPEN,
            lock_epoch=Uint(0),
            lock=None,
            result=None,
        )
        transitions.open_task(overlay, task, TaskInput(self.sealed_input, self.recipients), context.emit)


@wire()
@dataclass(frozen=True, slots=True)
class Lock(Action):
    """Take an open task: the price is fixed at the ramp's present height, the collateral is taken."""

    tag: ClassVar[int] = 25
    name: ClassVar[str] = "tasks.lock"
    writes: ClassVar[int] = 6
    work: ClassVar[int] = 1_000  # the writes of its forfeit, for which nobody else pays

    task: ObjectId

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises the TaskError or RegistryError of the broken rule, or InsufficientBalance."""
        task = require_task(view, self.task)
        if task.lock is not None and task.phase(context.height) == state.LOCKED:
            raise LockTaken(task.id, task.lock.provider)
        task.require_phase(context.height, state.OPEN)
        if context.sender not in task.recipients:
            raise NotALockRecipient(task.id, context.sender)
        provider = require_bonded(view, context.sender, context.params.min_provider_bond)
        if provider.locks >= context.params.max_locks_per_provider:
            raise TooManyLocks(context.sender, provider.locks, context.params.max_locks_per_provider)
        require_active_key(view, task.vk_id, context.height)
        accounts.require_balance(view, context.sender, task.terms.collateral)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        task = require_task(overlay, self.task)
        transitions.lock(overlay, task, context.sender, context.height, context.emit)


@wire()
@dataclass(frozen=True, slots=True)
class Settle(Action):
    """Submit a proven result and be paid: the locker until the lock's deadline, then any bonded provider."""

    tag: ClassVar[int] = 26
    name: ClassVar[str] = "tasks.settle"
    writes: ClassVar[int] = 13

    task: ObjectId
    vk_id: VkId  # the program's
    lock_epoch: Uint  # the task's; the proof is bound to it
    input_commitment: FieldElement  # the task's
    model: FieldElement | None  # the program's commitment, where its key serves many models
    outputs: tuple[FieldElement, ...]  # proven ciphertext, one element per output
    proof: ProofBytes

    def claims(self, envelope: "Envelope", index: int) -> tuple[Claim, ...]:
        return (statement.settle_claim(envelope, self),)

    def effects(self, envelope: "Envelope", index: int) -> tuple[Effect, ...]:
        return (statement.effect(self, statement.SETTLE),)

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises the TaskError or RegistryError of the broken rule."""
        task = require_task(view, self.task)
        phase = task.require_phase(context.height, state.LOCKED, state.LOCK_EXPIRED)
        if phase == state.LOCKED:
            _require_locker(task, context)
        _require_statement(view, self, task, context, bound=True)
        if phase == state.LOCK_EXPIRED:
            require_bonded(view, context.sender, context.params.min_provider_bond)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        transitions.settle(overlay, require_task(overlay, self.task), self.outputs, context)


@wire()
@dataclass(frozen=True, slots=True)
class SettleUnbound(Action):
    """Submit a result proven by a circuit without ctx, which anybody could copy: the locker only, in time only."""

    tag: ClassVar[int] = 27
    name: ClassVar[str] = "tasks.settle_unbound"
    writes: ClassVar[int] = 13

    task: ObjectId
    vk_id: VkId
    lock_epoch: Uint
    input_commitment: FieldElement
    model: FieldElement | None
    outputs: tuple[FieldElement, ...]  # plain, as such a circuit knows no salt
    proof: ProofBytes

    def claims(self, envelope: "Envelope", index: int) -> tuple[Claim, ...]:
        return (statement.unbound_claim(self),)

    def effects(self, envelope: "Envelope", index: int) -> tuple[Effect, ...]:
        return (statement.effect(self, statement.SETTLE_UNBOUND),)

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises the TaskError or RegistryError of the broken rule."""
        task = require_task(view, self.task)
        phase = task.require_phase(context.height, state.LOCKED, state.LOCK_EXPIRED)
        if phase == state.LOCK_EXPIRED:
            raise LockExpired(task.id, task.terms.lock_deadline, context.height)
        _require_locker(task, context)
        _require_statement(view, self, task, context, bound=False)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        transitions.settle(overlay, require_task(overlay, self.task), self.outputs, context)


def _check_terms(terms: Terms, context: ExecutionContext) -> None:
    height, latest = context.height, context.height + context.params.max_task_heights
    if terms.evidence_kind not in state.EVIDENCE_KINDS:
        raise EvidenceKindUnknown(terms.evidence_kind, state.EVIDENCE_KINDS)
    if not terms.price_start <= terms.price_end or terms.price_end == 0:
        raise PriceRampInvalid(terms.price_start, terms.price_end)
    if terms.collateral < context.params.min_collateral:
        raise CollateralTooLow(terms.collateral, context.params.min_collateral)
    in_order = terms.ramp_end <= terms.lock_deadline < terms.deadline <= latest
    if not in_order or terms.lock_deadline <= height:
        raise DeadlineInvalid(height, terms.ramp_end, terms.lock_deadline, terms.deadline, latest)


def _check_ciphertexts(sealed_input: Blob, recipients: tuple[SealedKey, ...]) -> None:
    if not AEAD_OVERHEAD < len(sealed_input) <= MAX_SEALED_INPUT:
        raise CiphertextSize("sealed input", len(sealed_input), AEAD_OVERHEAD + 1, MAX_SEALED_INPUT)
    if not 1 <= len(recipients) <= MAX_RECIPIENTS:
        raise WrongNumberOfRecipients(len(recipients), MAX_RECIPIENTS)
    for place, recipient in enumerate(recipients):
        if not SEAL_OVERHEAD < len(recipient.sealed) <= MAX_SEALED_KEY:
            raise CiphertextSize("sealed key", len(recipient.sealed), SEAL_OVERHEAD + 1, MAX_SEALED_KEY)
        if any(recipient.provider == earlier.provider for earlier in recipients[:place]):
            raise DuplicateRecipient(recipient.provider)


def _require_locker(task: Task, context: ExecutionContext) -> None:
    held = task.require_lock()
    if held.provider != context.sender:
        raise NotTheLocker(task.id, held.provider, task.terms.lock_deadline)


def _require_statement(
    view: View, action: Settle | SettleUnbound, task: Task, context: ExecutionContext, bound: bool
) -> None:
    """Every value that the proof speaks of must be state's; then what it proves is the task."""
    if action.lock_epoch != task.lock_epoch:
        raise LockEpochMismatch(task.id, task.lock_epoch, action.lock_epoch)
    if action.vk_id != task.vk_id:
        raise WrongKey(task.id, task.vk_id, action.vk_id)
    if action.input_commitment != task.terms.input_commitment:
        raise WrongInputCommitment(task.id, task.terms.input_commitment, action.input_commitment)
    program = require_program(view, task.terms.program)
    if program.bound is not bound:
        raise WrongBinding(program.id, program.bound)
    if action.model != program.model:
        raise WrongModel(task.id, program.model, action.model)
    if len(action.outputs) != program.outputs:
        raise WrongNumberOfOutputs(task.id, program.outputs, len(action.outputs))
    require_active_key(view, task.vk_id, context.height)
