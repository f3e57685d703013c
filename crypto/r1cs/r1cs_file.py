"""`.r1cs` version 1: the constraints as circom, snarkjs and arkworks exchange them.

Source: https://github.com/iden3/r1csfile/blob/master/doc/r1cs_bin_format.md. All public signals are written as public
inputs in the order of their declaration. Strict reader: what it accepts, it accepts as the writer would write it, but
for the order of sections and of the terms in a row, which other compilers choose differently.
"""

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
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
    read_sections,
    require_prime,
    require_section,
    write_sections,
)

_MAGIC: Final = b"r1cs"
_VERSION: Final = 1
_HEADER, _CONSTRAINTS, _LABELS = 1, 2, 3
_CUSTOM_GATES: Final = (4, 5)
_HEAD: Final = struct.Struct("<I32sIIIIQI")
_COUNT: Final = struct.Struct("<I")
_TERM: Final = struct.Struct("<I32s")


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
    cells = circuit.cell_count
    private = sum(len(place.cells) for place in circuit.inputs.values() if place.cells.start > circuit.public_count)
    head = _HEAD.pack(
        FIELD_BYTES, PRIME_BYTES, cells, 0, circuit.public_count, private, cells, len(circuit.constraints)
    )
    labels = array("Q", range(cells))
    return write_sections(
        _MAGIC,
        _VERSION,
        {
            _HEADER: head,
            _CONSTRAINTS: b"".join(_rows(circuit.constraints)),
            _LABELS: struct.pack(f"<{cells}Q", *labels),
        },
    )


def _rows(constraints: Constraints) -> Iterator[bytes]:
    coefficients = [value.to_bytes(FIELD_BYTES, "little") for value in constraints.coefficients]
    matrices = (constraints.a, constraints.b, constraints.c)
    for row in range(len(constraints)):
        for matrix in matrices:
            start, end = matrix.span(row)
            yield _COUNT.pack(end - start)
            for i in range(start, end):
                yield _TERM.pack(matrix.cells[i], coefficients[matrix.coefficients[i]])


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
