"""The pages of notes and nullifiers that a node serves, read without making records of what is not one's own."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from chain.codec import decode, decode_plain, from_json
from chain.types.scalars import Height, ObjectId, VkId
from client.errors import NotAnRpc, RpcFailed
from client.notes.errors import NoPool, PoolKeyMissing
from client.notes.scan import Glance
from client.rpc import RpcClient
from contracts.notes.queries import NullifiersRange, SubtreesRange, TreeView
from contracts.notes.state import NoteRecord
from contracts.shielded.queries import PoolView
from crypto.babyjubjub import Point
from crypto.errors import ClusterError
from crypto.field import SCALAR_FIELD
from crypto.note_hints import POINT_BYTES
from crypto.notes import MAX_PLAINTEXT

NOTES: Final = 500  # of a page, the most that a node gives
ELEMENTS: Final = 5_000
POOL_UNKNOWN: Final = "UnknownPool"

T = TypeVar("T")

Known = Callable[[VkId], bool]  # whether the wallet has the keys of this verifying key, and so knows its circuit
Say = Callable[[str], None]

_ANSWER_ERRORS: Final = (KeyError, TypeError, ValueError, IndexError, ClusterError)


@dataclass(frozen=True, slots=True)
class NotePage:
    """Notes number first, first + 1, ... of `total` that there are after block `height`; each as state has it."""

    height: Height
    total: int
    first: int
    glances: Sequence[Glance]
    objects: Sequence[ObjectId]
    positions: Sequence[int]
    encoded: Sequence[bytes] = field(repr=False)
    url: str = ""

    def records(self, places: Sequence[int]) -> list[NoteRecord]:
        """Whole records of the notes at some places of the page. Raises NotAnRpc."""
        try:
            records = [decode(NoteRecord, self.encoded[place]) for place in places]
        except ClusterError as error:
            raise NotAnRpc(self.url, f"a note has an unknown shape ({error})") from error
        for length in (len(record.output.ciphertext) for record in records):
            if not 1 <= length <= MAX_PLAINTEXT:  # the chain makes none, and it could not be opened
                raise NotAnRpc(self.url, f"a note has a ciphertext of {length} elements, not of 1 to {MAX_PLAINTEXT}")
        return records


async def note_page(rpc: RpcClient, first: int) -> NotePage:
    """Notes from number `first` on, as many as a node gives. Raises RpcFailed, Unreachable, NotAnRpc."""
    return read_note_page(await rpc.call("contract_scanNotes", first=first, count=NOTES), first, rpc.url)


def read_note_page(answer: Any, first: int, url: str) -> NotePage:
    """The page of a node's answer. Raises NotAnRpc."""
    try:
        height, total = int(answer["height"]), int(answer["total"])
        encoded = [bytes.fromhex(text[2:]) for text in answer["notes"]]
        seen = [_first_look(raw) for raw in encoded]
        whole = answer["first"] == first and (total <= first or seen) and first + len(seen) <= max(total, first)
    except _ANSWER_ERRORS as error:
        raise NotAnRpc(url, f"contract_scanNotes answered in an unknown shape ({error})") from error
    if not whole:
        raise NotAnRpc(url, f"contract_scanNotes answered another page than that from number {first} on")
    objects, positions = [each[0] for each in seen], [each[1] for each in seen]
    return NotePage(Height(height), total, first, [each[2] for each in seen], objects, positions, encoded, url)


async def nullifier_page(rpc: RpcClient, first: int) -> NullifiersRange:
    """Nullifiers from number `first` on. Raises RpcFailed, Unreachable, NotAnRpc."""
    answer = await rpc.call("contract_scanNullifiers", first=first, count=ELEMENTS)
    page = _read(NullifiersRange, answer, rpc.url)
    if page.first != first or not (page.total <= first or page.nullifiers):
        raise NotAnRpc(rpc.url, f"contract_scanNullifiers answered another page than that from number {first} on")
    return page


async def subtree_roots(rpc: RpcClient, object_: ObjectId, first: int, count: int) -> dict[int, int]:
    """Roots of complete subtrees by their number, if the node has them. Raises RpcFailed, Unreachable, NotAnRpc."""
    answer = await rpc.call("contract_getSubtrees", id=object_, first=first, count=min(count, ELEMENTS))
    page = _read(SubtreesRange, answer, rpc.url)
    return {page.first + place: root for place, root in enumerate(page.roots)}


async def tree_view(rpc: RpcClient, object_: ObjectId) -> TreeView:
    """An object's tree as the chain has it. Raises RpcFailed, Unreachable, NotAnRpc."""
    return _read(TreeView, await rpc.call("contract_getTree", id=object_), rpc.url)


async def list_pools(rpc: RpcClient) -> list[PoolView]:
    """The shielded pools, the oldest first. Raises RpcFailed, Unreachable, NotAnRpc."""
    answer = await rpc.call("contract_listPools")
    try:
        pools = [from_json(PoolView, each) for each in answer["pools"]]
    except _ANSWER_ERRORS as error:
        raise NotAnRpc(rpc.url, f"contract_listPools answered in an unknown shape ({error})") from error
    return sorted(pools, key=lambda pool: (pool.opened_at, pool.pool))


async def default_pool(rpc: RpcClient, known: Known, say: Say = lambda text: None) -> PoolView:
    """The oldest pool whose key the wallet has: anybody may open one, also under a circuit that lets him make money up.

    Older ones are passed over, and `say` tells of it. Raises NoPool, PoolKeyMissing for pools that are all under other
    keys, RpcFailed, Unreachable, NotAnRpc.
    """
    pools = await list_pools(rpc)
    if not pools:
        raise NoPool(None)
    for place, pool in enumerate(pools):
        if await asyncio.to_thread(known, pool.vk_id):
            if place:
                say(f"passed over, as their keys are not here: {place} older pools; taken: {_named(pool.pool)}")
            return pool
    raise PoolKeyMissing(_named(pools[0].pool), _named(pools[0].vk_id))


async def find_pool(rpc: RpcClient, pool: ObjectId) -> PoolView:
    """The pool of an id, whatever its key. Raises NoPool, RpcFailed, Unreachable, NotAnRpc."""
    try:
        found = _read(PoolView, await rpc.call("contract_getPool", id=pool), rpc.url)
    except RpcFailed as failed:
        if failed.name != POOL_UNKNOWN:
            raise
        raise NoPool(_named(pool)) from failed
    if found.pool != pool:
        raise NotAnRpc(rpc.url, f"pool {_named(pool)} was asked for, and {_named(found.pool)} shown")
    return found


def _named(id_: bytes) -> str:
    return "0x" + id_.hex()


def _first_look(raw: bytes) -> tuple[ObjectId, int, Glance]:
    """Object, position and what a scan needs of an encoded NoteRecord, 5 us; the record itself would take 10 more.

    Raises ValueError, TypeError or a CodecError for bytes that are none.
    """
    _, object_, position, _, (_, *ephemeral), (_, commitment, _, (_, point, tag, seal)) = decode_plain(raw)
    elements = [int.from_bytes(element, "big") for element in (commitment, *ephemeral)]
    if len(elements) != 3 or max(elements) >= SCALAR_FIELD or len(point) != POINT_BYTES:
        raise ValueError("a part of a note has another length or size than it can have")
    return ObjectId(object_), position, Glance(elements[0], point, tag, Point(elements[1], elements[2]), seal)


def _read(cls: type[T], answer: Any, url: str) -> T:
    try:
        return from_json(cls, answer)
    except _ANSWER_ERRORS as error:
        raise NotAnRpc(url, f"{cls.__name__} came in an unknown shape ({error})") from error
