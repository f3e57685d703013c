"""Verifying keys whose trapdoor is known, and proofs simulated with it: every kind of key and proof without a circuit.

Source: the simulator of Groth, eprint 2016/260, section 3.2. Points are made by py_ecc, about 10 ms each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128 import optimized_curve as bn

from crypto.groth16.types import G1, G2, SCALAR_FIELD, Proof, VerifyingKey


@cache
def g1(scalar: int) -> G1:
    """scalar times the generator; (0, 0) for the identity, as EIP-196 writes it."""
    scalar %= SCALAR_FIELD
    if scalar == 0:
        return (0, 0)
    x, y = bn.normalize(bn.multiply(bn.G1, scalar))
    return (int(x), int(y))


@cache
def g2(scalar: int) -> G2:
    """scalar times the generator of the twist's subgroup."""
    return affine2(bn.multiply(bn.G2, scalar % SCALAR_FIELD))


def affine2(point: tuple[FQ2, FQ2, FQ2]) -> G2:
    """A point of py_ecc's on the twist as plain integers."""
    x, y = (coordinate.coeffs for coordinate in bn.normalize(point))
    return ((int(x[0]), int(x[1])), (int(y[0]), int(y[1])))


@dataclass(frozen=True)
class Trapdoor:
    """The discrete logarithms of a verifying key."""

    alpha: int
    beta: int
    gamma: int
    delta: int
    ic: tuple[int, ...]

    @classmethod
    def random(cls, public_inputs: int, seed: int) -> "Trapdoor":
        """The same trapdoor for the same seed."""
        draw = Random(seed)
        alpha, beta, gamma, delta, *ic = (draw.randrange(2, SCALAR_FIELD) for _ in range(5 + public_inputs))
        return cls(alpha, beta, gamma, delta, tuple(ic))

    def key(self) -> VerifyingKey:
        """The verifying key."""
        return VerifyingKey(
            g1(self.alpha), g2(self.beta), g2(self.gamma), g2(self.delta), tuple(g1(scalar) for scalar in self.ic)
        )

    def vk_x(self, inputs: Sequence[int]) -> int:
        """The logarithm of IC[0] + sum x_i IC[i]."""
        return (self.ic[0] + sum(x * ic for x, ic in zip(inputs, self.ic[1:], strict=True))) % SCALAR_FIELD

    def logarithms(self, inputs: Sequence[int], seed: int) -> tuple[int, int, int]:
        """Those of A, B and C of a proof of any statement: C = (A B - alpha beta - vk_x gamma) / delta."""
        draw = Random(seed)
        a, b = draw.randrange(2, SCALAR_FIELD), draw.randrange(2, SCALAR_FIELD)
        c = (a * b - self.alpha * self.beta - self.vk_x(inputs) * self.gamma) * pow(self.delta, -1, SCALAR_FIELD)
        return a, b, c % SCALAR_FIELD

    def prove(self, inputs: Sequence[int], seed: int) -> Proof:
        """A proof of any statement whatever, true or not."""
        a, b, c = self.logarithms(inputs, seed)
        return Proof(g1(a), g2(b), g1(c))
