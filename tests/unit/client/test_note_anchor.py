"""A wallet notices a chain that was put back, also when it grew again past what the wallet has read."""

from pathlib import Path
from typing import Any

import pytest

from chain.codec import from_json, to_json
from chain.types.block import Header
from chain.types.scalars import ChainId, Hash, Height, TxHash
from client.errors import NotAnRpc, RpcFailed, Unreachable
from client.notes.errors import ChainPutBack
from client.notes.keys import SpendingKey
from client.notes.store import NoteStore, Waiting, open_store
from client.notes.sync import read_chain
from crypto.notes import PoolNote
from tests.support.pool_rpc import PoolRpc

MINE = SpendingKey(b"\x01" * 32).full_view()


@pytest.fixture
def rpc() -> PoolRpc:
    return PoolRpc()


@pytest.fixture
def store(tmp_path: Path) -> NoteStore:
    return open_store(tmp_path, MINE, ChainId("small-1"), Hash(bytes(32)))


def again(store: NoteStore) -> NoteStore:
    return open_store(store.path.parent, MINE, store.chain_id, store.genesis_hash)


def values(store: NoteStore) -> list[int]:
    return [note.content.value for note in store.notes if isinstance(note.content, PoolNote)]


async def refused(rpc: PoolRpc, store: NoteStore) -> ChainPutBack:
    """Why reading on is refused; what was known stays known, in the file and out of it."""
    kept, file = again(store), store.path.read_bytes()
    with pytest.raises(ChainPutBack, match="cluster notes --deep") as refusal:
        await read_chain(rpc, kept, MINE)
    assert kept == again(store) and store.path.read_bytes() == file
    return refusal.value


async def test_a_chain_put_back_is_noticed_before_it_has_grown(rpc: PoolRpc, store: NoteStore) -> None:
    """`cluster devnet revert`: the same chain by name, without notes that the wallet has seen there."""
    snapshot = rpc.pools.save()
    rpc.publish(rpc.note(MINE, 70), rpc.foreign())
    await read_chain(rpc, store, MINE)
    rpc.pools.restore(snapshot)
    refusal = await refused(rpc, store)
    assert (refusal.height, refusal.absent) == (snapshot.height + 1, True)


@pytest.mark.parametrize("blocks", [1, 3])
async def test_a_chain_put_back_and_grown_past_what_was_read_is_noticed(
    rpc: PoolRpc, store: NoteStore, blocks: int
) -> None:
    """As many notes in as many blocks, or more: only the block that was read last tells."""
    rpc.publish(rpc.note(MINE, 70), rpc.foreign())
    snapshot = rpc.pools.save()
    rpc.publish(rpc.note(MINE, 8), rpc.foreign())
    await read_chain(rpc, store, MINE)
    rpc.pools.restore(snapshot)
    for number in range(blocks):
        rpc.publish(rpc.note(MINE, 9 + number), rpc.foreign())
    refusal = await refused(rpc, store)
    assert (refusal.height, refusal.absent) == (snapshot.height + 1, False)
    found = again(store)
    await read_chain(rpc, found, MINE, deep=True)
    assert values(found) == [70, *range(9, 9 + blocks)]
    await read_chain(rpc, again(store), MINE)


async def test_what_waits_stays_set_aside_until_it_expires(rpc: PoolRpc, store: NoteStore) -> None:
    """A transaction that was sent before can still come into the chain: its note is not spent twice."""
    rpc.publish(rpc.note(MINE, 70), rpc.note(MINE, 5))
    snapshot = rpc.pools.save()
    rpc.publish()
    await read_chain(rpc, store, MINE)
    spent = store.notes[0].nullifier
    assert spent is not None
    expiry = Height(rpc.pools.height + 1)
    store.reserve(Waiting(TxHash(bytes(32)), expiry, (spent,), ()))
    store.save()
    rpc.pools.restore(snapshot)
    rpc.publish(rpc.foreign(), rpc.foreign())
    found = again(store)
    await read_chain(rpc, found, MINE, deep=True)
    assert [note.position for note in again(store).unspent(rpc.pool)] == [1]
    rpc.pools.pass_to(expiry + 1)
    await read_chain(rpc, found, MINE)
    assert [note.position for note in again(store).unspent(rpc.pool)] == [0, 1]


async def test_a_reading_that_was_broken_off_goes_on_only_on_the_same_chain(
    rpc: PoolRpc, store: NoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.notes.pages.NOTES", 2)
    monkeypatch.setattr("client.notes.sync.SAVE_EVERY", 1)
    snapshot = rpc.pools.save()
    for number in range(3):
        rpc.publish(rpc.note(MINE, 70 + number), rpc.foreign())

    def breaks(told: dict[str, Any]) -> dict[str, Any]:
        if told["first"] == 4:
            raise Unreachable(rpc.url, "it went away")
        return told

    rpc.alter["contract_scanNotes"] = breaks
    with pytest.raises(Unreachable):
        await read_chain(rpc, store, MINE)
    assert values(again(store)) == [70, 71]
    rpc.alter.clear()
    rpc.pools.restore(snapshot)
    for number in range(3):
        rpc.publish(rpc.note(MINE, 80 + number), rpc.foreign())
    await refused(rpc, store)


def another_height(told: dict[str, Any]) -> dict[str, Any]:
    return {"header": {**told["header"], "height": told["header"]["height"] - 1}}


@pytest.mark.parametrize("lie", [another_height, lambda told: {}, lambda told: None, lambda told: {"header": 5}])
async def test_blocks_that_cannot_be_are_refused(rpc: PoolRpc, store: NoteStore, lie: Any) -> None:
    rpc.publish(rpc.note(MINE, 70), rpc.foreign())
    rpc.alter["chain_getBlock"] = lie
    with pytest.raises(NotAnRpc):
        await read_chain(rpc, store, MINE)


async def test_a_node_that_fails_is_not_a_chain_put_back(rpc: PoolRpc, store: NoteStore) -> None:
    rpc.publish(rpc.note(MINE, 70), rpc.foreign())
    await read_chain(rpc, store, MINE)
    rpc.refuse["chain_getBlock"] = [RpcFailed(-32603, "broken", {"name": "Broken"})]
    with pytest.raises(RpcFailed):
        await read_chain(rpc, store, MINE)


async def test_a_block_is_known_by_all_of_its_header(rpc: PoolRpc, store: NoteStore) -> None:
    """The id is computed here from the header, not taken from the answer."""
    rpc.publish(rpc.note(MINE, 70), rpc.foreign())
    await read_chain(rpc, store, MINE)

    def other_parent(told: dict[str, Any]) -> dict[str, Any]:
        bent = {**told["header"], "parent_id": "0x" + "05" * 32}
        assert from_json(Header, bent) != from_json(Header, told["header"])
        return {"id": to_json(store.anchor)["block"], "header": bent}

    rpc.alter["chain_getBlock"] = other_parent
    await refused(rpc, store)
