"""EdDSA with Poseidon: circomlib's own vector, what is refused, and the circuit that says the same."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import babyjubjub, eddsa
from crypto.babyjubjub import BASE8, IDENTITY, SUBORDER, Point, ScalarOutOfRange
from crypto.eddsa import EddsaSignature, sign, verify
from crypto.field import SCALAR_FIELD
from crypto.poseidon import NotAFieldElement, poseidon
from crypto.r1cs.audit import audit
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.gadgets import eddsa as gadget
from crypto.r1cs.gadgets.babyjubjub import PointWire
from crypto.r1cs.gadgets.canonical import bits_at_most
from crypto.r1cs.wire import Wire, as_wire, linear

# The vector of circomlib's tests for signing ten bytes with Poseidon.
KEY = Point(
    13277427435165878497778222415993513565335242147425444199013288855685581939618,
    13622229784656158136036771217484571176836296686641868549125388198837476602820,
)
MESSAGE = int.from_bytes(bytes(range(10)), "little")
SIGNATURE = EddsaSignature(
    Point(
        11384336176656855268977457483345535180380036354188103142384839473266348197733,
        15383486972088797283337779941324724402501462225528836549661220478783371668959,
    ),
    1672775540645840396591609181675628451599263765380031905495115170613215233181,
)
SMALL = Point(0, SCALAR_FIELD - 1)  # of order 2
OFF_CURVE = Point(1, 1)

secrets = st.integers(1, SUBORDER - 1)
messages = st.integers(0, SCALAR_FIELD - 1)


def test_a_signature_of_circomlibs_is_valid() -> None:
    assert verify(KEY, MESSAGE, SIGNATURE)


@settings(max_examples=15)
@given(secrets, messages)
def test_what_is_signed_is_valid_and_always_the_same(secret: int, message: int) -> None:
    signature = sign(secret, message)
    assert signature == sign(secret, message)
    assert verify(babyjubjub.public_key(secret), message, signature)
    assert not verify(babyjubjub.public_key(secret), (message + 1) % SCALAR_FIELD, signature)


REFUSED = {
    "another message": (KEY, MESSAGE + 1, SIGNATURE),
    "another key": (BASE8, MESSAGE, SIGNATURE),
    "another scalar": (KEY, MESSAGE, replace(SIGNATURE, s=SIGNATURE.s + 1)),
    "the scalar's other name": (KEY, MESSAGE, replace(SIGNATURE, s=SIGNATURE.s + SUBORDER)),
    "another point": (KEY, MESSAGE, replace(SIGNATURE, r=BASE8)),
    "the opposite point": (KEY, MESSAGE, replace(SIGNATURE, r=babyjubjub.negate(SIGNATURE.r))),
    "a point off the curve": (KEY, MESSAGE, replace(SIGNATURE, r=OFF_CURVE)),
    "a key off the curve": (OFF_CURVE, MESSAGE, SIGNATURE),
    "the identity as key": (IDENTITY, MESSAGE, EddsaSignature(BASE8, 1)),
    "a key of small order": (SMALL, MESSAGE, EddsaSignature(BASE8, 1)),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_signature_is_false(case: tuple[Point, int, EddsaSignature]) -> None:
    assert not verify(*case)


def test_a_key_of_small_order_would_sign_everything() -> None:
    """Why it is refused: 8 h * A is the identity, so (s * Base8, s) fits every message."""
    assert babyjubjub.multiply(8, SMALL) == IDENTITY
    assert babyjubjub.multiply_base(1) == babyjubjub.add(BASE8, babyjubjub.multiply(8 * 7, SMALL))


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(ScalarOutOfRange):
        sign(0, 1)
    with pytest.raises(NotAFieldElement):
        sign(1, SCALAR_FIELD)
    assert not verify(KEY, SCALAR_FIELD, SIGNATURE)


def circuit() -> Circuit:
    cs = Builder()
    out = cs.output("valid")
    key, r = PointWire(*cs.private_array("key", 2)), PointWire(*cs.private_array("r", 2))
    cs.define(out, gadget.verify(cs, key, cs.private("message"), r, cs.private("s")))
    return cs.build()


def inputs(key: Point, message: int, signature: EddsaSignature) -> Inputs:
    return {"key": key, "message": message, "r": signature.r, "s": signature.s}


def test_the_circuit_says_the_same() -> None:
    built = circuit()
    for case in ((KEY, MESSAGE, SIGNATURE), *REFUSED.values()):
        witness = built.solve(inputs(*case))
        built.check(witness)
        assert witness.public == (int(verify(*case)),)


def test_the_circuit_takes_no_other_name_of_a_scalar() -> None:
    """s + l of 251 bits, which a circuit that cut off bits would tell from s no more: a third of all signatures."""
    message = next(each for each in range(64) if sign(7, each).s + SUBORDER < 2 ** SUBORDER.bit_length())
    key, signature = babyjubjub.public_key(7), sign(7, message)
    other = replace(signature, s=signature.s + SUBORDER)
    built = circuit()
    assert built.solve(inputs(key, message, signature)).public == (1,)
    assert built.solve(inputs(key, message, other)).public == (0,) and not verify(key, message, other)


def test_the_circuit_costs_what_it_says() -> None:
    assert len(circuit().constraints) - 1 == 5_075


def cheap_multiple(cs: Builder, bits: Sequence[Wire], point: PointWire) -> PointWire:
    scalar = linear((3**place, bit) for place, bit in enumerate(bits))
    return PointWire(cs.mul(scalar, point.x + 1), cs.mul(scalar, point.y + 2))


@pytest.mark.slow
def test_the_joints_of_the_circuit_cannot_be_forged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash, multiples and widths are cheap stand-ins; what is left is what joins them. Those have their own audits."""
    base = PointWire(as_wire(8), as_wire(9))
    monkeypatch.setattr(gadget, "poseidon", lambda cs, values: values[4])
    monkeypatch.setattr(gadget, "multiply", cheap_multiple)
    monkeypatch.setattr(gadget, "multiply_base", lambda cs, bits: cheap_multiple(cs, bits, base))
    monkeypatch.setattr(gadget, "field_bits", lambda cs, a: bits_at_most(cs, a, 60))
    monkeypatch.setattr(gadget, "SCALAR_BITS", 4)
    monkeypatch.setattr(gadget, "SUBORDER", 13)
    cases = [inputs(KEY, 3, EddsaSignature(BASE8, s)) for s in (0, 12, 13, 15, 16, 60)]
    cases += [inputs(OFF_CURVE, 3, EddsaSignature(BASE8, 5)), inputs(KEY, 3, EddsaSignature(OFF_CURVE, 5))]
    audit(circuit(), cases).require_sound()


def test_the_challenge_is_circomlibs_hash() -> None:
    assert eddsa.challenge(Point(1, 2), Point(3, 4), 5) == poseidon([1, 2, 3, 4, 5])
