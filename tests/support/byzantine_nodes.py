"""Validators that do not keep the rules, each in one way. At most one of four may be such a one."""

from collections.abc import Callable
from dataclasses import replace

from chain.consensus.effects import SignAndPublishProposal
from chain.types.scalars import NIL, Round, Signature, ValidRound, VoteTarget
from chain.types.vote import PRECOMMIT, PREVOTE, Commit, CommitSignature, Proposal, Vote
from tests.support.simulated_node import Final, Message, Offered, SimulatedNode, Value


class ByzantineNode(SimulatedNode):
    """Signs whatever it likes, past its signer."""

    honest = False

    def forge_vote(self, vote: Vote, target: bytes) -> Vote:
        changed = replace(vote, target=VoteTarget(target))
        return replace(changed, signature=Signature(self.secret.sign(changed.signing_bytes(self.network.chain_id))))

    def forge_proposal(self, value: Value, round_: Round, valid_round: int = -1) -> Offered:
        unsigned = Proposal(
            value.height, round_, ValidRound(valid_round), value.id, value.parts, self.key, Signature(bytes(64))
        )
        signature = self.secret.sign(unsigned.signing_bytes(self.network.chain_id))
        return Offered(replace(unsigned, signature=Signature(signature)), value)

    def tell(self, story: Callable[[SimulatedNode], Message]) -> None:
        """Each peer gets its own story."""
        for peer in self.network.nodes:
            if peer is not self:
                self.network.send(self, peer.address, story(peer))


class Equivocator(ByzantineNode):
    """Tells one peer this vote and the next peer another, and sometimes a second one."""

    def publish(self, message: Vote | Offered) -> None:
        if isinstance(message, Offered):
            super().publish(message)
            return
        votes = [self.forge_vote(message, target) for target in (NIL, message.target, *sorted(self.values))]
        for _ in range(self.network.rng.choice([1, 1, 2])):
            self.tell(lambda _peer: self.network.rng.choice(votes))


class DoubleProposer(ByzantineNode):
    """Proposes one value to peers with even addresses and another to the rest, and votes for it towards them."""

    def publish(self, message: Vote | Offered) -> None:
        if isinstance(message, Offered):
            self._other = self.build(salt=1_000)
            second: Message = self.forge_proposal(self._other, message.proposal.round)
        else:
            second = self.forge_vote(message, self._other.id) if hasattr(self, "_other") else message
        self.tell(lambda peer: second if peer.address % 2 else message)


class InvalidProposer(ByzantineNode):
    """Proposes blocks that break the rules, and votes for them."""

    def build(self, salt: int = 0, *, valid: bool = True) -> Value:
        return super().build(salt, valid=False)


class FutureProposer(ByzantineNode):
    """Proposes blocks with a time far in the future."""

    def build(self, salt: int = 0, *, valid: bool = True) -> Value:
        value = super().build(salt, valid=valid)
        return replace(value, time=type(value.time)(value.time + 3_600_000))


class FalseProver(ByzantineNode):
    """Claims that its fresh value had a polka in round 0."""

    def _propose(self, effect: SignAndPublishProposal) -> None:
        if effect.round == 0:
            super()._propose(effect)
            return
        value = self.build(salt=2_000)
        self.values[value.id] = value
        self.network.publish(self, self.forge_proposal(value, effect.round, valid_round=0))
        for kind in (PREVOTE, PRECOMMIT):
            vote = Vote(kind, value.height, effect.round, VoteTarget(value.id), self.key, Signature(bytes(64)))
            self.network.publish(self, self.forge_vote(vote, value.id))


class Mute(ByzantineNode):
    """Receives and says nothing."""

    def publish(self, message: Vote | Offered) -> None:
        """Keeps it."""


class Runaway(ByzantineNode):
    """Votes in rounds that nobody has come to."""

    def publish(self, message: Vote | Offered) -> None:
        if isinstance(message, Offered):
            super().publish(message)
            return
        for ahead in (7, 60):
            far = replace(message, round=Round(message.round + ahead))
            self.network.publish(self, self.forge_vote(far, NIL))


class FalseHistorian(ByzantineNode):
    """Tells others of final blocks that nobody decided, with a commit of its own making."""

    def publish(self, message: Vote | Offered) -> None:
        super().publish(message)
        if isinstance(message, Offered):
            value = self.build(salt=3_000)
            vote = Vote(
                PRECOMMIT, value.height, message.proposal.round, VoteTarget(value.id), self.key, Signature(bytes(64))
            )
            own = CommitSignature(self.key, self.forge_vote(vote, value.id).signature)
            commit = Commit(value.height, message.proposal.round, value.id, (own,))
            self.tell(lambda _peer: Final(value, commit))
