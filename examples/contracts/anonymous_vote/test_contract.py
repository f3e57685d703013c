"""A poll with a teller who would like another result, a member who would like two votes, and somebody who has none."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chain.execution.verifier import FalseEvidence
from chain.types.scalars import FieldElement
from compute.confidential.errors import NotAReader, StatementFalse
from compute.confidential.prover import Draft
from compute.dsl.caller import Caller
from compute.dsl.calls import draft_call
from compute.dsl.refusals import RequirementFailed
from compute.sandbox import CLU, Deployed, Person, Pool, Sandbox
from contracts.confidential.errors import OutsidePeriod, StaleCount, StaleRegister
from contracts.notes.errors import DuplicateNullifier, NoteSpent, UnknownRoot
from examples.contracts.anonymous_vote.contract import CHOICES, Poll
from examples.contracts.anonymous_vote.members import MemberList, identity
from examples.contracts.anonymous_vote.walkthrough import story
from examples.contracts.stage import Teller

VOTING_HEIGHTS = 40


class Scene:
    """A poll of five members, open for votes."""

    def __init__(self, chain: Sandbox) -> None:
        self.chain = chain
        self.teller, self.stranger = chain.person("teller"), chain.person("stranger")
        self.voters = [chain.person(f"member {number}") for number in range(5)]
        self.secrets = {person.name: 1_000 + number for number, person in enumerate((*self.voters, self.stranger))}
        self.members = MemberList(identity(self.secrets[person.name]) for person in self.voters)
        self.poll = self.opened()

    def opened(self, members: MemberList | None = None) -> Deployed:
        closes = self.chain.height + VOTING_HEIGHTS
        initial = {"members": (members or self.members).root, "teller": self.teller, "closes": closes}
        return self.chain.deploy(Poll, self.teller, counts=(1,), initial=initial)

    def ballot(self, person: Person, choice: int, **changes: Any) -> Draft:
        """A vote that is not sent yet."""
        secret = self.secrets[person.name]
        member = self.members.member(identity(changes.pop("listed", secret)))
        given = {"secret": secret, "member": member, "choice": choice} | changes
        first = self.chain.height + 1
        return given.pop("poll", self.poll).draft("vote", sender=person, period=(first, first + 9), **given)

    def vote(self, person: Person, choice: int, **changes: Any) -> None:
        self.chain.send(person, self.ballot(person, choice, **changes))

    def end(self) -> None:
        self.chain.mine_to(self.poll.read().closes)


@pytest.fixture(scope="module")
def opened() -> Iterator[Scene]:
    with Sandbox() as chain:
        yield Scene(chain)


@pytest.fixture
def scene(opened: Scene) -> Iterator[Scene]:
    with opened.chain.snapshot():
        yield opened


def test_all_votes_are_counted_and_the_tally_adds_up(scene: Scene) -> None:
    for person, choice in zip(scene.voters, (2, 0, 2, 2, 3), strict=True):
        scene.vote(person, choice)
    *four, last = scene.poll.notes_of(scene.teller)
    scene.poll.count_four(*four, sender=scene.teller)
    scene.poll.count(last, sender=scene.teller)
    scene.end()
    assert scene.poll.close(sender=scene.teller).result == 5
    outcome = scene.poll.read()
    assert (outcome.closed, outcome.result) == (True, {"votes": [1, 0, 3, 1], "ballots": 5})


def test_a_poll_without_votes_closes(scene: Scene) -> None:
    scene.end()
    scene.poll.close(sender=scene.teller)
    assert scene.poll.read().result == {"votes": [0] * CHOICES, "ballots": 0}


def test_before_the_end_only_the_teller_knows_how_it_stands(scene: Scene) -> None:
    scene.vote(scene.voters[0], 1)
    assert scene.poll.notes_of(scene.voters[0]) == scene.poll.notes_of(scene.stranger) == []
    scene.poll.count(*scene.poll.notes_of(scene.teller), sender=scene.teller)
    assert scene.poll.read(scene.teller).tally["votes"] == [0, 1, 0, 0]
    with pytest.raises(NotAReader):
        _ = scene.poll.read(scene.voters[0]).tally
    assert scene.poll.read().result["ballots"] == 0


def test_nobody_votes_twice(scene: Scene) -> None:
    member = scene.voters[0]
    first, second = scene.ballot(member, 1), scene.ballot(member, 2)
    assert first.action.nullifiers == second.action.nullifiers
    with pytest.raises((NoteSpent, DuplicateNullifier)):
        scene.chain.send(member, first, second)
    scene.chain.send(member, first)
    for person in (member, scene.stranger):  # whoever sends it
        with pytest.raises(NoteSpent):
            scene.chain.send(person, second)


def test_two_votes_of_a_member_in_one_block(scene: Scene) -> None:
    first, second = (scene.chain.transaction(person, scene.ballot(scene.voters[0], 1)) for person in scene.voters[:2])
    sent = scene.chain.block(first, second)
    assert [each.applied for each in sent] == [True, False]
    assert sent[1].receipt.code == NoteSpent.code


def test_votes_of_a_member_in_two_polls_have_nothing_in_common(scene: Scene) -> None:
    other, member = scene.opened(), scene.voters[0]
    here, there = scene.ballot(member, 1).action, scene.ballot(member, 1, poll=other).action
    assert set(here.nullifiers).isdisjoint(there.nullifiers)
    scene.vote(member, 1)
    scene.vote(member, 1, poll=other)


def test_who_is_not_listed_has_no_vote(scene: Scene) -> None:
    listed = scene.secrets[scene.voters[3].name]
    with pytest.raises(RequirementFailed, match="no member's"):
        scene.ballot(scene.stranger, 1, listed=listed)
    place, path = scene.members.member(identity(listed)).values()
    others = [siblings if level else [7, *siblings[1:]] for level, siblings in enumerate(path)]
    for changed in ({"place": place ^ 1, "path": path}, {"place": place, "path": others}):
        with pytest.raises(RequirementFailed, match="no member's"):
            scene.ballot(scene.voters[3], 1, member=changed)


def test_a_list_of_ones_own_is_another_list(scene: Scene) -> None:
    secret, stranger, view = scene.secrets[scene.stranger.name], scene.stranger, scene.poll.view
    own = MemberList([identity(secret)])
    registers = (replace(view.registers[0], values=(FieldElement(own.root),)), *view.registers[1:])
    given = {"secret": secret, "member": own.member(identity(secret)), "choice": 1}
    caller = Caller(stranger.id, addresses=(scene.teller.private_address,))
    pretended, period = replace(view, registers=registers), (1, view.registers[2].values[0] - 1)
    draft = draft_call(Poll.compiled, pretended, "vote", given, caller, now=scene.poll.now, period=period)
    scene.chain.transaction(stranger, draft)  # true of a poll with that list
    with pytest.raises(StaleRegister):
        scene.chain.send(stranger, draft)


def test_there_are_no_votes_for_what_is_no_choice(scene: Scene) -> None:
    for choice in (CHOICES, 255):
        with pytest.raises(RequirementFailed, match="no such choice"):
            scene.vote(scene.voters[0], choice)


def test_after_the_end_nobody_votes(scene: Scene) -> None:
    late = scene.ballot(scene.voters[0], 1)
    closes = scene.poll.read().closes
    scene.chain.mine_to(closes - 4)
    with pytest.raises(RequirementFailed, match="the poll is over"):
        scene.ballot(scene.voters[0], 1)
    scene.chain.mine_to(closes - 1)
    with pytest.raises(OutsidePeriod):
        scene.chain.send(scene.voters[0], late)


def test_only_the_teller_counts_and_each_ballot_once(scene: Scene) -> None:
    for person in scene.voters[:2]:
        scene.vote(person, 1)
    first, second = scene.poll.notes_of(scene.teller)
    with pytest.raises(NotAReader):
        scene.poll.count(first, sender=scene.stranger)
    with pytest.raises(UnknownRoot):  # his key makes another note of it, which never stood in the tree
        scene.poll.count(first, sender=scene.stranger, keys=scene.teller.reader)
    with pytest.raises(DuplicateNullifier):
        scene.poll.count_four(first, second, first, second, sender=scene.teller)
    scene.poll.count(first, sender=scene.teller)
    with pytest.raises(NoteSpent):
        scene.poll.count(first, sender=scene.teller)


def test_a_teller_who_leaves_ballots_out_cannot_close(scene: Scene) -> None:
    scene.vote(scene.voters[0], 1)
    scene.poll.count(*scene.poll.notes_of(scene.teller), sender=scene.teller)
    with scene.chain.snapshot():
        scene.end()
        omitting = scene.poll.draft("close", sender=scene.teller)  # true if nothing more had come
    scene.vote(scene.voters[1], 2)
    scene.end()
    with pytest.raises(RequirementFailed, match="ballots are left"):
        scene.poll.close(sender=scene.teller)
    with pytest.raises(StaleCount):
        scene.chain.send(scene.teller, omitting)


def test_a_teller_who_changes_the_tally_has_no_proof(scene: Scene) -> None:
    scene.vote(scene.voters[0], 1)
    scene.poll.count(*scene.poll.notes_of(scene.teller), sender=scene.teller)
    scene.end()
    honest = scene.poll.draft("close", sender=scene.teller)
    result, closed = honest.action.moves
    for wanted in ((0, 0, 1, 0, 1), (0, 2, 0, 0, 2), (0, 0, 0, 0, 0)):
        moves = (replace(result, after=tuple(map(FieldElement, wanted))), closed)
        with pytest.raises(StatementFalse):
            scene.chain.send(scene.teller, replace(honest, action=replace(honest.action, moves=moves)))
        envelope = scene.chain.shown(scene.chain.local.envelope_of(scene.teller.id, honest.action), honest)
        changed = replace(envelope, actions=(replace(envelope.actions[0], moves=moves),))
        with pytest.raises(FalseEvidence):
            scene.chain.local.judge(scene.chain.local.signed(scene.teller.secret, changed))


def test_the_poll_does_not_close_early(scene: Scene) -> None:
    with pytest.raises(RequirementFailed, match="goes on"):
        scene.poll.close(sender=scene.teller)


@pytest.mark.slow
def test_who_votes_through_a_pool_is_not_seen(scene: Scene) -> None:
    pool = Pool(scene.chain, scene.stranger)
    sent = []
    for person, choice in zip(scene.voters[:2], (0, 3), strict=True):
        pool.shield(person, CLU)
        nonce = scene.chain.local.nonce_of(person.id)
        sent.append(pool.send(person, scene.ballot(person, choice)))
        assert scene.chain.local.nonce_of(person.id) == nonce
        known = (person.id, identity(scene.secrets[person.name]).to_bytes(32, "big"))
        assert not any(each in sent[-1].transaction.raw for each in known)
    assert (sent[0].size, sent[0].work) == (sent[1].size, sent[1].work)
    assert {note.content.fields for note in scene.poll.notes_of(scene.teller)} == {(0,), (3,)}


@pytest.mark.slow
def test_the_walk_through_tells_it(capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox() as chain:
        story(chain, Teller())
    told = capsys.readouterr().out
    for line in ("[1, 0, 1, 3, 1]", "the mountains  3", "5 votes are of 5 ballots"):
        assert line in told


def test_circuits_and_plain_execution_agree() -> None:
    assert Poll.examples().result == {"votes": [2, 1, 1, 1], "ballots": 5}
