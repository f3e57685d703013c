"""Privacy keys and addresses: what follows from what, their texts, and every way in which a text is refused."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.notes.address import Address, parse_address
from client.notes.errors import AddressIndexRange, KeyTextElement, KeyTextLength, KeyTextVersion
from client.notes.keys import (
    MAX_ADDRESSES,
    FullViewKey,
    IncomingViewKey,
    SpendingKey,
    parse_spending_key,
    parse_view_key,
    spending_key,
)
from client.phrase import COIN_TYPE
from crypto import babyjubjub, bech32m, note_hints, notes
from crypto.babyjubjub import MalformedPoint, NotInSubgroup, Point
from crypto.bech32m import Bech32Checksum, Bech32Prefix
from crypto.errors import CryptoError
from crypto.field import SCALAR_FIELD
from crypto.note_hints import WeakDetectionPoint
from crypto.slip10 import derive

SEED = bytes(range(32))
SPENDING = spending_key(SEED)
FULL = SPENDING.full_view()
ADDRESS = FULL.incoming.address()
SMALL_ORDER = Point(0, SCALAR_FIELD - 1)  # of order two
MIXED = babyjubjub.add(babyjubjub.BASE8, SMALL_ORDER)  # of order 2 l
LONG = 400


def test_an_accounts_keys_follow_from_its_seed_by_a_hardened_path() -> None:
    assert SPENDING.secret == derive(SEED, (32, COIN_TYPE, 0)).key
    assert FULL.nk == notes.nullifier_key(SPENDING.sk)
    assert FULL.incoming.ak == notes.authorising_key(SPENDING.sk)
    secrets = {SPENDING.secret, FULL.incoming.ivk, FULL.incoming.t, FULL.outgoing.ovk, SEED}
    assert len(secrets) == 5


def test_the_first_address_of_a_known_seed_stays_what_it_is() -> None:
    assert ADDRESS.encode() == (
        "cluz1qy6a3x9lx4fcz6wsw56jw2jn3sdxkwxj8vyke55q4sje4p0p430ts79vr4fplxujxjewk6xhh27ykueqvvxd6d8"
        "3eah00t8sfj6uk0vjz4qznlp90d54h2843hrnf6c0yrn9vlgexu6m2qzvu4gfgsa6jftqqykmv7z6gmf6xwpq7wztj3z"
    )


@given(st.binary(min_size=32, max_size=32), st.integers(0, MAX_ADDRESSES - 1))
@settings(max_examples=20, deadline=None)
def test_an_address_is_its_owners_and_survives_its_text(secret: bytes, index: int) -> None:
    view = SpendingKey(secret).full_view().incoming
    address = view.address(index)
    assert parse_address(address.encode()) == address
    assert parse_address(address.encode().upper()) == address
    d = address.diversifier
    assert d == view.diversifier(index)
    assert address.owner == notes.owner(notes.address_authority(view.ak, d), notes.address_key(view.ivk, d))
    ephemeral = babyjubjub.multiply_base(77)
    shared = notes.receiver_shared(notes.address_secret(view.ivk, d), ephemeral)
    assert shared == notes.sender_shared(77, address.pk)
    x = note_hints.multiply(secret[::-1], note_hints.diversifier_point(d))
    assert note_hints.multiply(secret[::-1], address.detection) == note_hints.multiply(view.t, x)


def test_addresses_of_one_wallet_share_nothing() -> None:
    first, second = ADDRESS, FULL.incoming.address(1)
    assert all(getattr(first, name) != getattr(second, name) for name in Address.__slots__)


@pytest.mark.parametrize("index", [-1, MAX_ADDRESSES])
def test_there_is_no_address_of_such_a_number(index: int) -> None:
    with pytest.raises(AddressIndexRange):
        FULL.incoming.address(index)


def test_every_key_survives_its_text() -> None:
    assert parse_spending_key(SPENDING.encode()) == SPENDING
    for key in (FULL, FULL.incoming, FULL.outgoing):
        assert parse_view_key(key.encode()) == key
    prefixes = [key.encode().rpartition("1")[0] for key in (SPENDING, FULL, FULL.incoming, FULL.outgoing)]
    assert prefixes == ["cluzspend", "cluzfull", "cluzin", "cluzout"]


def test_a_spending_key_is_no_view_key_and_an_account_no_address() -> None:
    with pytest.raises(Bech32Prefix):
        parse_view_key(SPENDING.encode())
    with pytest.raises(Bech32Prefix):
        parse_spending_key(FULL.encode())
    with pytest.raises(Bech32Prefix):
        parse_address(bech32m.encode("cluster", bytes(32)))


def test_no_key_shows_itself() -> None:
    shown = repr((SPENDING, FULL, FULL.incoming, FULL.outgoing))
    for secret in (SPENDING.secret, FULL.incoming.ivk, FULL.incoming.t, FULL.outgoing.ovk):
        assert secret.hex() not in shown and repr(secret) not in shown
    assert str(FULL.nk) not in shown and str(FULL.incoming.ak) not in shown


def test_a_wrong_letter_is_noticed() -> None:
    text = ADDRESS.encode()
    for place in range(5, len(text), 17):
        other = "q" if text[place] != "q" else "p"
        with pytest.raises(Bech32Checksum):
            parse_address(text[:place] + other + text[place + 1 :])


def payload(**changed: bytes) -> bytes:
    parts = {
        "version": b"\x01",
        "diversifier": ADDRESS.diversifier.to_bytes(11, "big"),
        "auth": ADDRESS.auth.to_bytes(32, "big"),
        "pk": babyjubjub.encode_point(ADDRESS.pk),
        "detection": ADDRESS.detection,
    }
    return b"".join({**parts, **changed}.values())


def test_the_parts_of_an_address_are_where_they_are_said_to_be() -> None:
    assert bech32m.encode("cluz", payload(), LONG) == ADDRESS.encode()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (payload(version=b"\x02"), KeyTextVersion),
        (payload(version=b""), KeyTextVersion),
        (b"", KeyTextLength),
        (payload(detection=ADDRESS.detection[:-1]), KeyTextLength),
        (payload() + b"\0", KeyTextLength),
        (payload(auth=SCALAR_FIELD.to_bytes(32, "big")), KeyTextElement),
        (payload(pk=babyjubjub.encode_point(babyjubjub.IDENTITY)), NotInSubgroup),
        (payload(pk=babyjubjub.encode_point(SMALL_ORDER)), NotInSubgroup),
        (payload(pk=babyjubjub.encode_point(MIXED)), NotInSubgroup),
        (payload(pk=b"\xff" * 32), MalformedPoint),
        (payload(detection=bytes(32)), WeakDetectionPoint),
    ],
)
def test_a_bad_address_is_refused(data: bytes, error: type[CryptoError]) -> None:
    with pytest.raises(error):
        parse_address(bech32m.encode("cluz", data, LONG))


def altered(text: str, prefix: str, change: Callable[[bytearray], None]) -> str:
    data = bytearray(bech32m.decode(prefix, text, LONG))
    change(data)
    return bech32m.encode(prefix, bytes(data), LONG)


def first_element_too_large(data: bytearray) -> None:
    data[1:33] = b"\xff" * 32


def other_version(data: bytearray) -> None:
    data[0] = 9


def cut(data: bytearray) -> None:
    data.pop()


@pytest.mark.parametrize("key", [FULL, FULL.incoming])
@pytest.mark.parametrize(
    ("change", "error"),
    [(first_element_too_large, KeyTextElement), (other_version, KeyTextVersion), (cut, KeyTextLength)],
)
def test_a_bad_view_key_is_refused(
    key: FullViewKey | IncomingViewKey, change: Callable[[bytearray], None], error: type[CryptoError]
) -> None:
    text = key.encode()
    with pytest.raises(error):
        parse_view_key(altered(text, text.rpartition("1")[0], change))
