"""Addresses: the public key itself, in a form that people copy without harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import bech32m
from crypto.address import ACCOUNT_HRP, VALIDATOR_HRP, AddressLength, decode_address, encode_address
from crypto.bech32m import Bech32Checksum, Bech32Prefix

KEY = bytes(range(32))


@given(key=st.binary(min_size=32, max_size=32), hrp=st.sampled_from([ACCOUNT_HRP, VALIDATOR_HRP]))
def test_an_address_goes_there_and_back(key: bytes, hrp: str) -> None:
    assert decode_address(encode_address(key, hrp), hrp) == key


def test_addresses_look_as_documented() -> None:
    account, validator = encode_address(KEY), encode_address(KEY, VALIDATOR_HRP)
    assert account.startswith("cluster1") and len(account) == 66
    assert validator.startswith("clustervaloper1") and len(validator) == 73


def test_a_validator_is_not_taken_for_an_account_nor_the_other_way() -> None:
    with pytest.raises(Bech32Prefix):
        decode_address(encode_address(KEY, VALIDATOR_HRP))
    with pytest.raises(Bech32Prefix):
        decode_address(encode_address(KEY), VALIDATOR_HRP)


def test_one_wrong_character_is_noticed() -> None:
    text = encode_address(KEY)
    with pytest.raises(Bech32Checksum):
        decode_address(text[:20] + ("q" if text[20] != "q" else "p") + text[21:])


@pytest.mark.parametrize("length", [0, 20, 31, 33])
def test_an_address_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(AddressLength) as refused:
        encode_address(bytes(length))
    assert refused.value.fields == {"length": length, "expected": 32}
    with pytest.raises(AddressLength):
        decode_address(bech32m.encode(ACCOUNT_HRP, bytes(length)))
