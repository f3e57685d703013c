"""`.r1cs` and `.wtns`: what we write, we and groth16py read; what is damaged or foreign is refused by name."""

import struct
from collections.abc import Callable
from pathlib import Path

import groth16py
import pytest

from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Witness
from crypto.r1cs.errors import CircuitError
from crypto.r1cs.gadgets.bits import assert_range
from crypto.r1cs.r1cs_file import read_r1cs, write_r1cs
from crypto.r1cs.sections import (
    CircuitFileError,
    ImpossibleCell,
    NotCanonical,
    NotThisFormat,
    SectionsWrong,
    WrongLength,
    WrongPrime,
    read_sections,
    write_sections,
)
from crypto.r1cs.wtns_file import read_wtns, write_wtns

HEADER, BODY, LABELS = 1, 2, 3


@pytest.fixture(scope="module")
def circuit() -> Circuit:
    """Public x, 8-bit private y, public output (x + 1) * y - 3 y."""
    cs = Builder()
    x, out = cs.public("x"), cs.output("out")
    y = assert_range(cs, cs.private("y"), 8)
    cs.define(out, cs.mul(x + 1, y) - 3 * y)
    return cs.build()


@pytest.fixture(scope="module")
def witness(circuit: Circuit) -> Witness:
    return circuit.solve({"x": 9, "y": 200})


def test_the_constraints_survive_writing_and_reading(circuit: Circuit) -> None:
    read = read_r1cs(write_r1cs(circuit))
    assert list(read.constraints.rows()) == list(circuit.constraints.rows())
    assert (read.cell_count, read.public_count, read.private_inputs) == (circuit.cell_count, 2, 1)


def test_the_witness_survives_writing_and_reading(witness: Witness) -> None:
    assert read_wtns(write_wtns(witness), 2) == witness


def test_files_are_the_same_each_time(circuit: Circuit, witness: Witness) -> None:
    assert write_r1cs(circuit) == write_r1cs(circuit)
    assert write_wtns(witness) == write_wtns(witness)


def test_groth16py_proves_and_verifies_what_we_write(circuit: Circuit, witness: Witness, tmp_path: Path) -> None:
    (tmp_path / "c.r1cs").write_bytes(write_r1cs(circuit))
    (tmp_path / "w.wtns").write_bytes(write_wtns(witness))
    proving, verifying = groth16py.setup(str(tmp_path / "c.r1cs"))
    proof = groth16py.prove_wtns(proving, str(tmp_path / "w.wtns"))
    verifier = groth16py.Verifier(verifying)
    assert witness.public == (9, 1400)
    assert verifier.verify(proof, [9, 1400])
    assert not verifier.verify(proof, [9, 1401])
    assert not verifier.verify(proof, [8, 1400])


def with_section(data: bytes, magic: bytes, version: int, number: int, change: Callable[[bytes], bytes]) -> bytes:
    sections = read_sections(data, magic, version)
    sections[number] = change(sections.get(number, b""))
    return write_sections(magic, version, sections)


def r1cs_with(circuit: Circuit, number: int, change: Callable[[bytes], bytes]) -> bytes:
    return with_section(write_r1cs(circuit), b"r1cs", 1, number, change)


def wtns_with(witness: Witness, number: int, change: Callable[[bytes], bytes]) -> bytes:
    return with_section(write_wtns(witness), b"wtns", 2, number, change)


def replaced(offset: int, new: bytes) -> Callable[[bytes], bytes]:
    return lambda old: old[:offset] + new + old[offset + len(new) :]


def test_every_truncation_of_a_file_is_refused(circuit: Circuit, witness: Witness) -> None:
    r1cs, wtns = write_r1cs(circuit), write_wtns(witness)
    for length in range(len(r1cs)):
        with pytest.raises(CircuitFileError):
            read_r1cs(r1cs[:length])
    for length in range(len(wtns)):
        with pytest.raises(CircuitFileError):
            read_wtns(wtns[:length], 2)


def test_trailing_bytes_are_refused(circuit: Circuit, witness: Witness) -> None:
    with pytest.raises(WrongLength):
        read_r1cs(write_r1cs(circuit) + b"\0")
    with pytest.raises(WrongLength):
        read_wtns(write_wtns(witness) + b"\0", 2)
    with pytest.raises(WrongLength):
        read_r1cs(r1cs_with(circuit, BODY, lambda old: old + b"\0"))
    with pytest.raises(WrongLength):
        read_wtns(wtns_with(witness, BODY, lambda old: old + b"\0"), 2)
    with pytest.raises(WrongLength):
        read_r1cs(r1cs_with(circuit, LABELS, lambda old: old + bytes(8)))


