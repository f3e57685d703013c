"""Golden vectors of a signer's link. Run `python -m tests.support.make_signer_vectors`, `--check` to compare.

A node and its signer may be of different releases, so these bytes stay; they join tests/support/make_vectors.py.
"""

import sys

from chain.types.scalars import (
    NIL,
    Blob,
    BlockId,
    ChainId,
    Hash,
    Height,
    Round,
    Signature,
    Uint,
    ValidatorId,
    ValidRound,
    VoteTarget,
    VrfOutput,
    VrfProof,
)
from chain.types.vote import PRECOMMIT, PREVOTE, PartSetHeader
from node.remote_signer.messages import (
    Answer,
    Answered,
    Asked,
    BeaconProved,
    Introduce,
    Introduced,
    NotSigned,
    Question,
    Signed,
    WantBeacon,
    WantProposal,
    WantVote,
    encode,
    network_id,
)
from tests.support.make_vectors import Family, Json, main

CHAIN = ChainId("vectors-1")
QUESTIONS: tuple[Asked, ...] = (
    Introduce(CHAIN),
    WantVote(PREVOTE, Height(7), Round(1), VoteTarget(bytes(range(32)))),
    WantVote(PRECOMMIT, Height(2**40), Round(0), NIL),
    WantProposal(
        Height(7), Round(1), ValidRound(-1), BlockId(bytes(range(32))), PartSetHeader(Uint(70_000), Hash(bytes(32)))
    ),
    WantBeacon(Blob(b"alpha")),
)
ANSWERS: tuple[Answered, ...] = (
    Introduced(ValidatorId(bytes(range(32))), Height(7), Round(1), Uint(2)),
    Signed(Signature(bytes(range(64)))),
    NotSigned(Height(7), Round(1), Uint(3)),
    BeaconProved(VrfOutput(bytes(range(64))), VrfProof(bytes(range(80)))),
)


def signer_link() -> list[Json]:
    """node/remote_signer/messages.py"""
    questions: list[Json] = [
        {"asked": asked.name, "bytes": encode(Question(Uint(number), asked)).hex()}
        for number, asked in enumerate(QUESTIONS, 1)
    ]
    answers: list[Json] = [
        {"answered": answered.name, "bytes": encode(Answer(Uint(number), answered)).hex()}
        for number, answered in enumerate(ANSWERS, 1)
    ]
    return [{"chain_id": CHAIN, "network_id": network_id(CHAIN).hex()}, *questions, *answers]


FAMILIES: tuple[Family, ...] = (signer_link,)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], FAMILIES))
