"""The scalar field of BN254: what circuits, Poseidon and public inputs compute in. Source: EIP-197, `curve order`."""

from typing import Final

SCALAR_FIELD: Final = 21888242871839275222246405745257275088548364400416034343698204186575808495617
FIELD_BYTES: Final = 32
