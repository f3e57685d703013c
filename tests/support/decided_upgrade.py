"""An upgrade that the operators of a network of real nodes decide over RPC."""

import asyncio
from typing import Final

from chain.execution.upgrades import Upgrade
from chain.types.scalars import AccountId, Amount, Height, Name, Text, Uint
from client.results import chain_status
from client.rpc import RpcClient
from client.wallet import Wallet
from contracts.governance.actions import Propose, Vote
from contracts.governance.decisions import PlanUpgrade
from contracts.token.actions import Transfer
from node.devnet.files import ACCOUNT_PURPOSE, Network
from node.keystore import load_key
from tests.support.next_release import NEXT_VERSION

FEES: Final = Amount(10**12)


async def decide_upgrade(network: Network, heights: int) -> Upgrade:
    """One that comes so many heights from now: one operator proposes, the others say yes until more than 2/3 do."""
    keys = [load_key(network.home(member).operator_key, ACCOUNT_PURPOSE) for member in network.members]
    async with RpcClient(network.rpc_urls[0]) as rpc:
        payer = await Wallet.open(network.accounts()["account0"].secret(), rpc)
        await payer.submit([Transfer(AccountId(key.public), FEES) for key in keys])
        proposer, *voters = [await Wallet.open(key, rpc) for key in keys[: 2 * len(keys) // 3 + 1]]
        height = (await chain_status(rpc)).height
        upgrade = Upgrade(Name("second"), Height(height + heights), NEXT_VERSION, Text("the next release"))
        outcome = await proposer.submit([Propose(PlanUpgrade(upgrade), Height(upgrade.height - 1), Text(""))])
        vote = Vote(Uint(outcome.events[0]["proposal"]), True)
        votes = await asyncio.gather(*(voter.submit([vote]) for voter in voters))
    assert "governance.upgrade_planned" in [event["type"] for voted in votes for event in voted.events]
    return upgrade
