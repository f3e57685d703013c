"""What a new development network holds beside money: a bonded provider, two models, open tasks for a worker to earn."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chain.types.scalars import Amount
from client.errors import RpcFailed
from client.market import find_provider, get_model, list_tasks
from client.provider import registration
from client.rpc import RpcClient
from client.wallet import Wallet
from compute.dev_keys import CircuitKeys
from compute.zkml.artifact import program_id, save_artifact
from compute.zkml.buyer import Buyer, Offer
from compute.zkml.example_cache import EXAMPLES, Example, example_keys, load_example
from compute.zkml.publish import Listing, publish
from compute.zkml.receipt import save_receipt
from contracts.tasks.state import OPEN
from node.devnet.files import CLU, PROVIDER, PUBLISHER, REQUESTER, DevAccount, Network

PROVIDER_BOND: Final = Amount(100 * CLU)
PROVIDER_MIN_PRICE: Final = Amount(CLU // 100)
VERSION: Final = "1.0.0"
TASKS_PER_MODEL: Final = 3
OFFER: Final = Offer(Amount(CLU // 20), Amount(CLU // 5), ramp=600, lock_within=9_000, end_within=9_900)
MODEL_UNKNOWN: Final = "ModelNameUnknown"


@dataclass(frozen=True, slots=True)
class ReadyExample:
    """An example model, trained or read, with its keys."""

    example: Example
    keys: CircuitKeys


def prepare_examples(cache: Path) -> list[ReadyExample]:
    """Train the example models, or read them; it takes seconds the first time. Raises LearningMissing."""
    examples = [load_example(name, cache) for name in EXAMPLES]
    return [ReadyExample(example, example_keys(example, cache)) for example in examples]


async def publish_examples(network: Network, ready: Sequence[ReadyExample]) -> dict[str, Any]:
    """Make what is missing, by ordinary transactions; what there is afterwards, as `devnet up` shows it.

    Raises RpcFailed, Unreachable, TransactionFailed.
    """
    accounts = network.accounts()
    async with RpcClient(network.rpc_urls[0]) as rpc:
        publisher = await Wallet.open(accounts[PUBLISHER].secret(), rpc)
        provider, *models = await asyncio.gather(
            ensure_provider(rpc, accounts[PROVIDER]),
            *(ensure_model(publisher, entry, network.root / "models") for entry in ready),
        )
        tasks = await ensure_tasks(rpc, accounts, ready, network.root / "tasks")
        return {"provider": provider, "models": models, "open_tasks": tasks}


async def ensure_provider(rpc: RpcClient, account: DevAccount) -> dict[str, Any]:
    """The bonded provider of an account, registered if it is not yet."""
    secret = account.secret()
    wallet = await Wallet.open(secret, rpc)
    if await find_provider(rpc, wallet.account) is None:
        await wallet.submit([registration(secret, PROVIDER_BOND, PROVIDER_MIN_PRICE)])
    record = await rpc.call("provider_get", address=account.address)
    return {"address": account.address, "bond": record["bond_amount"], "key_file": account.key_file}


async def ensure_model(wallet: Wallet, ready: ReadyExample, models: Path) -> dict[str, Any]:
    """An example model under its name, with its files in place for workers."""
    example, keys = ready.example, ready.keys
    try:
        await get_model(wallet.rpc, example.name)
    except RpcFailed as failed:
        if failed.name != MODEL_UNKNOWN:
            raise
        listing = Listing(example.name, VERSION, example.description)
        await publish(wallet, example.provable, keys, listing, models)
    else:
        save_artifact(models, example.provable, keys)
    found = await get_model(wallet.rpc, example.name)
    program = program_id(example.provable, keys)
    return {"name": example.name, "id": "0x" + found.model.id.hex(), "program": "0x" + program.hex()}


async def ensure_tasks(
    rpc: RpcClient, accounts: Mapping[str, DevAccount], ready: Sequence[ReadyExample], receipts: Path
) -> list[str]:
    """Ids of open tasks for the provider; some are posted when there are none."""
    found = await list_tasks(rpc, state=OPEN, recipient=accounts[PROVIDER].address)
    if found:
        return ["0x" + state.task.id.hex() for state in found]
    buyer = Buyer(await Wallet.open(accounts[REQUESTER].secret(), rpc))
    orders = [(await buyer.order(entry.example.name, OFFER), entry.example) for entry in ready]
    posted = await asyncio.gather(
        *(buyer.post(order, row) for order, example in orders for row in example.rows[:TASKS_PER_MODEL])
    )
    for receipt in posted:
        save_receipt(receipts, receipt)
    return ["0x" + receipt.task.hex() for receipt in posted]
