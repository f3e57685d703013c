"""What a receipt tells about the registry."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.action import Event
from chain.types.scalars import AccountId, Amount, Height, Name, ObjectId, ProgramId, VkId


@wire()
@dataclass(frozen=True, slots=True)
class KeyRegistered(Event):
    """A verifying key is known, and may be used from `active_from` on."""

    tag: ClassVar[int] = 10
    name: ClassVar[str] = "registry.key_registered"

    vk_id: VkId
    registrant: AccountId
    active_from: Height


@wire()
@dataclass(frozen=True, slots=True)
class ProgramRegistered(Event):
    """A program is known, and can be asked for as soon as its key is active."""

    tag: ClassVar[int] = 11
    name: ClassVar[str] = "registry.program_registered"

    program: ProgramId
    vk_id: VkId
    owner: AccountId


@wire()
@dataclass(frozen=True, slots=True)
class ModelPublished(Event):
    """A program got a name and a version."""

    tag: ClassVar[int] = 12
    name: ClassVar[str] = "registry.model_published"

    id: ObjectId
    model: Name
    version: Name
    program: ProgramId
    publisher: AccountId


@wire()
@dataclass(frozen=True, slots=True)
class KeyWasFrozen(Event):
    """More than 2/3 of the power froze a key: nothing is proven under it, its tasks are paid back."""

    tag: ClassVar[int] = 14
    name: ClassVar[str] = "registry.key_frozen"

    vk_id: VkId


@wire()
@dataclass(frozen=True, slots=True)
class KeyWasUnfrozen(Event):
    """More than 2/3 of the power let a key be used again."""

    tag: ClassVar[int] = 15
    name: ClassVar[str] = "registry.key_unfrozen"

    vk_id: VkId


@wire()
@dataclass(frozen=True, slots=True)
class AttesterBondChanged(Event):
    """An attester's bond is now `bond` nano-CLU; it may be released from `release_at` on, None while it is bonded."""

    tag: ClassVar[int] = 16
    name: ClassVar[str] = "registry.attester_bond_changed"

    attester: AccountId
    bond: Amount
    release_at: Height | None


@wire()
@dataclass(frozen=True, slots=True)
class CeremonyAttested(Event):
    """A bonded attester vouches for the ceremony that a key names."""

    tag: ClassVar[int] = 17
    name: ClassVar[str] = "registry.ceremony_attested"

    vk_id: VkId
    attester: AccountId


@wire()
@dataclass(frozen=True, slots=True)
class AttestationWithdrawn(Event):
    """An attester no longer vouches for a key's ceremony."""

    tag: ClassVar[int] = 18
    name: ClassVar[str] = "registry.attestation_withdrawn"

    vk_id: VkId
    attester: AccountId
