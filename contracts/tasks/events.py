"""What a receipt tells about tasks and providers. Those of a block's end stand in its closing receipt."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.action import Event
from chain.types.scalars import (
    AccountId,
    Amount,
    EncryptionKeyBytes,
    FieldElement,
    Height,
    ObjectId,
    ProgramId,
    Uint,
    VkId,
)


@wire()
@dataclass(frozen=True, slots=True)
class ProviderRegistered(Event):
    """An account became a provider."""

    tag: ClassVar[int] = 20
    name: ClassVar[str] = "tasks.provider_registered"

    provider: AccountId
    encryption_key: EncryptionKeyBytes
    bond: Amount


@wire()
@dataclass(frozen=True, slots=True)
class ProviderUpdated(Event):
    """A provider changed what it offers."""

    tag: ClassVar[int] = 21
    name: ClassVar[str] = "tasks.provider_updated"

    provider: AccountId
    encryption_key: EncryptionKeyBytes
    min_price: Amount


@wire()
@dataclass(frozen=True, slots=True)
class BondChanged(Event):
    """A provider's bond is now `bond` nano-CLU."""

    tag: ClassVar[int] = 22
    name: ClassVar[str] = "tasks.bond_changed"

    provider: AccountId
    bond: Amount


@wire()
@dataclass(frozen=True, slots=True)
class TaskOpened(Event):
    """A task waits for one of `recipients`, its highest price in escrow."""

    tag: ClassVar[int] = 24
    name: ClassVar[str] = "tasks.opened"

    task: ObjectId
    requester: AccountId
    program: ProgramId
    escrow: Amount
    lock_deadline: Height
    recipients: tuple[AccountId, ...]


@wire()
@dataclass(frozen=True, slots=True)
class TaskLocked(Event):
    """A provider took a task at a fixed price; its proof is bound to `lock_epoch`."""

    tag: ClassVar[int] = 25
    name: ClassVar[str] = "tasks.locked"

    task: ObjectId
    provider: AccountId
    price: Amount
    lock_epoch: Uint


@wire()
@dataclass(frozen=True, slots=True)
class TaskSettled(Event):
    """A proven result was paid for: the price is paid + royalty + burnt; `refund` is the rest of the escrow."""

    tag: ClassVar[int] = 26
    name: ClassVar[str] = "tasks.settled"

    task: ObjectId
    provider: AccountId
    outputs: tuple[FieldElement, ...]
    paid: Amount
    royalty: Amount
    burnt: Amount
    refund: Amount


@wire()
@dataclass(frozen=True, slots=True)
class LockForfeited(Event):
    """A locker did not settle in time: its collateral was burnt, anyone bonded may settle now."""

    tag: ClassVar[int] = 27
    name: ClassVar[str] = "tasks.lock_forfeited"

    task: ObjectId
    provider: AccountId
    burnt: Amount


@wire()
@dataclass(frozen=True, slots=True)
class TaskExpired(Event):
    """Nobody settled in time: the escrow went back to the requester."""

    tag: ClassVar[int] = 28
    name: ClassVar[str] = "tasks.expired"

    task: ObjectId
    refund: Amount


@wire()
@dataclass(frozen=True, slots=True)
class TaskDissolved(Event):
    """The task's key was frozen: escrow and, where a lock was running, collateral went back."""

    tag: ClassVar[int] = 29
    name: ClassVar[str] = "tasks.dissolved"

    task: ObjectId
    vk_id: VkId
    refund: Amount
    collateral: Amount
