"""The formulas of sealed registers and data keys: what circuits prove, readers undo, and genesis of a register fixes.

Source: protocol.md, "Confidential contracts". All values are field elements; K is a contract's data key of one epoch.

    kc      = P[DATA_KEY](K, epoch)
    wrapped = K + P[READER_KEY](S.x, S.y, contract, epoch),  S = e * R = r * E,  E = e * Base8,  R = r * Base8
    cm      = commit_vector[REGISTER](blinding; version, values...)
    n       = P[SYNTHETIC_NONCE](K, version, cm, blinding)
    ct_i    = m_i + P[KEYSTREAM](K, contract, register, version, n, i),  m = (values..., blinding)

The blinding is drawn afresh for every attempt, and n covers it and the message through cm: two attempts at one version
never share a keystream, not even when a broken random source repeats a blinding.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final

from chain.types.scalars import FieldElement
from crypto import domains
from crypto.field import SCALAR_FIELD
from crypto.poseidon import commit_vector, poseidon

INITIAL_VERSION: Final = 0
INITIAL_BLINDING: Final = 0  # a new register holds zeros, which is no secret


def data_key_commitment(data_key: int, epoch: int) -> FieldElement:
    """kc, which every call of the epoch must match."""
    return FieldElement(poseidon((data_key, epoch), domains.DATA_KEY))


def reader_pad(shared: tuple[int, int], contract: int, epoch: int) -> int:
    """What is added to the data key for one reader; `shared` is the affine Diffie-Hellman point S."""
    return poseidon((*shared, contract, epoch), domains.READER_KEY)


def register_commitment(version: int, values: Sequence[int], blinding: int) -> FieldElement:
    """cm of a register's values at a version."""
    return FieldElement(commit_vector(domains.REGISTER, blinding, (version, *values)))


@cache
def initial_commitment(values: int) -> FieldElement:
    """cm of a register that was never written: `values` zeros at version 0, blinding 0."""
    return register_commitment(INITIAL_VERSION, (0,) * values, INITIAL_BLINDING)


def synthetic_nonce(data_key: int, version: int, commitment: int, blinding: int) -> FieldElement:
    """n of a write; `version` and `commitment` are those after it."""
    return FieldElement(poseidon((data_key, version, commitment, blinding), domains.SYNTHETIC_NONCE))


def keystream(data_key: int, contract: int, register: int, version: int, nonce: int, length: int) -> tuple[int, ...]:
    """The pads of a write's ciphertext; `version` is the one after the write."""
    return tuple(
        poseidon((data_key, contract, register, version, nonce, index), domains.KEYSTREAM) for index in range(length)
    )


def add_pads(message: Sequence[int], pads: Sequence[int]) -> tuple[FieldElement, ...]:
    """message + pads, element by element in the field."""
    return tuple(FieldElement((m + pad) % SCALAR_FIELD) for m, pad in zip(message, pads, strict=True))


def remove_pads(ciphertext: Sequence[int], pads: Sequence[int]) -> tuple[int, ...]:
    """ciphertext - pads, element by element in the field."""
    return tuple((c - pad) % SCALAR_FIELD for c, pad in zip(ciphertext, pads, strict=True))
