"""`.zkey` files: what snarkjs writes is read, proven with and written again; whatever is damaged has an error."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from crypto.errors import CryptoError
from crypto.field import SCALAR_FIELD
from crypto.groth16 import PreparedKey, ProvingKey, compress_proof, key_from_snarkjs, verify
from crypto.groth16 import zkey as z
from crypto.groth16.curve import twist_root
from crypto.groth16.errors import CoordinateOutOfRange, ForgeableKey, IdentityPoint, NotInSubgroup, NotOnCurve
from crypto.groth16.key_file_errors import (
    AnotherCircuit,
    ImpossibleCoefficient,
    InconsistentKey,
    NotGroth16,
    WrongCurve,
    WrongDomain,
)
from crypto.groth16.zkey_check import check_zkey, load_zkey
from crypto.r1cs.r1cs_file import R1cs, read_r1cs
from crypto.r1cs.sections import NotCanonical, NotThisFormat, SectionsWrong, WrongLength, WrongPrime
from tests.support.make_ceremony_vector import load
from tests.support.tiny_circuit import PRODUCT_R1CS, product_witness, r1cs
from tests.support.trapdoor import g1, g2

CEREMONY = load()
KEY = z.read_zkey(CEREMONY.final)
CIRCUIT = read_r1cs(PRODUCT_R1CS)
COUNTS = slice(4 + 32 + 4 + 32, 4 + 32 + 4 + 32 + 12)


def with_section(number: int, change: Callable[[bytes], bytes]) -> z.Zkey:
    return replace(KEY, sections={**KEY.sections, number: change(KEY.sections[number])})


def with_header(**changes: object) -> z.Zkey:
    return replace(KEY, header=replace(KEY.header, **changes))  # type: ignore[arg-type]


def file_with(number: int, change: Callable[[bytes], bytes]) -> bytes:
    sections = {**KEY.sections, number: change(KEY.sections[number])}
    return z.write_zkey(sections)


def at(place: int, data: bytes) -> Callable[[bytes], bytes]:
    return lambda section: section[:place] + data + section[place + len(data) :]


def check(key: z.Zkey, circuit: R1cs) -> None:
    z.check_circuit(key, circuit.constraints, circuit.cell_count, circuit.public_count)


def test_a_ceremonys_key_is_read_and_proves() -> None:
    key, verifying = load_zkey(CEREMONY.final)
    check(key, CIRCUIT)
    assert verifying == key_from_snarkjs(json.dumps(CEREMONY.key))
    proof = ProvingKey.from_zkey(CEREMONY.final).prove(product_witness(x=6, y=7))
    verify(PreparedKey(verifying), compress_proof(proof), (42, 6))


def test_what_is_written_is_what_snarkjs_wrote() -> None:
    coefficients = z.write_coefficients(CIRCUIT.constraints, CIRCUIT.public_count)
    assert coefficients == KEY.sections[z.COEFFICIENTS]
    old = KEY.sections
    made = z.zkey_sections(KEY.header, old[z.IC], coefficients, old, old[z.CONTRIBUTIONS])
    assert z.write_zkey(made) == CEREMONY.final


@pytest.mark.parametrize("cut", [0, 3, 11, 12, 20, 30, 100, 700, 2000, -1])
def test_a_truncated_file_is_refused(cut: int) -> None:
    with pytest.raises((WrongLength, SectionsWrong)):
        z.read_zkey(CEREMONY.final[:cut])


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"r1cs" + CEREMONY.final[4:], NotThisFormat),
        (CEREMONY.final + b"\0", WrongLength),
        (file_with(z.PROTOCOL, lambda _: b"\2\0\0\0"), NotGroth16),
        (file_with(z.PROTOCOL, lambda _: b"\12\0\0\0"), NotGroth16),
        (file_with(z.PROTOCOL, lambda _: b"\1"), WrongLength),
        (file_with(z.HEADER, at(0, (48).to_bytes(4, "little"))), WrongCurve),
        (file_with(z.HEADER, at(4, bytes(31) + b"\1")), WrongCurve),
        (file_with(z.HEADER, at(4 + 32 + 4, b"\3")), WrongPrime),
        (file_with(z.HEADER, lambda section: section[:-1]), WrongLength),
        (file_with(z.HEADER, at(COUNTS.stop - 4, (7).to_bytes(4, "little"))), WrongDomain),
        (file_with(z.HEADER, at(COUNTS.start, (2).to_bytes(4, "little"))), WrongDomain),
        (file_with(z.HEADER, at(COUNTS.stop, b"\xff" * 32)), CoordinateOutOfRange),
        *[(file_with(number, lambda section: section[:-64]), WrongLength) for number in (z.IC, *z.POINT_SECTIONS)],
        (file_with(z.COEFFICIENTS, lambda section: section[:-44]), WrongLength),
        (file_with(z.COEFFICIENTS, lambda _: b""), WrongLength),
    ],
)
def test_a_file_of_another_form_is_refused(data: bytes, error: type[CryptoError]) -> None:
    with pytest.raises(error):
        z.read_zkey(data)


def test_a_section_missing_is_said() -> None:
    for number in range(1, 11):
        sections = {other: body for other, body in KEY.sections.items() if other != number}
        with pytest.raises(SectionsWrong, match=f"Section {number} is missing"):
            z.read_zkey(z.write_zkey(sections))


def test_a_key_without_contributions_is_refused() -> None:
    with pytest.raises(ForgeableKey):
        load_zkey(CEREMONY.initial)


@pytest.mark.parametrize("section", z.POINT_SECTIONS)
def test_every_point_is_on_its_curve(section: int) -> None:
    last = len(KEY.sections[section]) - 1
    with pytest.raises((NotOnCurve, CoordinateOutOfRange), match=z.POINT_SECTIONS[section]):
        check_zkey(with_section(section, at(last - 1, bytes([KEY.sections[section][last - 1] ^ 1]))))
    with pytest.raises(CoordinateOutOfRange):
        check_zkey(with_section(section, at(0, b"\xff" * 32)))


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (with_header(delta2=KEY.header.gamma2), ForgeableKey),
        (with_header(delta1=g1(5)), InconsistentKey),
        (with_header(beta1=g1(5)), InconsistentKey),
        (with_header(delta1=(0, 0)), IdentityPoint),
        (with_header(alpha1=(0, 0)), IdentityPoint),
        (with_header(beta2=((0, 0), (0, 0))), IdentityPoint),
        (with_header(alpha1=(1, 3)), NotOnCurve),
    ],
)
def test_unsound_fixed_points_are_refused(key: z.Zkey, error: type[CryptoError]) -> None:
    with pytest.raises(error):
        check_zkey(key)


def test_a_point_outside_the_subgroup_is_refused() -> None:
    x, y = next(((c, 1), root) for c in range(1, 50) if (root := twist_root((c, 1))) is not None)
    with pytest.raises(NotInSubgroup):
        check_zkey(with_header(beta2=(x, y)))


def test_coefficients_name_what_is_there() -> None:
    first = 4
    for place, value in ((first, 2), (first + 4, KEY.header.domain), (first + 8, KEY.header.cells)):
        with pytest.raises(ImpossibleCoefficient):
            check_zkey(with_section(z.COEFFICIENTS, at(place, value.to_bytes(4, "little"))))
    with pytest.raises(NotCanonical):
        check_zkey(with_section(z.COEFFICIENTS, at(first + 12, SCALAR_FIELD.to_bytes(32, "little"))))


OTHERS = {
    "a coefficient": r1cs([({2: 2}, {3: 1}, {1: 1}), ({3: 1}, {3: 1}, {4: 1})], wires=5, public=2),
    "wires": r1cs([({2: 1}, {3: 1}, {1: 1}), ({3: 1}, {3: 1}, {4: 1})], wires=6, public=2),
    "public inputs": r1cs([({2: 1}, {3: 1}, {1: 1}), ({3: 1}, {3: 1}, {4: 1})], wires=5, public=1),
    "one constraint fewer": r1cs([({2: 1}, {3: 1}, {1: 1}), ({3: 1}, {}, {4: 1})], wires=5, public=2),
    "one constraint more": r1cs([({2: 1}, {3: 1}, {1: 1})] + 2 * [({3: 1}, {3: 1}, {4: 1})], wires=5, public=2),
    "many constraints": r1cs([({2: 1}, {3: 1}, {1: 1})] * 9, wires=5, public=2),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_key_for_another_circuit_is_refused(name: str) -> None:
    with pytest.raises(AnotherCircuit):
        check(KEY, read_r1cs(OTHERS[name]))


def test_points_of_the_trapdoor_serve_as_a_reference() -> None:
    """The generators in a snarkjs file are those of our tests, so that the header is read in the right order."""
    assert (KEY.header.gamma2, z.read_zkey(CEREMONY.initial).header.delta1) == (g2(1), g1(1))
