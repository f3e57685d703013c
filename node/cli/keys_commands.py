"""`cluster keys`: account keys in files of their own, protected by a passphrase unless told otherwise."""

import argparse
import os
from pathlib import Path
from typing import Final

from client.phrase import check_phrase, new_phrase, phrase_account
from crypto.address import encode_address
from crypto.keys import SecretKey
from node.cli.errors import BadArgument
from node.cli.frame import add_command, subcommands
from node.cli.keyring import ACCOUNT_PURPOSE, key_path, load_secret
from node.cli.passphrases import add_passphrase_file, ask, ask_new, passphrase_from
from node.cli.places import keys_folder
from node.cli.screen import Json, Screen
from node.keystore import KeyFileError, read_record, save_key, save_unprotected_key

SHOWN_ACCOUNTS: Final = 5
MAX_ACCOUNTS: Final = 100


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    new = add_command(commands, "new", "make a key and show the phrase that brings it back", _new)
    _add_name(new)
    new.add_argument("--no-phrase", action="store_true", help="show nothing: the file is then the only copy of the key")
    _add_protection(new)
    recover = add_command(commands, "recover", "make a key file of a recovery phrase", _recover)
    _add_name(recover)
    _add_phrase(recover)
    recover.add_argument("--account", type=int, default=0, metavar="N", help="which of the phrase's accounts (0)")
    _add_protection(recover)
    accounts = add_command(commands, "accounts", "the first accounts of a recovery phrase, and their files", _accounts)
    _add_phrase(accounts)
    accounts.add_argument(
        "--count", type=int, default=SHOWN_ACCOUNTS, metavar="N", help=f"how many (default: {SHOWN_ACCOUNTS})"
    )
    _add_folder(accounts)
    load = add_command(commands, "import", "make a key file of a seed that exists already", _import)
    _add_name(load)
    load.add_argument("--seed-file", metavar="FILE", type=Path, help="64 hex digits in a file; typed when left out")
    _add_protection(load)
    listed = add_command(commands, "list", "all keys of the folder", _list)
    _add_folder(listed)
    show = add_command(commands, "show", "a key's address, or its secret seed", _show)
    show.add_argument("key", metavar="NAME_OR_FILE")
    show.add_argument("--seed", action="store_true", help="show the secret seed too: whoever sees it has the account")
    add_passphrase_file(show)


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="the file's name without .json")
    _add_folder(parser)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", type=Path, default=keys_folder(), help="default: $CLUSTER_HOME/keys")


def _add_phrase(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--phrase-file", metavar="FILE", type=Path, help="12 to 24 words; typed when left out")


def _add_protection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--unprotected", action="store_true", help="no passphrase: whoever reads the file has the key")
    add_passphrase_file(parser)


def _new(arguments: argparse.Namespace, screen: Screen) -> Json:
    path, passphrase = _new_path(arguments), _new_passphrase(arguments)
    phrase = new_phrase(os.urandom)
    shown = _saved(path, phrase_account(phrase), passphrase, screen)
    if arguments.no_phrase:
        return shown
    screen.line("recovery phrase, shown this once: write it down, whoever reads it has the account")
    screen.line(phrase)
    return {**shown, "phrase": phrase}


def _recover(arguments: argparse.Namespace, screen: Screen) -> Json:
    path, secret = _new_path(arguments), phrase_account(_phrase_of(arguments), arguments.account)
    return _saved(path, secret, _new_passphrase(arguments), screen)


def _import(arguments: argparse.Namespace, screen: Screen) -> Json:
    path, secret = _new_path(arguments), _seed_of(arguments)
    return _saved(path, secret, _new_passphrase(arguments), screen)


def _accounts(arguments: argparse.Namespace, screen: Screen) -> Json:
    if not 1 <= arguments.count <= MAX_ACCOUNTS:
        raise BadArgument("--count", f"1 to {MAX_ACCOUNTS}", str(arguments.count))
    phrase, found = _phrase_of(arguments), [_described(path) for path in sorted(arguments.folder.glob("*.json"))]
    files = {key["address"]: key["file"] for key in found if "address" in key}
    addresses = [encode_address(phrase_account(phrase, number).public) for number in range(arguments.count)]
    listed = [
        {"account": number, "address": address, "file": files.get(address)} for number, address in enumerate(addresses)
    ]
    screen.table("", ("account", "address", "file"), [tuple(entry.values()) for entry in listed])
    return {"accounts": listed}


def _list(arguments: argparse.Namespace, screen: Screen) -> Json:
    keys = [_described(path) for path in sorted(arguments.folder.glob("*.json"))]
    rows = [(key["name"], key.get("address"), key.get("protection"), key.get("error")) for key in keys]
    screen.table("", ("name", "address", "protection", "error"), rows)
    return {"folder": str(arguments.folder), "keys": keys}


def _show(arguments: argparse.Namespace, screen: Screen) -> Json:
    path = key_path(arguments.key)
    shown = _described(path)
    if arguments.seed:
        shown["seed"] = load_secret(path, arguments.passphrase_file).seed.hex()
    elif "error" in shown:
        read_record(path)
    screen.pairs(shown.items())
    return shown


def _described(path: Path) -> dict[str, Json]:
    """What a key file says without its passphrase; the reason when it says nothing."""
    try:
        record = read_record(path)
    except KeyFileError as error:
        return {"name": path.stem, "file": str(path), "error": str(error)}
    return {
        "name": path.stem,
        "address": encode_address(record.public),
        "public_key": "0x" + record.public.hex(),
        "purpose": record.purpose,
        "protection": "none" if record.unprotected else "passphrase",
        "file": str(path),
    }


def _saved(path: Path, secret: SecretKey, passphrase: str | None, screen: Screen) -> dict[str, Json]:
    """Write the key's file; what it says."""
    if passphrase is None:
        save_unprotected_key(path, secret, ACCOUNT_PURPOSE)
    else:
        save_key(path, secret, ACCOUNT_PURPOSE, passphrase)
    shown = _described(path)
    screen.line(f"{shown['address']}  {path}")
    return shown


def _new_path(arguments: argparse.Namespace) -> Path:
    folder: Path = arguments.folder
    path = folder / f"{arguments.name}.json"
    if path.parent != folder or arguments.name.startswith("."):
        raise BadArgument("name", "a file's name without folders", arguments.name)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _new_passphrase(arguments: argparse.Namespace) -> str | None:
    """None for an unprotected key."""
    if arguments.unprotected:
        return None
    typed = passphrase_from(arguments.passphrase_file)
    return ask_new(f"New passphrase for {arguments.name}: ") if typed is None else typed


def _seed_of(arguments: argparse.Namespace) -> SecretKey:
    file: Path | None = arguments.seed_file
    text = ask("Seed (64 hex digits): ") if file is None else file.read_text(encoding="utf-8")
    try:
        return SecretKey(bytes.fromhex(text.strip().removeprefix("0x")))
    except ValueError:
        raise BadArgument("seed", "64 hex digits", "something else") from None


def _phrase_of(arguments: argparse.Namespace) -> str:
    file: Path | None = arguments.phrase_file
    return check_phrase(ask("Recovery phrase: ") if file is None else file.read_text(encoding="utf-8"))
