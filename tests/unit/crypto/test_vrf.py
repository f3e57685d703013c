"""ECVRF-EDWARDS25519-SHA512-TAI: RFC 9381's vectors, one output per key and input, an independent second opinion."""

from hashlib import sha512

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import vrf
from crypto.keys import SecretKey
from crypto.vrf import VrfKeyInvalid, VrfProofInvalid
from tests.support import edwards25519 as curve

# RFC 9381, appendix B.3, examples 16 to 18: secret key, public key, alpha, H, pi, beta. Example 17 needs ctr = 1.
RFC_9381 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "91bbed02a99461df1ad4c6564a5f5d829d0b90cfc7903e7a5797bd658abf3318",
        "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee1b190bed1f479d97"
        "27d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805",
        "90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff"
        "66b71dda49d2de59d03450451af026798e8f81cd2e333de5cdf4f3e140fdd8ae",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "5b659fc3d4e9263fd9a4ed1d022d75eaacc20df5e09f9ea937502396598dc551",
        "f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed5933bf0864a62558b3ed7f2fea45c92a465"
        "301b3bbf5e3e54ddf2d935be3b67926da3ef39226bbc355bdc9850112c8f4b02",
        "eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb"
        "5e33821bc613efb94db5e5b54c70a848a0bef4553a41befc57663b56373a5031",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "bf4339376f5542811de615e3313d2b36f6f53c0acfebb482159711201192576a",
        "9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf8096bb474e53895c362d8628ee9f9ea3c0"
        "e52c7a5c691b6c18c9979866568add7a2d41b00b05081ed0f58ee5e31b3a970e",
        "645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c45"
        "2118fec1219202a0edcf038bb6373241578be7217ba85a2687f7a0310b2df19f",
    ),
]

SECRET = SecretKey(b"vrf test seed of thirty-two byte")
ALPHA = b"height and previous beacon"
PROOF = vrf.prove(SECRET, ALPHA)


@pytest.mark.parametrize(("secret", "public", "alpha", "point", "proof", "output"), RFC_9381)
def test_rfc_9381_vectors_hold(secret: str, public: str, alpha: str, point: str, proof: str, output: str) -> None:
    key, text = SecretKey(bytes.fromhex(secret)), bytes.fromhex(alpha)
    assert key.public.hex() == public
    assert curve.encode(hash_to_curve(key.public, text)).hex() == point
    assert vrf.prove(key, text).hex() == proof
    assert vrf.proof_output(bytes.fromhex(proof)).hex() == output
    assert vrf.verify(key.public, text, bytes.fromhex(proof)).hex() == output


@given(seed=st.binary(min_size=32, max_size=32), alpha=st.binary(max_size=80))
@settings(max_examples=8, deadline=None)
def test_an_independent_implementation_agrees(seed: bytes, alpha: bytes) -> None:
    secret = SecretKey(seed)
    proof = vrf.prove(secret, alpha)
    assert rfc_verify(secret.public, alpha, proof) == vrf.verify(secret.public, alpha, proof)


@given(seed=st.binary(min_size=32, max_size=32), alpha=st.binary(max_size=80), other=st.binary(max_size=80))
@settings(max_examples=30, deadline=None)
def test_a_proof_holds_for_its_own_key_and_input_alone(seed: bytes, alpha: bytes, other: bytes) -> None:
    secret = SecretKey(seed)
    proof = vrf.prove(secret, alpha)
    assert vrf.verify(secret.public, alpha, proof) == vrf.proof_output(proof)
    if other != alpha:
        with pytest.raises(VrfProofInvalid):
            vrf.verify(secret.public, other, proof)
    if seed != SECRET.seed:
        with pytest.raises(VrfProofInvalid):
            vrf.verify(SECRET.public, alpha, proof)


def test_every_flipped_bit_of_a_proof_is_refused() -> None:
    for bit in range(0, 640, 3):
        altered = bytearray(PROOF)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(VrfProofInvalid):
            vrf.verify(SECRET.public, ALPHA, bytes(altered))


@pytest.mark.parametrize("length", [0, 32, 79, 81, 160])
def test_a_proof_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(VrfProofInvalid, match="80 were expected"):
        vrf.verify(SECRET.public, ALPHA, (PROOF * 2)[:length])


def test_s_raised_by_the_group_order_is_refused() -> None:
    s = int.from_bytes(PROOF[48:], "little") + curve.ORDER
    with pytest.raises(VrfProofInvalid, match="group order"):
        vrf.verify(SECRET.public, ALPHA, PROOF[:48] + s.to_bytes(32, "little"))


