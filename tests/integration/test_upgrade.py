"""A network of four validators is upgraded while people pay one another: nothing that was submitted is lost."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chain.execution.transaction import WrongFork
from chain.execution.upgrades import NO_FORK, Upgrade, UpgradeNeeded
from chain.mempool import NonceUsed
from chain.types.scalars import AccountId, Amount, Hash, Height, Name, Text, TxHash, Uint
from chain.types.transaction import Transaction
from client.errors import NotAnRpc, RpcFailed, Unreachable
from client.rpc import RpcClient
from client.wallet import Wallet
from contracts.governance.actions import Propose, Vote
from contracts.governance.decisions import PlanUpgrade
from contracts.token.actions import Transfer
from node.instruments import Instruments
from tests.support.four_nodes import NODES, PATIENCE_SECONDS, FourNodes

NEXT_RELEASE = Instruments(app_versions=frozenset((Uint(1), Uint(2))))
AMOUNT = 7
COMMITTED = "committed"
GONE = (Unreachable, NotAnRpc)  # a node that is being exchanged


@dataclass
class Load:
    """Somebody who pays all the time, over whichever node answers, and remembers every transaction sent."""

    nodes: FourNodes
    name: str
    node: int
    sent: dict[TxHash, Transaction] = field(default_factory=dict)  # what is sent twice, is one transaction
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        while not self.over.is_set():
            try:
                async with self.nodes.wallet(self.name, self.node) as wallet:
                    while not self.over.is_set():
                        await self._pay(wallet)
            except GONE:
                self.node = (self.node + 1) % NODES
                await asyncio.sleep(0.05)

    async def _pay(self, wallet: Wallet) -> None:
        envelope = await wallet.prepare([Transfer(self.nodes.account("account9"), Amount(AMOUNT))])
        transaction = wallet.sign_envelope(envelope)
        self.sent[transaction.hash] = transaction
        try:
            await wallet.rpc.call("tx_submit", transaction=transaction.raw, wait="committed")
        except RpcFailed:
            await asyncio.sleep(0.05)  # refused with a reason, which is asked for again at the end


async def fates_of(transactions: list[Transaction], nodes: FourNodes) -> list[tuple[str, Hash]]:
    """What became of each, with the fork it was signed for: committed, or the rule for which it is refused for ever."""
    fates = []
    async with nodes.rpc(0) as rpc:
        for transaction in transactions:
            fates.append((await fate_of(transaction, rpc), transaction.envelope.fork_id))
    return fates


async def fate_of(transaction: Transaction, rpc: RpcClient) -> str:
    try:
        receipt = await rpc.call("chain_getReceipt", hash="0x" + transaction.hash.hex())
        assert receipt["code"] == 0
        return COMMITTED
    except RpcFailed as failed:
        assert failed.name == "NotFound"
    try:
        await rpc.call("tx_submit", transaction=transaction.raw)
    except RpcFailed as failed:
        return failed.name
    return "waiting"


async def decide_upgrade(nodes: FourNodes) -> Upgrade:
    """Operators get money for fees; one proposes, all others say yes."""
    operators = [nodes.operator(index) for index in range(NODES)]
    async with nodes.wallet("account0", 0) as wallet:
        await wallet.submit([Transfer(AccountId(each.public), Amount(10**12)) for each in operators])
    height = nodes.height(0)
    upgrade = Upgrade(Name("second"), Height(height + 30), Uint(2), Text("the next release"))
    first, *others = operators
    async with nodes.rpc(0) as rpc:
        wallet = await Wallet.open(first, rpc)
        outcome = await wallet.submit([Propose(PlanUpgrade(upgrade), Height(height + 29), Text(""))])
        number = Uint(outcome.events[0]["proposal"])
        voters = [await Wallet.open(each, rpc) for each in others[:2]]
        votes = await asyncio.gather(*(voter.submit([Vote(number, True)]) for voter in voters))
    assert "governance.upgrade_planned" in [event["type"] for vote in votes for event in vote.events]
    return upgrade


async def exchange(nodes: FourNodes, index: int, upgrade: Upgrade) -> None:
    """Wait until the old program stops before the upgrade, see what it says, and start the new one on its home."""
    ended = await nodes.end_of(index)
    assert isinstance(ended, BaseExceptionGroup)
    needed = ended.subgroup(UpgradeNeeded)
    assert needed is not None, ended
    with pytest.raises(UpgradeNeeded) as refused:  # the old program does not start either
        await nodes.start(index)
    assert (refused.value.height, refused.value.needed) == (upgrade.height, 2)
    await nodes.start(index, NEXT_RELEASE)


async def test_a_network_upgrades_under_load_and_nothing_is_lost(tmp_path: Path) -> None:
    async with FourNodes(tmp_path).running() as nodes:
        await nodes.reach(1)
        before = await nodes.balance("account9", 0)
        upgrade = await decide_upgrade(nodes)
        payers = [Load(nodes, f"account{1 + index}", index) for index in range(NODES)]
        async with asyncio.TaskGroup() as load:
            for payer in payers:
                load.create_task(payer.run())
            async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as exchanges:
                for index in range(NODES):
                    exchanges.create_task(exchange(nodes, index, upgrade))
            await nodes.reach(upgrade.height + 4)
            for payer in payers:
                payer.over.set()
        await nodes.reach(nodes.height(0) + 2)
        fates = Counter(await fates_of([transaction for payer in payers for transaction in payer.sent.values()], nodes))
        committed = sum(count for (fate, _), count in fates.items() if fate == COMMITTED)
        assert {fate for fate, _ in fates} <= {COMMITTED, WrongFork.__name__, NonceUsed.__name__}
        assert {fork for fate, fork in fates if fate == COMMITTED} == {NO_FORK, upgrade.fork_id(NO_FORK)}
        assert await nodes.balance("account9", 0) - before == AMOUNT * committed
        for height in (upgrade.height - 1, upgrade.height, nodes.height(0) - 1):
            nodes.agreed_root(height)
        headers = [(await nodes.ask(0, "chain_getBlock", height=upgrade.height + off))["header"] for off in (-1, 0)]
        assert [header["app_version"] for header in headers] == [1, 2]
