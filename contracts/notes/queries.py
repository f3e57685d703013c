"""What a node answers about notes: by ranges and by object, never by note, so that nobody says which is his."""

from dataclasses import dataclass

from chain.codec import wire
from chain.state.view import View
from chain.types.scalars import Blob, FieldElement, Height, ObjectId, Uint
from contracts.notes import state


@wire()
@dataclass(frozen=True, slots=True)
class NotesRange:
    """Outputs number first, first + 1, ... over the whole chain; `total` exist after block `height`.

    notes: NoteRecords in their canonical bytes, as state holds them. Nobody on the way reads them, and a wallet only
    those that are its own: 500 of them as JSON objects would take longer to parse than to look at.
    """

    height: Height
    total: Uint
    first: Uint
    notes: tuple[Blob, ...]


@wire()
@dataclass(frozen=True, slots=True)
class NullifiersRange:
    """Nullifiers number first, first + 1, ... over the whole chain; `total` exist after block `height`."""

    height: Height
    total: Uint
    first: Uint
    nullifiers: tuple[state.SpentRecord, ...]


@wire()
@dataclass(frozen=True, slots=True)
class SubtreesRange:
    """Roots over 256 complete leaves of an object's tree, number first, first + 1, ...; it has `size` leaves."""

    object: ObjectId
    size: Uint
    first: Uint
    roots: tuple[FieldElement, ...]


@wire()
@dataclass(frozen=True, slots=True)
class TreeView:
    """An object's tree after block `height`; block `changed_at` changed it last (0: none did)."""

    object: ObjectId
    height: Height
    size: Uint
    root: FieldElement
    changes: Uint
    changed_at: Height


def notes_range(view: View, first: int, count: int) -> NotesRange:
    """For RPC `contract_scanNotes`."""
    total = state.counts(view).outputs
    found = (view.get(state.output_key(number)) for number in range(first, min(first + count, total)))
    return NotesRange(view.height, total, Uint(first), tuple(Blob(record) for record in found if record is not None))


def nullifiers_range(view: View, first: int, count: int) -> NullifiersRange:
    """For RPC `contract_scanNullifiers`."""
    total = state.counts(view).nullifiers
    found = (state.find_spent(view, number) for number in range(first, min(first + count, total)))
    return NullifiersRange(view.height, total, Uint(first), tuple(record for record in found if record is not None))


def subtrees_range(view: View, object_: ObjectId, first: int, count: int) -> SubtreesRange:
    """For RPC `contract_getSubtrees`."""
    size = state.tree_of(view, object_).size
    last = min(first + count, size // state.SUBTREE_LEAVES)
    found = (state.subtree_root(view, object_, number) for number in range(first, last))
    return SubtreesRange(object_, size, Uint(first), tuple(root for root in found if root is not None))


def tree_view(view: View, object_: ObjectId) -> TreeView:
    """For RPC `contract_getTree`. Any object has a tree: without notes it is empty."""
    tree = state.tree_of(view, object_)
    return TreeView(object_, view.height, tree.size, tree.root, tree.changes, tree.height)
