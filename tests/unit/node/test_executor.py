"""Who reads committed data waits for others of the same kind only."""

import asyncio
from threading import Event
from types import SimpleNamespace
from typing import cast

import pytest

from chain.execution.transaction import WrongFork
from chain.execution.upgrades import GENESIS_FORK, NO_FORK, Fork, Upgrade, plan_upgrade
from chain.mempool import Mempool
from chain.types.block import Block
from chain.types.receipt import OK, Receipt
from chain.types.scalars import NATIVE, Amount, BlockId, Hash, Height, Name, Nonce, Text, Uint, WorkUnits
from chain.types.sync import FinalBlock
from chain.types.vote import Commit
from contracts.token.actions import Transfer
from node.executor import READERS, Executor, spent_in
from node.hub import BlockFinal, Hub
from node.ledger import Ledger
from tests.support.purse import Fill, Purse, spend
from tests.support.small_chain import CLU, SmallChain, account

NO_COST = (Amount(0), WorkUnits(0))


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


async def test_at_an_upgrade_what_waits_and_was_signed_before_it_is_dropped_and_whoever_waits_for_it_is_told() -> None:
    chain, mempool, hub = SmallChain(), Mempool(), Hub()
    old = chain.transaction(1, Transfer(account(2), Amount(1)))
    new = chain.transaction(2, Transfer(account(1), Amount(1)), fork_id=Hash(b"\x01" * 32))
    for waiting in (old, new):
        mempool.add(waiting, WorkUnits(1), Nonce(0))
    before = SimpleNamespace(fork=GENESIS_FORK)
    ledger = SimpleNamespace(next_block=before, view=chain.view, tip=SimpleNamespace(height=Height(1)))

    def commit(_final: FinalBlock) -> BlockFinal:
        ledger.next_block = SimpleNamespace(fork=Fork(new.envelope.fork_id, Uint(2), None))
        return BlockFinal(cast(Block, None), BlockId(bytes(32)), cast(Commit, None), (), (Receipt(OK, *NO_COST, ()),))

    ledger.commit = commit
    executor = Executor(cast(Ledger, ledger), mempool, hub)
    final = SimpleNamespace(block=SimpleNamespace(height=Height(1)))
    with hub.awaiting(old.hash) as lost, hub.awaiting(new.hash) as kept:
        await executor.commit(cast(FinalBlock, final))
        with pytest.raises(WrongFork) as told:
            await lost
        assert (told.value.expected, told.value.got) == (new.envelope.fork_id, NO_FORK)
        assert not kept.done()
    assert list(mempool.candidates()) == [new]
    executor.close()


@pytest.mark.parametrize(("version", "word"), [(2, "install a release"), (1, "this program knows it")])
async def test_the_log_tells_once_of_an_upgrade_ahead(
    version: int, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    chain = SmallChain()
    with chain.amended() as overlay:
        plan_upgrade(overlay, Upgrade(Name("second"), Height(9), Uint(version), Text("by post")))
    news = SimpleNamespace(transactions=(), receipts=(None,))
    ledger = SimpleNamespace(
        next_block=chain.next_block, view=chain.view, chain=chain.chain, commit=lambda _final: news
    )
    ledger.tip = SimpleNamespace(height=chain.height)
    executor = Executor(cast(Ledger, ledger), Mempool(), Hub())
    for height in (1, 2):
        await executor.commit(cast(FinalBlock, SimpleNamespace(block=SimpleNamespace(height=Height(height)))))
    executor.close()
    (told,) = caplog.messages
    assert "'second'" in told and "height 9 (by post)" in told and told.endswith(word)
