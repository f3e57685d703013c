"""A small chain on which a requester, an owner of programs and three providers meet; its steps read as sentences."""

from dataclasses import replace

from chain.execution.accounts import holding
from chain.types.identifiers import object_id
from chain.types.receipt import OK, Receipt
from chain.types.scalars import (
    Amount,
    Blob,
    FieldElement,
    Height,
    Name,
    ObjectId,
    ProgramId,
)
from contracts.registry.state import require_program
from contracts.tasks.actions import Lock, Open, SealedKey, Settle, SettleUnbound, Terms
from contracts.tasks.provider_state import Provider, require_provider
from contracts.tasks.state import PROOF, Task, require_task
from tests.support.programs import NO_PROOF, register_providers, registered_program
from tests.support.small_chain import SmallChain, account

REQUESTER, OWNER, PROVIDER, OTHER, RESCUER, STRANGER = 1, 2, 3, 4, 5, 6

PRICE_START, PRICE_END = 100_000, 200_000
COLLATERAL = 5_000_000
RAMP, LOCK_WITHIN, END_WITHIN = 10, 20, 30  # heights after the one of opening
ROYALTY_BPS = 1_000
COMMITMENT = FieldElement(424_242)
OUTPUTS = (FieldElement(7), FieldElement(8))


def sealed_to(*people: int) -> tuple[SealedKey, ...]:
    return tuple(SealedKey(account(person), Blob(bytes(80))) for person in people)


class TaskChain(SmallChain):
    """Providers are PROVIDER, OTHER and RESCUER; the input of each task is sealed to the first two."""

    def __init__(
        self,
        *,
        bound: bool = True,
        royalty_bps: int = ROYALTY_BPS,
        model: FieldElement | None = None,
        **options: object,
    ) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.program: ProgramId = registered_program(self, OWNER, bound=bound, royalty_bps=royalty_bps, model=model)
        register_providers(self, PROVIDER, OTHER, RESCUER)

    def terms(self, **changes: object) -> Terms:
        """Terms for a task that is opened in the next block."""
        height = self.height + 1
        terms = Terms(
            program=self.program,
            input_commitment=COMMITMENT,
            evidence_kind=PROOF,
            price_start=Amount(PRICE_START),
            price_end=Amount(PRICE_END),
            ramp_end=Height(height + RAMP),
            collateral=Amount(COLLATERAL),
            lock_deadline=Height(height + LOCK_WITHIN),
            deadline=Height(height + END_WITHIN),
        )
        return replace(terms, **changes)  # type: ignore[arg-type]

    def offer(self, *recipients: int, **changes: object) -> Open:
        return Open(self.terms(**changes), Blob(bytes(64)), sealed_to(*(recipients or (PROVIDER, OTHER))))

    def open(self, **changes: object) -> ObjectId:
        """The requester opens a task in the next block."""
        task_id = object_id(account(REQUESTER), self.nonce(REQUESTER), 0)
        receipt = self.do(REQUESTER, self.offer(**changes))
        assert receipt.code == OK, receipt
        return task_id

    def lock(self, task: ObjectId, person: int = PROVIDER) -> Receipt:
        return self.do(person, Lock(task))

    def locked(self, person: int = PROVIDER, **changes: object) -> ObjectId:
        """A task that `person` has locked in the block after it was opened."""
        task = self.open(**changes)
        assert self.lock(task, person).code == OK
        return task

    def result(self, task_id: ObjectId, **changes: object) -> Settle:
        """A result that agrees with state."""
        task = self.task(task_id)
        model = require_program(self.view, task.terms.program).model
        settle = Settle(task_id, task.vk_id, task.lock_epoch, task.terms.input_commitment, model, OUTPUTS, NO_PROOF)
        return replace(settle, **changes)  # type: ignore[arg-type]

    def unbound_result(self, task_id: ObjectId) -> SettleUnbound:
        task = self.task(task_id)
        result = self.result(task_id)
        return SettleUnbound(
            task_id, task.vk_id, task.lock_epoch, result.input_commitment, result.model, OUTPUTS, NO_PROOF
        )

    def settle(self, task_id: ObjectId, person: int = PROVIDER) -> Receipt:
        return self.do(person, self.result(task_id))

    def task(self, task_id: ObjectId) -> Task:
        return require_task(self.view, task_id)

    def state_of(self, task_id: ObjectId) -> Name:
        return self.task(task_id).state

    def held_by(self, task_id: ObjectId) -> int:
        return holding(self.view, task_id)

    def provider(self, person: int) -> Provider:
        return require_provider(self.view, account(person))

    def price_after(self, heights: int) -> int:
        """The price that a lock fixes so many heights after opening."""
        return PRICE_START + (PRICE_END - PRICE_START) * min(heights, RAMP) // RAMP
