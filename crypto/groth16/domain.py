"""The roots of unity that constraints stand on: Lagrange polynomials at a point, interpolation. Source: arkworks and
snarkjs, whose generator of the group of order 2^28 is 5^((r-1) / 2^28)."""

from collections.abc import Sequence
from typing import Final

import gmpy2

from crypto.field import SCALAR_FIELD

_R: Final = gmpy2.mpz(SCALAR_FIELD)
_ADICITY: Final = 28
_GENERATOR: Final = pow(5, SCALAR_FIELD >> _ADICITY, SCALAR_FIELD)


def root_of_unity(size: int) -> int:
    """A generator of the roots of unity of order `size`, a power of two up to 2^28."""
    return pow(_GENERATOR, (1 << _ADICITY) // size, SCALAR_FIELD)


def lagrange_at(size: int, point: int) -> list[gmpy2.mpz]:
    """The size Lagrange polynomials of the domain at a point outside it: (x^n - 1) w^i / (n (x - w^i))."""
    root, power = gmpy2.mpz(root_of_unity(size)), gmpy2.mpz(1)
    weights, differences = [], []
    weight = (gmpy2.powmod(point, size, _R) - 1) * gmpy2.invert(size, _R) % _R
    for _ in range(size):
        weights.append(weight * power % _R)
        differences.append((point - power) % _R)
        power = power * root % _R
    return [w * d % _R for w, d in zip(weights, _inverses(differences), strict=True)]


def interpolate(values: Sequence[int]) -> list[gmpy2.mpz]:
    """The coefficients of the polynomial with these values on the domain, lowest first (Cooley and Tukey)."""
    size = len(values)
    bits = size.bit_length() - 1
    row = [gmpy2.mpz(values[int(f"{i:0{bits}b}"[::-1], 2) if bits else 0]) for i in range(size)]
    half = 1
    while half < size:
        root = gmpy2.invert(root_of_unity(2 * half), _R)
        factors = [gmpy2.mpz(1)]
        for _ in range(half - 1):
            factors.append(factors[-1] * root % _R)
        for start in range(0, size, 2 * half):
            middle = start + half
            turned = [f * v % _R for f, v in zip(factors, row[middle : middle + half], strict=True)]
            even = row[start:middle]
            row[start:middle] = [(a + b) % _R for a, b in zip(even, turned, strict=True)]
            row[middle : middle + half] = [(a - b) % _R for a, b in zip(even, turned, strict=True)]
        half *= 2
    scale = gmpy2.invert(size, _R)
    return [value * scale % _R for value in row]


def _inverses(values: Sequence[gmpy2.mpz]) -> list[gmpy2.mpz]:
    product, before = gmpy2.mpz(1), []
    for value in values:
        before.append(product)
        product = product * value % _R
    inverse = gmpy2.invert(product, _R)
    for i in range(len(values) - 1, -1, -1):
        before[i] = before[i] * inverse % _R
        inverse = inverse * values[i] % _R
    return before
