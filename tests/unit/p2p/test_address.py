"""Peer addresses as people write them."""

import pytest

from p2p.address import Address, PeerAddress
from p2p.errors import BadPeerAddress
from tests.support.p2p_nodes import key

ID = key("somebody").public


@pytest.mark.parametrize(
    "text",
    ["127.0.0.1:26656", "node-1.example.org:1", "[::1]:26656", f"{ID.hex()}@10.0.0.1:65535", f"{ID.hex()}@[fe80::1]:9"],
)
def test_an_address_prints_as_it_was_written(text: str) -> None:
    assert str(PeerAddress.parse(text)) == text


def test_the_parts_are_told_apart() -> None:
    parsed = PeerAddress.parse(f"{ID.hex()}@[::1]:26656")
    assert parsed == PeerAddress(Address("::1", 26656), ID)
    assert PeerAddress.parse("host:26656").node_id is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host",
        "host:",
        ":1",
        "host:0",
        "host:65536",
        "host:1 ",
        " host:1",
        "host:1\n",
        "http://host:1",
        "::1:1",
        "ab@host:1",
        ID.hex()[:-1] + "@host:1",
        ID.hex().upper() + "@host:1",
        "@host:1",
        "host:٣",
        "a b:1",
    ],
)
def test_anything_else_is_refused_with_the_form_to_write(text: str) -> None:
    with pytest.raises(BadPeerAddress, match="host:port"):
        PeerAddress.parse(text)
