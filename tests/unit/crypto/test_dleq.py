"""Proofs of equal logarithms: what is true is accepted, and nothing that differs from it in any part."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import babyjubjub
from crypto.babyjubjub import BASE8, IDENTITY, SUBORDER, NotInSubgroup, NotOnCurve, Point, ScalarOutOfRange
from crypto.dleq import EqualLogarithms, FalseEqualLogarithms, decode_proof, prove, require_proof
from crypto.field import SCALAR_FIELD

SECRET, OTHER_SECRET = 1234567, 7654321
OTHER = babyjubjub.multiply_base(99)
PUBLIC, SHARED = babyjubjub.multiply_base(SECRET), babyjubjub.multiply(SECRET, OTHER)
CONTEXT = b"for the tax office"
PROOF = prove(SECRET, OTHER, CONTEXT, bytes(32))


@given(st.integers(1, SUBORDER - 1), st.integers(1, SUBORDER - 1), st.binary(max_size=40), st.binary(max_size=32))
@settings(max_examples=10, deadline=None)
def test_a_true_proof_holds_and_survives_its_encoding(e: int, k: int, context: bytes, entropy: bytes) -> None:
    other = babyjubjub.multiply_base(k)
    proof = decode_proof(prove(e, other, context, entropy).encode())
    require_proof(babyjubjub.multiply_base(e), other, babyjubjub.multiply(e, other), context, proof)


@pytest.mark.parametrize(
    ("public", "other", "shared", "context", "proof"),
    [
        (babyjubjub.multiply_base(OTHER_SECRET), OTHER, SHARED, CONTEXT, PROOF),
        (PUBLIC, BASE8, SHARED, CONTEXT, PROOF),
        (PUBLIC, OTHER, babyjubjub.multiply(OTHER_SECRET, OTHER), CONTEXT, PROOF),
        (PUBLIC, OTHER, SHARED, b"for somebody else", PROOF),
        (PUBLIC, OTHER, SHARED, CONTEXT, EqualLogarithms(PROOF.challenge ^ 1, PROOF.response)),
        (PUBLIC, OTHER, SHARED, CONTEXT, EqualLogarithms(PROOF.challenge, PROOF.response ^ 1)),
        (PUBLIC, OTHER, SHARED, CONTEXT, EqualLogarithms(PROOF.challenge + SUBORDER, PROOF.response)),
        (PUBLIC, OTHER, SHARED, CONTEXT, prove(OTHER_SECRET, OTHER, CONTEXT, bytes(32))),
    ],
)
def test_whatever_differs_is_refused(
    public: Point, other: Point, shared: Point, context: bytes, proof: EqualLogarithms
) -> None:
    require_proof(PUBLIC, OTHER, SHARED, CONTEXT, PROOF)
    with pytest.raises(FalseEqualLogarithms):
        require_proof(public, other, shared, context, proof)


@pytest.mark.parametrize("bad", [IDENTITY, Point(0, SCALAR_FIELD - 1), Point(1, 1)])
def test_points_outside_of_the_subgroup_are_refused(bad: Point) -> None:
    for points in ((bad, OTHER, SHARED), (PUBLIC, bad, SHARED), (PUBLIC, OTHER, bad)):
        with pytest.raises((NotInSubgroup, NotOnCurve)):
            require_proof(*points, CONTEXT, PROOF)
    with pytest.raises((NotInSubgroup, NotOnCurve)):
        prove(SECRET, bad, CONTEXT, bytes(32))


@pytest.mark.parametrize("secret", [0, SUBORDER])
def test_there_is_no_proof_for_no_secret(secret: int) -> None:
    with pytest.raises(ScalarOutOfRange):
        prove(secret, OTHER, CONTEXT, bytes(32))


@pytest.mark.parametrize(
    "encoded", [b"", PROOF.encode()[:-1], PROOF.encode() + b"\0", SUBORDER.to_bytes(32, "big") * 2]
)
def test_other_bytes_are_no_proof(encoded: bytes) -> None:
    with pytest.raises(FalseEqualLogarithms):
        decode_proof(encoded)


def test_a_proof_hides_its_secret_whatever_the_entropy() -> None:
    """One nonce for two challenges would give the secret away; the context is part of the nonce."""
    first, second = prove(SECRET, OTHER, b"a", bytes(32)), prove(SECRET, OTHER, b"b", bytes(32))
    slope = (first.response - second.response) * pow(first.challenge - second.challenge, -1, SUBORDER) % SUBORDER
    assert slope != SECRET
