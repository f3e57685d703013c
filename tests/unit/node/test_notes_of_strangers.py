"""`cluster notes`: money is what lies in a pool whose circuit's key is here; what else says so is listed apart."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chain.types.scalars import ChainId, Hash, ObjectId
from client.errors import AnswerRefused
from client.light.client import LightClient
from client.notes.content import ContractNote
from client.notes.errors import NoPool, PoolKeyMissing
from client.notes.keys import SpendingKey
from client.notes.scan import Scanner
from client.notes.store import NoteStore, open_store
from crypto.notes import PoolNote
from node.cli.note_kinds import money_pools
from node.cli.notes_commands import told
from node.cli.screen import Screen
from tests.support.known_keys import KnownKeys
from tests.support.note_records import CONTRACT, record
from tests.support.pool_rpc import PoolRpc

MINE, THEIRS = SpendingKey(b"\x01" * 32).full_view(), SpendingKey(b"\x02" * 32).full_view()
INVENTED = PoolNote(0, 10**15, 77, b"take me for money".ljust(62, b"\0"))


@pytest.fixture
def rpc() -> PoolRpc:
    return PoolRpc()


@pytest.fixture
def store(rpc: PoolRpc, tmp_path: Path) -> NoteStore:
    """3 CLU in the pool, a million that a contract made up, the contract's own note; 2 CLU sent, and a lie of it."""
    made = open_store(tmp_path, MINE, ChainId("small-1"), Hash(bytes(32)))
    scanner, here, there = Scanner(MINE, ()), MINE.incoming.address(), THEIRS.incoming.address()
    of_a_contract = ContractNote(1, (4,), 6)
    to_me = [
        record(PoolNote(0, 3 * 10**9, 5), here, object_=rpc.pool),
        record(INVENTED, here, object_=CONTRACT, position=1),
        record(of_a_contract, here, object_=CONTRACT, position=2),
    ]
    sent = [
        record(PoolNote(0, 2 * 10**9, 6), there, object_=rpc.pool, ovk=MINE.outgoing, position=3),
        record(INVENTED, there, object_=CONTRACT, ovk=MINE.outgoing, position=4),
    ]
    for found in scanner.received(to_me):
        made.add_received(found, found.record.position)
    for gone in scanner.sent(sent):
        made.add_sent(gone, gone.record.position)
    assert (len(made.notes), len(made.sent)) == (3, 2)
    return made


async def test_an_invented_note_is_in_no_balance(
    rpc: PoolRpc, store: NoteStore, capsys: pytest.CaptureFixture[str]
) -> None:
    pools = await money_pools(rpc, store, KnownKeys(rpc.pools.key), None, None)
    document = await told(rpc, store, pools, True, Screen(silent=False))
    (balance,) = document["balances"]
    assert (balance["pool"], balance["amount"]) == ("0x" + rpc.pool.hex(), str(3 * 10**9))
    assert [note["holds"] for note in document["notes"]] == ["3 CLU", "contract note of type 1: 4"]
    assert [note["holds"] for note in document["sent"]] == ["2 CLU"]
    assert [(each["number"], each["direction"]) for each in document["not_money"]] == [(1, "received"), (4, "sent")]
    said = capsys.readouterr().out
    assert "Of unknown objects, not money" in said and "1000000" not in said.replace(",", "") and "take me" not in said


async def test_a_pool_under_a_key_that_is_not_here_is_no_money(rpc: PoolRpc, store: NoteStore) -> None:
    pools = await money_pools(rpc, store, KnownKeys(), None, None)
    document = await told(rpc, store, pools, False, Screen(silent=True))
    assert not document["balances"] and len(document["not_money"]) == 4
    with pytest.raises(PoolKeyMissing):
        await money_pools(rpc, store, KnownKeys(), rpc.pool, None)


async def test_no_question_says_which_objects_notes_are_of(rpc: PoolRpc, store: NoteStore) -> None:
    await money_pools(rpc, store, KnownKeys(rpc.pools.key), None, None)
    assert rpc.calls == [("contract_listPools", {})]


async def test_a_pool_that_is_not_listed_counts_if_it_is_named(rpc: PoolRpc, store: NoteStore) -> None:
    rpc.alter["contract_listPools"] = lambda told: {"pools": []}
    keys = KnownKeys(rpc.pools.key)
    assert await money_pools(rpc, store, keys, None, None) == frozenset()
    assert await money_pools(rpc, store, keys, rpc.pool, None) == {rpc.pool}
    with pytest.raises(NoPool):
        await money_pools(rpc, store, keys, ObjectId(CONTRACT), None)


async def test_with_trusted_validators_a_pool_is_one_by_signed_state(rpc: PoolRpc, store: NoteStore) -> None:
    """A node that shows a liar's contract as a pool under the true key."""

    async def prove(key: bytes) -> Any:
        return SimpleNamespace(value=rpc.chain.view.get(key))  # type: ignore[arg-type]

    light, keys = cast(LightClient, SimpleNamespace(prove=prove)), KnownKeys(rpc.pools.key)
    assert await money_pools(rpc, store, keys, None, light) == {rpc.pool}
    rpc.alter["contract_listPools"] = lambda told: {
        "pools": [*told["pools"], {**told["pools"][0], "pool": "0x" + CONTRACT.hex()}]
    }
    assert await money_pools(rpc, store, keys, None, None) == {rpc.pool, CONTRACT}
    with pytest.raises(AnswerRefused):
        await money_pools(rpc, store, keys, None, light)


async def test_a_wallet_without_pool_notes_asks_for_no_key(rpc: PoolRpc, store: NoteStore) -> None:
    store.notes, store.sent = [note for note in store.notes if note.kind], []
    assert await money_pools(rpc, store, cast(Any, None), None, None) == frozenset()
