"""Reading the chain: what is one's own is found, followed and provable, and no question says which it is."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chain.codec import decode_plain, encode
from chain.types.scalars import ChainId, Hash, Height, VkId
from client.errors import AnswerRefused, NotAnRpc
from client.notes.errors import NoPool, NotesHeldBack, NotesImplausible, PoolKeyMissing
from client.notes.keys import SpendingKey
from client.notes.pages import NOTES, default_pool, find_pool, list_pools, tree_view
from client.notes.reach import MOST_A_BLOCK, MOST_BLOCKS, Signed
from client.notes.store import NoteStore, open_store
from client.notes.sync import read_chain
from crypto import notes
from crypto.note_tree import path_root
from crypto.notes import MAX_PLAINTEXT, PoolNote
from tests.support.pool_rpc import PoolRpc, with_tag

MINE, THEIRS = SpendingKey(b"\x01" * 32).full_view(), SpendingKey(b"\x02" * 32).full_view()
RANGES = {
    "contract_listPools": set(),
    "contract_scanNotes": {"first", "count"},
    "contract_scanNullifiers": {"first", "count"},
    "contract_getSubtrees": {"id", "first", "count"},
    "chain_getBlock": {"height"},
}


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


async def test_notes_come_in_go_out_and_are_spent(rpc: PoolRpc, store: NoteStore) -> None:
    rpc.publish(rpc.note(MINE, 70), rpc.foreign())
    rpc.publish(rpc.note(THEIRS, 30, ovk=MINE.outgoing), rpc.note(MINE, 40))
    await read_chain(rpc, store, MINE)
    assert values(store) == [70, 40]
    assert [(sent.address, sent.number) for sent in store.sent] == [(THEIRS.incoming.address(), 2)]
    assert [note.spent for note in store.notes] == [None, None]
    spent = store.notes[0].nullifier
    assert spent is not None
    rpc.publish(rpc.note(MINE, 5), nullifiers=(spent,))
    await read_chain(rpc, store, MINE)
    assert values(store) == [70, 40, 5]
    assert [note.spent for note in store.notes] == [rpc.chain.height, None, None]
    assert again(store) == store and store.height == rpc.chain.height
    for note in store.unspent(rpc.pool):
        path = store.trees[rpc.pool].witness(note.position)
        assert path_root(note.commitment, note.position, path) == (await tree_view(rpc, rpc.pool)).root


async def test_only_what_is_new_is_read_and_no_question_names_a_note(rpc: PoolRpc, store: NoteStore) -> None:
    rpc.publish(rpc.note(MINE, 70), rpc.foreign())
    await read_chain(rpc, store, MINE)
    rpc.publish(rpc.foreign(), rpc.note(MINE, 7))
    rpc.calls.clear()
    await read_chain(rpc, again(store), MINE)
    assert ("contract_scanNotes", {"first": 2, "count": NOTES}) in rpc.calls
    for method, params in rpc.calls:
        assert set(params) == RANGES[method]


async def test_two_wallets_ask_the_same_questions(rpc: PoolRpc, tmp_path: Path) -> None:
    """A node cannot tell a wallet with notes from one without."""
    for number in range(3):
        rpc.publish(rpc.note(MINE, 70 + number), rpc.foreign())
    asked = []
    for view in (MINE, THEIRS):
        rpc.calls.clear()
        await read_chain(rpc, open_store(tmp_path, view, ChainId("small-1"), Hash(bytes(32))), view)
        asked.append(list(rpc.calls))
    assert asked[0] == asked[1]


async def test_a_deep_scan_finds_what_a_wrong_tag_hides(rpc: PoolRpc, store: NoteStore) -> None:
    hidden = rpc.note(MINE, 99)
    wrong = bytes((hidden.hint.tag[0] ^ 1, hidden.hint.tag[1]))
    rpc.publish(rpc.note(MINE, 70), with_tag(hidden, wrong))
    await read_chain(rpc, store, MINE)
    assert values(store) == [70]
    shares: list[float] = []
    await read_chain(rpc, store, MINE, deep=True, tell=shares.append)
    assert values(store) == [70, 99] and shares[-1] == 1
    await read_chain(rpc, again(store), MINE)
    assert values(again(store)) == [70, 99]


async def test_a_note_that_is_made_and_spent_while_one_reads_is_spent(rpc: PoolRpc, store: NoteStore) -> None:
    rpc.publish(rpc.note(MINE, 70), rpc.foreign())
    await read_chain(rpc, store, MINE)
    note = rpc.note(MINE, 8)
    position = store.trees[rpc.pool].size

    def meanwhile() -> None:
        rpc.publish(note, rpc.foreign())
        rpc.publish(rpc.foreign(), nullifiers=(notes.nullifier(MINE.nk, note.commitment, position),))

    rpc.before["contract_scanNullifiers"] = meanwhile
    await read_chain(rpc, store, MINE)
    await read_chain(rpc, store, MINE)
    assert [(value, note.spent is None) for value, note in zip(values(store), store.notes, strict=True)] == [
        (70, True),
        (8, False),
    ]


async def test_an_incoming_key_reads_without_ever_seeing_a_note_spent(rpc: PoolRpc, tmp_path: Path) -> None:
    view = MINE.incoming
    store = open_store(tmp_path, view, ChainId("small-1"), Hash(bytes(32)))
    rpc.publish(rpc.note(MINE, 70), rpc.note(THEIRS, 5, ovk=MINE.outgoing))
    await read_chain(rpc, store, view)
    assert values(store) == [70] and store.sent == [] and store.notes[0].nullifier is None


async def test_witnesses_hold_over_complete_subtrees_with_a_nodes_help(rpc: PoolRpc, store: NoteStore) -> None:
    rpc.publish(rpc.note(MINE, 70), *[rpc.foreign() for _ in range(280)])
    rpc.publish(rpc.foreign(), rpc.note(MINE, 8))
    await read_chain(rpc, store, MINE)
    assert any(method == "contract_getSubtrees" for method, _ in rpc.calls)
    root = (await tree_view(rpc, rpc.pool)).root
    assert len(store.notes) == 2
    for note in store.notes:
        assert path_root(note.commitment, note.position, store.trees[rpc.pool].witness(note.position)) == root


async def test_false_roots_of_subtrees_show_and_a_deep_scan_does_without(rpc: PoolRpc, store: NoteStore) -> None:
    rpc.publish(rpc.note(MINE, 70), *[rpc.foreign() for _ in range(257)])
    rpc.alter["contract_getSubtrees"] = lambda told: {**told, "roots": ["5" for _ in told["roots"]]}
    await read_chain(rpc, store, MINE)
    root = (await tree_view(rpc, rpc.pool)).root
    assert store.trees[rpc.pool].root() != root
    await read_chain(rpc, store, MINE, deep=True)
    assert store.trees[rpc.pool].root() == root


def without_first(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "notes": told["notes"][1:], "total": told["total"] - 1}


def twice(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "notes": told["notes"][:1] * 2}


def elsewhere(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "first": 1}


def emptied(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "notes": []}


def shapeless(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "notes": [{"object": 5}]}


def no_record(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "notes": ["0x" + encode([1, 2, 3]).hex()] * 2}


def no_element(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "notes": [altered(told["notes"][0], lambda note: note[5].__setitem__(1, b"\xff" * 32))] * 2}


def short_point(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "notes": [altered(told["notes"][0], lambda note: note[5][3].__setitem__(1, b"\0"))] * 2}


def no_ciphertext(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "notes": [altered(told["notes"][0], lambda note: note[5].__setitem__(2, [])), *told["notes"][1:]]}


def long_ciphertext(told: dict[str, Any]) -> dict[str, Any]:
    first = altered(told["notes"][0], lambda note: note[5].__setitem__(2, [bytes(32)] * (MAX_PLAINTEXT + 1)))
    return {**told, "notes": [first, *told["notes"][1:]]}


def altered(note: str, change: Callable[[list[Any]], None]) -> str:
    plain = decode_plain(bytes.fromhex(note[2:]))
    change(plain)
    return "0x" + encode(plain).hex()


@pytest.mark.parametrize(
    ("lie", "error"),
    [
        (without_first, AnswerRefused),
        (twice, AnswerRefused),
        (elsewhere, NotAnRpc),
        (emptied, NotAnRpc),
        (shapeless, NotAnRpc),
        (no_record, NotAnRpc),
        (no_element, NotAnRpc),
        (short_point, NotAnRpc),
        (no_ciphertext, NotAnRpc),
        (long_ciphertext, NotAnRpc),
    ],
)
async def test_pages_that_cannot_be_are_refused_and_nothing_is_kept(
    rpc: PoolRpc, store: NoteStore, lie: Any, error: type[Exception]
) -> None:
    rpc.publish(rpc.note(MINE, 70), rpc.foreign())
    rpc.alter["contract_scanNotes"] = lie
    with pytest.raises(error):
        await read_chain(rpc, store, MINE)
    assert not store.path.exists()


@pytest.mark.parametrize("lie", [elsewhere, lambda told: {**told, "nullifiers": []}, lambda told: []])
async def test_nullifiers_that_cannot_be_are_refused(rpc: PoolRpc, store: NoteStore, lie: Any) -> None:
    rpc.publish(rpc.note(MINE, 70), rpc.foreign())
    rpc.alter["contract_scanNullifiers"] = lie
    with pytest.raises(NotAnRpc):
        await read_chain(rpc, store, MINE)


async def test_a_node_that_always_names_one_more_note_is_not_followed(rpc: PoolRpc, store: NoteStore) -> None:
    """Up to the number that it named first, and up to the height at which it did: what came since comes next time."""
    rpc.publish(*[rpc.foreign() for _ in range(6)])
    height, pages = rpc.chain.height, []

    def one_more(told: dict[str, Any]) -> dict[str, Any]:
        rpc.publish(rpc.note(MINE, 7), rpc.foreign())
        pages.append(told["total"])
        assert len(pages) < 20, "followed for ever"
        return {**told, "notes": told["notes"][:1]}

    rpc.alter["contract_scanNotes"] = one_more
    await read_chain(rpc, store, MINE)
    assert (store.outputs, store.height, pages[-1]) == (6, height, 16)
    assert store.anchor is not None and store.anchor.height == height
    rpc.alter.clear()
    await read_chain(rpc, again(store), MINE)
    assert values(again(store)) == [7] * 6


async def test_a_node_that_always_names_one_more_nullifier_is_not_followed(rpc: PoolRpc, store: NoteStore) -> None:
    rpc.publish(rpc.foreign(), rpc.foreign(), nullifiers=(91, 92))
    pages = []

    def one_more(told: dict[str, Any]) -> dict[str, Any]:
        pages.append(told["total"])
        assert len(pages) < 20, "followed for ever"
        return {**told, "total": told["total"] + len(pages), "nullifiers": told["nullifiers"][:1] or [spent]}

    spent = (await rpc.call("contract_scanNullifiers"))["nullifiers"][0]
    rpc.alter["contract_scanNullifiers"] = one_more
    await read_chain(rpc, store, MINE)
    assert store.nullifiers == len(pages) == pages[0] + 1


@pytest.mark.parametrize("method", ["contract_scanNotes", "contract_scanNullifiers"])
async def test_more_than_blocks_have_room_for_is_refused(rpc: PoolRpc, store: NoteStore, method: str) -> None:
    rpc.publish(rpc.note(MINE, 70), rpc.foreign())
    most = MOST_A_BLOCK * rpc.chain.height
    rpc.alter[method] = lambda told: {**told, "total": most + 1}
    with pytest.raises(NotesImplausible) as refused:
        await read_chain(rpc, store, MINE)
    assert (refused.value.total, refused.value.most) == (most + 1, most)
    assert not store.path.exists()


async def test_what_was_signed_bounds_what_a_node_says(rpc: PoolRpc, store: NoteStore) -> None:
    rpc.publish(rpc.note(MINE, 70), rpc.foreign())
    height = rpc.chain.height
    outputs, nullifiers = [(await rpc.call(f"contract_scan{what}"))["total"] for what in ("Notes", "Nullifiers")]
    for signed in (Signed(height, outputs + 1, nullifiers), Signed(height, outputs, nullifiers + 1)):
        with pytest.raises(NotesHeldBack):
            await read_chain(rpc, store, MINE, signed=signed)
    store.restart()
    for signed in (Signed(height, outputs - 1, 0), Signed(Height(height + 1), 0, 0)):
        with pytest.raises(NotesImplausible):
            await read_chain(rpc, store, MINE, signed=signed)
    rpc.alter["contract_scanNotes"] = lambda told: {**told, "height": height + MOST_BLOCKS + 1}
    with pytest.raises(NotesImplausible):
        await read_chain(rpc, store, MINE, signed=Signed(height, outputs, 0))
    rpc.alter.clear()
    store.restart()
    await read_chain(rpc, store, MINE, signed=Signed(height, outputs, nullifiers))
    assert values(store) == [70]


async def test_pools_are_listed_oldest_first(rpc: PoolRpc) -> None:
    later = rpc.pools.opened()
    assert [pool.pool for pool in await list_pools(rpc)] == [rpc.pool, later]
    assert (await find_pool(rpc, later)).pool == later
    rpc.alter["contract_getPool"] = lambda told: {**told, "pool": "0x" + "05" * 32}
    with pytest.raises(NotAnRpc):
        await find_pool(rpc, later)
    rpc.alter["contract_listPools"] = lambda told: {"pools": [replace]}
    with pytest.raises(NotAnRpc):
        await list_pools(rpc)


async def test_the_default_pool_is_the_oldest_under_a_known_key(rpc: PoolRpc) -> None:
    """Anybody may open a pool, also one whose circuit proves what he likes, and before everybody else."""
    later, said = rpc.pools.opened(), list[str]()
    assert (await default_pool(rpc, lambda key: key == rpc.pools.key, said.append)).pool == rpc.pool and not said
    squatter = VkId(b"\x05" * 32)

    def squatted(told: Any) -> Any:
        first = {**told["pools"][0], "vk_id": "0x" + squatter.hex()}
        return {"pools": [first, *told["pools"][1:]]}

    rpc.alter["contract_listPools"] = squatted
    assert (await default_pool(rpc, lambda key: key == rpc.pools.key, said.append)).pool == later
    (line,) = said
    assert ": 1 older" in line and later.hex() in line
    with pytest.raises(PoolKeyMissing) as missing:
        await default_pool(rpc, lambda key: False)
    assert missing.value.vk_id == "0x" + squatter.hex()
    rpc.alter["contract_listPools"] = lambda told: {"pools": []}
    with pytest.raises(NoPool):
        await default_pool(rpc, lambda key: True)
