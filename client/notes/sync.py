"""Keep a store at the chain's head: read all that is new, by ranges, and say to no node which of it is one's own.

Whoever serves the pages learns when a wallet reads and from where on, and that it reads everything. The roots of
complete subtrees, which spare hashing, are asked for of every object that grew. Before anything is read on, the block
that was read last must still be there: a chain put back and grown again is refused, whatever it shows.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from chain.types.scalars import Height, ObjectId
from client.errors import AnswerRefused
from client.notes.anchor import anchor_at, require_same_chain
from client.notes.keys import ViewKey
from client.notes.pages import NotePage, list_pools, note_page, nullifier_page, subtree_roots
from client.notes.reach import UNSIGNED, Signed, require_reachable
from client.notes.scan import Scanner
from client.notes.store import NoteStore, held, open_store, store_path
from client.notes.tree import SUBTREE, WalletTree
from client.rpc import RpcClient
from client.wallet import ChainIdentity

SAVE_EVERY: Final = 50  # pages

Tell = Callable[[float], None]  # the share of the work that is done, 0 to 1


def unheard(share: float) -> None:
    """For whoever shows no progress."""


async def read_chain(
    rpc: RpcClient,
    store: NoteStore,
    view: ViewKey,
    *,
    deep: bool = False,
    tell: Tell = unheard,
    signed: Signed = UNSIGNED,
) -> None:
    """Read what is new, and put the store into its file.

    deep: read everything again and open every note, whatever its hint says; trust no node about trees. signed: what
    the chain holds at least, if that was proven. What comes while one reads is left for the next time.
    Raises ChainPutBack if what was read is not on the node's chain, NotesImplausible or NotesHeldBack for numbers of
    notes that cannot be, AnswerRefused for pages that do not continue each other, RpcFailed, Unreachable, NotAnRpc,
    OSError. The file then stays as it was last saved.
    """
    scanner = Scanner(view, [pool.pool for pool in await list_pools(rpc)], store.addresses)
    if deep:
        store.restart()
    await require_same_chain(rpc, store.anchor)
    first = await note_page(rpc, store.outputs)
    require_reachable("notes", first.height, first.total, signed.outputs, signed)
    await _read_notes(rpc, store, scanner, first, deep, tell)
    await _read_nullifiers(rpc, store, first.height, signed)
    store.anchor = await anchor_at(rpc, first.height)
    store.addresses = scanner.addresses
    store.forget()
    store.save()


async def _read_notes(
    rpc: RpcClient, store: NoteStore, scanner: Scanner, first: NotePage, deep: bool, tell: Tell
) -> None:
    """The notes up to the number that the first page names: a node could always name one more."""
    page, pages = first, 0
    while True:
        if page.total < store.outputs:
            raise AnswerRefused(f"it knows {page.total} notes, and {store.outputs} of the same chain were read before")
        known = {} if deep else await _subtrees(rpc, store, page)
        _take(store, scanner, page, known, deep=deep)
        tell(min(store.outputs / max(first.total, 1), 1))
        pages += 1
        if store.outputs >= first.total:
            return
        if pages % SAVE_EVERY == 0 and not deep:  # a deep scan is worth something when it is done
            store.anchor = await anchor_at(rpc, first.height)
            store.save()
        page = await note_page(rpc, store.outputs)


@asynccontextmanager
async def held_store(folder: Path, view: ViewKey, identity: ChainIdentity) -> AsyncIterator[NoteStore]:
    """A view key's store on a chain as its file has it, while no other process touches it.

    Raises StoreUnreadable, StoreOfOtherChain, OSError.
    """
    with ExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, held(store_path(folder, view, identity.genesis_hash)))
        yield open_store(folder, view, identity.chain_id, identity.genesis_hash)


def _take(
    store: NoteStore, scanner: Scanner, page: NotePage, known: Mapping[ObjectId, Mapping[int, int]], *, deep: bool
) -> None:
    """The notes of a page: one's own, those that one sent, and all as leaves of their trees."""
    places = range(len(page.glances)) if deep else scanner.tagged(page.glances)
    for place, record in zip(places, page.records(places), strict=True):
        for found in scanner.received([record], deep=deep):
            store.add_received(found, page.first + place)
    places = scanner.remembered(page.glances)
    for place, record in zip(places, page.records(places), strict=True):
        for sent in scanner.sent([record]):
            store.add_sent(sent, page.first + place)
    for object_, grown in _by_object(page).items():
        tree = store.trees.setdefault(object_, WalletTree())
        if [page.positions[place] for place in grown] != list(range(tree.size, tree.size + len(grown))):
            raise AnswerRefused(f"notes of 0x{object_.hex()} are missing or told twice behind number {page.first}")
        own = [note.position for note in store.notes if note.object == object_]
        tree.append([page.glances[place].commitment for place in grown], own, known.get(object_, {}))
    store.outputs = page.first + len(page.glances)


async def _read_nullifiers(rpc: RpcClient, store: NoteStore, height: Height, signed: Signed) -> None:
    """Which of one's own notes were spent up to `height`, to which the notes were read.

    Not further: a note that is made and spent behind that height is not known yet, and its nullifier comes only once.
    """
    page = await nullifier_page(rpc, store.nullifiers)
    last = page.total
    require_reachable("nullifiers", page.height, last, signed.nullifiers, signed)
    while True:
        read = [record for record in page.nullifiers if record.height <= height]
        store.mark_spent((record.object, record.nullifier, record.height) for record in read)
        store.nullifiers += len(read)
        if len(read) < len(page.nullifiers) or store.nullifiers >= last:
            store.height = height
            return
        page = await nullifier_page(rpc, store.nullifiers)


async def _subtrees(rpc: RpcClient, store: NoteStore, page: NotePage) -> dict[ObjectId, dict[int, int]]:
    """The roots of the subtrees that a page completes, by object and number."""
    roots: dict[ObjectId, dict[int, int]] = {}
    for object_, grown in _by_object(page).items():
        size = store.trees[object_].size if object_ in store.trees else 0
        first, last = size // SUBTREE, (size + len(grown)) // SUBTREE
        if first < last:
            roots[object_] = await subtree_roots(rpc, object_, first, last - first)
    return roots


def _by_object(page: NotePage) -> dict[ObjectId, list[int]]:
    """The places of the page's notes by their objects."""
    found: dict[ObjectId, list[int]] = {}
    for place, object_ in enumerate(page.objects):
        found.setdefault(object_, []).append(place)
    return found
