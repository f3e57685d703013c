"""Notes as they stand on a chain, made without one: for tests of whoever looks for them."""

from chain.types.scalars import FieldElement, Height, ObjectId, Uint
from client.notes.address import Address
from client.notes.content import Content, seal_output
from client.notes.hints import Outgoing
from client.notes.keys import OutgoingViewKey
from contracts.notes.output import NoteHint, NoteOutput, Point
from contracts.notes.state import NoteRecord
from crypto import notes

POOL = ObjectId(b"\x0a" * 32)
CONTRACT = ObjectId(b"\x0b" * 32)


class Entropy:
    """Entropy for tests: other bytes at every call."""

    def __init__(self, start: int = 0) -> None:
        self._next = start

    def __call__(self, length: int) -> bytes:
        self._next += 1
        return self._next.to_bytes(length, "big")


def record(
    content: Content,
    address: Address,
    secret: int = 77,
    *,
    position: int = 0,
    object_: ObjectId = POOL,
    ovk: OutgoingViewKey | None = None,
) -> NoteRecord:
    """A note of `content` to an address, as the chain keeps it."""
    output = seal_output(object_, Outgoing(secret, address), content, ovk, Entropy(position * 10))
    point = notes.ephemeral_point(secret)
    ephemeral = Point(FieldElement(point.x), FieldElement(point.y))
    return NoteRecord(object_, Uint(position), Height(5 + position), ephemeral, output)


def with_hint(made: NoteRecord, hint: NoteHint) -> NoteRecord:
    """The note under another hint, as a sender could publish it."""
    output = NoteOutput(made.output.commitment, made.output.ciphertext, hint)
    return NoteRecord(made.object, made.position, made.height, made.ephemeral, output)
