"""The statement of `set_readers`: a data key is committed to, and sealed to one reader who can open it.

K is sealed by ElGamal's way of Diffie-Hellman on BabyJubJub: E = e * Base8, S = e * R, wrapped = K + P[READER_KEY](S, contract,
epoch). Here twice: `check` in plain integers, `constrain` as a circuit. Tests hold them equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.confidential import sealing
from crypto import babyjubjub, domains
from crypto.babyjubjub import Point
from crypto.field import SCALAR_FIELD
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.gadgets.poseidon import poseidon

READERS: Final = 1  # that this circuit seals to; the chain's format has room for eight


@dataclass(frozen=True, slots=True)
class Public:
    """The public inputs, in order."""

    ctx: int
    contract: int
    epoch: int
    kc: int
    ephemeral: Point
    reader: Point
    wrapped: int

    def signals(self) -> tuple[int, ...]:
        return (self.ctx, self.contract, self.epoch, self.kc, *self.ephemeral, *self.reader, self.wrapped)

    @classmethod
    def of(cls, signals: Sequence[int]) -> "Public":
        ctx, contract, epoch, kc, ex, ey, rx, ry, wrapped = signals
        return cls(ctx, contract, epoch, kc, Point(ex, ey), Point(rx, ry), wrapped)


@dataclass(frozen=True, slots=True)
class Private:
    """The witness: the data key, and the one-time secret e of fewer than 2^251."""

    data_key: int
    ephemeral_secret: int
