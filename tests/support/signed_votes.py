"""Everything that validators of a simulation have signed, and what honest ones among them promise about it."""

from chain.types.scalars import ValidatorId
from chain.types.validators import ValidatorSet
from chain.types.vote import PRECOMMIT, PREVOTE, Proposal, Vote
from tests.support.promises import LockForgotten, SignedTwice

_PROPOSAL = 0


class SignedVotes:
    """`note` what an honest node publishes, `count` what others send: the votes of both make polkas."""

    def __init__(self) -> None:
        self._signed: dict[tuple[bytes, int, int, int], tuple[bytes, int]] = {}
        self._precommitted: dict[ValidatorId, Vote] = {}
        self._prevoted: dict[tuple[int, int, bytes], set[ValidatorId]] = {}

    def note(self, address: int, signed: Vote | Proposal, validators: ValidatorSet, *, forgets: bool) -> None:
        """`validators` are those of its height; `forgets`: the node's log was lost, and its lock with it.

        Raises SignedTwice, LockForgotten.
        """
        if isinstance(signed, Vote):
            key, kind, content = signed.validator, int(signed.type), (signed.target, 0)
        else:
            key, kind, content = signed.proposer, _PROPOSAL, (signed.block_id, signed.valid_round)
        position = (key, signed.height, signed.round, kind)
        if self._signed.setdefault(position, content) != content:
            raise SignedTwice(f"node {address} signed twice at {position[1:]}")
        if not isinstance(signed, Vote):
            return
        self.count(signed)
        if signed.is_nil:
            return
        if kind == PRECOMMIT:
            self._precommitted[key] = signed
        elif not forgets and not self._may_prevote(signed, validators):
            raise LockForgotten(f"node {address} prevoted against its lock at {position[1:]}")

    def count(self, vote: Vote) -> None:
        """A vote that somebody may hear."""
        if vote.type == PREVOTE:
            self._prevoted.setdefault((vote.height, vote.round, vote.target), set()).add(vote.validator)

    def all(self) -> list[object]:
        """What honest nodes signed, in order."""
        return sorted(self._signed.items())

    def _may_prevote(self, vote: Vote, validators: ValidatorSet) -> bool:
        lock = self._precommitted.get(vote.validator)
        if lock is None or lock.height != vote.height or lock.target == vote.target:
            return True
        return any(self._is_polka(vote, round_, validators) for round_ in range(lock.round, vote.round))

    def _is_polka(self, vote: Vote, round_: int, validators: ValidatorSet) -> bool:
        backing = self._prevoted.get((vote.height, round_, vote.target), set())
        return validators.is_quorum(sum(validators.power(key) for key in backing))
