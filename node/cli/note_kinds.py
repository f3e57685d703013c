"""What a wallet's notes are: money, a contract's own, or what only says that it is money.

Anybody can make a contract, or a pool under a circuit of his own, whose notes open as a pool's with any amount in them.
Money is what lies in a pool of the chain whose circuit's key this machine has.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

from chain.types.scalars import ObjectId
from client.light.client import LightClient
from client.notes.evidence import require_pool_proven
from client.notes.pages import find_pool, list_pools
from client.notes.store import NoteStore, OwnNote, SentNote
from client.rpc import RpcClient
from compute.shielded.pool_prover import PoolKeys, PoolProver
from crypto.notes import PoolNote

Note = TypeVar("Note", OwnNote, SentNote)


@dataclass(frozen=True, slots=True)
class Sorted(Generic[Note]):
    """Notes to be shown, and those that are no money though they say so."""

    true: list[Note]
    strange: list[Note]


def sort_notes(notes: Collection[Note], pools: Collection[ObjectId]) -> Sorted[Note]:
    """pools: those whose notes are money."""
    true: list[Note] = []
    strange: list[Note] = []
    for note in notes:
        is_true = note.object in pools or not isinstance(note.content, PoolNote)
        (true if is_true else strange).append(note)
    return Sorted(true, strange)


async def money_pools(
    rpc: RpcClient, store: NoteStore, keys: PoolKeys, named: ObjectId | None, light: LightClient | None
) -> frozenset[ObjectId]:
    """The pools whose notes are money: under a key that lies here, and listed by the node or named.

    No question says which objects the store's notes are of: who sends somebody a note of a contract of his own would
    learn from a node whose it is. light: proves that each is a pool under that key. Raises NoPool and PoolKeyMissing
    for the named one, AnswerRefused, DamagedKeyFile, RpcFailed, Unreachable, NotAnRpc.
    """
    contents = [note.content for note in store.notes] + [note.content for note in store.sent]
    if not any(isinstance(content, PoolNote) for content in contents):
        return frozenset()
    pools = {pool.pool: pool for pool in await list_pools(rpc)}
    if named is not None:
        pools[named] = await find_pool(rpc, named)
        await asyncio.to_thread(PoolProver(keys, pools[named]).require)
    vk_ids = {pool.vk_id for pool in pools.values()}
    known = await asyncio.to_thread(lambda: {vk_id for vk_id in vk_ids if keys.knows(vk_id)})
    found = [pool for pool in pools.values() if pool.vk_id in known]
    if light is not None:
        for pool in found:
            await require_pool_proven(light, pool)
    return frozenset(pool.pool for pool in found)
