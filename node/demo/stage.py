"""What the acts of the demo share: the network, its accounts, what was observed, and the list of what must hold."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from chain.execution.action import Action
from chain.types.transaction import Transaction
from client.errors import RpcFailed, Unreachable
from client.results import Outcome
from client.rpc import RpcClient
from client.subscription import subscribe
from client.wallet import Wallet, wait_committed
from crypto.keys import SecretKey
from node.cli.screen import Screen, Step
from node.demo.errors import DemoStuck
from node.devnet.files import Network
from node.devnet.processes import Processes

PATIENCE_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Check:
    """One promise of the demo: whether it held, and what was seen."""

    promise: str
    held: bool
    seen: str


@dataclass(slots=True)
class Finality:
    """Seconds from a node's acknowledgement to the commit at another validator, per transaction."""

    acknowledged: dict[str, float] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def acknowledge(self, hash_: str) -> None:
        self.acknowledged[hash_] = time.monotonic()

    def committed(self, hashes: Sequence[str]) -> None:
        now = time.monotonic()
        self.seconds += [now - self.acknowledged.pop(hash_) for hash_ in hashes if hash_ in self.acknowledged]


class Stage:
    """Everything that the acts work with. Use as an async context manager."""

    def __init__(self, network: Network, processes: Processes, screen: Screen) -> None:
        self.network, self.processes, self.screen = network, processes, screen
        self.checks: list[Check] = []
        self.finality = Finality()
        self.facts: dict[str, Any] = {}
        self.step: Step = Step(None, None)
        self._stack = AsyncExitStack()
        self._watching: list[asyncio.Task[None]] = []
        self.rpcs: list[RpcClient] = []
        self.accounts = network.accounts()

    async def __aenter__(self) -> "Stage":
        for url in self.network.rpc_urls:
            self.rpcs.append(await self._stack.enter_async_context(RpcClient(url)))
        self._watching = [asyncio.create_task(watch()) for watch in (self._watch_admissions, self._watch_commits)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for watching in self._watching:
            watching.cancel()
        await asyncio.wait(self._watching)
        await self._stack.aclose()

    @property
    def recordings(self) -> Path:
        """Where the validators record every byte that crosses loopback."""
        return self.network.root / "recordings"

    def say(self, text: str) -> None:
        """A line for people, above the progress bar; and what the bar says now."""
        self.screen.line(text)
        self.step.describe(text.strip())

    def check(self, promise: str, held: bool, seen: object = "") -> None:
        """Note whether a promise held; the demo fails at its end unless all did."""
        self.checks.append(Check(promise, held, str(seen)))
        self.screen.line(f"  {'ok ' if held else 'NOT HELD'}  {promise}" + (f"  ({seen})" if str(seen) else ""))

    def secret(self, name: str) -> SecretKey:
        """The key of one of the network's funded accounts."""
        return self.accounts[name].secret()

    async def wallet(self, name: str, node: int = 0) -> Wallet:
        """An account's wallet behind one of the validators."""
        return await Wallet.open(self.secret(name), self.rpcs[node])

    async def submit(self, wallet: Wallet, actions: Sequence[Action]) -> Outcome:
        """Sign, submit and wait for finality."""
        return await wallet.submit(actions)

    async def submit_transaction(self, rpc: RpcClient, transaction: Transaction) -> Outcome:
        """Submit what was signed before, and wait for finality."""
        await rpc.call("tx_submit", transaction=transaction.raw)
        return await wait_committed(rpc, transaction)

    async def refusal(self, attempt: Awaitable[Any]) -> RpcFailed | None:
        """The typed error that an attempt is refused with, or None when it was let through."""
        try:
            await attempt
        except RpcFailed as failed:
            return failed
        return None

    async def until(self, what: str, look: "Callable[[], Awaitable[Any]]", seconds: float = PATIENCE_SECONDS) -> Any:
        """Look again and again until something is there. Raises DemoStuck."""
        deadline = time.monotonic() + seconds
        while True:
            found = await look()
            if found:
                return found
            if time.monotonic() > deadline:
                raise DemoStuck(what, seconds)
            await asyncio.sleep(POLL_SECONDS)

    async def height(self, node: int = 0) -> int:
        """The head of one validator."""
        return int((await self.rpcs[node].call("chain_status"))["height"])

    async def reach(self, height: int, node: int = 0) -> None:
        """Wait until a validator has committed `height`."""

        async def there() -> bool:
            try:
                return await self.height(node) >= height
            except Unreachable:  # it may just be starting
                return False

        await self.until(f"height {height} at {self.network.members[node].name}", there)

    async def _watch_admissions(self) -> None:
        """Hear from the first validator, which nearly everything is submitted to, what it has acknowledged."""
        async for news in subscribe(self.network.rpc_urls[0], "transactions"):
            if news.data["status"] == "admitted":
                self.finality.acknowledge(news.data["hash"])

    async def _watch_commits(self) -> None:
        """Hear from the second validator what is final there."""
        async for news in subscribe(self.network.rpc_urls[1], "blocks"):
            self.finality.committed(news.data["transactions"])
