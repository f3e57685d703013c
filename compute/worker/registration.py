"""Makes sure that the worker's account is a provider whose record is as its settings say."""

from chain.types.scalars import Amount, EncryptionKeyBytes
from client.market import find_provider
from client.provider import PROOF_KINDS, provider_encryption_key, registration
from client.results import chain_status
from client.wallet import Wallet
from compute.worker.events import Report, WorkerEvent
from compute.worker.settings import WorkerSettings
from contracts.tasks.provider_actions import AddBond, UpdateProvider
from crypto.keys import SecretKey


async def ensure_registered(wallet: Wallet, secret: SecretKey, settings: WorkerSettings, report: Report) -> None:
    """Register, correct the record, or fill up the bond, where needed.

    Raises RpcFailed (InsufficientBalance for a bond that the account cannot pay), TransactionFailed, Unreachable.
    """
    known = await find_provider(wallet.rpc, wallet.account)
    price, key = Amount(settings.min_price), EncryptionKeyBytes(provider_encryption_key(secret).public)
    if known is None:
        await wallet.submit([registration(secret, Amount(settings.bond), price)])
        report(WorkerEvent("registered", details={"bond": settings.bond, "min_price": price}))
        return
    record = known.record
    if (record.encryption_key, record.min_price, record.kinds) != (key, price, PROOF_KINDS):
        await wallet.submit([UpdateProvider(key, price, PROOF_KINDS)])
        report(WorkerEvent("registered", details={"bond": known.bond, "min_price": price}))
    least = (await chain_status(wallet.rpc)).params.min_provider_bond
    if known.bond < least:
        await wallet.submit([AddBond(Amount(max(settings.bond, least) - known.bond))])
        report(WorkerEvent("registered", details={"bond": max(settings.bond, least), "min_price": price}))
