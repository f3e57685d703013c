"""The container that `.r1cs` and `.wtns` share: a magic, a version, numbered sections. Source: iden3 binary formats."""

import struct
import sys
from array import array
from collections.abc import Mapping
from typing import ClassVar, Final

from crypto.field import FIELD_BYTES, SCALAR_FIELD
from crypto.r1cs.errors import CircuitError

_HEADER: Final = struct.Struct("<4sII")
_SECTION: Final = struct.Struct("<IQ")
PRIME_BYTES: Final = SCALAR_FIELD.to_bytes(FIELD_BYTES, "little")


class CircuitFileError(CircuitError):
    """Root of the errors of `.r1cs` and `.wtns` files."""

    code: ClassVar[int] = 1740


class NotThisFormat(CircuitFileError):
    """Wrong magic or version at the start of the file."""

    code: ClassVar[int] = 1741

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"Expected a file that begins with {expected}, found {found}. Was another kind of file given?")
        self.expected, self.found = expected, found


class WrongLength(CircuitFileError):
    """Something in the file is shorter or longer than the file itself says."""

    code: ClassVar[int] = 1742

    def __init__(self, what: str, expected: int, found: int) -> None:
        super().__init__(f"{what} should be {expected} bytes and is {found}: the file is truncated or damaged.")
        self.what, self.expected, self.found = what, expected, found


class SectionsWrong(CircuitFileError):
    """A needed section is missing, or one stands twice, or one is of a kind that Groth16 cannot prove."""

    code: ClassVar[int] = 1743

    def __init__(self, section: int, problem: str) -> None:
        super().__init__(f"Section {section} {problem}. Write the file again with a tool that keeps to the format.")
        self.section, self.problem = section, problem


class WrongPrime(CircuitFileError):
    """The file is for another field than BN254's scalar field."""

    code: ClassVar[int] = 1744

    def __init__(self, prime: int) -> None:
        super().__init__(
            f"The file is for the field of {prime}; only bn128 (BN254) is supported. Compile it with -p bn128."
        )
        self.prime = prime


class NotCanonical(CircuitFileError):
    """A field element in the file is not below the prime: it would be read as another."""

    code: ClassVar[int] = 1745

    def __init__(self, value: int) -> None:
        super().__init__(f"The file holds {value} as a field element; expected a value below {SCALAR_FIELD}.")
        self.value = value


class ImpossibleCell(CircuitFileError):
    """A constraint names a cell that the circuit does not have, or one cell twice; or the header's counts disagree."""

    code: ClassVar[int] = 1746

    def __init__(self, cell: int, cells: int) -> None:
        super().__init__(f"Cell {cell} is named wrongly in a circuit of {cells} cells: absent, or twice in one row.")
        self.cell, self.cells = cell, cells


def write_sections(magic: bytes, version: int, sections: Mapping[int, bytes]) -> bytes:
    """The file with these sections, in the mapping's order."""
    parts = [section_head(magic, version, len(sections))]
    for number, body in sections.items():
        parts += (section_start(number, len(body)), body)
    return b"".join(parts)


def section_head(magic: bytes, version: int, sections: int) -> bytes:
    """How a file of so many sections starts."""
    return _HEADER.pack(magic, version, sections)


def section_start(number: int, size: int) -> bytes:
    """What stands before a section's body of so many bytes."""
    return _SECTION.pack(number, size)


def little_endian(words: "array[int]") -> "array[int]":
    """The words in the files' byte order."""
    if sys.byteorder == "big":
        words = words[:]
        words.byteswap()
    return words


def read_sections(data: bytes, magic: bytes, version: int) -> dict[int, bytes]:
    """The sections by number. Raises NotThisFormat, WrongLength (also for trailing bytes), SectionsWrong."""
    if len(data) < _HEADER.size:
        raise WrongLength("The header", _HEADER.size, len(data))
    found = _HEADER.unpack_from(data)
    if found[:2] != (magic, version):
        raise NotThisFormat(f"{magic!r} version {version}", f"{found[0]!r} version {found[1]}")
    sections: dict[int, bytes] = {}
    offset = _HEADER.size
    for _ in range(found[2]):
        if len(data) - offset < _SECTION.size:
            raise WrongLength("A section's head", _SECTION.size, len(data) - offset)
        number, size = _SECTION.unpack_from(data, offset)
        offset += _SECTION.size
        if number in sections:
            raise SectionsWrong(number, "stands twice")
        if size > len(data) - offset:
            raise WrongLength(f"Section {number}", size, len(data) - offset)
        sections[number] = data[offset : offset + size]
        offset += size
    if offset != len(data):
        raise WrongLength("The file", offset, len(data))
    return sections


def require_section(sections: Mapping[int, bytes], number: int) -> bytes:
    """The section's bytes. Raises SectionsWrong if it is missing."""
    if number not in sections:
        raise SectionsWrong(number, "is missing")
    return sections[number]


def require_prime(width: int, prime: bytes) -> None:
    """Raises WrongPrime unless elements are 32 bytes of BN254's scalar field."""
    if width != FIELD_BYTES or prime != PRIME_BYTES:
        raise WrongPrime(int.from_bytes(prime, "little"))


def field_element(data: bytes) -> int:
    """A 32-byte little-endian element. Raises NotCanonical."""
    value = int.from_bytes(data, "little")
    if value >= SCALAR_FIELD:
        raise NotCanonical(value)
    return value
