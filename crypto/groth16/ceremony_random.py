"""The random numbers and points that snarkjs derives from a hash, so that a ceremony's record can be followed.

ChaCha20 with a 256-bit seed, zero nonce and a 128-bit counter; a field element is drawn until it is below the modulus
and is the *Montgomery form* of what it stands for. Source: iden3's ffjavascript, `chacha.js`, `wasm_field1.js` and
`wasm_curve.js`; the cofactor is that of BN254's twist, 2q - r.
"""

import struct
from hashlib import sha256
from itertools import chain
from typing import Final

from crypto.field import SCALAR_FIELD
from crypto.groth16.curve import g1_root, multiply_twist, negate, twist_root
from crypto.groth16.types import BASE_FIELD, G1, G2

SEED_BYTES: Final = 32
_MASK: Final = (1 << 32) - 1
_FIELD_MASK: Final = (1 << 254) - 1
_COFACTOR: Final = 2 * BASE_FIELD - SCALAR_FIELD
_HALF: Final = (BASE_FIELD - 1) // 2
_CONSTANTS: Final = (0x61707865, 0x3320646E, 0x79622D32, 0x6B206574)
_COLUMNS: Final = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
_DIAGONALS: Final = ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))


class CeremonyRandom:
    """snarkjs's generator from the first 32 bytes of a hash."""

    def __init__(self, seed: bytes) -> None:
        self._key = struct.unpack(">8I", seed[:SEED_BYTES])
        self._blocks = 0
        self._words: list[int] = []

    def word(self) -> int:
        """32 bits."""
        if not self._words:
            self._words = _block(self._key, self._blocks)[::-1]
            self._blocks += 1
        return self._words.pop()

    def scalar(self) -> int:
        """An element of the scalar field."""
        return self._element(SCALAR_FIELD)

    def g1(self) -> G1:
        """A point of G1."""
        while True:
            x, greater = self._element(BASE_FIELD), bool(self.word() & 1)
            if (y := g1_root(x)) is not None:
                return (x, y if (y > _HALF) == greater else BASE_FIELD - y)

    def g2(self) -> G2:
        """A point of the twist's subgroup of order r: one of the twist, times the cofactor."""
        while True:
            x = (self._element(BASE_FIELD), self._element(BASE_FIELD))
            greater = bool(self.word() & 1)
            if (y := twist_root(x)) is not None:
                y = y if ((y[1] or y[0]) > _HALF) == greater else negate(y)
                if (point := multiply_twist((x, y), _COFACTOR)) is not None:
                    return point

    def _element(self, modulus: int) -> int:
        while True:
            limbs = [self.word() << 32 | self.word() for _ in range(4)]
            value = sum(limb << 64 * place for place, limb in enumerate(limbs)) & _FIELD_MASK
            if value < modulus:
                return value * pow(1 << 256, -1, modulus) % modulus


def beacon_random(beacon: bytes, iterations: int) -> CeremonyRandom:
    """The generator of a beacon: 2^iterations times SHA-256 of its bytes."""
    digest = beacon
    for _ in range(1 << iterations):
        digest = sha256(digest).digest()
    return CeremonyRandom(digest)


def _block(key: tuple[int, ...], counter: int) -> list[int]:
    start = [*_CONSTANTS, *key, counter & _MASK, counter >> 32, 0, 0]
    state = list(start)
    for _ in range(10):
        for a, b, c, d in chain(_COLUMNS, _DIAGONALS):
            for to, by, turned, shift in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                state[to] = state[to] + state[by] & _MASK
                mixed = state[turned] ^ state[to]
                state[turned] = (mixed << shift | mixed >> 32 - shift) & _MASK
    return [(one + two) & _MASK for one, two in zip(state, start, strict=True)]
