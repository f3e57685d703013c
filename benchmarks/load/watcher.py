"""Watches validators over RPC: when which transaction was seen committed, and what stands in the chain in the end."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from benchmarks.load.sender import Acknowledged
from client.errors import RpcFailed
from client.rpc import Call, RpcClient
from client.subscription import subscribe

POLL_SECONDS = 0.5
RECEIPTS_AT_ONCE = 100


@dataclass(slots=True)
class Seen:
    """By node and transaction hash, when the node's subscription showed it committed."""

    at: dict[str, dict[str, float]] = field(default_factory=dict)
    heard: dict[str, asyncio.Event] = field(default_factory=dict)  # by node, set with its first block

    async def began(self) -> None:
        """Wait until every node's subscription has shown a block."""
        await asyncio.gather(*(event.wait() for event in self.heard.values()))

    def finality(self, acknowledged: Acknowledged) -> list[float]:
        """Seconds from each acknowledgement to the commit seen at the validator after the one that admitted it."""
        urls = list(self.at)
        following = dict(zip(urls, urls[1:] + urls[:1], strict=True))
        return sorted(
            seen - acknowledged.at[hash_]
            for hash_, url in acknowledged.url.items()
            if (seen := self.at[following[url]].get(hash_)) is not None
        )

    def committed_by(self, moment: float, hashes: Iterable[str]) -> int:
        """How many of the transactions some validator had shown committed at `moment`."""
        return sum(any(seen.get(hash_, moment + 1) <= moment for seen in self.at.values()) for hash_ in hashes)


@asynccontextmanager
async def watching(urls: Sequence[str]) -> AsyncIterator[Seen]:
    """Follow the blocks of every node while the body runs."""
    seen = Seen({url: {} for url in urls}, {url: asyncio.Event() for url in urls})
    tasks = [asyncio.create_task(_follow(url, seen)) for url in urls]
    try:
        yield seen
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def drained(clients: Sequence[RpcClient], seconds: float) -> bool:
    """Wait until no node has a transaction left that waits for a block; False when `seconds` were not enough."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        waiting = await asyncio.gather(*(client.call("mempool_status") for client in clients))
        if not any(status["count"] for status in waiting):
            return True
        await asyncio.sleep(POLL_SECONDS)
    return False


async def in_blocks(client: RpcClient, first: int) -> set[str]:
    """The hashes of all transactions in the blocks from `first` on, as a node answers them."""
    head = (await client.call("chain_status"))["height"]
    found: set[str] = set()
    for height in range(first, head + 1):
        found.update((await client.call("chain_getBlock", height=height))["transactions"])
    return found


async def failed(client: RpcClient, hashes: Sequence[str]) -> list[str]:
    """Those of the committed transactions whose receipt names a broken rule or is missing."""
    bad = []
    for first in range(0, len(hashes), RECEIPTS_AT_ONCE):
        some = hashes[first : first + RECEIPTS_AT_ONCE]
        answers = await client.batch([Call("chain_getReceipt", {"hash": hash_}) for hash_ in some])
        bad += [
            hash_
            for hash_, answer in zip(some, answers, strict=True)
            if isinstance(answer, RpcFailed) or answer["code"] != 0
        ]
    return bad


async def _follow(url: str, seen: Seen) -> None:
    async for news in subscribe(url, "blocks"):
        now = time.monotonic()
        seen.heard[url].set()
        for hash_ in news.data["transactions"]:
            seen.at[url].setdefault(hash_, now)
