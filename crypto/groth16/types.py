"""Points, proofs and verifying keys on BN254, as plain integers. Source: Groth, eprint 2016/260; EIP-197 for the curve.

A point is affine and never the identity, which no honest proof or key contains. What decoding returns is in range and
on its curve; that B of a proof and the G2 points of a key are of order r is checked where they are used.
"""

from dataclasses import dataclass
from typing import Final

from crypto.field import SCALAR_FIELD

BASE_FIELD: Final = 21888242871839275222246405745257275088696311157297823662689037894645226208583  # q

Fp2 = tuple[int, int]  # (c0, c1) for c0 + c1 * u, u * u = -1
G1 = tuple[int, int]  # (x, y) with y^2 = x^3 + 3
G2 = tuple[Fp2, Fp2]  # (x, y) with y^2 = x^3 + 3 / (9 + u)

G1_GENERATOR: Final[G1] = (1, 2)
G2_GENERATOR: Final[G2] = (
    (
        10857046999023057135944570762232829481370756359578518086990519993285655852781,
        11559732032986387107991004021392285783925812861821192530917403151452391805634,
    ),
    (
        8495653923123431417604973247489272438418190587263600148770280649306958101930,
        4082367875863433681332203403145435568316851327593401208105741076214120093531,
    ),
)

MAX_PUBLIC_INPUTS: Final = 32  # each full-width input costs a verifier 0.1 ms


@dataclass(frozen=True, slots=True)
class Proof:
    """(A, B, C) of eprint 2016/260, section 3.2."""

    a: G1
    b: G2
    c: G1


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """What a verifier knows of a circuit: alpha, beta, gamma, delta, and IC with one point more than public inputs."""

    alpha: G1
    beta: G2
    gamma: G2
    delta: G2
    ic: tuple[G1, ...]

    @property
    def public_inputs(self) -> int:
        return len(self.ic) - 1


__all__ = [
    "BASE_FIELD",
    "G1",
    "G1_GENERATOR",
    "G2",
    "G2_GENERATOR",
    "MAX_PUBLIC_INPUTS",
    "SCALAR_FIELD",
    "Fp2",
    "Proof",
    "VerifyingKey",
]
