"""People who pay all the time while a network is disturbed, and what became of everything that they sent."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from chain.types.scalars import AccountId, Amount, Hash, TxHash
from chain.types.transaction import Transaction
from client.errors import NotAnRpc, RpcFailed, Unreachable
from client.rpc import RpcClient
from client.wallet import Wallet
from contracts.token.actions import Transfer
from node.devnet.files import Network

AMOUNT: Final = 7
PAYEE: Final = "account9"
PAUSE_SECONDS: Final = 0.05
COMMITTED: Final = "committed"
WAITING: Final = "waiting"
GONE: Final = (Unreachable, NotAnRpc)  # a node that does not run now

Fates = Counter[tuple[str, Hash]]  # what became of a transaction, and the fork id that it names


@dataclass
class Payer:
    """Pays PAYEE over whichever node answers, and remembers every transaction that left."""

    network: Network
    name: str
    node: int
    sent: dict[TxHash, Transaction] = field(default_factory=dict)  # what is sent twice, is one transaction

    async def run(self) -> None:
        """Until cancelled."""
        secret = self.network.accounts()[self.name].secret()
        while True:
            try:
                async with RpcClient(self.network.rpc_urls[self.node], timeout=30) as rpc:
                    wallet = await Wallet.open(secret, rpc)
                    while True:
                        await self._pay(wallet)
            except GONE:
                self.node = (self.node + 1) % len(self.network.members)
                await asyncio.sleep(PAUSE_SECONDS)

    async def _pay(self, wallet: Wallet) -> None:
        payee = AccountId(self.network.accounts()[PAYEE].secret().public)
        transaction = wallet.sign_envelope(await wallet.prepare([Transfer(payee, Amount(AMOUNT))]))
        self.sent[transaction.hash] = transaction
        try:
            await wallet.rpc.call("tx_submit", transaction=transaction.raw, wait="committed")
        except RpcFailed:
            await asyncio.sleep(PAUSE_SECONDS)  # refused with a reason, which is asked for again at the end


@asynccontextmanager
async def paying(payers: Sequence[Payer]) -> AsyncIterator[None]:
    """Within it, all of them pay."""
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(payer.run()) for payer in payers]
        try:
            yield
        finally:
            for task in running:
                task.cancel()


async def fates(payers: Sequence[Payer], rpc: RpcClient) -> Fates:
    """What became of each transaction: committed, or the rule for which it is refused for ever."""
    found: Fates = Counter()
    for payer in payers:
        for transaction in payer.sent.values():
            found[await _fate(transaction, rpc), transaction.envelope.fork_id] += 1
    return found


async def _fate(transaction: Transaction, rpc: RpcClient) -> str:
    try:
        receipt = await rpc.call("chain_getReceipt", hash="0x" + transaction.hash.hex())
        assert receipt["code"] == 0
        return COMMITTED
    except RpcFailed as failed:
        assert failed.name == "NotFound"
    try:
        await rpc.call("tx_submit", transaction=transaction.raw)
    except RpcFailed as failed:
        return WAITING if failed.name == "AlreadyQueued" else failed.name
    return WAITING
