"""An answer of chain_getProof, checked down to the state root of a header.

The header of the height after names the root, and the ICS-23 proof leads from the entry to it. Whether the header is to
be believed is client/light/rules.py's matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chain.codec import from_json
from chain.errors import CodecError
from chain.state.errors import InvalidProof
from chain.state.keys import Key
from chain.state.proofs import ExistenceProof, Proof, proof_from_json, verify_membership, verify_non_membership
from chain.types.block import Header
from chain.types.scalars import Height, Timestamp
from client.errors import AnswerRefused


@dataclass(frozen=True, slots=True)
class Proven:
    """What state held under a key after `height`: a value, or None.

    time: of the header that signs it, milliseconds since 1970; that nothing has changed since is not proven.
    """

    key: Key
    value: bytes | None
    height: Height
    time: Timestamp


@dataclass(frozen=True, slots=True)
class Answer:
    """The parts of an answer, not yet believed."""

    header: Header
    proof: Proof


def answer_of(answer: Mapping[str, Any]) -> Answer:
    """Raises AnswerRefused for another shape."""
    try:
        return Answer(from_json(Header, answer["header"]), proof_from_json(answer["proof"]))
    except (KeyError, TypeError) as error:
        raise AnswerRefused(f"a part is missing ({error})") from error
    except (CodecError, InvalidProof) as error:
        raise AnswerRefused(str(error)) from error


def proven_by(header: Header, key: Key, proof: Proof) -> Proven:
    """What a believed header proves about `key`. Raises InvalidProof."""
    height = Height(header.height - 1)
    if isinstance(proof, ExistenceProof):
        verify_membership(header.state_root, key, proof.value, proof)
        return Proven(key, proof.value, height, header.time)
    verify_non_membership(header.state_root, key, proof)
    return Proven(key, None, height, header.time)
