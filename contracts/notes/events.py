"""What receipts tell of notes: that trees have grown, never by whose notes."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.action import Event
from chain.types.scalars import FieldElement, ObjectId, Uint


@wire()
@dataclass(frozen=True, slots=True)
class TreeGrown(Event):
    """An object's note tree has `size` leaves and this root from the end of the block on."""

    tag: ClassVar[int] = 70
    name: ClassVar[str] = "notes.tree_grown"

    object: ObjectId
    size: Uint
    root: FieldElement
