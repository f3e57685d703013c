"""What receipts tell of confidential contracts: who did what to which contract, never a sealed value."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.action import Event
from chain.types.scalars import AccountId, Amount, AssetId, FieldElement, Height, Name, ObjectId, Uint


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
    """A register holds something new; what a sealed one does, only its readers can tell."""

    tag: ClassVar[int] = 43
    name: ClassVar[str] = "confidential.register_written"

    contract: ObjectId
    register: Uint
    version: Uint


@wire()
@dataclass(frozen=True, slots=True)
class RegisterLeasedTo(Event):
    """Until the end of block `until` only `holder` writes the register."""

    tag: ClassVar[int] = 44
    name: ClassVar[str] = "confidential.leased"

    contract: ObjectId
    register: Uint
    holder: AccountId
    until: Height


@wire()
@dataclass(frozen=True, slots=True)
class LeaseEnded(Event):
    """A lease is over: used, or run out and its bond burnt."""

    tag: ClassVar[int] = 45
    name: ClassVar[str] = "confidential.lease_ended"

    contract: ObjectId
    register: Uint
    holder: AccountId
    burnt: Amount


@wire()
@dataclass(frozen=True, slots=True)
class Posted(Event):
    """A note lies in an inbox, the `posted`-th of it."""

    tag: ClassVar[int] = 46
    name: ClassVar[str] = "confidential.posted"

    contract: ObjectId
    register: Uint
    posted: Uint


@wire()
@dataclass(frozen=True, slots=True)
class Taken(Event):
    """The caller gave the contract an amount of an asset."""

    tag: ClassVar[int] = 47
    name: ClassVar[str] = "confidential.taken"

    contract: ObjectId
    payer: AccountId
    asset: AssetId
    amount: Amount


@wire()
@dataclass(frozen=True, slots=True)
class Paid(Event):
    """The contract paid out an amount of an asset."""

    tag: ClassVar[int] = 48
    name: ClassVar[str] = "confidential.paid"

    contract: ObjectId
    recipient: AccountId
    asset: AssetId
    amount: Amount
