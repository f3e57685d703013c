"""Methods about notes and shielded pools. A wallet reads ranges; no method takes a note, so none learns whose it is."""

from itertools import islice
from typing import Final

from chain.codec import to_json
from chain.state.view import View
from chain.types.scalars import ObjectId
from contracts.notes import queries as notes
from contracts.shielded import queries as shielded
from contracts.shielded.state import pools
from node.parts import Node
from node.rpc.errors import InvalidParams
from node.rpc.method import Count, Declared, Hex32, Json

MAX_NOTES: Final = 500
MAX_ELEMENTS: Final = 5_000  # nullifiers, roots of subtrees
MAX_POOLS: Final = 200
FIRST: Final = Count(0)
SOME: Final = Count(100)


class NoteMethods:
    """contract_* about notes, note trees and shielded pools"""

    def __init__(self, node: Node) -> None:
        self._node = node

    def table(self) -> dict[str, Declared]:
        return {
            "contract_scanNotes": self.scan_notes,
            "contract_scanNullifiers": self.scan_nullifiers,
            "contract_getSubtrees": self.get_subtrees,
            "contract_getTree": self.get_tree,
            "contract_getPool": self.get_pool,
            "contract_listPools": self.list_pools,
        }

    @property
    def _view(self) -> View:
        return self._node.ledger.view

    def scan_notes(self, first: Count = FIRST, count: Count = SOME) -> Json:
        """Outputs of all pools and contracts by their number over the whole chain, at most 500 from `first` on.

        Each is the canonical bytes of its record: object, position, height, one-time point, commitment, ciphertext,
        hint. A wallet goes on where it stopped; `total` says how far it can.
        """
        _require_at_most(count, MAX_NOTES)
        return to_json(notes.notes_range(self._view, first, count))

    def scan_nullifiers(self, first: Count = FIRST, count: Count = SOME) -> Json:
        """Nullifiers of all pools and contracts by their number over the whole chain, at most 5,000 from `first` on."""
        _require_at_most(count, MAX_ELEMENTS)
        return to_json(notes.nullifiers_range(self._view, first, count))

    def get_subtrees(self, id: Hex32, first: Count = FIRST, count: Count = SOME) -> Json:
        """Roots over 256 complete leaves of an object's note tree, from the left, at most 5,000 from `first` on."""
        _require_at_most(count, MAX_ELEMENTS)
        return to_json(notes.subtrees_range(self._view, ObjectId(id), first, count))

    def get_tree(self, id: Hex32) -> Json:
        """An object's note tree: how many notes it has, its newest root, by which block."""
        return to_json(notes.tree_view(self._view, ObjectId(id)))

    def get_pool(self, id: Hex32) -> Json:
        """A shielded pool: its key, its tree, and of each asset what entered, what left and what it holds."""
        return to_json(shielded.pool_view(self._view, ObjectId(id)))

    def list_pools(self) -> Json:
        """The shielded pools that were opened first, at most 200, by height and id: no later one takes a place."""
        view = self._view
        found = [shielded.pool_view(view, pool) for pool in islice(pools(view), MAX_POOLS)]
        return {"pools": [to_json(each) for each in found]}


def _require_at_most(count: Count, limit: int) -> None:
    if count > limit:
        raise InvalidParams("count", f"at most {limit}", str(count))
