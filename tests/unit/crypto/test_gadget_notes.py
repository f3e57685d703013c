"""Notes in a circuit: each formula equal to the native one at its cost; only the owner can decrypt."""

from collections.abc import Callable, Sequence

import pytest

from crypto import babyjubjub, notes
from crypto.babyjubjub import Point
from crypto.field import SCALAR_FIELD
from crypto.note_errors import PlaintextLength
from crypto.r1cs.audit import Audit, AuditSubject, audit, differential
from crypto.r1cs.audit.cross import cross_verified
from crypto.r1cs.builder import Builder, Value
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.gadgets import montgomery
from crypto.r1cs.gadgets import notes as gadgets
from crypto.r1cs.gadgets.babyjubjub import PointWire
from crypto.r1cs.gadgets.bits import to_bits
from crypto.r1cs.wire import Wire, as_wire, linear

R = SCALAR_FIELD
SK, D, IVK = 1234, 77, b"i" * 32
AK, NK = notes.authorising_key(SK), notes.nullifier_key(SK)
AUTH, KEY = notes.address_authority(AK, D), notes.address_key(IVK, D)
OWNER = notes.owner(AUTH, KEY)
NUMBER = 2**249 + 12345
SHARED = notes.sender_shared(notes.ephemeral_secret(NUMBER), KEY)

Build = Callable[[Builder, list[Wire]], Sequence[Wire]]


def spent(cs: Builder, x: list[Wire]) -> Sequence[Wire]:
    keys = gadgets.SpendingKeys(x[0], x[1])
    note = gadgets.NoteWire(x[5], x[6], x[7], x[8])
    return gadgets.spend(cs, keys, x[2], PointWire(x[3], x[4]), note, x[9])


def spent_natively(x: Sequence[int]) -> Sequence[int]:
    owner = notes.owner(notes.address_authority(x[0], x[2]), Point(x[3], x[4]))
    commitment = notes.note_commitment(x[5], x[6], x[7], owner, x[8])
    return commitment, notes.nullifier(x[1], commitment, x[9])


