"""A poll among listed members: who may vote and the result are public; who voted what, and who voted, is not."""

from typing import Final, Literal

from compute.dsl import (
    Array,
    Bool,
    Contract,
    Field,
    Member,
    Note,
    Owner,
    Private,
    Public,
    Register,
    Sealed,
    Spend,
    Struct,
    contract,
    method,
    poseidon,
    require,
    reveal,
    u8,
    u32,
    u64,
)
from compute.dsl.plain import Plain, wallet
from examples.contracts.anonymous_vote.members import MemberList, identity

CHOICES: Final = 4


class Ballot(Note):
    """What one member chose. Only the teller reads it, and it does not say whose it is."""

    choice: u8


class Tally(Struct):
    """Votes for each choice, and how many ballots they are of."""

    votes: Array[u32, Literal[4]]
    ballots: u32


@contract
class Poll(Contract):
    """Members vote without a name; a teller, who sees choices and no names, cannot change, add or leave out a vote.

    members: root of a MemberTree of poseidon(secret) of each member; closes: the first height without votes.
    """

    members = Register(Field)
    teller = Register(Owner)
    closes = Register(u64)
    tally = Sealed(Tally, inbox=Ballot)
    result = Register(Tally)
    closed = Register(Bool)

    @method
    def vote(self, secret: Private[Field], member: Private[Member[Literal[8]]], choice: Private[u8]) -> None:
        """A member posts a ballot, once. Pay its fee out of a shielded pool, or the account that pays is seen."""
        require(self.before < self.closes, "the poll is over")
        require(choice < CHOICES, "there is no such choice")
        require(member.proves(poseidon(secret), self.members), "this secret is no member's at this place")
        self.once(secret)
        self.create(Ballot(choice=choice), self.teller)

    @method
    def count(self, ballot: Spend[Ballot]) -> None:
        """The teller adds a ballot to the sealed tally."""
        self.add(ballot)

    @method
    def count_four(self, a: Spend[Ballot], b: Spend[Ballot], c: Spend[Ballot], d: Spend[Ballot]) -> None:
        """The teller adds four ballots at once, for less than four times the fee."""
        for ballot in (a, b, c, d):
            self.add(ballot)

    @method
    def close(self) -> Public[u32]:
        """The teller publishes the tally when every ballot is in it; how many there were."""
        require(self.after >= self.closes, "the poll goes on")
        require(self.tally.ballots == self.posted(Ballot), "ballots are left that were not counted")
        self.result = reveal(self.tally)
        self.closed = Bool(True)
        return self.tally.ballots

    def add(self, ballot: Ballot) -> None:
        for choice in range(CHOICES):
            self.tally.votes[choice] += u32(ballot.choice == choice)
        self.tally.ballots += 1

    @classmethod
    def examples(cls) -> Plain:
        """A poll of five: what audits try."""
        teller, secrets = wallet("teller"), range(11, 16)
        members = MemberList(map(identity, secrets))
        poll = cls.plain(members=members.root, teller=teller, closes=10)
        for place, secret in enumerate(secrets):
            poll.vote(secret, members.member(identity(secret)), place % CHOICES, period=(1, 9))
        *four, last = poll.notes_of(teller)
        poll.count_four(*four)
        poll.count(last)
        poll.close(height=10)
        return poll
