"""Payments with notes on a chain: into the pool, inside it, out of it; paid by a proof; nothing spent twice or lost."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from chain.execution import accounts
from chain.types.scalars import NATIVE, Amount, ChainId, FieldElement, Hash, Height, ObjectId, Uint, VkId
from client.errors import RpcFailed, TransactionExpired
from client.notes.choice import choose, value_of
from client.notes.errors import FeeTooHigh, NoPool, NotEnoughNotes, PoolKeyMissing, TreesDiffer
from client.notes.keys import spending_key
from client.notes.pages import find_pool
from client.notes.store import NoteStore, OwnNote
from compute.confidential.prover import CircuitSource
from compute.dev_keys import DevKeys
from compute.shielded.payments import MOST_FEE, NoteWallet, round_fee
from compute.shielded.pool_prover import PoolKeys, PoolProver
from compute.shielded.prover import TRANSFER
from contracts.shielded.queries import PoolView
from crypto.groth16.key_file_errors import DamagedKeyFile
from crypto.note_errors import MemoTooLong
from crypto.notes import PoolNote
from tests.support.note_records import Entropy
from tests.support.note_wallets import ALICE, BOB, CAROL, NoteRpc, SimulatedProver, circuit
from tests.support.small_chain import CLU, FUNDS, account

TEN, FIVE = Amount(10 * CLU), Amount(5 * CLU)


@pytest.fixture
async def rpc() -> AsyncIterator[NoteRpc]:
    async with NoteRpc().running() as running:
        assert isinstance(running, NoteRpc)
        yield running


@pytest.fixture
async def alice(rpc: NoteRpc, tmp_path: Path) -> NoteWallet:
    return await rpc.notes(ALICE, tmp_path)


@pytest.fixture
async def bob(rpc: NoteRpc, tmp_path: Path) -> NoteWallet:
    return await rpc.notes(BOB, tmp_path)


async def values(wallet: NoteWallet) -> list[int]:
    store = await wallet.read()
    return sorted(value_of(note) for note in store.unspent(wallet.pool.pool))


def balance(rpc: NoteRpc, person: int) -> int:
    return accounts.balance(rpc.chain.view, account(person))


async def test_money_goes_in_to_somebody_else_and_out_again(rpc: NoteRpc, alice: NoteWallet, bob: NoteWallet) -> None:
    paid = await alice.shield(TEN)
    assert await values(alice) == [TEN]
    assert balance(rpc, ALICE) == FUNDS - TEN - int((paid.outcome.receipt or {})["fee"])
    before = rpc.chain.nonce(ALICE), balance(rpc, ALICE)
    sent = await alice.send(bob.view.incoming.address(3), FIVE, memo=b"rent of May")
    assert sent.transaction.envelope.proof_paid and sent.fee == int((sent.outcome.receipt or {})["fee"])
    assert (rpc.chain.nonce(ALICE), balance(rpc, ALICE)) == before  # no account is named
    assert await values(alice) == [TEN - FIVE - sent.fee]
    (note,) = (await bob.read()).notes
    assert isinstance(note.content, PoolNote) and note.address == 3
    assert (note.content.value, note.content.memo.rstrip(b"\0")) == (FIVE, b"rent of May")
    remembered = [each for each in (await alice.read()).sent if each.address == bob.view.incoming.address(3)]
    assert [each.transaction for each in remembered] == [sent.transaction.hash]
    out = await bob.unshield(account(CAROL), Amount(CLU))
    assert balance(rpc, CAROL) == FUNDS + CLU
    assert await values(bob) == [FIVE - CLU - out.fee]
    pool = await find_pool(rpc, rpc.pool)
    assert [(each.entered - each.left, each.holding) for each in pool.assets] == [
        (TEN - sent.fee - out.fee - CLU, TEN - sent.fee - out.fee - CLU)
    ]


async def test_a_node_does_not_say_how_much_of_ones_notes_goes_to_the_fee(
    rpc: NoteRpc, alice: NoteWallet, bob: NoteWallet
) -> None:
    """What a proof gives is gone, whatever it costs: with a validator behind it, the node would have it."""
    await alice.shield(TEN)
    submitted, honest = len(rpc.submitted), rpc.call

    async def lying(method: str, /, **params: Any) -> Any:
        answer = await honest(method, **params)
        return {**answer, "base_fee": str(CLU // 10_000)} if method == "chain_status" else answer

    rpc.call = lying  # type: ignore[method-assign]
    with pytest.raises(FeeTooHigh) as refused:
        await alice.send(bob.view.incoming.address(), FIVE)
    assert refused.value.most == MOST_FEE < refused.value.fee < FIVE and len(rpc.submitted) == submitted
    alice.most_fee = Amount(refused.value.fee)
    sent = await alice.send(bob.view.incoming.address(), FIVE)
    assert sent.fee == refused.value.fee == int((sent.outcome.receipt or {})["fee"])


@pytest.mark.slow
async def test_an_account_may_pay_the_fee(rpc: NoteRpc, alice: NoteWallet, bob: NoteWallet) -> None:
    await alice.shield(TEN)
    sent = await alice.send(bob.view.incoming.address(), TEN, fee_from_pool=False)
    assert not sent.transaction.envelope.proof_paid
    assert (await values(alice), await values(bob)) == ([], [TEN])
    await bob.unshield(account(BOB), TEN, fee_from_pool=False)
    assert await values(bob) == []


@pytest.mark.slow
async def test_what_no_two_notes_cover_is_put_together_first(rpc: NoteRpc, alice: NoteWallet, bob: NoteWallet) -> None:
    for _ in range(3):
        await alice.shield(FIVE)
    said: list[str] = []
    alice.say = said.append
    submitted = len(rpc.submitted)
    await alice.send(bob.view.incoming.address(), Amount(12 * CLU))
    assert len(rpc.submitted) - submitted == 2 and "putting notes together" in said
    assert await values(bob) == [12 * CLU]
    assert len(await values(alice)) == 1


async def test_money_is_shielded_for_somebody_else(alice: NoteWallet, bob: NoteWallet) -> None:
    await alice.shield(FIVE, to=bob.view.incoming.address(), memo=b"hello")
    assert (await values(alice), await values(bob)) == ([], [FIVE])


async def test_more_than_there_is_cannot_be_spent(rpc: NoteRpc, alice: NoteWallet, bob: NoteWallet) -> None:
    await alice.shield(FIVE)
    submitted = len(rpc.submitted)
    with pytest.raises(NotEnoughNotes) as refused:
        await alice.send(bob.view.incoming.address(), FIVE)  # and the fee
    assert refused.value.held == FIVE and refused.value.needed > FIVE
    with pytest.raises(NotEnoughNotes):
        await bob.unshield(account(BOB), Amount(1))
    assert len(rpc.submitted) == submitted


async def test_two_payments_at_once_spend_different_notes(rpc: NoteRpc, alice: NoteWallet, bob: NoteWallet) -> None:
    for _ in range(4):
        await alice.shield(FIVE)
    to = bob.view.incoming.address()
    await asyncio.gather(alice.send(to, Amount(CLU)), alice.send(to, Amount(2 * CLU)))
    assert await values(bob) == [CLU, 2 * CLU]


@pytest.mark.slow
async def test_notes_are_free_again_when_a_transaction_is_refused(
    rpc: NoteRpc, alice: NoteWallet, bob: NoteWallet
) -> None:
    await alice.shield(TEN)
    rpc.refuse["tx_submit"] = [RpcFailed(1, "full", {})]
    with pytest.raises(RpcFailed):
        await alice.send(bob.view.incoming.address(), FIVE)
    assert (await alice.read()).waiting == []
    await alice.send(bob.view.incoming.address(), FIVE)
    assert await values(bob) == [FIVE]


async def test_notes_wait_for_a_transaction_that_nobody_answered_for(
    rpc: NoteRpc, alice: NoteWallet, bob: NoteWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies after it submitted leaves its notes marked, until the transaction has expired."""
    await alice.shield(TEN)

    async def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(alice, "_final", dies)
    monkeypatch.setattr(rpc, "block", list)  # and it never comes into a block
    with pytest.raises(KeyboardInterrupt):
        await alice.send(bob.view.incoming.address(), FIVE)
    rpc._waiting.clear()  # before blocks go on, else the next one has it
    monkeypatch.undo()
    assert await values(alice) == []
    rpc.pass_to(rpc.submitted[-1].envelope.expiry_height + 1)
    assert await values(alice) == [TEN]


