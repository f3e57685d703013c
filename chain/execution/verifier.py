"""The seam behind which all cryptographic evidence is checked (architecture.md, "The way of a transaction")."""

from collections.abc import Sequence
from typing import Protocol

from chain.errors import ChainError
from chain.execution.action import Claim


class FalseEvidence(ChainError):
    """A proof does not show what its action claims. Never included in a block; it makes a block invalid."""

    code = 3030

    def __init__(self, claim: Claim, reason: str) -> None:
        key = claim.key_digest.hex()
        super().__init__(
            f"the {claim.kind} evidence under key 0x{key[:16]}… is false: {reason} "
            f"Prove again for exactly these {len(claim.inputs)} public inputs."
        )
        self.kind, self.key_digest, self.reason = claim.kind, claim.key_digest, reason


class BadSignature(ChainError):
    """An ed25519 signature does not verify under the named key."""

    code = 3031

    def __init__(self, public_key: bytes) -> None:
        super().__init__(
            f"the signature does not verify under key 0x{public_key.hex()}; "
            "sign this chain's exact signing bytes with that key."
        )
        self.public_key = public_key


class Verifier(Protocol):
    """Checks evidence. Node, tests and simulation bring their own; the answer is the same everywhere."""

    def require(self, claims: Sequence[Claim]) -> None:
        """Raises FalseEvidence unless every claim holds."""

    def require_signature(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        """Raises BadSignature unless the ed25519 signature verifies."""
