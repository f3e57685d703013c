"""What a node remembers of evidence: successes only, each under every byte of its claim."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chain.execution.action import GROTH16, Claim
from chain.execution.verifier import FalseEvidence
from chain.types.scalars import VkId
from contracts.registry.errors import KeyUnknown
from node.verifier import NodeVerifier, claim_digest

CLAIM = Claim(GROTH16, bytes(32), (1, 2), bytes(128))


@pytest.mark.parametrize(
    "other",
    [
        replace(CLAIM, kind="another"),
        replace(CLAIM, key_digest=b"\x01" + bytes(31)),
        replace(CLAIM, inputs=(1, 3)),
        replace(CLAIM, inputs=(2, 1)),
        replace(CLAIM, inputs=(1,)),
        replace(CLAIM, inputs=(1, 2, 0, 0, 0, 0), evidence=b""),
        replace(CLAIM, evidence=b"\x01" + bytes(127)),
    ],
)
def test_no_two_claims_share_a_place_in_the_cache(other: Claim) -> None:
    assert claim_digest(other) != claim_digest(CLAIM)


def test_what_failed_once_fails_again() -> None:
    def nothing(vk_id: VkId) -> bytes:
        raise KeyUnknown(vk_id)

    with ThreadPoolExecutor(1) as pool:
        verifier = NodeVerifier(nothing, pool, pool)
        for _ in range(2):
            with pytest.raises(FalseEvidence):
                verifier.require((CLAIM,))
            verifier.warm((CLAIM, replace(CLAIM, inputs=(1, 3))))
    assert verifier.verified_proofs == 0
