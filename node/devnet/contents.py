"""What a new development network holds beside money: a bonded provider, for workers to start with."""

from collections.abc import Mapping
from typing import Any, Final

from chain.types.scalars import Amount
from client.errors import RpcFailed
from client.provider import registration
from client.rpc import RpcClient
from client.wallet import Wallet
from node.devnet.files import CLU, PROVIDER, DevAccount

PROVIDER_BOND: Final = Amount(100 * CLU)
PROVIDER_MIN_PRICE: Final = Amount(CLU // 100)


async def publish_examples(rpc_url: str, accounts: Mapping[str, DevAccount]) -> dict[str, Any]:
    """Make what is missing, by ordinary transactions; what there is afterwards, as `devnet up` shows it.

    Raises RpcFailed, Unreachable, TransactionFailed.
    """
    async with RpcClient(rpc_url) as rpc:
        return {"provider": await ensure_provider(rpc, accounts[PROVIDER])}


async def ensure_provider(rpc: RpcClient, account: DevAccount) -> dict[str, Any]:
    """The bonded provider of an account, registered if it is not yet."""
    try:
        await rpc.call("provider_get", address=account.address)
    except RpcFailed as failed:
        if failed.name != "ProviderUnknown":
            raise
        secret = account.secret()
        wallet = await Wallet.open(secret, rpc)
        await wallet.submit([registration(secret, PROVIDER_BOND, PROVIDER_MIN_PRICE)])
    record = await rpc.call("provider_get", address=account.address)
    return {"address": account.address, "bond": record["bond_amount"], "key_file": account.key_file}
