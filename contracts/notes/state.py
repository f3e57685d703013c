"""What the chain keeps of notes, and under which keys: of each object its own tree and its own nullifiers.

A circuit is whoever's: one that lies can publish any commitment and any nullifier. So neither counts beyond the object
whose key proved it, and a contract can neither make a note of a pool nor spoil one (docs/decisions/notes.md).

Outputs and nullifiers are also numbered over the whole chain in order of execution, which is what wallets scan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chain.codec import decode, encode, wire
from chain.state.keys import HEIGHT, ID, Key, Space, be8
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import FieldElement, Height, ObjectId, Uint
from contracts.notes.errors import (
    BadEphemeral,
    DuplicateNullifier,
    NoteSpent,
    NoteTreeFull,
    RootTooOld,
    UnknownRoot,
    WrongCiphertextLength,
)
from contracts.notes.output import NoteOutput, Point
from crypto import babyjubjub, domains, note_tree
from crypto.field import FIELD_BYTES
from crypto.hashing import tagged_hash

ROOTS_KEPT: Final = 1024  # the roots of so many of the object's last changed blocks are accepted
CAPACITY: Final = note_tree.CAPACITY - 1
SUBTREE_HEIGHT: Final = 4  # of 256 leaves: what a wallet asks for instead of leaves that it does not need
SUBTREE_LEAVES: Final = note_tree.ARITY**SUBTREE_HEIGHT

ACTION_WORK: Final = 3_000  # units of an action with outputs: its object's tree may get a new root, 16 hashes
OUTPUT_WORK: Final = 500  # units of each output: a third more hashes than leaves, and its record

COUNTS: Final = Space("notes/counts").key()
OUTPUT: Final = Space("notes/output", (HEIGHT,))  # number over the whole chain
SPENT: Final = Space("notes/spent", (HEIGHT,))  # number over the whole chain
NULLIFIER: Final = Space("notes/nullifier", (ID, ID))  # object, nullifier
SIZE: Final = Space("notes/size", (ID,))
TREE: Final = Space("notes/tree", (ID,))
ROOT: Final = Space("notes/root", (ID, HEIGHT))  # object, height
KNOWN: Final = Space("notes/known", (ID, ID))  # object, root
SUBTREE: Final = Space("notes/subtree", (ID, HEIGHT))  # object, number of the subtree


@wire()
@dataclass(frozen=True, slots=True)
class Counts:
    """How many outputs and nullifiers there are on the chain, and how many outputs stand in trees already."""

    outputs: Uint
    nullifiers: Uint
    appended: Uint


@wire()
@dataclass(frozen=True, slots=True)
class NoteRecord:
    """An output as it was made: leaf `position` of its object's tree from the end of block `height` on."""

    object: ObjectId
    position: Uint
    height: Height
    ephemeral: Point  # E, of all outputs of the same action
    output: NoteOutput


@wire()
@dataclass(frozen=True, slots=True)
class SpentRecord:
    """A nullifier that was published in block `height`."""

    object: ObjectId
    nullifier: FieldElement
    height: Height


@wire()
@dataclass(frozen=True, slots=True)
class Tree:
    """An object's tree at the end of the last block that changed it. levels: crypto/note_tree.py, Frontier."""

    size: Uint
    levels: tuple[tuple[FieldElement, ...], ...]
    root: FieldElement
    changes: Uint  # blocks that changed it
    height: Height  # the last of them


@wire()
@dataclass(frozen=True, slots=True)
class Count:
    """A number by itself: an object's notes; the change, from 1, by which a tree came to have a root."""

    value: Uint


EMPTY_ROOT: Final = FieldElement(note_tree.empty_root(note_tree.DEPTH))
EMPTY_TREE: Final = Tree(Uint(0), ((),) * note_tree.DEPTH, EMPTY_ROOT, Uint(0), Height(0))
NOTHING: Final = Counts(Uint(0), Uint(0), Uint(0))


def nullifier_key(object_: ObjectId, nullifier: FieldElement) -> Key:
    """Present once the note is spent; its absence is provable (ICS-23)."""
    return NULLIFIER.key(object_, nullifier.to_bytes(FIELD_BYTES, "big"))


