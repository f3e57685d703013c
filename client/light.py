"""Trust in validators instead of in a node: an answer of chain_getProof is checked down to their signatures.

What is trusted is a validator set, from the genesis document or from somebody believed. A header that more than 2/3 of
its power precommitted names the state root of the height before, and the ICS-23 proof leads from the entry to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chain.codec import from_json
from chain.execution.action import Claim
from chain.execution.header import check_commit
from chain.execution.verifier import BadSignature, FalseEvidence
from chain.state.keys import Key
from chain.state.proofs import ExistenceProof, proof_from_json, verify_membership, verify_non_membership
from chain.types.block import Header
from chain.types.genesis import Genesis
from chain.types.scalars import ChainId, Height
from chain.types.validators import ValidatorSet
from chain.types.vote import Commit
from client.errors import AnswerRefused
from crypto.keys import verify


class Signatures:
    """Checks ed25519 signatures directly; a light client is asked for no proofs of computations."""

    def require(self, claims: Sequence[Claim]) -> None:
        """Refuses: raises FalseEvidence for any claim."""
        for claim in claims:
            raise FalseEvidence(claim, "a light client holds no verifying keys.")

    def require_signature(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        """Raises BadSignature unless the ed25519 signature verifies."""
        if not verify(public_key, message, signature):
            raise BadSignature(public_key)


SIGNATURES: Final = Signatures()


@dataclass(frozen=True, slots=True)
class Trusted:
    """The chain and the validators whose signatures count."""

    chain_id: ChainId
    validators: ValidatorSet


@dataclass(frozen=True, slots=True)
class Proven:
    """What state held under a key after `height`: a value, or None. Whether that height is recent is not proven."""

    key: Key
    value: bytes | None
    height: Height


def trust_genesis(genesis: Genesis) -> Trusted:
    """Trust the validators that a genesis document names, as long as they are the set in force."""
    return Trusted(genesis.chain_id, ValidatorSet(tuple(entry.validator for entry in genesis.validators)))


def check_header(trusted: Trusted, header: Header, commit: Commit) -> None:
    """More than 2/3 of the trusted power made the header final, or AnswerRefused, WrongCommit, BadSignature."""
    if header.chain_id != trusted.chain_id:
        raise AnswerRefused(f"the header is of chain {header.chain_id!r}, not of {trusted.chain_id!r}")
    if header.validators_hash != trusted.validators.hash():
        raise AnswerRefused(f"at height {header.height} other validators are in force than the trusted ones")
    if (commit.height, commit.block_id) != (header.height, header.id()):
        raise AnswerRefused("the commit is for another block than the header")
    check_commit(commit, trusted.validators, trusted.chain_id, SIGNATURES)


def check_answer(trusted: Trusted, key: Key, answer: Mapping[str, Any]) -> Proven:
    """The proven content of a chain_getProof answer for `key`.

    Raises AnswerRefused, or what is wrong in detail: WrongCommit, BadSignature, InvalidProof, WrongShape.
    """
    try:
        header, commit = from_json(Header, answer["header"]), from_json(Commit, answer["commit"])
        proof = proof_from_json(answer["proof"])
    except (KeyError, TypeError) as error:
        raise AnswerRefused(f"a part is missing ({error})") from error
    check_header(trusted, header, commit)
    height = Height(header.height - 1)
    if isinstance(proof, ExistenceProof):
        verify_membership(header.state_root, key, proof.value, proof)
        return Proven(key, proof.value, height)
    verify_non_membership(header.state_root, key, proof)
    return Proven(key, None, height)
