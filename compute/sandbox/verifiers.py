"""What the sandbox's chain believes: Groth16 proofs that it verifies, or claims whose witness it has seen itself.

A claim of the second kind carries a seal instead of a proof: bytes that no decoder takes for a point, so that no
verifier of a real chain, which also has no key by such an id, could ever be made to believe it.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from chain.execution.action import GROTH16, Claim
from chain.execution.verifier import BadSignature, FalseEvidence
from chain.types.scalars import ProofBytes, VkId
from crypto.field import FIELD_BYTES
from crypto.groth16.encoding import KeyId
from crypto.groth16.errors import Groth16Error
from crypto.groth16.keys import KeyCache
from crypto.groth16.verify import verify
from crypto.keys import verify as verify_signature

_NO_POINT: Final = b"\xff" * 96  # coordinates above the field's order: refused wherever a proof is decoded


class Signatures:
    """The part of a verifier that is not about evidence."""

    def require_signature(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        if not verify_signature(public_key, message, signature):
            raise BadSignature(public_key)


class DirectVerifier(Signatures):
    """Checks signatures and Groth16 proofs with the native backend; `key_source` gives a key's compressed bytes."""

    def __init__(self, key_source: Callable[[VkId], bytes]) -> None:
        self._key_source = key_source
        self._keys = KeyCache()

    def require(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            if claim.kind != GROTH16:
                raise FalseEvidence(claim, "nobody here knows this kind.")
            key = self._keys.get(KeyId(claim.key_digest), lambda key_id: self._key_source(VkId(key_id)))
            try:
                verify(key, claim.evidence, claim.inputs)
            except Groth16Error as error:
                raise FalseEvidence(claim, str(error)) from error


class WitnessVerifier(Signatures):
    """Checks signatures, and believes the claims that `seal` was called for, under their key and inputs and no other.

    Whoever calls `seal` has solved the claim's circuit and found that its public signals are the claim's inputs.
    """

    def __init__(self) -> None:
        self._sealed: set[Claim] = set()

    def seal(self, claim: Claim) -> ProofBytes:
        """What stands in the place of the proof."""
        content = b"".join(number.to_bytes(FIELD_BYTES, "big") for number in claim.inputs)
        seal = ProofBytes(_NO_POINT + sha256(claim.key_digest + content).digest())
        self._sealed.add(Claim(claim.kind, claim.key_digest, claim.inputs, seal))
        return seal

    def require(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            if claim not in self._sealed:
                raise FalseEvidence(claim, "no witness of it was shown to this sandbox.")
