"""Who reads committed data waits for others of the same kind only."""

import asyncio
from threading import Event
from types import SimpleNamespace
from typing import cast

import pytest

from chain.mempool import Mempool
from chain.types.scalars import NATIVE, Amount
from node.executor import READERS, Executor, spent_in
from node.hub import BlockFinal, Hub
from node.ledger import Ledger
from tests.support.purse import Fill, Purse, spend
from tests.support.small_chain import CLU, SmallChain, account


@pytest.mark.asyncio
async def test_peers_are_answered_while_rpc_keeps_all_its_readers_busy() -> None:
    executor, over = Executor(cast(Ledger, None), Mempool(), Hub()), Event()
    busy = [asyncio.create_task(executor.reading(over.wait)) for _ in range(2 * READERS)]
    try:
        async with asyncio.timeout(5):
            assert await executor.reading_for_peers(lambda: "block") == "block"
    finally:
        over.set()
        await asyncio.gather(*busy)
        executor.close()


def test_a_block_uses_up_nonces_of_accounts_and_nullifiers_of_what_succeeded() -> None:
    """A failed transaction of an account costs its nonce; its nullifier is still good for another."""
    chain = SmallChain(components=(Purse(),))
    chain.do(1, Fill(Amount(100 * CLU), NATIVE))
    transactions = [
        chain.proof_paid(50, spend(7, 8, offer=CLU)),
        chain.transaction(2, spend(9)),
        chain.transaction(3, spend(10, root=78)),
    ]
    receipts = chain.execute(*transactions).receipts
    news = SimpleNamespace(transactions=tuple(transactions), receipts=receipts)
    nonces, used = spent_in(cast(BlockFinal, news))
    assert nonces == {account(2): 1, account(3): 1}
    assert used == [number.to_bytes(32, "big") for number in (7, 8, 9)]
