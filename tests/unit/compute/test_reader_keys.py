"""Reader keys: derived from an account's seed, the same everywhere and for ever, and never shown."""

import pytest

from compute.confidential.keys import as_point, decode_reader, encode_reader, reader_key
from contracts.confidential.actions import require_reader_key
from contracts.confidential.errors import BadReaderKey
from crypto import babyjubjub
from crypto.address import encode_address
from crypto.bech32m import Bech32Error
from crypto.field import SCALAR_FIELD
from crypto.keys import SecretKey, SeedLength


def test_a_seeds_reader_key_never_changes() -> None:
    key = reader_key(bytes(range(32)))
    assert key.secret == GOLDEN_SECRET
    assert (key.public.x, key.public.y) == babyjubjub.public_key(GOLDEN_SECRET)


GOLDEN_SECRET = 0x2CBC1D74B1C3F11A5A4DC79EE3C91105B0BC86B506B28D2069EA1644EC964B


@pytest.mark.parametrize("seed", [bytes(32), b"\xff" * 32, bytes(range(32))])
def test_every_reader_key_may_be_sealed_to(seed: bytes) -> None:
    key = reader_key(seed)
    assert 1 <= key.secret < babyjubjub.SUBORDER
    require_reader_key(key.public)


def test_another_seed_is_another_key() -> None:
    assert len({reader_key(bytes([number]) * 32).public for number in range(8)}) == 8


def test_a_seed_of_another_length_is_refused() -> None:
    for length in (0, 31, 33):
        with pytest.raises(SeedLength):
            reader_key(bytes(length))


def test_the_secret_is_not_the_accounts_nor_shown() -> None:
    seed = bytes(range(32))
    key = reader_key(seed)
    assert key.secret != int.from_bytes(seed, "big") % babyjubjub.SUBORDER
    assert key.secret.to_bytes(32, "big") not in (SecretKey(seed).public, seed)
    assert str(key.secret) not in repr(key) and hex(key.secret)[2:] not in repr(key)


@pytest.mark.parametrize("seed", [bytes(32), b"\xff" * 32, bytes(range(32))])
def test_a_key_is_read_back_as_it_was_written(seed: bytes) -> None:
    public = reader_key(seed).public
    text = encode_reader(public)
    assert text.startswith("clur1") and len(text) == 63
    assert decode_reader(text) == public


def test_a_text_with_a_slip_or_of_another_kind_names_no_reader() -> None:
    text = encode_reader(reader_key(bytes(32)).public)
    slipped = text[:-1] + ("q" if text[-1] != "q" else "p")
    for other in (slipped, encode_address(SecretKey(bytes(32)).public), "clur1", ""):
        with pytest.raises(Bech32Error):
            decode_reader(other)


@pytest.mark.parametrize("point", [babyjubjub.IDENTITY, babyjubjub.Point(0, SCALAR_FIELD - 1)])
def test_a_text_of_a_key_off_the_subgroup_is_refused(point: babyjubjub.Point) -> None:
    text = encode_reader(as_point(point))
    with pytest.raises(BadReaderKey):
        decode_reader(text)
