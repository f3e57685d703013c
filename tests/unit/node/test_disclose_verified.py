"""`cluster disclose --verify`: a payment counts in a pool of the chain whose circuit's key lies here, in no other."""

import argparse
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chain.codec import encode
from chain.state.keys import Key
from chain.types.scalars import ObjectId, VkId
from client.errors import AnswerRefused
from client.light.client import LightClient
from client.notes.disclosure import Disclosure, disclose
from client.notes.errors import NoPool, NotOfThePool, PoolKeyMissing
from client.notes.evidence import require_pool_proven
from client.notes.keys import SpendingKey
from client.notes.pages import find_pool
from compute.shielded.pool_prover import PoolKeys
from contracts.shielded.state import require_pool, write_pool
from node.cli.disclose_commands import NAMED, USUAL, verified
from node.cli.screen import Screen
from tests.support.known_keys import KnownKeys
from tests.support.pool_rpc import PoolRpc

MINE, THEIRS = SpendingKey(b"\x01" * 32).full_view(), SpendingKey(b"\x02" * 32).full_view()


@pytest.fixture
def rpc() -> PoolRpc:
    return PoolRpc()


def write(file: Path, disclosure: Disclosure) -> None:
    file.write_text(json.dumps(disclosure.to_json()))


async def shown(rpc: PoolRpc, file: Path, keys: PoolKeys, pool: ObjectId | None = None) -> Any:
    """What --verify says of a payment of 3 CLU in the first pool."""
    (transaction,) = rpc.publish(rpc.note(THEIRS, 3 * 10**9, ovk=MINE.outgoing))
    write(file, disclose(transaction, 0, MINE.outgoing, "the office", bytes))
    named = None if pool is None else "0x" + pool.hex()
    arguments = argparse.Namespace(verify=file, to="the office", pool=named, genesis=None)
    return await verified(arguments, rpc, keys, Screen(silent=False))


async def test_a_payment_in_the_usual_pool_holds(
    rpc: PoolRpc, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = await shown(rpc, tmp_path / "file", KnownKeys(rpc.pools.key))
    assert (document["amount"], document["pool"], document["object"]) == ("3 CLU", USUAL, "0x" + rpc.pool.hex())
    assert "the payment was made as disclosed, in the pool that wallets here take" in capsys.readouterr().out


async def test_a_pool_under_a_key_that_is_not_here_shows_no_payment(rpc: PoolRpc, tmp_path: Path) -> None:
    """Whoever opened it may have a circuit that makes money up; to name it does not help."""
    for pool in (None, rpc.pool):
        with pytest.raises(PoolKeyMissing):
            await shown(rpc, tmp_path / "file", KnownKeys(), pool)


async def test_another_pool_counts_if_it_is_named_and_is_said_to_be_another(
    rpc: PoolRpc, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later, keys = rpc.pools.opened(), KnownKeys(rpc.pools.key)
    with pytest.raises(NotOfThePool) as refused:
        await shown(rpc, tmp_path / "file", keys, later)
    assert (refused.value.found, refused.value.pool) == ("0x" + rpc.pool.hex(), "0x" + later.hex())
    assert (await shown(rpc, tmp_path / "file", keys, rpc.pool))["pool"] == USUAL
    with pytest.raises(NoPool):
        await shown(rpc, tmp_path / "file", keys, ObjectId(bytes(32)))
    rpc.alter["contract_listPools"] = lambda told: {"pools": told["pools"][1:]}
    with pytest.raises(NotOfThePool):
        await shown(rpc, tmp_path / "file", keys)
    capsys.readouterr()
    assert (await shown(rpc, tmp_path / "file", keys, rpc.pool))["pool"] == NAMED
    assert "in another pool than wallets here take" in capsys.readouterr().out


async def test_a_pool_is_held_against_the_signed_state(rpc: PoolRpc) -> None:
    told, view = await find_pool(rpc, rpc.pool), rpc.chain.view
    signed: dict[Key, bytes] = {}

    async def prove(key: Key) -> Any:
        return SimpleNamespace(value=signed.get(key))

    light = cast(LightClient, SimpleNamespace(prove=prove))
    with pytest.raises(AnswerRefused):
        await require_pool_proven(light, told)
    record = require_pool(view, rpc.pool)
    put = cast(Any, SimpleNamespace(put=signed.__setitem__))
    write_pool(put, rpc.pool, record)
    await require_pool_proven(light, told)
    write_pool(put, rpc.pool, type(record)(VkId(bytes(32)), record.opened_by, record.opened_at))
    assert encode(record) not in signed.values()
    with pytest.raises(AnswerRefused):
        await require_pool_proven(light, told)
