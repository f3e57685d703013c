"""What nodes tell one another stays as it was fixed: the code still makes the golden vectors, and still reads them."""

import json

from chain.codec import decode, encode
from contracts.application import build_application
from tests.support.make_message_vectors import FAMILIES, messages, node_messages
from tests.support.make_vectors import differing, path_of


def test_the_code_makes_the_vectors_that_are_committed() -> None:
    assert differing(FAMILIES) == []


def test_messages_still_decode() -> None:
    rows = json.loads(path_of(node_messages).read_text())["vectors"]
    unions = build_application().unions
    for row, message in zip(rows, messages(), strict=True):
        raw = bytes.fromhex(row["message"])
        read: object = decode(type(message), raw, unions=unions)
        assert (type(read).__name__, read, encode(read)) == (row["type"], message, raw)
