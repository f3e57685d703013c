"""Payments that a proof pays, over four real nodes: admitted, gossiped, final once, the same at all, naming no account.

Proofs are simulated with the trapdoor of the pool's key; every node verifies them as any other.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest

from chain.execution import accounts
from chain.types.scalars import Amount
from client.errors import RpcFailed
from client.notes.address import Address
from client.notes.choice import value_of
from client.notes.keys import spending_key
from client.notes.pages import list_pools
from compute.shielded.payments import NoteWallet
from contracts.registry.actions import RegisterKey
from contracts.shielded.actions import Open
from contracts.shielded.statement import TRANSFER_SIZE
from tests.support.four_nodes import NODES, FourNodes
from tests.support.note_records import Entropy
from tests.support.note_wallets import SimulatedProver
from tests.support.programs import compressed_key, vk_id

CLU = 10**9
TEN, TWO = Amount(10 * CLU), Amount(2 * CLU)
PAYER, PAYEE, OTHER = "account1", "account2", "account3"
SEEDS = count(10**6, 10**6)


@pytest.fixture
async def four(tmp_path: Path) -> AsyncIterator[FourNodes]:
    """With a shielded pool, in which the payer has ten CLU."""
    async with FourNodes(tmp_path).running() as nodes:
        await nodes.reach(1)
        async with nodes.wallet("account0", 0) as wallet:
            await wallet.submit([RegisterKey(compressed_key(TRANSFER_SIZE), None)])
            await wallet.submit([Open(vk_id(TRANSFER_SIZE))])
        async with notes(nodes, PAYER, 0, tmp_path / "first") as payer:
            await payer.shield(TEN)
        yield nodes


@asynccontextmanager
async def notes(four: FourNodes, name: str, node: int, folder: Path) -> AsyncIterator[NoteWallet]:
    """An account's notes as one node shows them, kept in `folder`."""
    async with four.wallet(name, node) as wallet:
        key = spending_key(four.accounts[name].secret().seed)
        prover = SimulatedProver((await list_pools(wallet.rpc))[0])
        yield NoteWallet(wallet, key, prover, folder, Entropy(next(SEEDS)))


async def unspent(four: FourNodes, name: str, node: int, folder: Path) -> list[int]:
    async with notes(four, name, node, folder) as wallet:
        store = await wallet.read()
        return sorted(value_of(note) for note in store.unspent(wallet.pool.pool))


def address_of(four: FourNodes, name: str) -> Address:
    return spending_key(four.accounts[name].secret().seed).full_view().incoming.address()


def pool_holding(four: FourNodes, wallet: NoteWallet, node: int) -> int:
    return accounts.holding(four.apps[node].node.ledger.view, wallet.pool.pool)


async def test_a_payment_names_no_account_and_is_the_same_at_all_nodes(four: FourNodes, tmp_path: Path) -> None:
    async with notes(four, PAYER, 1, tmp_path / "payer") as payer:
        account = await four.ask(0, "chain_getAccount", address=payer.wallet.address)
        paid = await payer.send(address_of(four, PAYEE), TWO)
        height = paid.outcome.height or 0
        assert paid.transaction.envelope.proof_paid
        await four.reach(height + 1)
        for node in range(NODES):
            receipt = await four.ask(node, "chain_getReceipt", hash=paid.outcome.hash)
            assert (receipt["code"], receipt["height"], receipt["fee"]) == (0, height, str(paid.fee))
            shown = await four.ask(node, "chain_getAccount", address=payer.wallet.address)
            assert (shown["nonce"], shown["balance"]) == (account["nonce"], account["balance"])
            assert pool_holding(four, payer, node) == TEN - paid.fee
            assert len(four.apps[node].node.mempool) == 0
            with pytest.raises(RpcFailed) as replayed:
                await four.ask(node, "tx_submit", transaction="0x" + paid.transaction.raw.hex())
            assert replayed.value.name == "NoteSpent"
        four.agreed_root(height)
    assert await unspent(four, PAYER, 3, tmp_path / "again") == [TEN - TWO - paid.fee]
    assert await unspent(four, PAYEE, 2, tmp_path / "payee") == [TWO]


@pytest.mark.slow
async def test_one_note_spent_at_two_nodes_at_once_is_spent_once(four: FourNodes, tmp_path: Path) -> None:
    """Two programs of one person that know nothing of each other."""
    addresses = [
        spending_key(four.accounts[name].secret().seed).full_view().incoming.address() for name in (PAYEE, "account3")
    ]
    async with notes(four, PAYER, 0, tmp_path / "one") as one, notes(four, PAYER, 2, tmp_path / "other") as other:
        attempts = {
            asyncio.create_task(wallet.send(address, TWO))
            for wallet, address in zip((one, other), addresses, strict=True)
        }
        paid = None
        while paid is None:
            done, attempts = await asyncio.wait(attempts, return_when=asyncio.FIRST_COMPLETED)
            for attempt in done:
                if attempt.exception() is None:
                    paid = attempt.result()
                else:
                    assert getattr(attempt.exception(), "name", "") in ("UniqueWaiting", "NoteSpent")
        await four.reach((paid.outcome.height or 0) + 3)
        for attempt in attempts:  # it was taken at its node and dropped there when the other one was final
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)
        assert all(len(app.node.mempool) == 0 for app in four.apps.values())
        assert {pool_holding(four, one, node) for node in range(NODES)} == {TEN - paid.fee}
    received = [await unspent(four, name, 1, tmp_path / name) for name in (PAYEE, OTHER)]
    assert sorted(received) == [[], [TWO]]
    four.agreed_root(four.height(0) - 1)
