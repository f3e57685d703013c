"""Whom a private address or a reader's key means: its own text, or the name of a key of this machine.

Both follow from the seed. A key with a passphrase is not opened for them: a command of its owner's shows them.
"""

from typing import Final

from client.notes.address import PREFIX, Address, parse_address
from client.notes.keys import spending_key
from compute.confidential.keys import decode_reader, reader_key
from contracts.notes.output import Point
from crypto.address import READER_HRP
from node.cli.errors import BadArgument, KeyNotFound
from node.cli.keyring import ACCOUNT_PURPOSE, key_path
from node.keystore import load_key, read_record

ADDRESS: Final = f"a private address {PREFIX}1..., as `cluster address --key NAME` shows it"
ME: Final = "me"  # whoever signs
READER: Final = f"a reader's key {READER_HRP}1..., as `cluster contract readers key --key NAME` shows it"


def private_address_of(text: str, argument: str) -> Address:
    """Raises BadArgument that names the argument; for what begins as an address, what parse_address raises."""
    if text.lower().startswith(f"{PREFIX}1"):
        return parse_address(text)
    return spending_key(_seed(text, argument, ADDRESS)).full_view().incoming.address()


def reader_of(text: str, argument: str) -> Point:
    """Raises BadArgument that names the argument; for what begins as a reader's key, what decode_reader raises."""
    if text.lower().startswith(f"{READER_HRP}1"):
        return decode_reader(text)
    return reader_key(_seed(text, argument, READER)).public


def reader_or_own(text: str, argument: str, own: Point) -> Point:
    """As reader_of; `me` is whoever signs. Raises BadArgument where another key of this machine is called so."""
    if text != ME:
        return reader_of(text, argument)
    try:
        path = key_path(ME)
    except KeyNotFound:
        return own
    record = read_record(path)
    if not record.unprotected or reader_key(load_key(path, ACCOUNT_PURPOSE, None).seed).public != own:
        expected = f"{READER}: `me` is the account of --key, and a key called so is there as well"
        raise BadArgument(argument, expected, text)
    return own


def _seed(text: str, argument: str, expected: str) -> bytes:
    """The seed of a key of this machine that lies open, such as a development network's. Raises BadArgument."""
    named = f"{expected}, or the name of a key without a passphrase, such as account0"
    try:
        path = key_path(text)
    except KeyNotFound:
        raise BadArgument(argument, named, text) from None
    if not read_record(path).unprotected:
        raise BadArgument(argument, expected, f"{text}, a key with a passphrase")
    return load_key(path, ACCOUNT_PURPOSE, None).seed
