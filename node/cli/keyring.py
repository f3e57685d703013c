"""Which account a command acts for: --key names a key file, a key in the keys folder, or an account of the devnet."""

import argparse
import os
from pathlib import Path

from chain.execution.upgrades import NO_FORK
from chain.types.scalars import AccountId
from client.rpc import RpcClient
from client.wallet import ChainIdentity, Wallet
from crypto.address import ACCOUNT_HRP, decode_address
from crypto.keys import SEED_BYTES, SecretKey
from node.cli.errors import BadArgument, KeyNotFound
from node.cli.passphrases import add_passphrase_file, ask, passphrase_from
from node.cli.places import devnet_folder, keys_folder
from node.home import read_genesis
from node.keystore import load_key, read_record

ACCOUNT_PURPOSE = "account"


def add_key_arguments(parser: argparse.ArgumentParser, *, default: str | None = None, required: bool = True) -> None:
    """--key, which may be left out if there is a default or it is not required, --passphrase-file and --genesis."""
    parser.add_argument(
        "--key",
        metavar="NAME_OR_FILE",
        default=default,
        required=required and default is None,
        help="a key file, a key's name in the keys folder, or a devnet account such as account0"
        + (f" (default: {default})" if default else ""),
    )
    add_passphrase_file(parser)
    parser.add_argument(
        "--genesis",
        metavar="FILE",
        type=Path,
        help="sign for this chain only, and believe of a contract only what its validators signed",
    )


def key_path(name: str) -> Path:
    """The key file that a name or path means. Raises KeyNotFound."""
    if Path(name).is_file():
        return Path(name)
    folders = (keys_folder(), devnet_folder() / "accounts")
    for folder in folders:
        path = folder / f"{name}.json"
        if path.parent == folder and path.is_file():
            return path
    raise KeyNotFound(name, tuple(str(folder) for folder in folders), devnet=folders[1].is_dir())


def account_of(text: str, argument: str) -> AccountId:
    """The account that an address means, or the name of a key of one's own or of a devnet account.

    Raises BadArgument that names the argument; for what begins as an address, what decode_address raises.
    """
    if text.lower().startswith(ACCOUNT_HRP):
        return AccountId(decode_address(text))
    try:
        return AccountId(read_record(key_path(text)).public)
    except KeyNotFound:
        expected = f"an address {ACCOUNT_HRP}1..., the name of a key, or a devnet account such as account0"
        raise BadArgument(argument, expected, text) from None


def load_secret(path: Path, passphrase_file: Path | None) -> SecretKey:
    """The account key of a file; its passphrase comes from `passphrase_file` or is asked for. Raises as load_key."""
    passphrase = passphrase_from(passphrase_file)
    if passphrase is None and not read_record(path).unprotected:
        passphrase = ask(f"Passphrase of {path}: ")
    return load_key(path, ACCOUNT_PURPOSE, passphrase)


def chosen_secret(arguments: argparse.Namespace) -> SecretKey:
    """The secret that --key and --passphrase-file name."""
    return load_secret(key_path(arguments.key), arguments.passphrase_file)


async def open_wallet(arguments: argparse.Namespace, rpc: RpcClient) -> Wallet:
    """The wallet of the account that --key names. Raises KeyNotFound, what load_key and Wallet.open raise."""
    return (await open_account(arguments, rpc))[1]


async def open_account(arguments: argparse.Namespace, rpc: RpcClient) -> tuple[SecretKey, Wallet]:
    """The account that --key names: its secret, and its wallet. Raises as open_wallet."""
    expected = None if arguments.genesis is None else identity_of(arguments.genesis)
    secret = chosen_secret(arguments)
    return secret, await Wallet.open(secret, rpc, expected)


async def open_anybody(arguments: argparse.Namespace, rpc: RpcClient) -> tuple[SecretKey | None, Wallet]:
    """The same; without --key the wallet of an account that nobody has, for commands that only look."""
    if arguments.key is not None:
        return await open_account(arguments, rpc)
    expected = None if arguments.genesis is None else identity_of(arguments.genesis)
    return None, await Wallet.open(SecretKey(os.urandom(SEED_BYTES)), rpc, expected)


def identity_of(genesis_file: Path) -> ChainIdentity:
    """The chain of a genesis document. Raises GenesisUnreadable, UnusableGenesis."""
    genesis = read_genesis(genesis_file)
    return ChainIdentity(genesis.chain_id, genesis.hash(), NO_FORK)
