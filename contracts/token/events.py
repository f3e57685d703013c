"""What a receipt tells about the native token and about assets."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.action import Event
from chain.types.scalars import AccountId, Amount, AssetId, Name, Uint


@wire()
@dataclass(frozen=True, slots=True)
class Transferred(Event):
    """`amount` nano-CLU went from `sender` to `recipient`."""

    tag: ClassVar[int] = 1
    name: ClassVar[str] = "token.transferred"

    sender: AccountId
    recipient: AccountId
    amount: Amount


@wire()
@dataclass(frozen=True, slots=True)
class AssetCreated(Event):
    """`issuer` created an asset and holds all of it: `supply` units."""

    tag: ClassVar[int] = 2
    name: ClassVar[str] = "token.asset_created"

    asset: AssetId
    asset_name: Name
    decimals: Uint
    supply: Amount
    issuer: AccountId


@wire()
@dataclass(frozen=True, slots=True)
class AssetSent(Event):
    """`amount` units of an asset went from `sender` to `recipient`."""

    tag: ClassVar[int] = 3
    name: ClassVar[str] = "token.asset_sent"

    asset: AssetId
    sender: AccountId
    recipient: AccountId
    amount: Amount
