"""`.zkey` of Groth16 on BN254: a proving key with its verifying key and the record of its ceremony; strict.

Source: iden3's snarkjs 0.7, `src/zkey_utils.js` and `src/zkey_new.js`. Ten sections: 1 the proof system, 2 the header,
3 IC, 4 the coefficients of A and B (times 2^512 mod r), 5 A, 6 B in G1, 7 B in G2, 8 L ("C"), 9 H, 10 contributions.
Coefficients are those of the constraints in their order, then one of A for the constant and each public wire, in rows
of their own behind the constraints. H is given in the odd points of the domain of twice the size, over delta.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from crypto.field import FIELD_BYTES, SCALAR_FIELD
from crypto.groth16.key_file_errors import AnotherCircuit, NotGroth16, WrongCurve, WrongDomain
from crypto.groth16.montgomery import G1_BYTES, G2_BYTES, decode_g1, decode_g2, encode_g1, encode_g2
from crypto.groth16.types import BASE_FIELD, G1, G2, VerifyingKey
from crypto.r1cs.constraints import Constraints, Matrix
from crypto.r1cs.sections import WrongLength, WrongPrime, read_sections, require_section, write_sections

MAGIC: Final = b"zkey"
VERSION: Final = 1
PROTOCOL, HEADER, IC, COEFFICIENTS, A, B1, B2, L, H, CONTRIBUTIONS = range(1, 11)
POINT_SECTIONS: Final = {A: "A", B1: "B1", B2: "B2", L: "L", H: "H"}
GROTH16: Final = 1
MAX_DOMAIN: Final = 1 << 27  # H stands on a domain of twice the size, and r - 1 = 2^28 * odd

_COUNT: Final = struct.Struct("<I")
_FIELDS: Final = struct.Struct("<I32sI32sIII")
_ENTRY: Final = struct.Struct("<III32s")
_VK_BYTES: Final = 3 * G1_BYTES + 3 * G2_BYTES
_SQUARE: Final = pow(2, 512, SCALAR_FIELD)
_ONE: Final = _SQUARE.to_bytes(FIELD_BYTES, "little")


@dataclass(frozen=True, slots=True)
class ZkeyHeader:
    """Counts and the fixed points. cells: wires with the constant; public: without it; domain: a power of two."""

    cells: int
    public: int
    domain: int
    alpha1: G1
    beta1: G1
    beta2: G2
    gamma2: G2
    delta1: G1
    delta2: G2


@dataclass(frozen=True, slots=True)
class Zkey:
    """A file whose sections have the lengths that its header says. Points of sections 3 to 9 are as they stand."""

    header: ZkeyHeader
    sections: Mapping[int, bytes]

    def ic(self) -> tuple[G1, ...]:
        """One point more than public inputs. Raises CoordinateOutOfRange."""
        section = self.sections[IC]
        return tuple(decode_g1(section[at : at + G1_BYTES], f"ic[{at // G1_BYTES}]") for at in _steps(section))

    def verifying(self) -> VerifyingKey:
        """The verifying key; `keycheck.check_key` says whether it may be used. Raises CoordinateOutOfRange."""
        head = self.header
        return VerifyingKey(head.alpha1, head.beta2, head.gamma2, head.delta2, self.ic())


def read_zkey(data: bytes) -> Zkey:
    """The key of a file, by structure alone: `zkey_check.check_zkey` says whether its points are sound.

    Raises a CircuitFileError (sections missing, doubled, too short, too long; another scalar field), NotGroth16,
    WrongCurve, WrongDomain, CoordinateOutOfRange.
    """
    sections = read_sections(data, MAGIC, VERSION)
    protocol = require_section(sections, PROTOCOL)
    require_length("The zkey's protocol section", protocol, _COUNT.size)
    if (number := _COUNT.unpack(protocol)[0]) != GROTH16:
        raise NotGroth16(number)
    header = _read_header(require_section(sections, HEADER))
    expected = {
        IC: (header.public + 1) * G1_BYTES,
        A: header.cells * G1_BYTES,
        B1: header.cells * G1_BYTES,
        B2: header.cells * G2_BYTES,
        L: (header.cells - header.public - 1) * G1_BYTES,
        H: header.domain * G1_BYTES,
    }
    for section, length in expected.items():
        require_length(f"Section {section} of the zkey", require_section(sections, section), length)
    coefficients = require_section(sections, COEFFICIENTS)
    count = _COUNT.unpack_from(coefficients)[0] if len(coefficients) >= _COUNT.size else 0
    require_length("The zkey's coefficient section", coefficients, _COUNT.size + count * _ENTRY.size)
    require_section(sections, CONTRIBUTIONS)
    return Zkey(header, sections)


def zkey_sections(
    header: ZkeyHeader, ic: bytes, coefficients: bytes, points: Mapping[int, bytes], contributions: bytes
) -> dict[int, bytes]:
    """The sections of a file, in the order in which snarkjs writes a contributed key.

    points: sections A, B1, B2, L and H as they stand in the file.
    """
    return {
        PROTOCOL: _COUNT.pack(GROTH16),
        HEADER: _write_header(header),
        IC: ic,
        COEFFICIENTS: coefficients,
        **{section: points[section] for section in POINT_SECTIONS},
        CONTRIBUTIONS: contributions,
    }


def write_zkey(sections: Mapping[int, bytes]) -> bytes:
    """The file of `zkey_sections`."""
    return write_sections(MAGIC, VERSION, sections)


def domain_size(constraints: int, public: int) -> int:
    """The domain that snarkjs takes: room for the constraints, and a row for the constant and each public wire."""
    return 1 << (constraints + public).bit_length()


def write_coefficients(constraints: Constraints, public: int) -> bytes:
    """Section 4 of a key for these constraints, byte for byte what snarkjs writes for them."""
    parts = list(_entries(constraints, public))
    return _COUNT.pack(len(parts)) + b"".join(parts)


def check_circuit(zkey: Zkey, constraints: Constraints, cells: int, public: int) -> None:
    """That the key is of these constraints, as far as its coefficients tell. Raises AnotherCircuit.

    A .zkey holds no coefficients of C: a circuit that differs there alone shows in `ceremony.check_ceremony`, and in
    proofs that do not verify.
    """
    head = zkey.header
    for what, found, expected in (
        ("number of wires", head.cells, cells),
        ("number of public inputs", head.public, public),
        ("domain", head.domain, domain_size(len(constraints), public)),
    ):
        if found != expected:
            raise AnotherCircuit(what, found, expected)
    section, at = zkey.sections[COEFFICIENTS], _COUNT.size
    for number, entry in enumerate(_entries(constraints, public)):
        if section[at : at + _ENTRY.size] != entry:
            raise AnotherCircuit(f"coefficient {number}", section[at : at + _ENTRY.size].hex(), entry.hex())
        at += _ENTRY.size
    if at != len(section):
        raise AnotherCircuit("number of coefficients", (len(section) - _COUNT.size) // _ENTRY.size, number + 1)


def entries(zkey: Zkey) -> Iterator[tuple[int, int, int, bytes]]:
    """The coefficients: matrix (0 for A, 1 for B), row, wire, value times 2^512 mod r."""
    return _ENTRY.iter_unpack(zkey.sections[COEFFICIENTS][_COUNT.size :])


def require_length(what: str, section: bytes, expected: int) -> None:
    """Raises WrongLength."""
    if len(section) != expected:
        raise WrongLength(what, expected, len(section))


def _entries(constraints: Constraints, public: int) -> Iterator[bytes]:
    values = [(v * _SQUARE % SCALAR_FIELD).to_bytes(FIELD_BYTES, "little") for v in constraints.coefficients]
    for row in range(len(constraints)):
        yield from _row(0, row, constraints.a, values)
        yield from _row(1, row, constraints.b, values)
    for wire in range(public + 1):
        yield _ENTRY.pack(0, len(constraints) + wire, wire, _ONE)


def _row(number: int, row: int, matrix: Matrix, values: list[bytes]) -> Iterator[bytes]:
    start, end = matrix.span(row)
    for i in range(start, end):
        yield _ENTRY.pack(number, row, matrix.cells[i], values[matrix.coefficients[i]])


def _read_header(section: bytes) -> ZkeyHeader:
    if len(section) >= _COUNT.size and (width := _COUNT.unpack_from(section)[0]) != FIELD_BYTES:
        raise WrongCurve(int.from_bytes(section[_COUNT.size : _COUNT.size + width], "little"))
    require_length("The zkey's header", section, _FIELDS.size + _VK_BYTES)
    _, q, width, r, cells, public, domain = _FIELDS.unpack_from(section)
    if int.from_bytes(q, "little") != BASE_FIELD:
        raise WrongCurve(int.from_bytes(q, "little"))
    if width != FIELD_BYTES or int.from_bytes(r, "little") != SCALAR_FIELD:
        raise WrongPrime(int.from_bytes(r, "little"))
    if public >= cells or not 2 <= domain <= MAX_DOMAIN or domain & (domain - 1):
        raise WrongDomain(cells, public, domain)
    at = _FIELDS.size
    alpha1, beta1 = (decode_g1(section[at + i * G1_BYTES :][:G1_BYTES], n) for i, n in enumerate(("alpha1", "beta1")))
    at += 2 * G1_BYTES
    beta2, gamma2 = (decode_g2(section[at + i * G2_BYTES :][:G2_BYTES], n) for i, n in enumerate(("beta2", "gamma2")))
    at += 2 * G2_BYTES
    delta1, delta2 = decode_g1(section[at : at + G1_BYTES], "delta1"), decode_g2(section[at + G1_BYTES :], "delta2")
    return ZkeyHeader(cells, public, domain, alpha1, beta1, beta2, gamma2, delta1, delta2)


def _write_header(header: ZkeyHeader) -> bytes:
    q, r = BASE_FIELD.to_bytes(FIELD_BYTES, "little"), SCALAR_FIELD.to_bytes(FIELD_BYTES, "little")
    return b"".join(
        (
            _FIELDS.pack(FIELD_BYTES, q, FIELD_BYTES, r, header.cells, header.public, header.domain),
            encode_g1((header.alpha1, header.beta1)),
            encode_g2((header.beta2, header.gamma2)),
            encode_g1((header.delta1,)),
            encode_g2((header.delta2,)),
        )
    )


def _steps(section: bytes) -> range:
    return range(0, len(section), G1_BYTES)
