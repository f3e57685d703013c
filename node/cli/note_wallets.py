"""What the commands about notes share: whose, in which pool, of which asset; and the development network's pool."""

import argparse
from typing import Final

from chain.types.scalars import ObjectId
from client.notes.errors import NoPool
from client.notes.pages import Say, default_pool, find_pool
from client.results import chain_status
from client.rpc import RpcClient
from client.wallet import Wallet
from compute.dev_keys import DevKeys
from compute.shielded.opening import open_pool, transfer_keys
from compute.shielded.payments import MOST_FEE, NoteWallet, Paid
from compute.shielded.pool_prover import PoolKeys
from contracts.shielded.queries import PoolView
from crypto.keys import SecretKey
from node.cli.amounts import parse_amount
from node.cli.keyring import add_key_arguments, identity_of
from node.cli.money import CLU, Money, id_of
from node.cli.places import cache_folder, devnet_folder, notes_folder, pool_keys_folder
from node.cli.screen import Json, Screen, Step
from node.cli.work import watched
from node.devnet.files import PUBLISHER, load_network
from node.home import read_genesis

POOL_ID: Final = "a pool's id: 0x and 64 hex digits, as `cluster pool list` shows it"
POOL: Final = "pool"  # what pays a fee
ACCOUNT: Final = "account"
WHICH_POOL: Final = "a shielded pool's id (default: the chain's oldest under a key that this machine has)"
MAKING_KEY: Final = "making the key of transfers, once on this machine"


def add_pool_argument(parser: argparse.ArgumentParser) -> None:
    """--pool"""
    parser.add_argument("--pool", metavar="ID", help=WHICH_POOL)


def add_payment_arguments(parser: argparse.ArgumentParser) -> None:
    """--key and the like, --pool, --asset"""
    add_key_arguments(parser)
    add_pool_argument(parser)
    parser.add_argument("--asset", metavar="ID", help="an asset's id, as `cluster asset list` shows it (default: CLU)")


def add_fee_argument(parser: argparse.ArgumentParser, *, default: str = POOL) -> None:
    """--fee-from, --max-fee"""
    meanings = {POOL: "a proof gives the fee and no account is named", ACCOUNT: "the key's account pays it"}
    told = (f"{source}: {meaning}" + " (default)" * (source == default) for source, meaning in meanings.items())
    parser.add_argument("--fee-from", choices=(POOL, ACCOUNT), default=default, help="; ".join(told))
    most = f"what notes give for the fee at most, whatever the node says it costs ({CLU.show(MOST_FEE)})"
    parser.add_argument("--max-fee", metavar="AMOUNT", type=str, help=most)


def pool_keys() -> PoolKeys:
    """Keys of transfers on this machine."""
    return PoolKeys(DevKeys(cache_folder()), pool_keys_folder())


async def chosen_pool(arguments: argparse.Namespace, rpc: RpcClient, keys: PoolKeys, say: Say) -> PoolView:
    """The pool of --pool, else that which wallets take. Raises NoPool, PoolKeyMissing, BadArgument."""
    if arguments.pool is None:
        return await default_pool(rpc, keys.knows, say)
    return await find_pool(rpc, ObjectId(id_of(arguments.pool, "--pool", POOL_ID)))


async def open_notes(
    arguments: argparse.Namespace, secret: SecretKey, rpc: RpcClient, step: Step, screen: Screen
) -> NoteWallet:
    """The notes of an account's key in --pool; on a development network without a pool one is opened first."""
    expected = None if arguments.genesis is None else identity_of(arguments.genesis)
    keys = pool_keys()
    try:
        pool = await chosen_pool(arguments, rpc, keys, screen.line)
    except NoPool:
        if arguments.pool is not None or not await _is_local_devnet(rpc):
            raise
        pool = await _open_devnet_pool(rpc, step)
        keys = pool_keys()  # anew, with the key that was made for it
    wallet = await NoteWallet.open(secret, rpc, notes_folder(), keys, pool.pool, expected)
    wallet.say = step.describe
    if "max_fee" in arguments and arguments.max_fee is not None:  # shielding is paid by the account
        wallet.most_fee = parse_amount(arguments.max_fee)
    return wallet


def show_paid(paid: Paid, money: Money, amount: int, screen: Screen) -> Json:
    """What a payment came to, for people and as JSON."""
    height, source = paid.outcome.height, "proof" if paid.transaction.envelope.proof_paid else "account"
    fee = int((paid.outcome.receipt or {})["fee"])
    screen.pairs([("hash", paid.outcome.hash), ("height", height), ("amount", money.show(amount))])
    screen.pairs([("fee", f"{CLU.show(fee)}, paid by {'a proof' if source == 'proof' else 'the account'}")])
    return {
        "hash": paid.outcome.hash,
        "height": height,
        "asset": "0x" + money.asset.hex(),
        "amount": str(amount),
        "fee": str(fee),
        "fee_source": source,
    }


def memo_text(memo: bytes) -> str:
    """A memo as it was written, or in hex where it is no text."""
    shown = memo.rstrip(b"\0")
    try:
        return shown.decode()
    except UnicodeDecodeError:
        return "0x" + shown.hex()


async def _is_local_devnet(rpc: RpcClient) -> bool:
    """Whether the node follows the chain of this machine's development network."""
    genesis = devnet_folder() / "genesis.json"
    return genesis.is_file() and (await chain_status(rpc)).genesis_hash == read_genesis(genesis).hash()


async def _open_devnet_pool(rpc: RpcClient, step: Step) -> PoolView:
    """The development network's pool, opened by its publisher, under a key of this machine's own setup."""
    made = await watched(step, MAKING_KEY, lambda: transfer_keys(DevKeys(cache_folder())))
    publisher = load_network(devnet_folder()).accounts()[PUBLISHER].secret()
    return await open_pool(await Wallet.open(publisher, rpc), made, step.describe)
