"""One consensus node, driven by hand: every message and timeout is a line of the test, every answer is at hand.

Four validators of power 1 unless told otherwise. Validators are called by the round of height 1 that they propose in,
and the node under test is validator 3. Own votes and proposals are fed back as the driver would.
"""

from collections.abc import Iterable

from chain.consensus.effects import Effect, SignAndPublishProposal, SignAndPublishVote
from chain.consensus.inputs import (
    TIMEOUT_PRECOMMIT,
    BlockJudged,
    Input,
    ProposalReceived,
    StartHeight,
    TimeoutElapsed,
    VoteReceived,
)
from chain.consensus.state import State, initial_state
from chain.consensus.step import step
from chain.types.scalars import (
    NIL,
    BlockId,
    Hash,
    Height,
    Power,
    Round,
    Signature,
    Uint,
    ValidatorId,
    ValidRound,
    VoteTarget,
    VrfKey,
)
from chain.types.validators import Validator, ValidatorSet
from chain.types.vote import PRECOMMIT, PREVOTE, PartSetHeader, Proposal, Vote

HEIGHT = Height(1)
ME = 3
V = BlockId(b"v" * 32)
W = BlockId(b"w" * 32)
X = BlockId(b"x" * 32)


def validators_of(powers: Iterable[int]) -> ValidatorSet:
    """Validators with made-up keys, in key order, of these powers."""
    return ValidatorSet(
        tuple(
            Validator(ValidatorId(bytes([index]) * 32), VrfKey(bytes(32)), Power(power))
            for index, power in enumerate(powers)
        )
    )


def parts_of(block_id: bytes) -> PartSetHeader:
    return PartSetHeader(Uint(100), Hash(block_id))


class Scene:
    """The node's state, and all effects so far."""

    def __init__(self, powers: Iterable[int] = (1, 1, 1, 1), *, me: int | None = ME, start: bool = True) -> None:
        self.validators = validators_of(powers)
        self.own = None if me is None else self.key(me)
        self.state: State = initial_state(self.own)
        self.effects: list[Effect] = []
        self.inputs: list[Input] = []
        if start:
            self.feed(StartHeight(HEIGHT, self.validators))

    def key(self, who: int) -> ValidatorId:
        """Validator `who`: the one that proposes in round `who` of height 1."""
        return self.validators.proposer(HEIGHT, Round(who))

    def feed(self, event: Input) -> list[Effect]:
        """Everything that came of it, feedback of own messages included."""
        self.inputs.append(event)
        self.state, effects = step(self.state, event)
        self.effects += effects
        more: list[Effect] = []
        for effect in effects:
            if isinstance(effect, SignAndPublishVote):
                own = Vote(effect.type, effect.height, effect.round, effect.target, self._own(), Signature(bytes(64)))
                more += self.feed(VoteReceived(own))
            elif isinstance(effect, SignAndPublishProposal):
                more += self.feed(ProposalReceived(self._own_proposal(effect), True, True))
        return effects + more

    def propose(
        self, round_: int, block: BlockId, valid_round: int = -1, *, by: int | None = None, **judged: bool
    ) -> list[Effect]:
        """The proposal of a round arrives with its block; judged: valid=..., timely=..., both True unless told."""
        proposer = self.key(round_ if by is None else by)
        proposal = Proposal(
            HEIGHT, Round(round_), ValidRound(valid_round), block, parts_of(block), proposer, Signature(bytes(64))
        )
        return self.feed(ProposalReceived(proposal, judged.get("valid", True), judged.get("timely", True)))

    def judge(self, block: BlockId, *, valid: bool = True) -> list[Effect]:
        """A block arrives without its proposal."""
        return self.feed(BlockJudged(HEIGHT, block, parts_of(block), valid))

    def vote(self, type_: Uint, round_: int, target: bytes, who: int) -> Vote:
        return Vote(type_, HEIGHT, Round(round_), VoteTarget(target), self.key(who), Signature(bytes(64)))

    def prevote(self, round_: int, target: bytes, *by: int) -> list[Effect]:
        return [effect for who in by for effect in self.feed(VoteReceived(self.vote(PREVOTE, round_, target, who)))]

    def precommit(self, round_: int, target: bytes, *by: int) -> list[Effect]:
        return [effect for who in by for effect in self.feed(VoteReceived(self.vote(PRECOMMIT, round_, target, who)))]

    def feed_vote(self, vote: Vote) -> list[Effect]:
        return self.feed(VoteReceived(vote))

    def timeout(self, kind: Uint, round_: int) -> list[Effect]:
        return self.feed(TimeoutElapsed(kind, HEIGHT, Round(round_)))

    def of(self, kind: type[Effect]) -> list[Effect]:
        """All effects of a kind so far."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def signed(self) -> list[tuple[str, int, bytes]]:
        """The own votes so far, as ("prevote" or "precommit", round, target)."""
        names = {PREVOTE: "prevote", PRECOMMIT: "precommit"}
        return [
            (names[effect.type], effect.round, effect.target)
            for effect in self.effects
            if isinstance(effect, SignAndPublishVote)
        ]

    @property
    def last(self) -> tuple[str, int, bytes]:
        return self.signed[-1]

    def _own(self) -> ValidatorId:
        assert self.own is not None
        return self.own

    def _own_proposal(self, wanted: SignAndPublishProposal) -> Proposal:
        return Proposal(
            wanted.height,
            wanted.round,
            wanted.valid_round,
            wanted.block_id,
            wanted.parts,
            self._own(),
            Signature(bytes(64)),
        )


def locked_on_v() -> Scene:
    """A node that locked v in round 0 and came to round 1 without a decision."""
    scene = Scene()
    scene.propose(0, V)
    scene.prevote(0, V, 0, 1)
    assert scene.last == ("precommit", 0, V)
    scene.precommit(0, NIL, 0, 1)
    scene.timeout(TIMEOUT_PRECOMMIT, 0)
    assert (scene.state.round, scene.state.locked_value, scene.state.locked_round) == (1, V, 0)
    return scene


__all__ = ["HEIGHT", "ME", "NIL", "Scene", "V", "W", "X", "locked_on_v", "parts_of", "validators_of"]
