"""What receipts tell of shielded pools: what entered and left in the open, never between whom notes went."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.action import Event
from chain.types.scalars import Amount, AssetId, ObjectId, VkId


@wire()
@dataclass(frozen=True, slots=True)
class PoolOpened(Event):
    """A shielded pool exists from here on."""

    tag: ClassVar[int] = 80
    name: ClassVar[str] = "shielded.opened"

    pool: ObjectId
    vk_id: VkId


@wire()
@dataclass(frozen=True, slots=True)
class Transferred(Event):
    """Two notes were spent and two made. asset is the native one, and says nothing, when all amounts are zero."""

    tag: ClassVar[int] = 81
    name: ClassVar[str] = "shielded.transferred"

    pool: ObjectId
    asset: AssetId
    taken: Amount
    paid: Amount
    fee: Amount