def root_key(object_: ObjectId, height: Height) -> Key:
    """The object's note root after block `height`, if that block changed it."""
    return ROOT.key(object_, be8(height))


def output_key(number: int) -> Key:
    """The output of that number over the whole chain."""
    return OUTPUT.key(be8(number))


def unique(object_: ObjectId, nullifier: FieldElement) -> bytes:
    """What an action that spends the note says among its uniques: 32 bytes."""
    return tagged_hash(domains.NOTE_UNIQUE, object_ + nullifier.to_bytes(FIELD_BYTES, "big"))


# Reading


def counts(view: View) -> Counts:
    raw = view.get(COUNTS)
    return NOTHING if raw is None else decode(Counts, raw)


def tree_of(view: View, object_: ObjectId) -> Tree:
    """The object's tree, without the outputs of a block that has not ended; one that has no notes yet is empty."""
    raw = view.get(TREE.key(object_))
    return EMPTY_TREE if raw is None else decode(Tree, raw)


def size_of(view: View, object_: ObjectId) -> int:
    """How many notes the object ever made, those of the running block included: the next one's position."""
    raw = view.get(SIZE.key(object_))
    return 0 if raw is None else decode(Count, raw).value


def find_output(view: View, number: int) -> NoteRecord | None:
    """The output of that number over the whole chain."""
    raw = view.get(output_key(number))
    return None if raw is None else decode(NoteRecord, raw)


def find_spent(view: View, number: int) -> SpentRecord | None:
    """The nullifier of that number over the whole chain."""
    raw = view.get(SPENT.key(be8(number)))
    return None if raw is None else decode(SpentRecord, raw)


def subtree_root(view: View, object_: ObjectId, number: int) -> FieldElement | None:
    """The root over the object's leaves 256 * number to 256 * number + 255, once all are there."""
    return _element(view.get(SUBTREE.key(object_, be8(number))))


def root_at(view: View, object_: ObjectId, height: Height) -> FieldElement | None:
    """The object's root after block `height`, if that block changed it."""
    return _element(view.get(root_key(object_, height)))


def is_spent(view: View, object_: ObjectId, nullifier: FieldElement) -> bool:
    return view.get(nullifier_key(object_, nullifier)) is not None


# Rules


def require_root(view: View, object_: ObjectId, root: FieldElement) -> None:
    """A root that the object had after one of its last 1,024 changed blocks. Raises UnknownRoot, RootTooOld."""
    raw = view.get(_known_key(object_, root))
    if raw is None and root != EMPTY_ROOT:
        raise UnknownRoot(object_, root)
    change = 0 if raw is None else decode(Count, raw).value
    age = tree_of(view, object_).changes - change
    if age >= ROOTS_KEPT:
        raise RootTooOld(object_, root, age, ROOTS_KEPT)


def require_unspent(view: View, object_: ObjectId, nullifiers: Sequence[FieldElement]) -> None:
    """No nullifier stands twice here or was published before. Raises DuplicateNullifier, NoteSpent."""
    for index, nullifier in enumerate(nullifiers):
        if nullifier in nullifiers[:index]:
            raise DuplicateNullifier(nullifier)
    for nullifier in nullifiers:
        if is_spent(view, object_, nullifier):
            raise NoteSpent(object_, nullifier)


def require_outputs(
    view: View, object_: ObjectId, ephemeral: Point, made: Sequence[NoteOutput], elements: Sequence[int]
) -> None:
    """One-time point, sizes (elements of each output's ciphertext) and room for the outputs of one action.

    Raises WrongCiphertextLength, BadEphemeral, NoteTreeFull.
    """
    for index, (output, expected) in enumerate(zip(made, elements, strict=True)):
        if len(output.ciphertext) != expected:
            raise WrongCiphertextLength(index, expected, len(output.ciphertext))
    point = babyjubjub.Point(ephemeral.x, ephemeral.y)
    if not babyjubjub.on_curve(point):
        raise BadEphemeral(point.x, point.y, "not on the curve")
    if point == babyjubjub.IDENTITY:  # proven to be e * Base8, with e perhaps a multiple of the group's order
        raise BadEphemeral(point.x, point.y, "the identity, which would encrypt to everybody")
    size = size_of(view, object_)
    if size + len(made) > CAPACITY:
        raise NoteTreeFull(object_, size, len(made), CAPACITY)