def test_another_format_or_version_is_refused(circuit: Circuit, witness: Witness) -> None:
    with pytest.raises(NotThisFormat):
        read_r1cs(write_wtns(witness))
    with pytest.raises(NotThisFormat):
        read_wtns(write_r1cs(circuit), 2)
    with pytest.raises(NotThisFormat):
        read_r1cs(b"r1cs" + struct.pack("<I", 2) + write_r1cs(circuit)[8:])


def test_another_field_is_refused(circuit: Circuit, witness: Witness) -> None:
    bls12_381 = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001.to_bytes(32, "little")
    with pytest.raises(WrongPrime):
        read_r1cs(r1cs_with(circuit, HEADER, replaced(4, bls12_381)))
    with pytest.raises(WrongPrime):
        read_wtns(wtns_with(witness, HEADER, replaced(4, bls12_381)), 2)
    goldilocks = struct.pack("<IQIIIIQI", 8, 2**64 - 2**32 + 1, 4, 0, 1, 1, 4, 1)
    with pytest.raises(WrongPrime) as refused:
        read_r1cs(r1cs_with(circuit, HEADER, lambda old: goldilocks))
    assert refused.value.prime == 2**64 - 2**32 + 1


def test_an_element_that_is_not_below_the_prime_is_refused(circuit: Circuit, witness: Witness) -> None:
    too_big = SCALAR_FIELD.to_bytes(32, "little")
    with pytest.raises(NotCanonical) as refused:
        read_r1cs(r1cs_with(circuit, BODY, replaced(8, too_big)))
    assert refused.value.value == SCALAR_FIELD
    with pytest.raises(NotCanonical):
        read_wtns(wtns_with(witness, BODY, replaced(64, too_big)), 2)


def test_a_cell_that_is_absent_or_twice_in_a_row_is_refused(circuit: Circuit) -> None:
    absent = struct.pack("<I", circuit.cell_count)
    with pytest.raises(ImpossibleCell) as refused:
        read_r1cs(r1cs_with(circuit, BODY, replaced(4, absent)))
    assert refused.value.cell == circuit.cell_count
    one = struct.pack("<I32s", 0, (1).to_bytes(32, "little"))
    twice = struct.pack("<I", 2) + one + one
    with pytest.raises(ImpossibleCell):
        read_r1cs(r1cs_with(circuit, BODY, lambda old: twice + old))


def test_more_signals_than_cells_are_refused(circuit: Circuit, witness: Witness) -> None:
    with pytest.raises(ImpossibleCell):
        read_r1cs(r1cs_with(circuit, HEADER, replaced(44, struct.pack("<I", 1000))))
    with pytest.raises(ImpossibleCell):
        read_wtns(write_wtns(witness), len(witness.cells))


def test_a_witness_whose_first_cell_is_not_one_is_refused(witness: Witness) -> None:
    with pytest.raises(ImpossibleCell):
        read_wtns(wtns_with(witness, BODY, replaced(0, b"\x02")), 2)


def test_a_missing_or_doubled_section_is_refused(circuit: Circuit, witness: Witness) -> None:
    sections = read_sections(write_r1cs(circuit), b"r1cs", 1)
    with pytest.raises(SectionsWrong):
        read_r1cs(write_sections(b"r1cs", 1, {HEADER: sections[HEADER]}))
    with pytest.raises(SectionsWrong):
        read_wtns(write_sections(b"wtns", 2, {}), 2)
    data = write_sections(b"r1cs", 1, sections)
    again = data[:8] + struct.pack("<I", 4) + data[12:] + data[12 : 12 + 12 + len(sections[HEADER])]
    with pytest.raises(SectionsWrong):
        read_r1cs(again)


def test_the_order_of_sections_is_free_and_labels_may_be_absent(circuit: Circuit) -> None:
    sections = read_sections(write_r1cs(circuit), b"r1cs", 1)
    reordered = write_sections(b"r1cs", 1, {BODY: sections[BODY], HEADER: sections[HEADER]})
    assert list(read_r1cs(reordered).constraints.rows()) == list(circuit.constraints.rows())


def test_custom_gates_are_refused(circuit: Circuit) -> None:
    assert read_r1cs(r1cs_with(circuit, 4, lambda old: bytes(4)))
    with pytest.raises(SectionsWrong, match="custom gates"):
        read_r1cs(r1cs_with(circuit, 4, lambda old: b"\1\0\0\0"))


def test_every_flipped_byte_of_the_header_is_refused_or_changes_the_circuit(circuit: Circuit) -> None:
    whole = write_r1cs(circuit)
    original = read_r1cs(whole)
    for place in range(24 + 64):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        try:
            assert read_r1cs(bytes(damaged)) != original or 24 + 52 <= place < 24 + 60  # the number of labels
        except CircuitError:
            continue
