"""Five members vote on where to go. The result is public and proven; who voted, and what each chose, is not.

python -m examples.contracts.anonymous_vote.walkthrough [--rpc http://127.0.0.1:8645]
"""

from typing import Any

from compute.confidential.prover import Draft
from compute.sandbox import CLU, Deployed, Person, Pool, Sandbox, Sent
from examples.contracts.anonymous_vote.contract import Poll
from examples.contracts.anonymous_vote.members import MemberList, identity
from examples.contracts.stage import Chain, Teller, later, play

CHOICES = ("the sea", "the mountains", "the city", "home")
VOTES = {"ann": 1, "ben": 0, "cem": 1, "dag": 3, "eva": 1}
VOTING = 30  # heights


class Member:
    """A person with a secret that nobody else sees, not even who keeps the list."""

    def __init__(self, chain: Chain, name: str) -> None:
        self.name, self.person = name, chain.person(name)
        self.secret = int.from_bytes(chain.entropy(31), "big")

    def ballot(self, poll: Deployed, members: MemberList, choice: int, closes: int) -> Draft:
        """Good all the time of the poll, as everybody's: when it was made does not show."""
        given: dict[str, Any] = {
            "secret": self.secret,
            "member": members.member(identity(self.secret)),
            "choice": choice,
        }
        return poll.draft("vote", sender=self.person, period=(1, closes - 1), **given)


def story(chain: Chain, tell: Teller) -> None:
    """All of it, on any chain."""
    tell.chapter("A poll is opened")
    tell("keys of its circuits are made and registered, the first time on a machine")
    chain.register(Poll, counts=(1,))
    members, teller = [Member(chain, name) for name in VOTES], chain.person("teller")
    listed = MemberList(identity(member.secret) for member in members)
    tell(f"each member gives a hash of a secret to a list that all can read; {len(members)} stand on it")
    closes = later(chain, VOTING)
    initial = {"members": listed.root, "teller": teller, "closes": closes}
    poll = chain.deploy(Poll, teller, counts=(1,), initial=initial)
    tell(f"the poll knows the list by one number, and takes votes below height {closes}")

    tell.chapter("Votes")
    send = doors(chain, tell, teller, [member.person for member in members])
    ballots = {each.name: each.ballot(poll, listed, VOTES[each.name], closes) for each in members}
    for member in members:
        sent = send(member.person, ballots[member.name])
        tell("a ballot comes: it is some member's, and none of his came before", sent)
    again = members[0].ballot(poll, listed, 2, closes)
    tell.refused("ann votes again", lambda: send(members[0].person, again))
    stranger = Member(chain, "a stranger")
    lie: dict[str, Any] = {"secret": stranger.secret, "member": listed.member(identity(members[0].secret)), "choice": 2}
    tell.refused("a stranger votes", lambda: poll.draft("vote", sender=stranger.person, period=(1, closes - 1), **lie))
    tell.refused("a vote up to the last height", lambda: poll.draft("vote", sender=teller, period=(1, closes), **lie))

    counted(chain, tell, poll, teller, closes)


def doors(chain: Chain, tell: Teller, opener: Person, voters: list[Person]) -> "Door":
    """How ballots reach the chain: through a shielded pool, where one is at hand."""
    if not isinstance(chain, Sandbox):
        tell("on this network accounts pay for the ballots here, so that who votes is seen, though not what")
        return Door(chain, None)
    pool = Pool(chain, opener)
    for voter in voters:
        pool.shield(voter, CLU)
    tell(f"each has put 1 CLU into a shielded pool, as {len(voters)} accounts did, for whatever reason")
    return Door(chain, pool)


class Door:
    """A ballot on its way to the chain."""

    def __init__(self, chain: Chain, pool: Pool | None) -> None:
        self._chain, self._pool = chain, pool

    def __call__(self, voter: Person, ballot: Draft) -> Sent:
        return self._chain.send(voter, ballot) if self._pool is None else self._pool.send(voter, ballot)


def counted(chain: Chain, tell: Teller, poll: Deployed, teller: Person, closes: int) -> None:
    """The teller's part."""
    tell.chapter("The teller at work")
    *four, last = poll.notes_of(teller)
    tell(f"he reads choices, not names: {[poll.contents(note)['choice'] for note in (*four, last)]}")
    tell("four ballots go into the sealed tally at once", poll.count_four(*four, sender=teller))
    chain.mine_to(closes)
    tell.refused("he closes and leaves one ballot out", lambda: poll.close(sender=teller))
    tell.refused("he counts one twice", lambda: poll.count(four[0], sender=teller))
    tell("the fifth is counted", poll.count(last, sender=teller))
    tell("he closes: the proof is about every ballot that came", poll.close(sender=teller))
    result = poll.read().result
    for name, votes in zip(CHOICES, result["votes"], strict=True):
        tell(f"  {name:15}{votes}")
    tell(f"everybody reads it, and that {sum(result['votes'])} votes are of {result['ballots']} ballots")


if __name__ == "__main__":
    play(story, __doc__)
