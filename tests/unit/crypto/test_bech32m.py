"""Bech32m text: BIP-350's vectors, and an error of its own for each way to be wrong."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import bech32m
from crypto.bech32m import (
    ALPHABET,
    Bech32Case,
    Bech32Character,
    Bech32Checksum,
    Bech32Error,
    Bech32Length,
    Bech32Padding,
    Bech32Prefix,
)

# BIP-350, "Valid Bech32m"; two of them carry five-bit groups that are no whole bytes
VALID = [
    "A1LQFN3A",
    "a1lqfn3a",
    "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
    "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
    "split1checkupstagehandshakeupstreamerranterredcaperredlc445v",
    "?1v759aa",
]

# BIP-350, "Invalid Bech32m", with the rule that each breaks
INVALID = [
    ("\x201xj0phk", Bech32Character),
    ("\x7f1g6xzxy", Bech32Character),
    ("\x801vctc34", Bech32Character),
    ("an84characterslonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11d6pts4", Bech32Length),
    ("qyrz8wqd2c9m", Bech32Prefix),
    ("1qyrz8wqd2c9m", Bech32Prefix),
    ("16plkw9", Bech32Length),
    ("1p2gdwpf", Bech32Prefix),
    ("y1b0jsk6g", Bech32Character),
    ("lt1igcx5c0", Bech32Character),
    ("in1muywd", Bech32Length),
    ("mm1crxm3i", Bech32Character),
    ("au1s5cgom", Bech32Character),
    ("M1VUXWEZ", Bech32Checksum),
]

HRPS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=20)


def hrp_of(text: str) -> str:
    return text.lower().rpartition("1")[0]


@pytest.mark.parametrize("text", VALID)
def test_valid_vectors_have_a_matching_checksum(text: str) -> None:
    try:
        data = bech32m.decode(hrp_of(text), text)
    except Bech32Padding:
        return  # the checksum was right; the payload is no whole number of bytes
    assert bech32m.encode(hrp_of(text), data) == text.lower()


@pytest.mark.parametrize(("text", "rule"), INVALID)
def test_invalid_vectors_break_their_rule(text: str, rule: type[Bech32Error]) -> None:
    with pytest.raises(rule):
        bech32m.decode(hrp_of(text), text)


@given(hrp=HRPS, data=st.binary(max_size=35))
def test_text_goes_there_and_back(hrp: str, data: bytes) -> None:
    text = bech32m.encode(hrp, data)
    assert bech32m.decode(hrp, text) == data
    assert bech32m.decode(hrp, text.upper()) == data


@given(data=st.binary(max_size=35), random=st.randoms(use_true_random=False))
def test_up_to_four_wrong_characters_are_always_noticed(data: bytes, random: Random) -> None:
    """The code's distance guarantees it, BIP-173."""
    text = list(bech32m.encode("cluster", data))
    places = random.sample(range(len("cluster1"), len(text)), random.randint(1, 4))
    for place in places:
        others = ALPHABET.replace(text[place], "")
        text[place] = random.choice(others)
    with pytest.raises(Bech32Checksum):
        bech32m.decode("cluster", "".join(text))


@given(text=st.text(max_size=100))
def test_any_text_is_read_or_refused_with_a_typed_error(text: str) -> None:
    try:
        data = bech32m.decode("cluster", text)
    except Bech32Error as refused:
        assert str(refused)
    else:
        assert bech32m.encode("cluster", data) == text.lower()


def test_mixed_case_is_refused() -> None:
    text = bech32m.encode("cluster", b"12345678")
    with pytest.raises(Bech32Case):
        bech32m.decode("cluster", text[:-1] + text[-1].upper() if text[-1].isalpha() else "C" + text[1:])


def test_a_letter_that_only_looks_like_ascii_when_lowered_is_refused() -> None:
    kelvin = "\u212a"  # lower() makes it "k"
    text = bech32m.encode("k", b"12345678").upper()
    with pytest.raises(Bech32Character) as refused:
        bech32m.decode("k", kelvin + text[1:])
    assert refused.value.fields == {"character": kelvin, "position": 0}


def test_another_kind_of_text_is_refused_by_its_prefix() -> None:
    with pytest.raises(Bech32Prefix) as refused:
        bech32m.decode("cluster", bech32m.encode("clustervaloper", bytes(32)))
    assert refused.value.fields == {"expected": "cluster", "found": "clustervaloper"}


def test_the_older_checksum_is_refused_by_name() -> None:
    with pytest.raises(Bech32Checksum, match="older Bech32") as refused:
        bech32m.decode("abcdef", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw")  # BIP-173's vector
    assert refused.value.older_checksum
    with pytest.raises(Bech32Checksum, match="does not match"):
        bech32m.decode("abcdef", "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryy")


@pytest.mark.parametrize(("words", "bits", "value"), [([0], 5, 0), ([0, 1], 2, 1), ([31, 31], 2, 3), ([0] * 11, 7, 0)])
def test_padding_bits_are_zero_and_fewer_than_five(words: list[int], bits: int, value: int) -> None:
    with pytest.raises(Bech32Padding) as refused:
        bech32m.decode("cluster", with_checksum("cluster", words))
    assert refused.value.fields == {"bits": bits, "value": value}


def test_with_checksum_of_these_tests_makes_valid_text() -> None:
    assert bech32m.decode("cluster", with_checksum("cluster", [1, 0])) == b"\x08"


def with_checksum(hrp: str, words: list[int]) -> str:
    """BIP-173's checksum, written again from its text: the six words that bring the remainder to the constant."""
    values = [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp] + words + [0] * 6
    remainder = 1
    for value in values:
        top, remainder = remainder >> 25, (remainder & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate([0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3]):
            remainder ^= generator if top >> i & 1 else 0
    remainder ^= 0x2BC830A3
    checksum = [remainder >> 5 * (5 - i) & 31 for i in range(6)]
    return hrp + "1" + "".join(ALPHABET[word] for word in words + checksum)


def test_a_longer_limit_is_asked_for_knowingly() -> None:
    long = bytes(108)
    with pytest.raises(Bech32Length) as refused:
        bech32m.encode("clusterz", long)
    assert refused.value.fields == {"length": 188, "limit": 90}
    text = bech32m.encode("clusterz", long, max_length=200)
    with pytest.raises(Bech32Length):
        bech32m.decode("clusterz", text)
    assert bech32m.decode("clusterz", text, max_length=200) == long


@pytest.mark.parametrize(("hrp", "rule"), [("", Bech32Prefix), ("Cluster", Bech32Case), ("clüster", Bech32Character)])
def test_an_unusable_prefix_is_refused_when_encoding(hrp: str, rule: type[Bech32Error]) -> None:
    with pytest.raises(rule):
        bech32m.encode(hrp, b"data")
