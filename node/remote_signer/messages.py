"""What a node asks its signer and hears from it: canonical structs inside the sealed messages of a p2p channel.

One question is under way on a link at a time, and an answer carries its number. The signer builds what is signed from
the fields itself, for its own chain: nobody can have it sign bytes of their choice.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from chain.codec import Registry, Unions, decode, encode, open_union, wire
from chain.errors import CodecError
from chain.types.scalars import (
    Blob,
    BlockId,
    ChainId,
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
from node.remote_signer.errors import UnusableWord

MAX_BYTES: Final = 4_096
MAX_ALPHA: Final = 1_024


@open_union
class Asked:
    """Base of what a node asks."""

    __slots__ = ()
    tag: ClassVar[int]
    name: ClassVar[str]


@wire()
@dataclass(frozen=True, slots=True)
class Introduce(Asked):
    """Who are you? Also the sign of life that the node asks for between other questions."""

    tag: ClassVar[int] = 1
    name: ClassVar[str] = "introduce"

    chain_id: ChainId


@wire()
@dataclass(frozen=True, slots=True)
class WantVote(Asked):
    """Sign a vote. kind: PREVOTE or PRECOMMIT."""

    tag: ClassVar[int] = 2
    name: ClassVar[str] = "vote"

    kind: Uint
    height: Height
    round: Round
    target: VoteTarget


@wire()
@dataclass(frozen=True, slots=True)
class WantProposal(Asked):
    """Sign a proposal."""

    tag: ClassVar[int] = 3
    name: ClassVar[str] = "proposal"

    height: Height
    round: Round
    valid_round: ValidRound
    block_id: BlockId
    parts: PartSetHeader


@wire()
@dataclass(frozen=True, slots=True)
class WantBeacon(Asked):
    """Prove the beacon of a header (crypto/beacon.py)."""

    tag: ClassVar[int] = 4
    name: ClassVar[str] = "beacon"

    alpha: Blob


@open_union
class Answered:
    """Base of what a signer answers."""

    __slots__ = ()
    tag: ClassVar[int]
    name: ClassVar[str]


@wire()
@dataclass(frozen=True, slots=True)
class Introduced(Answered):
    """Whom the signer signs for, and the position of its last signature."""

    tag: ClassVar[int] = 1
    name: ClassVar[str] = "introduced"

    validator: ValidatorId
    height: Height
    round: Round
    step: Uint


@wire()
@dataclass(frozen=True, slots=True)
class Signed(Answered):
    """The signature, under the guard and with the state on the signer's disk."""

    tag: ClassVar[int] = 2
    name: ClassVar[str] = "signed"

    signature: Signature


@wire()
@dataclass(frozen=True, slots=True)
class NotSigned(Answered):
    """The guard refused: the position of its last signature."""

    tag: ClassVar[int] = 3
    name: ClassVar[str] = "not-signed"

    height: Height
    round: Round
    step: Uint


@wire()
@dataclass(frozen=True, slots=True)
class BeaconProved(Answered):
    """The beacon's output and its proof."""

    tag: ClassVar[int] = 4
    name: ClassVar[str] = "beacon-proved"

    output: VrfOutput
    proof: VrfProof


@wire()
@dataclass(frozen=True, slots=True)
class Question:
    """A node's message."""

    number: Uint
    asked: Asked


@wire()
@dataclass(frozen=True, slots=True)
class Answer:
    """A signer's message."""

    number: Uint
    answered: Answered


_ASKED: Final[Registry] = {kind.tag: kind for kind in (Introduce, WantVote, WantProposal, WantBeacon)}
_ANSWERED: Final[Registry] = {kind.tag: kind for kind in (Introduced, Signed, NotSigned, BeaconProved)}
UNIONS: Final[Unions] = {Asked: _ASKED, Answered: _ANSWERED}


def read_question(data: bytes) -> Question:
    """Raises UnusableWord."""
    try:
        question = decode(Question, data, limit=MAX_BYTES, unions=UNIONS)
    except CodecError as error:
        raise UnusableWord(str(error)) from error
    asked = question.asked
    if isinstance(asked, WantBeacon) and len(asked.alpha) > MAX_ALPHA:
        raise UnusableWord(f"an alpha of {len(asked.alpha)} bytes")
    if isinstance(asked, WantVote) and asked.kind not in (PREVOTE, PRECOMMIT):
        raise UnusableWord(f"votes have no kind {asked.kind}")
    return question


def read_answer(data: bytes, number: Uint) -> Answered:
    """What answers the question of that number. Raises UnusableWord."""
    try:
        answer = decode(Answer, data, limit=MAX_BYTES, unions=UNIONS)
    except CodecError as error:
        raise UnusableWord(str(error)) from error
    if answer.number != number:
        raise UnusableWord(f"it answers question {answer.number}, {number} was asked")
    return answer.answered


def network_id(chain_id: ChainId) -> bytes:
    """What the handshake of this link is bound to: no peer-to-peer link of the chain can be taken for it."""
    return b"cluster-signer\x00" + chain_id.encode()


__all__ = ["Answer", "Answered", "Asked", "Question", "encode", "network_id", "read_answer", "read_question"]