# Writing


def spend(overlay: Overlay, object_: ObjectId, nullifiers: Sequence[FieldElement], height: Height) -> None:
    """Publish nullifiers, for ever. `require_unspent` has passed. Writes: two for each, and the counts."""
    number = counts(overlay).nullifiers
    for offset, nullifier in enumerate(nullifiers):
        record = SpentRecord(object_, nullifier, height)
        overlay.put(nullifier_key(object_, nullifier), encode(Count(Uint(height))))
        overlay.put(SPENT.key(be8(number + offset)), encode(record))
    _count(overlay, nullifiers=len(nullifiers))


def append(overlay: Overlay, object_: ObjectId, ephemeral: Point, made: Sequence[NoteOutput], height: Height) -> None:
    """Give the outputs of one action their numbers and positions; the tree has them when the block ends.

    `require_outputs` has passed. Writes: one for each, the object's size, and the counts.
    """
    number, position = counts(overlay).outputs, size_of(overlay, object_)
    for offset, output in enumerate(made):
        record = NoteRecord(object_, Uint(position + offset), height, ephemeral, output)
        overlay.put(output_key(number + offset), encode(record))
    overlay.put(SIZE.key(object_), encode(Count(Uint(position + len(made)))))
    _count(overlay, outputs=len(made))


def grow(overlay: Overlay, height: Height) -> tuple[tuple[ObjectId, Tree], ...]:
    """Append the block's outputs to their objects' trees, each in one batch; the grown trees by first output."""
    now = counts(overlay)
    leaves: dict[ObjectId, list[FieldElement]] = {}
    for number in range(now.appended, now.outputs):
        record = decode(NoteRecord, _stored(overlay.get(output_key(number))))
        leaves.setdefault(record.object, []).append(record.output.commitment)
    if leaves:
        overlay.put(COUNTS, encode(Counts(now.outputs, now.nullifiers, now.outputs)))
    return tuple((object_, _append_batch(overlay, object_, batch, height)) for object_, batch in leaves.items())


def _append_batch(overlay: Overlay, object_: ObjectId, batch: list[FieldElement], height: Height) -> Tree:
    before = tree_of(overlay, object_)
    appended = note_tree.Frontier(before.size, before.levels).append(batch)
    for complete in appended.complete:
        if complete.height == SUBTREE_HEIGHT:
            overlay.put(SUBTREE.key(object_, be8(complete.number)), complete.value.to_bytes(FIELD_BYTES, "big"))
    frontier = appended.frontier
    levels = tuple(tuple(map(FieldElement, level)) for level in frontier.levels)
    root, change = FieldElement(frontier.root()), Uint(before.changes + 1)
    after = Tree(Uint(frontier.size), levels, root, change, height)
    overlay.put(TREE.key(object_), encode(after))
    overlay.put(root_key(object_, height), root.to_bytes(FIELD_BYTES, "big"))
    overlay.put(_known_key(object_, root), encode(Count(change)))
    return after


def _count(overlay: Overlay, outputs: int = 0, nullifiers: int = 0) -> None:
    now = counts(overlay)
    after = Counts(Uint(now.outputs + outputs), Uint(now.nullifiers + nullifiers), now.appended)
    overlay.put(COUNTS, encode(after))


def _known_key(object_: ObjectId, root: FieldElement) -> Key:
    return KNOWN.key(object_, root.to_bytes(FIELD_BYTES, "big"))


def _element(raw: bytes | None) -> FieldElement | None:
    return None if raw is None else FieldElement(int.from_bytes(raw, "big"))


def _stored(raw: bytes | None) -> bytes:
    if raw is None:
        raise LookupError("an output that the counts name is not in state")
    return raw
