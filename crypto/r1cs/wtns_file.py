"""`.wtns` version 2: a witness as circom, snarkjs and arkworks exchange it.

Source: iden3's snarkjs, `src/wtns_utils.js`: section 1 holds the element width, the prime and the number of cells,
section 2 the cells, 32 bytes little-endian each.
"""

import struct
from typing import Final

from crypto.field import FIELD_BYTES
from crypto.r1cs.circuit import Witness
from crypto.r1cs.sections import (
    PRIME_BYTES,
    ImpossibleCell,
    WrongLength,
    WrongPrime,
    field_element,
    read_sections,
    require_prime,
    require_section,
    write_sections,
)

_MAGIC: Final = b"wtns"
_VERSION: Final = 2
_HEADER, _CELLS = 1, 2
_HEAD: Final = struct.Struct("<I32sI")
_SMALL: Final = tuple(value.to_bytes(FIELD_BYTES, "little") for value in range(256))


def write_wtns(witness: Witness) -> bytes:
    """The witness file that `snarkjs groth16 prove` and groth16py's `prove_wtns` take."""
    head = _HEAD.pack(FIELD_BYTES, PRIME_BYTES, len(witness.cells))
    body = b"".join([_SMALL[cell] if cell < 256 else cell.to_bytes(FIELD_BYTES, "little") for cell in witness.cells])
    return write_sections(_MAGIC, _VERSION, {_HEADER: head, _CELLS: body})


def read_wtns(data: bytes, public_count: int) -> Witness:
    """Reads a witness of a circuit with that many public signals. Raises a CircuitFileError that says what is wrong."""
    sections = read_sections(data, _MAGIC, _VERSION)
    head = require_section(sections, _HEADER)
    if len(head) != _HEAD.size:
        raise (
            WrongPrime(0)
            if head[:4] != struct.pack("<I", FIELD_BYTES)
            else WrongLength("The wtns header", _HEAD.size, len(head))
        )
    width, prime, count = _HEAD.unpack(head)
    require_prime(width, prime)
    body = require_section(sections, _CELLS)
    if len(body) != count * FIELD_BYTES:
        raise WrongLength("The witness section", count * FIELD_BYTES, len(body))
    cells = tuple(field_element(body[i : i + FIELD_BYTES]) for i in range(0, len(body), FIELD_BYTES))
    if len(cells) <= public_count or cells[0] != 1:
        raise ImpossibleCell(0 if len(cells) > public_count else public_count, len(cells))
    return Witness(cells, public_count)
