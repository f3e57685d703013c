"""Verifiers without threads or cache, for tests: one that checks everything, one that believes listed proofs only."""

from collections.abc import Sequence

from chain.execution.action import Claim
from chain.execution.verifier import FalseEvidence
from compute.sandbox.verifiers import DirectVerifier, Signatures

__all__ = ["ClaimTable", "DirectVerifier"]


class ClaimTable(Signatures):
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
