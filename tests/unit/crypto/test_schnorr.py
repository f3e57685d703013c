"""Signatures on BabyJubJub: what was signed verifies; altered, under another key or forged it does not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import babyjubjub
from crypto.babyjubjub import SUBORDER, Point
from crypto.field import SCALAR_FIELD
from crypto.schnorr import SIGNATURE_BYTES, sign, verify

SECRET, MESSAGE = 123456789, 42
PUBLIC = babyjubjub.public_key(SECRET)
SIGNATURE = sign(SECRET, MESSAGE)
ORDER_TWO = Point(0, SCALAR_FIELD - 1)

secrets = st.integers(1, SUBORDER - 1) | st.sampled_from((1, SUBORDER - 1))
messages = st.integers(0, SCALAR_FIELD - 1) | st.sampled_from((0, SCALAR_FIELD - 1))


@settings(max_examples=15, deadline=None)
@given(secrets, messages)
def test_what_was_signed_verifies(secret: int, message: int) -> None:
    signature = sign(secret, message)
    assert len(signature) == SIGNATURE_BYTES
    assert verify(babyjubjub.public_key(secret), message, signature)
    assert not verify(babyjubjub.public_key(secret), (message + 1) % SCALAR_FIELD, signature)
    assert not verify(babyjubjub.public_key(secret % (SUBORDER - 1) + 1), message, signature)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 8 * SIGNATURE_BYTES - 1))
def test_no_bit_of_a_signature_can_flip(bit: int) -> None:
    altered = bytearray(SIGNATURE)
    altered[bit // 8] ^= 1 << bit % 8
    assert not verify(PUBLIC, MESSAGE, bytes(altered))


def test_a_signature_never_changes() -> None:
    assert SIGNATURE.hex() == GOLDEN
    assert sign(SECRET, MESSAGE) == SIGNATURE


GOLDEN = (
    "6d180584d6910ae363b03c3301ae420c01c90cae2279cf8190738b170527ec08"
    "017c716aa049122b2b954faf5492d85c6ca30eb969fee33100ec97e18ffb9440"
)


def test_two_messages_never_share_a_commitment() -> None:
    """Whoever sees one k under two messages computes the secret."""
    commitments = {sign(SECRET, message)[:32] for message in range(20)}
    assert len(commitments) == 20


def test_another_name_for_the_same_response_is_refused() -> None:
    response = int.from_bytes(SIGNATURE[32:], "big") + SUBORDER
    assert not verify(PUBLIC, MESSAGE, SIGNATURE[:32] + response.to_bytes(32, "big"))


@pytest.mark.parametrize("length", [0, 63, 65])
def test_other_lengths_are_refused(length: int) -> None:
    assert not verify(PUBLIC, MESSAGE, (SIGNATURE + bytes(1))[:length])


@pytest.mark.parametrize("message", [-1, SCALAR_FIELD, SCALAR_FIELD + MESSAGE])
def test_a_message_outside_the_field_is_refused(message: int) -> None:
    assert not verify(PUBLIC, message, SIGNATURE)


@pytest.mark.parametrize("public", [Point(1, 1), babyjubjub.IDENTITY, ORDER_TWO, babyjubjub.add(PUBLIC, ORDER_TWO)])
def test_keys_off_the_subgroup_are_refused(public: Point) -> None:
    assert not verify(public, MESSAGE, SIGNATURE)


def test_the_identity_as_key_lets_nobody_sign() -> None:
    """With A = 0 the equation is s * B = R, which anybody satisfies."""
    forged = babyjubjub.encode_point(babyjubjub.multiply_base(5)) + (5).to_bytes(32, "big")
    assert not verify(babyjubjub.IDENTITY, MESSAGE, forged)


def test_a_secret_out_of_range_signs_nothing() -> None:
    for secret in (0, SUBORDER):
        with pytest.raises(babyjubjub.ScalarOutOfRange):
            sign(secret, MESSAGE)
