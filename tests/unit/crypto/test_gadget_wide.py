"""Products and quotients of 128-bit numbers: nothing wraps around the field, at any width.

Audited with limbs of two bits, where every value can be tried; at full width against Python's integers.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit import audit, differential
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.errors import CircuitError, RangeError
from crypto.r1cs.gadgets import wide
from crypto.r1cs.gadgets.bits import assert_range
from crypto.r1cs.gadgets.wide import div_rem_wide, mul_wide

TOP = 2**128 - 1
EDGES = st.sampled_from((0, 1, 2, 2**63, 2**64 - 1, 2**64, 2**64 + 1, 2**127, TOP - 1, TOP))
NUMBERS = EDGES | st.integers(0, TOP)


def product(bits: int = 128) -> Circuit:
    cs = Builder()
    out = cs.output("out")
    a, b = (assert_range(cs, cs.private(name), bits) for name in ("a", "b"))
    cs.define(out, mul_wide(cs, a, b, 2**bits - 1))
    return cs.build()


def quotient(bits: int = 128) -> Circuit:
    cs = Builder()
    out = cs.output_array("out", 2)
    a, b = (assert_range(cs, cs.private(name), bits) for name in ("a", "b"))
    for wire, value in zip(out, div_rem_wide(cs, a, b), strict=True):
        cs.define(wire, value)
    return cs.build()


PRODUCT, QUOTIENT = product(), quotient()


def solved(circuit: Circuit, a: int, b: int) -> tuple[int, ...] | None:
    try:
        witness = circuit.solve({"a": a, "b": b})
    except CircuitError:
        return None
    return None if circuit.violated(witness.cells) else witness.public


@given(NUMBERS, NUMBERS)
def test_a_product_is_exact_or_refused(a: int, b: int) -> None:
    assert solved(PRODUCT, a, b) == ((a * b,) if a * b <= TOP else None)


@given(NUMBERS, NUMBERS)
def test_a_quotient_is_exact_or_refused(a: int, b: int) -> None:
    assert solved(QUOTIENT, a, b) == (divmod(a, b) if b else None)


def small_modulo_r(a: int) -> int:
    """b below 2**128 with a * b modulo r in range too, by Euclid's algorithm on (r, a)."""
    remainders, factors = (SCALAR_FIELD, a), (0, 1)
    while not (0 < factors[1] <= TOP and remainders[1] <= TOP and factors[1] > 2**64):
        step = remainders[0] // remainders[1]
        remainders = remainders[1], remainders[0] - step * remainders[1]
        factors = factors[1], factors[0] - step * factors[1]
    return factors[1]


def test_a_product_that_is_small_modulo_the_field_is_refused() -> None:
    """The field's product of two numbers in range may be in range where the real one is not."""
    a = 2**127 + 12345
    b = small_modulo_r(a)
    assert max(a, b, a * b % SCALAR_FIELD) <= TOP < a * b
    assert solved(PRODUCT, a, b) is None


def test_it_costs_what_it_says() -> None:
    ranges = 2 * 128 + 1  # of the inputs, and the output
    assert len(PRODUCT.constraints) - ranges == 322
    assert len(QUOTIENT.constraints) - ranges - 1 == 450
    assert len(product(64).constraints) - 2 * 64 - 1 == 1


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limbs of two bits, and every product taken for one that wraps."""
    monkeypatch.setattr(wide, "LIMB_BITS", 2)
    monkeypatch.setattr(wide, "MOST_BITS", 4)
    monkeypatch.setattr(wide, "_product_wraps", lambda a, b: True)
    monkeypatch.setattr(wide, "_quotient_wraps", lambda quotient_bits, divisor_bits: True)


def pairs(inputs: Inputs) -> tuple[int, int]:
    a, b = inputs["a"], inputs["b"]
    assert isinstance(a, int) and isinstance(b, int)
    return a, b


def product_of(inputs: Inputs) -> tuple[int, ...] | None:
    a, b = pairs(inputs)
    return (a * b,) if max(a, b, a * b) < 16 else None


def quotient_of(inputs: Inputs) -> tuple[int, ...] | None:
    a, b = pairs(inputs)
    return divmod(a, b) if b and max(a, b) < 16 else None


CASES = [{"a": a, "b": b} for a in (0, 1, 3, 4, 7, 15, 16) for b in (0, 1, 2, 4, 5, 15, 16)]


@pytest.mark.usefixtures("narrow")
def test_with_narrow_limbs_it_cannot_be_forged() -> None:
    for circuit, reference, honest in (
        (product(4), product_of, [(3, 5), (15, 1), (1, 15), (0, 15), (7, 2), (6, 0), (15, 0)]),
        (quotient(4), quotient_of, [(15, 1), (0, 15), (14, 3), (7, 7), (9, 2)]),
    ):
        assert differential(circuit, CASES, reference) == []
        report = audit(circuit, [{"a": a, "b": b} for a, b in honest])
        # a bit of the upper limb matters for b = 0 only, where it changes no output: a question, and no forgery
        assert [found for found in report.found if found.test != "deletion"] == []


@pytest.mark.parametrize("gadget", [lambda cs, a, b: mul_wide(cs, a, b, TOP), div_rem_wide])
def test_unbounded_wires_are_refused(gadget) -> None:  # type: ignore[no-untyped-def]
    cs = Builder()
    a, b = cs.private("a"), assert_range(cs, cs.private("b"), 64)
    with pytest.raises(RangeError):
        gadget(cs, a, b)
    with pytest.raises(RangeError):
        gadget(cs, b, a)


def test_numbers_wider_than_two_limbs_are_refused() -> None:
    cs = Builder()
    a, b = (assert_range(cs, cs.private(name), 130) for name in ("a", "b"))
    with pytest.raises(RangeError):
        mul_wide(cs, a, b, TOP)
    with pytest.raises(RangeError):
        div_rem_wide(cs, a, b)
    c, d = (assert_range(cs, cs.private(name), 128) for name in ("c", "d"))
    for highest in (2**128, 2**127 + 5, 2**64 - 1):
        with pytest.raises(RangeError):
            mul_wide(cs, c, d, highest)


def test_a_quotient_that_holds_modulo_the_field_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """q * b + r = a + SCALAR_FIELD: of 128 bits each, the field would take it for a."""
    a, b = 5, TOP - 2
    false = (a + SCALAR_FIELD) // b
    assert false < 2**128 and solved(QUOTIENT, a, b) == (0, 5)
    forging = quotient()
    monkeypatch.setattr(wide, "_quotient", lambda values: false)
    assert solved(forging, a, b) is None
