"""Where a node stands in the consensus on one height. Immutable: `step` answers with a new one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from chain.consensus.votes import VoteBook
from chain.types.scalars import BlockId, Height, Round, ValidatorId, ValidRound
from chain.types.validators import ValidatorSet
from chain.types.vote import PartSetHeader, Proposal

NONE: Final = ValidRound(-1)
GENESIS: Final = Height(0)
FIRST_ROUND: Final = Round(0)
NO_VOTES_AT_ALL: Final = VoteBook()


class Step(IntEnum):
    """Steps of a round in the paper's order; DECIDED lasts until the next StartHeight."""

    PROPOSE = 1
    PREVOTE = 2
    PRECOMMIT = 3
    DECIDED = 4


@dataclass(frozen=True, slots=True)
class Offer:
    """The first proposal seen of a round, with the driver's judgement of its time."""

    proposal: Proposal
    timely: bool


@dataclass(frozen=True, slots=True)
class JudgedBlock:
    """A block that lies here whole: its parts, and whether it obeys the rules."""

    parts: PartSetHeader
    valid: bool


@dataclass(frozen=True, slots=True)
class State:
    """The paper's variables (lines 1-9) and the messages of this height.

    own is the key of this node when it has one; it signs at heights where that key is in `validators`.
    prevote_timer and precommit_timer say that lines 34 and 47 have fired in this round.
    requested holds the blocks that RequestBlock was emitted for.
    """

    own: ValidatorId | None
    validators: ValidatorSet
    height: Height = GENESIS
    round: Round = FIRST_ROUND
    step: Step = Step.DECIDED
    locked_value: BlockId | None = None
    locked_round: ValidRound = NONE
    valid_value: BlockId | None = None
    valid_round: ValidRound = NONE
    offers: Mapping[Round, Offer] = field(default_factory=dict)
    blocks: Mapping[BlockId, JudgedBlock] = field(default_factory=dict)
    votes: VoteBook = NO_VOTES_AT_ALL
    prevote_timer: bool = False
    precommit_timer: bool = False
    requested: frozenset[BlockId] = frozenset()

    @property
    def signs(self) -> bool:
        """Is this node a validator of this height?"""
        return self.own is not None and self.own in self.validators.by_key

    @property
    def proposer(self) -> ValidatorId:
        return self.validators.proposer(self.height, self.round)

    @property
    def proposes(self) -> bool:
        """Is this node the proposer of this round?"""
        return self.own is not None and self.own == self.proposer

    @property
    def offer(self) -> Offer | None:
        """The proposal of the current round."""
        return self.offers.get(self.round)

    def is_valid(self, block_id: BlockId) -> bool:
        """Lies the block here, and does it obey the rules?"""
        block = self.blocks.get(block_id)
        return block is not None and block.valid


def initial_state(own: ValidatorId | None) -> State:
    """Before the first StartHeight. `own` is the consensus key of this node, None for one that only follows."""
    return State(own, ValidatorSet(()))
