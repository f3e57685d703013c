"""Open a shielded pool: register the key of the transfer circuit if the chain does not know it, then open."""

from collections.abc import Callable

from chain.types.scalars import ObjectId
from client.notes.pages import find_pool
from client.wallet import Wallet
from compute.confidential.on_chain import register_circuits
from compute.dev_keys import CircuitKeys, DevKeys
from compute.shielded.prover import TRANSFER
from contracts.shielded.actions import Open
from contracts.shielded.events import PoolOpened
from contracts.shielded.queries import PoolView

Say = Callable[[str], None]  # what is being done now


def transfer_keys(keys: DevKeys) -> CircuitKeys:
    """The keys of the transfer circuit on this machine; the first time this runs a setup of ten CPU-seconds."""
    return keys.get(TRANSFER.name, TRANSFER.build)


async def open_pool(wallet: Wallet, keys: CircuitKeys, say: Say = lambda text: None) -> PoolView:
    """A new pool whose transfers these keys prove; the wallet's account pays.

    Whoever ran the keys' setup alone can forge transfers. Raises RpcFailed, TransactionFailed, TransactionExpired,
    Unreachable.
    """
    await register_circuits(wallet, [keys], say)
    say("opening the pool")
    outcome = await wallet.submit([Open(keys.vk_id)])
    opened = next(event["pool"] for event in outcome.events if event["type"] == PoolOpened.name)
    return await find_pool(wallet.rpc, ObjectId(bytes.fromhex(opened[2:])))
