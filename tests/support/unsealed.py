"""Sealing switched off, in statements and circuits alike: instead of each ciphertext stands what it would encrypt.

Only a test can do this: no option of any program does. Circuits keep their constraints; their pads are not added.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from client.notes import hints
from compute.confidential import readers
from compute.dsl import circuit
from contracts.confidential import sealing
from crypto import domains, notes
from crypto.r1cs.gadgets import notes as gadgets
from crypto.r1cs.wire import as_wire
from crypto.sealedbox import AEAD_OVERHEAD

PADS = (domains.KEYSTREAM, domains.READER_KEY)


@contextmanager
def unsealed() -> Iterator[None]:
    """Inside, contracts that are compiled and circuits that are built seal nothing, and clients expect that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "keystream", lambda *given: (0,) * given[-1])
        patch.setattr(sealing, "reader_pad", lambda *given: 0)
        patch.setattr(notes, "pads", lambda shared, commitment, length: (0,) * length)
        patch.setattr(gadgets, "encrypt", _in_the_clear(gadgets.encrypt))
        for room in (circuit, readers):
            patch.setattr(room, "poseidon", _without_pads(room.poseidon))
        patch.setattr(hints, "aead_seal", lambda key, nonce, plaintext, data: plaintext + bytes(AEAD_OVERHEAD))
        patch.setattr(hints, "aead_open", lambda key, nonce, sealed, data: sealed[:-AEAD_OVERHEAD])
        yield


def _without_pads(poseidon: Callable[..., Any]) -> Callable[..., Any]:
    def hashed(cs: Any, inputs: Sequence[Any], tag: Any) -> Any:
        digest = poseidon(cs, inputs, tag)
        return as_wire(0) if tag in PADS else digest

    return hashed


def _in_the_clear(encrypt: Callable[..., Any]) -> Callable[..., Any]:
    def encrypted(cs: Any, shared: Any, commitment: Any, plaintext: Sequence[Any]) -> Any:
        encrypt(cs, shared, commitment, plaintext)
        return [as_wire(element) for element in plaintext]

    return encrypted
