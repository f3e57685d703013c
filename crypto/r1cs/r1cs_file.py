"""`.r1cs` version 1: the constraints as circom, snarkjs and arkworks exchange them.

Source: https://github.com/iden3/r1csfile/blob/master/doc/r1cs_bin_format.md. All public signals are written as public
inputs in the order of their declaration. Strict reader: what it accepts, it accepts as the writer would write it, but
for the order of sections and of the terms in a row, which other compilers choose differently.
"""

import struct
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from crypto.field import FIELD_BYTES
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.constraints import Constraints, Matrix
from crypto.r1cs.sections import (
    PRIME_BYTES,
    ImpossibleCell,
    SectionsWrong,
    WrongLength,
    WrongPrime,
    field_element,
    little_endian,
    read_sections,
    require_prime,
    require_section,
    section_head,
    section_start,
)

_MAGIC: Final = b"r1cs"
_VERSION: Final = 1
_HEADER, _CONSTRAINTS, _LABELS = 1, 2, 3
_CUSTOM_GATES: Final = (4, 5)
_HEAD: Final = struct.Struct("<I32sIIIIQI")
_COUNT: Final = struct.Struct("<I")
_TERM: Final = struct.Struct("<I32s")
_ROWS_AT_ONCE: Final = 1 << 12


@dataclass(frozen=True, slots=True)
class R1cs:
    """The contents of a `.r1cs` file."""

    cell_count: int
    public_outputs: int
    public_inputs: int
    private_inputs: int
    constraints: Constraints

    @property
    def public_count(self) -> int:
        return self.public_outputs + self.public_inputs


def write_r1cs(circuit: Circuit) -> bytes:
    """The circuit's `.r1cs` file; its SHA-256 names the circuit in a program id."""
    return b"".join(r1cs_parts(circuit))


def r1cs_parts(circuit: Circuit) -> Iterator[bytes]:
    """The file in pieces of a few MB, for hashing and for writing large circuits: the whole can be larger than memory
    allows, at 36 bytes a term."""
    constraints, cells = circuit.constraints, circuit.cell_count
    private = sum(len(place.cells) for place in circuit.inputs.values() if place.cells.start > circuit.public_count)
    head = _HEAD.pack(FIELD_BYTES, PRIME_BYTES, cells, 0, circuit.public_count, private, cells, len(constraints))
    terms = sum(len(matrix.cells) for matrix in (constraints.a, constraints.b, constraints.c))
    yield section_head(_MAGIC, _VERSION, 3)
    yield section_start(_HEADER, len(head)) + head
    yield section_start(_CONSTRAINTS, 3 * len(constraints) * _COUNT.size + terms * _TERM.size)
    yield from _rows(constraints)
    yield section_start(_LABELS, 8 * cells) + little_endian(array("Q", range(cells))).tobytes()


def _rows(constraints: Constraints) -> Iterator[bytes]:
    """All rows, some thousands at a time: for each matrix the number of terms and the terms."""
    coefficients = [value.to_bytes(FIELD_BYTES, "little") for value in constraints.coefficients]
    for first in range(0, len(constraints), _ROWS_AT_ONCE):
        last = min(first + _ROWS_AT_ONCE, len(constraints))
        parts: list[bytes] = [b""] * (6 * (last - first))
        for number, matrix in enumerate((constraints.a, constraints.b, constraints.c)):
            start = matrix.span(first)[0]
            ends = [0, *(end - start for end in matrix.ends[first:last])]
            terms = _terms(matrix, start, start + ends[-1], coefficients)
            parts[2 * number :: 6] = [_COUNT.pack(end - begin) for begin, end in pairwise(ends)]
            parts[2 * number + 1 :: 6] = [terms[begin * _TERM.size : end * _TERM.size] for begin, end in pairwise(ends)]
        yield b"".join(parts)


def _terms(matrix: Matrix, start: int, end: int, coefficients: Sequence[bytes]) -> bytes:
    """Terms as the file has them: the cell in one word of 4 bytes, its coefficient in eight."""
    numbers = array("I", b"".join(map(coefficients.__getitem__, matrix.coefficients[start:end])))
    words = array("I", bytes(_TERM.size * (end - start)))
    words[0::9] = little_endian(matrix.cells[start:end])
    for place in range(8):
        words[place + 1 :: 9] = numbers[place::8]
    return words.tobytes()


def read_r1cs(data: bytes) -> R1cs:
    """Reads a file of ours, circom's or any other compiler's. Raises a CircuitFileError that says what is wrong."""
    sections = read_sections(data, _MAGIC, _VERSION)
    for number in _CUSTOM_GATES:
        if any(sections.get(number, b"")):
            raise SectionsWrong(number, "holds custom gates, which Groth16 cannot prove")
    head = require_section(sections, _HEADER)
    if len(head) >= _COUNT.size and _COUNT.unpack_from(head)[0] != FIELD_BYTES:
        raise WrongPrime(int.from_bytes(head[_COUNT.size : _COUNT.size + _COUNT.unpack_from(head)[0]], "little"))
    if len(head) != _HEAD.size:
        raise WrongLength("The r1cs header", _HEAD.size, len(head))
    width, prime, cells, outputs, public, private, _, rows = _HEAD.unpack(head)
    require_prime(width, prime)
    if 1 + outputs + public + private > cells:
        raise ImpossibleCell(outputs + public + private, cells)
    if _LABELS in sections and len(sections[_LABELS]) != 8 * cells:
        raise WrongLength("The label section", 8 * cells, len(sections[_LABELS]))
    constraints = _read_constraints(require_section(sections, _CONSTRAINTS), rows, cells)
    return R1cs(cells, outputs, public, private, constraints)


def _read_constraints(body: bytes, rows: int, cells: int) -> Constraints:
    matrices = (Matrix(), Matrix(), Matrix())
    interned: dict[bytes, int] = {}
    offset = 0
    for index in range(3 * rows):
        offset = _read_row(matrices[index % 3], body, offset, cells, interned)
    if offset != len(body):
        raise WrongLength("The constraint section", offset, len(body))
    coefficients = tuple(field_element(value) for value in interned)
    return Constraints(*matrices, coefficients, array("I", bytes(4 * rows)), ("",))


def _read_row(matrix: Matrix, body: bytes, offset: int, cells: int, interned: dict[bytes, int]) -> int:
    """Reads one linear combination and returns the offset behind it."""
    if len(body) - offset < _COUNT.size:
        raise WrongLength("The constraint section", offset + _COUNT.size, len(body))
    count: int = _COUNT.unpack_from(body, offset)[0]
    offset += _COUNT.size
    end = offset + count * _TERM.size
    if end > len(body):
        raise WrongLength("The constraint section", end, len(body))
    seen = set()
    for cell, coefficient in _TERM.iter_unpack(body[offset:end]):
        if cell >= cells or cell in seen:
            raise ImpossibleCell(cell, cells)
        seen.add(cell)
        matrix.cells.append(cell)
        matrix.coefficients.append(interned.setdefault(coefficient, len(interned)))
    matrix.ends.append(len(matrix.cells))
    return end
