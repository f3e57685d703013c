"""What people do with tasks: open, lock, settle. Source: protocol.md, "Proof-of-compute tasks"."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.action import Action
from chain.types.scalars import (
    AccountId,
    Amount,
    Blob,
    FieldElement,
    Height,
    Name,
    ObjectId,
    ProgramId,
    ProofBytes,
    Uint,
    VkId,
)


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


@wire()
@dataclass(frozen=True, slots=True)
class SealedKey:
    """The key of a sealed input, sealed to one provider that may lock."""

    provider: AccountId
    sealed: Blob


@wire()
@dataclass(frozen=True, slots=True)
class Open(Action):
    """Ask for a proven computation on a sealed input; the highest price is escrowed now, nobody is asked again."""

    tag: ClassVar[int] = 24
    name: ClassVar[str] = "tasks.open"
    writes: ClassVar[int] = 9

    terms: Terms
    sealed_input: Blob  # AEAD ciphertext of input and salt under a fresh key
    recipients: tuple[SealedKey, ...]  # who can read the input, and may lock


@wire()
@dataclass(frozen=True, slots=True)
class Lock(Action):
    """Take an open task: the price is fixed at the ramp's present height, the collateral is taken."""

    tag: ClassVar[int] = 25
    name: ClassVar[str] = "tasks.lock"
    writes: ClassVar[int] = 6

    task: ObjectId


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
    outputs: tuple[FieldElement, ...]  # proven ciphertext, one element per output
    proof: ProofBytes


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
    outputs: tuple[FieldElement, ...]
    proof: ProofBytes
