"""Sends signed transactions at a steady rate, in JSON-RPC batches, and notes when each was acknowledged."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from chain.types.transaction import Transaction
from client.errors import RpcFailed
from client.rpc import Call, RpcClient

TICK_SECONDS = 0.1
MAX_BATCH = 100
UNPACED = 1e9


@dataclass(frozen=True, slots=True)
class Ready:
    """A signed transaction for one node, encoded ahead of the clock."""

    hash: str
    raw: str
    client: RpcClient

    @classmethod
    def of(cls, transaction: Transaction, client: RpcClient) -> "Ready":
        return cls("0x" + transaction.hash.hex(), "0x" + transaction.raw.hex(), client)


@dataclass(slots=True)
class Acknowledged:
    """What the nodes answered: when and where each transaction was admitted, and how often which rule refused one."""

    at: dict[str, float] = field(default_factory=dict)
    url: dict[str, str] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)


async def send(transactions: Sequence[Ready], rate: float = UNPACED, seconds: float = float("inf")) -> Acknowledged:
    """Send `rate` transactions a second for `seconds`, or until none are left; every node gets its own in order.

    What could not be sent in time follows at once, so that a slow node sees the offered rate all the same.
    """
    outcome = Acknowledged()
    lanes: dict[RpcClient, list[Ready]] = {}
    for ready in transactions:
        lanes.setdefault(ready.client, []).append(ready)
    shares = {client: rate * len(lane) / len(transactions) for client, lane in lanes.items()}
    await asyncio.gather(*(_serve(client, lane, shares[client], seconds, outcome) for client, lane in lanes.items()))
    return outcome


async def _serve(client: RpcClient, lane: Sequence[Ready], rate: float, seconds: float, outcome: Acknowledged) -> None:
    started, sent = time.monotonic(), 0
    while sent < len(lane) and (passed := time.monotonic() - started) < seconds:
        due = min(len(lane), int(rate * (passed + TICK_SECONDS)))
        for first in range(sent, due, MAX_BATCH):
            await _submit(client, lane[first : min(first + MAX_BATCH, due)], outcome)
        sent = due
        await asyncio.sleep(max(0.0, passed + TICK_SECONDS - (time.monotonic() - started)))


async def _submit(client: RpcClient, batch: Sequence[Ready], outcome: Acknowledged) -> None:
    answers = await client.batch([Call("tx_submit", {"transaction": ready.raw}) for ready in batch])
    now = time.monotonic()
    for ready, answer in zip(batch, answers, strict=True):
        if isinstance(answer, RpcFailed):
            outcome.refused[answer.name] += 1
        else:
            outcome.at[ready.hash], outcome.url[ready.hash] = now, client.url
