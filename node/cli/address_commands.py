"""`cluster address`: where an account is paid privately, and the keys that let others look on."""

import argparse

from client.notes.keys import FullViewKey, ViewKey, spending_key
from node.cli.frame import command
from node.cli.keyring import add_key_arguments, chosen_secret
from node.cli.screen import Json, Screen

VIEW_KEYS = ("full", "incoming", "outgoing")


def register(parser: argparse.ArgumentParser) -> None:
    command(parser, _address)
    add_key_arguments(parser)
    parser.add_argument(
        "--number", type=int, default=0, metavar="N", help="another address; none shows which wallet it is of (0)"
    )
    parser.add_argument(
        "--view-key",
        choices=VIEW_KEYS,
        help="show a view key too: whoever has it sees what comes in (incoming), what goes out (outgoing), or both and "
        "what is left (full), for ever; none of them can spend",
    )


def _address(arguments: argparse.Namespace, screen: Screen) -> Json:
    view = spending_key(chosen_secret(arguments).seed).full_view()
    address = view.incoming.address(arguments.number).encode()
    screen.line(address)
    document: dict[str, Json] = {"address": address, "number": arguments.number}
    if arguments.view_key is not None:
        document["view_key"] = _view_key(view, arguments.view_key)
        screen.line(document["view_key"])
    return document


def _view_key(view: FullViewKey, kind: str) -> str:
    keys: dict[str, ViewKey] = {"full": view, "incoming": view.incoming, "outgoing": view.outgoing}
    return keys[kind].encode()