FORMULAS: dict[str, tuple[Build, int, int, Callable[[Sequence[int]], Sequence[int]]]] = {
    "spending_keys": (
        lambda cs, x: gadgets.spending_keys(cs, x[0]),
        1,
        426,
        lambda x: (notes.authorising_key(x[0]), notes.nullifier_key(x[0])),
    ),
    "address_authority": (
        lambda cs, x: [gadgets.address_authority(cs, *x)],
        2,
        240,
        lambda x: (notes.address_authority(*x),),
    ),
    "owner": (
        lambda cs, x: [gadgets.owner(cs, gadgets.AddressWire(x[0], PointWire(x[1], x[2])))],
        3,
        261,
        lambda x: (notes.owner(x[0], Point(x[1], x[2])),),
    ),
    "contract_content": (
        lambda cs, x: [gadgets.contract_content(cs, x)],
        3,
        297,
        lambda x: (notes.contract_content(x),),
    ),
    "note_commitment": (
        lambda cs, x: [gadgets.note_commitment(cs, gadgets.NoteWire(x[0], x[1], x[2], x[3]), x[4])],
        5,
        321,
        lambda x: (notes.note_commitment(x[0], x[1], x[2], x[4], x[3]),),
    ),
    "nullifier": (lambda cs, x: [gadgets.nullifier(cs, *x)], 3, 261, lambda x: (notes.nullifier(*x),)),
    "spend": (spent, 10, 1083, spent_natively),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_equals_the_native_one_at_its_golden_cost(name: str) -> None:
    build, count, cost, native = FORMULAS[name]
    cs = Builder()
    outputs = cs.output_array("out", len(native([1] * count)))
    results = build(cs, cs.private_array("x", count))
    assert cs.constraint_count == cost
    for wire, value in zip(outputs, results, strict=True):
        cs.define(wire, value)
    circuit = cs.build()
    for inputs in (list(range(1, count + 1)), [0] * count):
        witness = circuit.solve({"x": inputs})
        circuit.check(witness)
        assert list(witness.public) == list(native(inputs))


def encrypting(length: int) -> tuple[Circuit, int]:
    cs = Builder()
    outputs = cs.output_array("ct", length)
    x, y = cs.private_array("shared", 2)
    commitment, plaintext = cs.private("cm"), cs.private_array("m", length)
    ciphertext = gadgets.encrypt(cs, PointWire(x, y), commitment, plaintext)
    cost = cs.constraint_count
    for wire, value in zip(outputs, ciphertext, strict=True):
        cs.define(wire, value)
    return cs.build(), cost


@pytest.mark.parametrize(("length", "cost"), [(1, 261), (2, 261), (3, 261), (4, 297), (5, 321), (16, 609)])
def test_encryption_equals_the_native_one_at_its_golden_cost(length: int, cost: int) -> None:
    circuit, constraints = encrypting(length)
    assert constraints == cost
    plaintext = [(i * i - 3) % R for i in range(length)]
    witness = circuit.solve({"shared": list(SHARED), "cm": 99, "m": plaintext})
    circuit.check(witness)
    assert witness.public == notes.encrypt(SHARED, 99, plaintext)
    assert notes.decrypt(SHARED, 99, witness.public) == tuple(plaintext)


def test_a_plaintext_of_no_elements_or_of_too_many_is_refused() -> None:
    for length in (0, 17):
        with pytest.raises(PlaintextLength):
            encrypting(length)


NAMES = ("authority", "key_x", "key_y", "contract", "kind", "content", "rcm", "extra")


def sealing(bits: int = notes.EPHEMERAL_BITS) -> tuple[Circuit, int]:
    """A note of three plaintext elements: content, rcm, and one that nothing else knows."""
    cs = Builder()
    commitment, ciphertext, ephemeral = cs.output("cm"), cs.output_array("ct", 3), cs.output_array("E", 2)
    authority, x, y, contract, kind, content, rcm, extra = (cs.private(name) for name in NAMES)
    number = to_bits(cs, cs.private("number"), bits)
    address = gadgets.AddressWire(authority, PointWire(x, y))
    before = cs.constraint_count
    note = gadgets.NoteWire(contract, kind, content, rcm)
    sealed = gadgets.seal(cs, number, address, note, [content, rcm, extra])
    cost = cs.constraint_count - before
    results = [sealed.commitment, *sealed.ciphertext, *montgomery.multiply_base_signed(cs, number)]
    for wire, value in zip([commitment, *ciphertext, *ephemeral], results, strict=True):
        cs.define(wire, value)
    return cs.build(), cost


def given(number: int, key: Point = KEY) -> Inputs:
    return dict(zip(NAMES, (AUTH, *key, 3, 4, 5, 6, 7), strict=True)) | {"number": number}


def test_sealing_costs_what_it_says() -> None:
    assert sealing()[1] == 261 + 321 + 1525 + 261


def test_the_owner_that_the_commitment_names_opens_the_ciphertext() -> None:
    circuit, _ = sealing()
    witness = circuit.solve(given(NUMBER))
    circuit.check(witness)
    commitment, *rest = witness.public
    ciphertext, ephemeral = rest[:3], Point(*rest[3:])
    assert commitment == notes.note_commitment(3, 4, 5, OWNER, 6)
    assert ephemeral == notes.ephemeral_point(notes.ephemeral_secret(NUMBER))
    shared = notes.receiver_shared(notes.address_secret(IVK, D), ephemeral)
    assert notes.decrypt(shared, commitment, ciphertext) == (5, 6, 7)


def test_a_key_of_another_order_cannot_be_sealed_to() -> None:
    bad = [babyjubjub.IDENTITY, Point(0, R - 1), babyjubjub.add(KEY, Point(0, R - 1)), Point(KEY.x, KEY.y + 1)]
    circuit, _ = sealing(2)
    assert all(circuit.violated(circuit.solve(given(1, key)).cells) for key in bad)


def test_a_number_out_of_range_has_no_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gadgets, "agree", cheap_agreement)
    monkeypatch.setattr(gadgets, "poseidon", cheap_hash)
    monkeypatch.setattr(gadgets, "permute", cheap_permutation)
    assert differential(sealing(3)[0], [given(8), given(R - 1)], lambda inputs: None) == []


def test_the_joints_of_sealing_and_spending_cannot_be_forged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash and curve have their own audits and stand here as a few multiplications."""
    monkeypatch.setattr(gadgets, "agree", cheap_agreement)
    monkeypatch.setattr(gadgets, "poseidon", cheap_hash)
    monkeypatch.setattr(gadgets, "permute", cheap_permutation)
    audit(sealing(3)[0], [given(5), given(0)]).require_sound()
    cs = Builder()
    outputs = cs.output_array("out", 2)
    for wire, value in zip(outputs, spent(cs, cs.private_array("x", 10)), strict=True):
        cs.define(wire, value)
    assert audit(cs.build(), [{"x": list(range(1, 11))}]).findings == ()


def test_a_sample_of_sealing_with_hash_and_curve_cannot_be_forged() -> None:
    subject = AuditSubject(sealing(4)[0], [given(5)])
    assert Audit(subject, 12, tests=("mutation", "jacobian", "flips")).run().findings == ()


@pytest.mark.slow
def test_a_proof_of_sealing_verifies_elsewhere() -> None:
    circuit, _ = sealing(2)
    assert cross_verified(circuit, circuit.solve(given(3))) is None


def cheap_hash(cs: Builder, inputs: Sequence[Value], tag: int = 0) -> Wire:
    mixed = linear(((weight, as_wire(value)) for weight, value in enumerate(inputs, start=2)), tag % 97)
    return cs.mul(cs.mul(mixed, mixed), mixed)


def cheap_permutation(cs: Builder, capacity: int, inputs: Sequence[Value]) -> list[Wire]:
    return [cheap_hash(cs, inputs, capacity % 97 + lane) for lane in range(len(inputs) + 1)]


def cheap_agreement(cs: Builder, bits: Sequence[Wire], key: PointWire) -> PointWire:
    scalar = linear((3**place, bit) for place, bit in enumerate(bits))
    return PointWire(cs.mul(scalar, key.x + 1), cs.mul(scalar, key.y + 2))
