"""The votes of one height: who voted for what, in bounded memory.

Bounds: one first vote per validator, round and type; a second, contradicting vote is kept only for a target that more
than 1/3 of the power already backs; votes of rounds still to come are kept for at most FUTURE_ROUNDS rounds each
validator.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from chain.consensus.evidence import duplicate_vote
from chain.types.scalars import NIL, BlockId, Power, Round, Uint, ValidatorId, VoteTarget
from chain.types.validators import ValidatorSet
from chain.types.vote import PRECOMMIT, PREVOTE, DuplicateVote, Vote

FUTURE_ROUNDS: Final = 2
NO_POWER: Final = Power(0)


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes of one round and type. quorum is the target that more than 2/3 of the power backs, once there is one.

    An equivocator counts once towards `power`, but towards every target it is kept for: a certificate that others hold
    may lean on its other vote, and refusing that one would stop the chain without making it safer.
    """

    first: Mapping[ValidatorId, Vote] = field(default_factory=dict)
    second: Mapping[tuple[ValidatorId, VoteTarget], Vote] = field(default_factory=dict)
    equivocators: frozenset[ValidatorId] = frozenset()
    power: Power = NO_POWER
    backing: Mapping[VoteTarget, Power] = field(default_factory=dict)
    quorum: VoteTarget | None = None

    def add(self, vote: Vote, validators: ValidatorSet) -> "tuple[Tally, DuplicateVote | None]":
        """The tally with the vote, and evidence the first time that its validator contradicts itself."""
        known = self.first.get(vote.validator)
        if known is None:
            return self._counted(vote, self.second, validators, first={**self.first, vote.validator: vote}), None
        if known.target == vote.target or (vote.validator, vote.target) in self.second:
            return self, None
        tally, evidence = self, None
        if vote.validator not in self.equivocators:
            tally = replace(self, equivocators=self.equivocators | {vote.validator})
            evidence = duplicate_vote(known, vote)
        if validators.exceeds_third(self.backing.get(vote.target, 0)):
            tally = tally._counted(vote, {**self.second, (vote.validator, vote.target): vote}, validators)
        return tally, evidence

    def without(self, validator: ValidatorId, validators: ValidatorSet) -> "Tally":
        """The tally that would be had that validator never voted."""
        tally = Tally()
        for vote in self.votes():
            if vote.validator != validator:
                tally, _ = tally.add(vote, validators)
        return tally

    def votes(self) -> Iterator[Vote]:
        """All kept votes, first votes before contradicting ones, each in order of arrival."""
        yield from self.first.values()
        yield from self.second.values()

    def votes_for(self, target: VoteTarget) -> tuple[Vote, ...]:
        """The votes for one target, sorted by validator."""
        backing = [vote for vote in self.votes() if vote.target == target]
        return tuple(sorted(backing, key=lambda vote: vote.validator))

    def _counted(
        self,
        vote: Vote,
        second: Mapping[tuple[ValidatorId, VoteTarget], Vote],
        validators: ValidatorSet,
        first: Mapping[ValidatorId, Vote] | None = None,
    ) -> "Tally":
        """With the vote backing its target; `first` is given where it is its validator's first."""
        own = validators.power(vote.validator)
        backing = Power(self.backing.get(vote.target, 0) + own)
        quorum = vote.target if self.quorum is None and validators.is_quorum(backing) else self.quorum
        power = self.power if first is None else Power(self.power + own)
        held = self.first if first is None else first
        return Tally(held, second, self.equivocators, power, {**self.backing, vote.target: backing}, quorum)


EMPTY: Final = Tally()


@dataclass(frozen=True, slots=True)
class RoundVotes:
    """Prevotes and precommits of one round."""

    prevotes: Tally = EMPTY
    precommits: Tally = EMPTY

    def tally(self, type_: Uint) -> Tally:
        return self.prevotes if type_ == PREVOTE else self.precommits

    def add(self, vote: Vote, validators: ValidatorSet) -> "tuple[RoundVotes, DuplicateVote | None]":
        known = self.tally(vote.type)
        tally, evidence = known.add(vote, validators)
        if tally is known:
            return self, None
        changed = (tally, self.precommits) if vote.type == PREVOTE else (self.prevotes, tally)
        return RoundVotes(*changed), evidence

    def without(self, validator: ValidatorId, validators: ValidatorSet) -> "RoundVotes":
        return RoundVotes(self.prevotes.without(validator, validators), self.precommits.without(validator, validators))

    def senders(self) -> frozenset[ValidatorId]:
        return frozenset(self.prevotes.first) | frozenset(self.precommits.first)


NO_VOTES: Final = RoundVotes()


@dataclass(frozen=True, slots=True)
class VoteBook:
    """All rounds of a height. decided is the (round, block) with precommits of more than 2/3, once there is one."""

    rounds: Mapping[Round, RoundVotes] = field(default_factory=dict)
    decided: tuple[Round, BlockId] | None = None

    def prevotes(self, round_: int) -> Tally:
        return self.rounds.get(Round(round_), NO_VOTES).prevotes

    def precommits(self, round_: int) -> Tally:
        return self.rounds.get(Round(round_), NO_VOTES).precommits

    def future(self, current: Round) -> tuple[Round, ...]:
        """The rounds after `current` that anybody has voted in, highest first."""
        return tuple(sorted((round_ for round_ in self.rounds if round_ > current), reverse=True))

    def add(self, vote: Vote, current: Round, validators: ValidatorSet) -> "tuple[VoteBook, DuplicateVote | None]":
        """The book with the vote, or the same book when the vote is known, a stranger's or beyond the bounds."""
        if vote.type not in (PREVOTE, PRECOMMIT) or vote.validator not in validators.by_key:
            return self, None
        book = self._making_room(vote, current, validators)
        if book is None:
            return self, None
        known = book.rounds.get(vote.round, NO_VOTES)
        votes, evidence = known.add(vote, validators)
        if votes is known:
            return self, None
        quorum, decided = votes.precommits.quorum, book.decided
        if decided is None and quorum is not None and quorum != NIL:
            decided = (vote.round, BlockId(quorum))
        return VoteBook({**book.rounds, vote.round: votes}, decided), evidence

    def _making_room(self, vote: Vote, current: Round, validators: ValidatorSet) -> "VoteBook | None":
        """Where the vote can be added: its validator's lowest future round gives way to a higher one; None refuses."""
        if vote.round <= current:
            return self
        taken = [round_ for round_ in self.future(current) if vote.validator in self.rounds[round_].senders()]
        if vote.round in taken or len(taken) < FUTURE_ROUNDS:
            return self
        lowest = taken[-1]
        if vote.round < lowest:
            return None
        rest = self.rounds[lowest].without(vote.validator, validators)
        rounds = {round_: votes for round_, votes in self.rounds.items() if round_ != lowest}
        return replace(self, rounds={**rounds, lowest: rest} if rest.senders() else rounds)
