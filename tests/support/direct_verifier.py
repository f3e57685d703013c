"""Verifiers without threads or cache, for tests: one that checks everything, one that believes listed proofs only."""

from collections.abc import Callable, Sequence

from chain.execution.action import GROTH16, Claim
from chain.execution.verifier import BadSignature, FalseEvidence
from chain.types.scalars import VkId
from crypto.groth16.encoding import KeyId
from crypto.groth16.errors import Groth16Error
from crypto.groth16.keys import KeyCache
from crypto.groth16.verify import verify
from crypto.keys import verify as verify_signature


class _Signatures:
    def require_signature(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        if not verify_signature(public_key, message, signature):
            raise BadSignature(public_key)


class DirectVerifier(_Signatures):
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


class ClaimTable(_Signatures):
    """Checks signatures; holds a proof for true if a test listed its claim, or, when `credulous`, without asking."""

    def __init__(self, *, credulous: bool = False) -> None:
        self._true: set[Claim] = set()
        self._credulous = credulous
        self.asked: list[Claim] = []

    def believe(self, *claims: Claim) -> None:
        """Take these claims for proven."""
        self._true.update(claims)

    def require(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            self.asked.append(claim)
            if not self._credulous and claim not in self._true:
                raise FalseEvidence(claim, "the test did not list it.")
