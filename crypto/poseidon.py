"""Poseidon over BN254's scalar field with circomlib's constants, and the vector commitments built from it.

Source: Grassi et al., "Poseidon", USENIX Security 2021; circomlib `poseidon.circom`. A state of t = inputs + 1
elements, t = 2..17: element 0 is the capacity and starts as the domain tag, so that a tag costs no constraint; the
digest is element 0 after the permutation. Tag 0 is circomlib's hash: poseidon([1, 2]) = 0x115cc0f5...4417189a.

Computed with GMP's integers, at half the cost of Python's (docs/decisions/gmpy2.md); what comes out is plain integers.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from operator import mul
from typing import ClassVar, Final

import gmpy2

from crypto.domains import CIRCOMLIB, PoseidonTag
from crypto.errors import CryptoError
from crypto.field import SCALAR_FIELD
from crypto.poseidon_parameters import HALF, WIDTHS, Matrix, Parameters, Row, Sparse, parameters, sparse

MAX_INPUTS: Final = WIDTHS[-1] - 1
PACKED_BITS: Final = 253  # a packed element stays below 2**253 < r
_CHUNK: Final = MAX_INPUTS - 1  # elements of a vector absorbed by one permutation, beside the chaining value
_LENGTH_BITS: Final = 32
_MODULUS: Final[int] = gmpy2.mpz(SCALAR_FIELD)


class NotAFieldElement(CryptoError):
    """A number outside [0, r) was given where a field element is meant: x and x + r would hash alike."""

    code: ClassVar[int] = 1700

    def __init__(self, value: int) -> None:
        super().__init__(
            f"{value} is not a field element: expected 0 <= x < {SCALAR_FIELD}. Reduce it where it is made."
        )
        self.value = value


class WrongInputCount(CryptoError):
    """Poseidon takes 1 to 16 inputs; more need `commit_vector` or a tree."""

    code: ClassVar[int] = 1701

    def __init__(self, count: int) -> None:
        super().__init__(
            f"Poseidon got {count} inputs and takes 1 to {MAX_INPUTS}. Use commit_vector for a longer row."
        )
        self.count = count


class ValueTooWide(CryptoError):
    """A value does not fit the bits it is packed into, or the bits do not fit an element."""

    code: ClassVar[int] = 1702

    def __init__(self, value: int, bits: int) -> None:
        super().__init__(
            f"{value} does not fit {bits} unsigned bits of 1..{PACKED_BITS}. Quantise it or widen the field."
        )
        self.value, self.bits = value, bits


def poseidon(inputs: Sequence[int], tag: int = CIRCOMLIB) -> int:
    """Digest of 1 to 16 field elements under a domain tag.

    Raises WrongInputCount, and NotAFieldElement for an input or tag outside [0, r).
    """
    return permute((tag, *inputs))[0]


def poseidon_bulk(rows: Iterable[Sequence[int]], tag: int = CIRCOMLIB) -> list[int]:
    """Digests of many rows under one tag; raises as `poseidon` does, at the first row that is refused."""
    return [poseidon(row, tag) for row in rows]


def permute(state: Sequence[int]) -> list[int]:
    """The permutation of 2 to 17 field elements. Raises WrongInputCount, NotAFieldElement."""
    if len(state) not in WIDTHS:
        raise WrongInputCount(len(state) - 1)
    for value in state:
        if not 0 <= value < SCALAR_FIELD:
            raise NotAFieldElement(value)
    p = _MODULUS
    chosen, partial = _constants(len(state))
    lanes = list(state)
    for constants in chosen.first[: HALF - 1]:
        lanes = _full_round(lanes, constants, chosen.matrix)
    lanes = _full_round(lanes, chosen.first[HALF - 1], partial.entry)
    head, rest, corner = lanes[0], lanes[1:], partial.corner
    for constant, row, column in zip(chosen.scalars, partial.rows, partial.columns, strict=True):
        head += constant
        square = head * head % p
        power = square * square % p * head % p
        head = (corner * power + sum(map(mul, row, rest))) % p
        # unreduced on purpose: a lane grows by a few bits only, and reducing each would cost more than it saves
        rest = [lane + power * c for lane, c in zip(rest, column, strict=True)]
    lanes = [head, *rest]
    for constants in chosen.last:
        lanes = _full_round(lanes, constants, chosen.matrix)
    return list(map(int, lanes))


def _full_round(lanes: Sequence[int], constants: Sequence[int], matrix: Sequence[Sequence[int]]) -> list[int]:
    p = _MODULUS
    powers = []
    for lane, constant in zip(lanes, constants, strict=True):
        value = lane + constant
        square = value * value % p
        powers.append(square * square % p * value % p)
    return [sum(map(mul, row, powers)) % p for row in matrix]


@cache
def _constants(width: int) -> tuple[Parameters, Sparse]:
    """A width's constants as GMP's integers: every sum and product with one of them is one as well."""
    chosen, partial = parameters(width), sparse(width)
    return (
        Parameters(width, _rows(chosen.matrix), _rows(chosen.first), _row(chosen.scalars), _rows(chosen.last)),
        Sparse(_rows(partial.entry), gmpy2.mpz(partial.corner), _rows(partial.rows), _rows(partial.columns)),
    )


def _rows(matrix: Matrix) -> Matrix:
    return tuple(map(_row, matrix))


def _row(row: Row) -> Row:
    return tuple(map(gmpy2.mpz, row))


def vector_capacity(tag: PoseidonTag, arity: int, length: int) -> int:
    """Initial capacity element of a vector commitment: tag || u32 arity || u32 length, a domain for each shape."""
    return (tag << _LENGTH_BITS | arity) << _LENGTH_BITS | length


def vector_chunks(length: int) -> tuple[int, int]:
    """(permutations, elements per permutation) for a vector of `length`: the fewest permutations, evenly filled."""
    permutations = max(1, -(-length // _CHUNK))
    return permutations, -(-length // permutations)


def commit_vector(tag: PoseidonTag, salt: int, elements: Sequence[int]) -> int:
    """Hiding, binding commitment to a vector of field elements; `salt` is a uniformly random field element.

    h_0 = salt; h_{i+1} = P[capacity](h_i, e_1 ... e_k), the last chunk filled up with zeros; the last h is it.
    Length and arity stand in every permutation's capacity, so neither padding nor a longer vector can be taken for
    another. Up to 15 elements cost one permutation of just their size (3 elements: t = 5, 297 constraints).
    Raises NotAFieldElement.
    """
    permutations, size = vector_chunks(len(elements))
    capacity = vector_capacity(tag, size + 1, len(elements))
    padded = [*elements, *[0] * (permutations * size - len(elements))]
    digest = salt
    for index in range(permutations):
        digest = permute((capacity, digest, *padded[index * size : (index + 1) * size]))[0]
    return digest


def pack_bytes(values: Sequence[int], bits: int) -> list[int]:
    """Packs unsigned integers of `bits` bits, floor(253 / bits) to an element, the first value lowest.

    A circuit may pack only wires whose range it has proven. Raises ValueTooWide.
    """
    if not 1 <= bits <= PACKED_BITS:
        raise ValueTooWide(bits, bits)
    for value in values:
        if not 0 <= value < 1 << bits:
            raise ValueTooWide(value, bits)
    step = PACKED_BITS // bits
    return [
        sum(v << bits * i for i, v in enumerate(values[start : start + step])) for start in range(0, len(values), step)
    ]
