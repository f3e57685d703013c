"""Two hand-written constraints in the .r1cs and .wtns formats of iden3, so that proving is tested without a compiler.

Wires: one, product (public), x (public), y, y squared. product = x * y, square = y * y.
"""

import struct
from collections.abc import Sequence

from crypto.groth16.types import SCALAR_FIELD

Combination = dict[int, int]


def r1cs(constraints: Sequence[tuple[Combination, Combination, Combination]], wires: int, public: int) -> bytes:
    """.r1cs version 1: header, constraints, wire labels; every public wire is written as an output."""
    header = struct.pack("<I", 32) + _field(SCALAR_FIELD)
    header += struct.pack("<IIIIQI", wires, public, 0, wires - 1 - public, wires, len(constraints))
    body = b"".join(_combination(part) for constraint in constraints for part in constraint)
    labels = b"".join(struct.pack("<Q", wire) for wire in range(wires))
    return b"r1cs" + struct.pack("<II", 1, 3) + _section(1, header) + _section(2, body) + _section(3, labels)


def wtns(values: Sequence[int]) -> bytes:
    """.wtns version 2."""
    header = struct.pack("<I", 32) + _field(SCALAR_FIELD) + struct.pack("<I", len(values))
    body = b"".join(_field(value) for value in values)
    return b"wtns" + struct.pack("<II", 2, 2) + _section(1, header) + _section(2, body)


def _combination(terms: Combination) -> bytes:
    return struct.pack("<I", len(terms)) + b"".join(struct.pack("<I", w) + _field(v) for w, v in sorted(terms.items()))


def _section(kind: int, data: bytes) -> bytes:
    return struct.pack("<IQ", kind, len(data)) + data


def _field(value: int) -> bytes:
    return value.to_bytes(32, "little")


PRODUCT_R1CS = r1cs([({2: 1}, {3: 1}, {1: 1}), ({3: 1}, {3: 1}, {4: 1})], wires=5, public=2)


def product_witness(x: int, y: int) -> bytes:
    """The witness of product = x * y."""
    return wtns((1, x * y % SCALAR_FIELD, x, y, y * y % SCALAR_FIELD))