@pytest.mark.parametrize("zero", [slice(32, 48), slice(48, 80), slice(32, 80)])
def test_a_zero_challenge_or_scalar_is_refused(zero: slice) -> None:
    altered = bytearray(PROOF)
    altered[zero] = bytes(zero.stop - zero.start)
    with pytest.raises(VrfProofInvalid):
        vrf.verify(SECRET.public, ALPHA, bytes(altered))


def test_public_keys_of_small_order_or_off_the_curve_are_refused() -> None:
    off_the_curve = next(y for y in range(2, 50) if curve.decode(y.to_bytes(32, "little")) is None)
    bad = [*curve.small_order_encodings(), off_the_curve.to_bytes(32, "little"), b"", SECRET.public[:31], bytes(33)]
    for public in bad:
        with pytest.raises(VrfKeyInvalid):
            vrf.verify(public, ALPHA, PROOF)


def test_a_public_key_with_a_small_order_part_is_refused() -> None:
    point = curve.decode(SECRET.public)
    assert point is not None
    for torsion in curve.torsion_points()[1:]:
        with pytest.raises(VrfKeyInvalid):
            vrf.check_public_key(curve.encode(curve.add(point, torsion)))
    vrf.check_public_key(SECRET.public)


def test_a_second_proof_that_the_rfc_would_accept_is_refused() -> None:
    """Gamma + T passes the RFC's equations when 8 divides the challenge, which a dishonest prover can arrange."""
    proof = second_proof(SECRET, ALPHA)
    assert proof[:32] != PROOF[:32]
    assert rfc_verify(SECRET.public, ALPHA, proof) == vrf.proof_output(PROOF)
    with pytest.raises(VrfProofInvalid, match="Gamma"):
        vrf.verify(SECRET.public, ALPHA, proof)


def test_hashing_to_the_curve_passes_over_what_is_no_point_of_its_own() -> None:
    """No input is known to hash there, but every validator must pass over the same strings when one does."""
    beyond_p = [(y + curve.P).to_bytes(32, "little") for y in range(2, 19)]
    for encoded in [*curve.small_order_encodings(), *beyond_p]:
        assert vrf._clear_cofactor(encoded) is None
    point = curve.decode(SECRET.public)
    assert point is not None
    assert vrf._clear_cofactor(SECRET.public) == curve.encode(curve.multiply(8, point))


def test_the_output_of_something_that_is_no_proof_is_refused() -> None:
    for proof in (b"", PROOF[:79], (1).to_bytes(32, "little") + PROOF[32:]):
        with pytest.raises(VrfProofInvalid):
            vrf.proof_output(proof)


def hash_to_curve(public: bytes, alpha: bytes) -> curve.Point:
    """RFC 9381, section 5.4.1.1."""
    for counter in range(256):
        digest = sha512(b"\x03\x01" + public + alpha + bytes((counter,)) + b"\x00").digest()[:32]
        point = curve.decode(digest)
        if point is not None and curve.multiply(8, point) != curve.IDENTITY:
            return curve.multiply(8, point)
    raise AssertionError("half of all counters succeed")


def challenge_of(*points: bytes) -> bytes:
    return sha512(b"\x03\x02" + b"".join(points) + b"\x00").digest()[:16]


def rfc_verify(public: bytes, alpha: bytes, proof: bytes) -> bytes:
    """RFC 9381, section 5.3, as it stands there: no subgroup check of Gamma."""
    y, gamma = curve.decode(public), curve.decode(proof[:32])
    assert y is not None and gamma is not None
    c, s = int.from_bytes(proof[32:48], "little"), int.from_bytes(proof[48:], "little")
    point = hash_to_curve(public, alpha)
    u = curve.add(curve.multiply(s, curve.BASE), curve.negate(curve.multiply(c, y)))
    v = curve.add(curve.multiply(s, point), curve.negate(curve.multiply(c, gamma)))
    assert challenge_of(public, curve.encode(point), proof[:32], curve.encode(u), curve.encode(v)) == proof[32:48]
    return sha512(b"\x03\x03" + curve.encode(curve.multiply(8, gamma)) + b"\x00").digest()


def second_proof(secret: SecretKey, alpha: bytes) -> bytes:
    scalar = int.from_bytes(secret.expand()[0], "little")
    point = hash_to_curve(secret.public, alpha)
    tainted = curve.encode(curve.add(curve.multiply(scalar, point), curve.torsion_points()[1]))
    nonce, u, v = 0, curve.IDENTITY, curve.IDENTITY
    while True:
        nonce, u, v = nonce + 1, curve.add(u, curve.BASE), curve.add(v, point)
        c = challenge_of(secret.public, curve.encode(point), tainted, curve.encode(u), curve.encode(v))
        if c[0] % 8 == 0:
            s = (nonce + int.from_bytes(c, "little") * scalar) % curve.ORDER
            return tainted + c + s.to_bytes(32, "little")
