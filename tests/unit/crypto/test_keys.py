"""Ed25519: RFC 8032's vectors, the edge cases on which verifiers differ, and a key that keeps to itself."""

import copy
import pickle
from hashlib import sha512

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.keys import SecretKey, SecretKeyCopied, SeedLength, verify
from tests.support import edwards25519 as curve

# RFC 8032, section 7.1, TEST 1 to 3 and SHA(abc): seed, public key, message, signature
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe"
        "24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302a"
        "eeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed2"
        "8dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80"
        "e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac1"
        "7ad9bef1177331a704",
    ),
]

SECRET = SecretKey(bytes(range(32)))
MESSAGE = b"a message of some length"


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_rfc_8032_vectors_hold(seed: str, public: str, message: str, signature: str) -> None:
    secret = SecretKey(bytes.fromhex(seed))
    assert secret.public.hex() == public
    assert secret.seed.hex() == seed
    assert secret.sign(bytes.fromhex(message)).hex() == signature
    assert verify(secret.public, bytes.fromhex(message), bytes.fromhex(signature))


@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=300))
def test_what_a_key_signs_verifies_under_it_alone(seed: bytes, message: bytes) -> None:
    secret = SecretKey(seed)
    signature = secret.sign(message)
    assert verify(secret.public, message, signature)
    assert not verify(secret.public, message + b"\x00", signature)
    assert not verify(SECRET.public, message, signature) or seed == SECRET.seed


def test_every_flipped_bit_of_a_signature_is_refused() -> None:
    signature = SECRET.sign(MESSAGE)
    for bit in range(512):
        altered = bytearray(signature)
        altered[bit // 8] ^= 1 << bit % 8
        assert not verify(SECRET.public, MESSAGE, bytes(altered))


def test_other_lengths_are_refused_and_never_read_past_their_end() -> None:
    signature = SECRET.sign(MESSAGE)
    for length in (0, 1, 31, 33, 64):
        assert not verify((SECRET.public * 2)[:length], MESSAGE, signature)
    for length in (0, 32, 63, 65, 128):
        assert not verify(SECRET.public, MESSAGE, (signature * 2)[:length])
    # bytes moved from the message's start to the signature's end spell the same signed string
    assert not verify(SECRET.public, MESSAGE[1:], signature + MESSAGE[:1])


def test_a_scalar_raised_by_the_group_order_is_refused() -> None:
    signature = SECRET.sign(MESSAGE)
    s = int.from_bytes(signature[32:], "little") + curve.ORDER
    assert not verify(SECRET.public, MESSAGE, signature[:32] + s.to_bytes(32, "little"))


def test_the_grid_of_zip_215_has_its_14_encodings() -> None:
    encodings = curve.small_order_encodings()
    assert len(set(encodings)) == 14
    for encoded in encodings:
        point = curve.decode(encoded)
        assert point is not None
        assert curve.multiply(8, point) == curve.IDENTITY


def test_none_of_the_196_edge_signatures_of_zip_215_is_accepted() -> None:
    """Each satisfies the cofactored equation, so ZIP-215 accepts all; OpenSSL accepts 12."""
    encodings = curve.small_order_encodings()
    accepted = [(a.hex(), r.hex()) for a in encodings for r in encodings if verify(a, b"Zcash", r + bytes(32))]
    assert accepted == []


def test_a_small_order_component_in_r_is_refused() -> None:
    """R + T with T of order 2 and a fitting s satisfies only the cofactored equation."""
    scalar = int.from_bytes(SECRET.expand()[0], "little")
    nonce = 12345
    tainted = curve.encode(curve.add(curve.multiply(nonce, curve.BASE), curve.torsion_points()[4]))
    assert not verify(SECRET.public, MESSAGE, _signature(tainted, nonce, scalar))
    honest = curve.encode(curve.multiply(nonce, curve.BASE))
    assert verify(SECRET.public, MESSAGE, _signature(honest, nonce, scalar))


def _signature(r: bytes, nonce: int, scalar: int) -> bytes:
    challenge = int.from_bytes(sha512(r + SECRET.public + MESSAGE).digest(), "little")
    return r + ((nonce + challenge * scalar) % curve.ORDER).to_bytes(32, "little")


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_seed_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(SeedLength) as refused:
        SecretKey(bytes(length))
    assert refused.value.fields == {"length": length, "expected": 32}


def test_a_secret_key_does_not_show_itself() -> None:
    scalar, prefix = SECRET.expand()
    for shown in (repr(SECRET), str(SECRET), f"{SECRET}"):
        assert SECRET.public.hex() in shown
        for hidden in (SECRET.seed, scalar, prefix):
            assert hidden.hex() not in shown
            assert repr(hidden) not in shown
    with pytest.raises(SecretKeyCopied):
        pickle.dumps(SECRET)
    with pytest.raises(SecretKeyCopied):
        copy.deepcopy(SECRET)


def test_the_expanded_scalar_is_the_public_keys_logarithm() -> None:
    scalar, _ = SECRET.expand()
    point = curve.multiply(int.from_bytes(scalar, "little"), curve.BASE)
    assert curve.encode(point) == SECRET.public
