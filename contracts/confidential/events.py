"""What receipts tell of confidential contracts: who did what to which contract, never a value."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.action import Event
from chain.types.scalars import AccountId, FieldElement, Name, ObjectId, Uint


@wire()
@dataclass(frozen=True, slots=True)
class ContractDeployed(Event):
    """A confidential contract exists from here on."""

    tag: ClassVar[int] = 40
    name: ClassVar[str] = "confidential.deployed"

    contract: ObjectId
    owner: AccountId


@wire()
@dataclass(frozen=True, slots=True)
class ReadersSet(Event):
    """A new data key is in force, sealed to `readers` readers."""

    tag: ClassVar[int] = 41
    name: ClassVar[str] = "confidential.readers_set"

    contract: ObjectId
    epoch: Uint
    readers: Uint


@wire()
@dataclass(frozen=True, slots=True)
class Called(Event):
    """A method was called."""

    tag: ClassVar[int] = 42
    name: ClassVar[str] = "confidential.called"

    contract: ObjectId
    method: Name
    epoch: Uint
    arguments: tuple[FieldElement, ...]


@wire()
@dataclass(frozen=True, slots=True)
class RegisterWritten(Event):
    """A sealed register holds something new; what, only its readers can tell."""

    tag: ClassVar[int] = 43
    name: ClassVar[str] = "confidential.register_written"

    contract: ObjectId
    register: Uint
    version: Uint