async def test_notes_are_free_again_when_a_transaction_expires(
    rpc: NoteRpc, alice: NoteWallet, bob: NoteWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.shield(TEN)

    def forgets() -> list[object]:
        rpc._waiting.clear()
        return [rpc.chain.pass_to(rpc.submitted[-1].envelope.expiry_height)]

    with monkeypatch.context() as patched:
        patched.setattr(rpc, "block", forgets)
        with pytest.raises(TransactionExpired):
            await alice.send(bob.view.incoming.address(), FIVE)
    assert await values(alice) == [TEN] and (await alice.read()).waiting == []


async def test_a_tree_that_is_not_the_chains_is_noticed_before_anything_is_proven(
    rpc: NoteRpc, alice: NoteWallet, bob: NoteWallet
) -> None:
    await alice.shield(TEN)
    store = await alice.read()
    store.trees[alice.pool.pool].last[0] += 1  # as a false subtree root would
    store.save()
    with pytest.raises(TreesDiffer):
        await alice.send(bob.view.incoming.address(), FIVE)
    await alice.read(deep=True)
    await alice.send(bob.view.incoming.address(), FIVE)


async def test_a_memo_that_is_too_long_is_refused(alice: NoteWallet, bob: NoteWallet) -> None:
    with pytest.raises(MemoTooLong):
        await alice.shield(FIVE, memo=b"x" * 63)


async def test_a_pool_is_found_or_said_not_to_be(rpc: NoteRpc) -> None:
    assert (await find_pool(rpc, rpc.pool)).pool == rpc.pool
    with pytest.raises(NoPool):
        await find_pool(rpc, type(rpc.pool)(bytes(32)))


async def test_without_the_pools_key_nothing_is_proven(rpc: NoteRpc, tmp_path: Path) -> None:
    keys = PoolKeys(DevKeys(tmp_path), tmp_path / "pools", CircuitSource(TRANSFER.name, circuit))
    with pytest.raises(PoolKeyMissing):
        PoolProver(keys, await find_pool(rpc, rpc.pool)).require()
    other = tmp_path / "other.zkey"
    other.write_bytes(b"no key")
    with pytest.raises(DamagedKeyFile):
        keys.keep(other)


def test_fees_are_round_and_leave_room() -> None:
    assert [round_fee(cost) for cost in (0, 1, 60, 67, 68, 1234, 99_999)] == [0, 2, 90, 110, 110, 1900, 150_000]
    assert all(round_fee(cost) >= cost * 3 / 2 for cost in range(1, 5000, 7))


def test_notes_are_put_together_where_they_cover_that_fee_too(tmp_path: Path) -> None:
    """To put notes together costs a fee of its own: nobody pays it and then has too little for the payment."""
    pool = PoolView(ObjectId(b"\x0a" * 32), VkId(bytes(32)), Height(1), Uint(0), FieldElement(0), ())
    wallet = NoteWallet(cast(Any, None), spending_key(b"\x01" * 32), SimulatedProver(pool), tmp_path, Entropy())
    store, zero = NoteStore(tmp_path / "notes", ChainId("x"), Hash(bytes(32)), bytes(32)), FieldElement(0)
    for number in range(3):
        elements = tuple(map(FieldElement, PoolNote(0, 5, number).plaintext()))
        store.notes.append(OwnNote(Uint(number), pool.pool, Uint(number), Height(1), zero, Uint(0), Uint(0), elements))
    choice = choose(wallet._notes(store, NATIVE), 13)
    assert not choice.enough
    wallet._require_worth(store, choice, 13, Amount(2))
    with pytest.raises(NotEnoughNotes) as refused:
        wallet._require_worth(store, choice, 13, Amount(3))
    assert (refused.value.held, refused.value.needed) == (15, 16)
    wallet._require_worth(store, choice, 5, Amount(10))
    with pytest.raises(NotEnoughNotes):  # the two that are put together do not pay for it
        wallet._require_worth(store, choice, 4, Amount(11))
