"""The scalar field of BN254: what circuits, Poseidon and public inputs compute in. Source: EIP-197, `curve order`.

Inverses and roots are GMP's, ten to a hundred times as fast as `pow` (docs/decisions/gmpy2.md).
"""

from typing import Final

import gmpy2

SCALAR_FIELD: Final = 21888242871839275222246405745257275088548364400416034343698204186575808495617
FIELD_BYTES: Final = 32

_TWO_ADICITY: Final = 28  # r - 1 = 2**28 * odd
_NON_RESIDUE: Final = 5
_MODULUS: Final[int] = gmpy2.mpz(SCALAR_FIELD)
_ODD: Final = SCALAR_FIELD >> _TWO_ADICITY
# the i-th has order 2**(28 - i)
_ROOTS: Final = tuple(gmpy2.powmod(_NON_RESIDUE, _ODD << i, _MODULUS) for i in range(_TWO_ADICITY))


def inverse(value: int) -> int:
    """1 / value. Raises ZeroDivisionError for zero."""
    return int(gmpy2.invert(value, _MODULUS))


def square_root(value: int) -> int | None:
    """A square root of a field element, or None if it has none. Source: Tonelli and Shanks."""
    if value == 0:
        return 0
    if gmpy2.legendre(value, _MODULUS) != 1:
        return None
    half = gmpy2.powmod(value, _ODD // 2, _MODULUS)
    root = value * half % _MODULUS
    rest = root * half % _MODULUS
    while rest != 1:
        level, square = 0, rest
        while square != 1:
            square = square * square % _MODULUS
            level += 1
        root = root * _ROOTS[_TWO_ADICITY - level - 1] % _MODULUS
        rest = rest * _ROOTS[_TWO_ADICITY - level] % _MODULUS
    return int(root)
