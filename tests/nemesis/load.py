"""People who pay one another while nodes fail: what a node called final must be found for ever after."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Final

from chain.types.scalars import AccountId, Amount
from client.errors import ClientError
from client.rpc import RpcClient
from client.wallet import Wallet
from contracts.token.actions import Transfer
from tests.nemesis.running import Running

PAYERS: Final = tuple(f"account{number}" for number in range(6))
ANSWER_SECONDS: Final = 15.0
PAUSE: Final = 0.2


@dataclass
class Load:
    """final: hash of each payment that a node said is in a block, and its height; refused: how often one said no."""

    network: Running
    final: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=100))  # that the last payments took

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as people:
            for number, name in enumerate(PAYERS):
                people.create_task(self._pay(name, Random(self.network.plan.seed * 100 + number)))

    async def _pay(self, name: str, random: Random) -> None:
        accounts = self.network.network.accounts()
        secret = accounts[name].secret()
        while True:
            up = self.network.up
            await asyncio.sleep(PAUSE)
            if not up:
                continue
            payee = AccountId(accounts[random.choice(PAYERS)].secret().public)
            try:
                async with RpcClient(self.network.url(random.choice(up)), timeout=ANSWER_SECONDS) as rpc:
                    wallet = await Wallet.open(secret, rpc)
                    started = time.monotonic()
                    async with asyncio.timeout(ANSWER_SECONDS):
                        outcome = await wallet.submit([Transfer(payee, Amount(random.randint(1, 10**9)))])
            except (ClientError, TimeoutError):
                self.refused += 1  # or nobody knows: it may stand in a block or not
                continue
            self.seconds.append(time.monotonic() - started)
            self.final[outcome.hash] = int(outcome.height or 0)
