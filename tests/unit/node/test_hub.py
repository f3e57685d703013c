"""News: everybody hears what it asked for, in order; who cannot follow is told; who waits for one is woken."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chain.execution.transaction import WrongFork
from chain.types.block import Block
from chain.types.scalars import BlockId, Hash, TxHash
from chain.types.transaction import Transaction
from chain.types.vote import Commit
from node.hub import QUEUE, BlockFinal, Hub, News, TransactionAdmitted


def transaction(number: int) -> Transaction:
    return cast(Transaction, SimpleNamespace(hash=TxHash(bytes([number]) * 32)))


def block(*numbers: int) -> BlockFinal:
    transactions = tuple(transaction(number) for number in numbers)
    return BlockFinal(cast(Block, None), BlockId(bytes(32)), cast(Commit, None), transactions, ())


async def test_a_listener_hears_the_kinds_that_it_asked_for_in_order() -> None:
    hub = Hub()
    everything, blocks = hub.subscribe(), hub.subscribe(BlockFinal)
    told: list[News] = [TransactionAdmitted(transaction(1)), block(1), TransactionAdmitted(transaction(2)), block(2)]
    for news in told:
        hub.announce(news)
    assert [await everything.next() for _ in told] == told
    assert [await blocks.next() for _ in range(2)] == [told[1], told[3]]


async def test_who_is_handed_back_hears_nothing_more() -> None:
    hub = Hub()
    subscription = hub.subscribe()
    hub.unsubscribe(subscription)
    hub.unsubscribe(subscription)
    hub.announce(block())
    assert subscription._queue.empty()


async def test_who_cannot_follow_gets_what_was_kept_then_an_end_and_costs_nothing_more() -> None:
    hub = Hub()
    slow, quick = hub.subscribe(), hub.subscribe()
    heard = []
    for _ in range(QUEUE + 5):
        hub.announce(block())
        heard.append(await quick.next())
    assert len(heard) == QUEUE + 5
    assert slow.lagged.is_set()
    assert slow not in hub._subscriptions
    assert len([news async for news in slow]) == QUEUE


async def test_who_waits_for_a_transaction_is_told_its_block_and_place() -> None:
    hub = Hub()
    with hub.awaiting(TxHash(b"\2" * 32)) as one, hub.awaiting(TxHash(b"\2" * 32)) as other:
        hub.announce(TransactionAdmitted(transaction(2)))
        hub.announce(block(1, 3))
        assert not one.done()
        final = block(1, 2, 3)
        hub.announce(final)
        assert await one == (final, 1)
        assert await other == (final, 1)
    assert hub._awaited == {}


async def test_waiting_that_is_given_up_leaves_nothing_behind() -> None:
    hub = Hub()
    with pytest.raises(TimeoutError), hub.awaiting(TxHash(b"\2" * 32)) as final:
        await asyncio.wait_for(final, 0.001)
    assert hub._awaited == {}
    hub.announce(block(2))


async def test_many_who_wait_do_not_wake_for_other_news() -> None:
    """A submitter that waits for its block costs nothing while others' transactions come by."""
    hub = Hub()
    waiting: list[Any] = [hub.awaiting(TxHash(bytes([number]) * 32)) for number in range(1, 50)]
    futures = [each.__enter__() for each in waiting]
    for number in range(100, 200):
        hub.announce(TransactionAdmitted(transaction(number)))
        hub.announce(block(number))
    assert not any(future.done() for future in futures)
    for each in waiting:
        each.__exit__(None, None, None)
    assert hub._awaited == {}


async def test_who_waits_for_what_will_never_come_is_told_why() -> None:
    hub, refused = Hub(), WrongFork(Hash(bytes(32)), Hash(b"\x01" * 32))
    with hub.awaiting(transaction(1).hash) as lost, hub.awaiting(transaction(2).hash) as other:
        hub.refuse(transaction(1).hash, refused)
        hub.refuse(transaction(3).hash, refused)
        with pytest.raises(WrongFork):
            await lost
        assert not other.done()
        hub.refuse(transaction(1).hash, refused)  # told already
