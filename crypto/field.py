"""The scalar field of BN254: what circuits, Poseidon and public inputs compute in. Source: EIP-197, `curve order`."""

from typing import Final

SCALAR_FIELD: Final = 21888242871839275222246405745257275088548364400416034343698204186575808495617
FIELD_BYTES: Final = 32

_TWO_ADICITY: Final = 28  # r - 1 = 2**28 * odd
_NON_RESIDUE: Final = 5


def square_root(value: int) -> int | None:
    """A square root of a field element, or None if it has none. Source: Tonelli and Shanks."""
    if value == 0:
        return 0
    if pow(value, SCALAR_FIELD // 2, SCALAR_FIELD) != 1:
        return None
    order, odd = _TWO_ADICITY, SCALAR_FIELD >> _TWO_ADICITY
    generator = pow(_NON_RESIDUE, odd, SCALAR_FIELD)
    root, rest = pow(value, (odd + 1) // 2, SCALAR_FIELD), pow(value, odd, SCALAR_FIELD)
    while rest != 1:
        level, square = 0, rest
        while square != 1:
            square = square * square % SCALAR_FIELD
            level += 1
        factor = pow(generator, 1 << order - level - 1, SCALAR_FIELD)
        root, generator = root * factor % SCALAR_FIELD, factor * factor % SCALAR_FIELD
        rest, order = rest * generator % SCALAR_FIELD, level
    return root
