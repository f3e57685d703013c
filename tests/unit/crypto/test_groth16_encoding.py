"""Encodings: golden bytes, one encoding per point, and every other byte string refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import groth16
from crypto.groth16 import (
    Proof,
    VerifyingKey,
    compress_key,
    compress_proof,
    decode_proof,
    decompress_key,
    encode_evm_proof,
)
from crypto.groth16.errors import Groth16Error, UnsupportedInputCount, WrongLength
from crypto.groth16.types import BASE_FIELD, G1_GENERATOR, G2_GENERATOR
from tests.support.groth16_vectors import TABLE, accepted, key

# gnark-crypto writes the two generators so.
G1_BYTES = "8000000000000000000000000000000000000000000000000000000000000001"
G2_BYTES = (
    "998e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
)
GENERATORS = Proof(G1_GENERATOR, G2_GENERATOR, G1_GENERATOR)

VALID = accepted()[0]


def test_compression_is_gnarks() -> None:
    assert compress_proof(GENERATORS).hex() == G1_BYTES + G2_BYTES + G1_BYTES
    assert decode_proof(bytes.fromhex(G1_BYTES + G2_BYTES + G1_BYTES)) == GENERATORS


def test_the_larger_root_sets_the_second_flag() -> None:
    (y0, y1) = G2_GENERATOR[1]
    minus = Proof((1, BASE_FIELD - 2), (G2_GENERATOR[0], (BASE_FIELD - y0, BASE_FIELD - y1)), (1, BASE_FIELD - 2))
    data = compress_proof(minus)
    assert (data[0], data[32], data[96]) == (0xC0, 0x98 | 0x41, 0xC0)
    assert decode_proof(data) == minus


def test_where_c1_of_y_is_zero_c0_decides() -> None:
    """(x, 4) lies on the twist for this x; it is not in the subgroup, which decoding leaves to the backends."""
    x = (
        16860447915893908144745022668869170094024604054612144315750478855813820146550,
        18807563779788613928316331866962986488771121879176364591366657151207493717790,
    )
    for y, flags in ((4, 0b10), (BASE_FIELD - 4, 0b11)):
        proof = Proof(G1_GENERATOR, (x, (y, 0)), G1_GENERATOR)
        data = compress_proof(proof)
        assert data[32] >> 6 == flags
        assert decode_proof(data) == proof


def test_evm_order_is_eip_197() -> None:
    words = [encode_evm_proof(GENERATORS)[i : i + 32] for i in range(0, 256, 32)]
    (x0, x1), (y0, y1) = G2_GENERATOR
    assert [int.from_bytes(word, "big") for word in words] == [1, 2, x1, x0, y1, y0, 1, 2]


@pytest.mark.parametrize("case", TABLE["accepted"], ids=lambda case: case["name"])
def test_both_encodings_of_a_proof_decode_to_the_same(case: dict[str, str]) -> None:
    compressed, evm = bytes.fromhex(case["compressed"]), bytes.fromhex(case["evm"])
    proof = decode_proof(compressed)
    assert decode_proof(evm) == proof
    assert (compress_proof(proof), encode_evm_proof(proof)) == (compressed, evm)


@pytest.mark.parametrize("case", TABLE["keys"], ids=lambda case: str(case["public_inputs"]))
def test_a_key_round_trips_and_keeps_its_id(case: dict[str, str]) -> None:
    data = bytes.fromhex(case["compressed"])
    assert compress_key(decompress_key(data)) == data
    assert len(data) == groth16.compressed_key_bytes(int(case["public_inputs"]))
    assert groth16.key_id(data).hex() == case["id"]


@given(bit=st.integers(0, 128 * 8 - 1))
def test_a_flipped_bit_is_refused_or_is_another_proof(bit: int) -> None:
    data = bytearray(VALID.proof)
    data[bit // 8] ^= 1 << bit % 8
    _refused_or_canonical(bytes(data))


@given(
    data=st.binary(min_size=128, max_size=128), flags=st.lists(st.sampled_from((0x80, 0xC0)), min_size=3, max_size=3)
)
def test_whatever_decodes_encodes_back_to_the_same_bytes(data: bytes, flags: list[int]) -> None:
    flagged = bytearray(data)
    for start, flag in zip((0, 32, 96), flags, strict=True):
        flagged[start] = flag | flagged[start] & 0x1F
    _refused_or_canonical(bytes(flagged))


@given(data=st.binary(max_size=300))
def test_random_bytes_are_no_proof(data: bytes) -> None:
    with pytest.raises(Groth16Error):
        decode_proof(data)


def _refused_or_canonical(data: bytes) -> None:
    try:
        proof = decode_proof(data)
    except Groth16Error:
        return
    assert compress_proof(proof) == data


def test_each_decoder_takes_its_own_length_only() -> None:
    compressed, evm = VALID.proof, accepted()[1].proof
    with pytest.raises(WrongLength):
        groth16.decompress_proof(evm)
    with pytest.raises(WrongLength):
        groth16.decode_evm_proof(compressed)


@pytest.mark.parametrize("ic", [0, 1, 34])
def test_a_key_with_too_few_or_too_many_inputs_is_not_encoded(ic: int) -> None:
    plain = key(1)
    with pytest.raises(UnsupportedInputCount):
        compress_key(VerifyingKey(plain.alpha, plain.beta, plain.gamma, plain.delta, plain.ic[:1] * ic))
