"""The driver among three others whose keys a test holds: what it votes, signs and refuses, and what floods cost it."""

from dataclasses import replace
from pathlib import Path

import pytest

from chain.codec import encode
from chain.consensus.effects import SignAndPublishVote
from chain.consensus.inputs import TIMEOUT_PROPOSE, TimeoutElapsed
from chain.errors import WrongShape
from chain.types.block import Block, transactions_root
from chain.types.scalars import NIL, Amount, Blob, Hash, Height, Nonce, Round, Uint, VoteTarget, WorkUnits
from chain.types.vote import PRECOMMIT, PREVOTE, PartSetHeader, Vote
from contracts.token.actions import Transfer
from node import driver as driver_module
from node.bodies import body_of
from node.driver import MAX_WAITING, VOTES_PER_ROUND
from node.executor import FaultyRule
from node.remote_signer.errors import SignerAway
from node.signer import Refused, Signer
from node.signing import Unsigned
from node.storage.errors import DatabaseCorrupt
from tests.support.driver_scene import PEER, DriverScene, invalid
from tests.support.sealed_chain import with_header
from tests.support.small_chain import SmallChain, account

# A height


async def test_a_valid_proposal_is_executed_prevoted_and_decided_with_the_others(voter: DriverScene) -> None:
    async with voter.running() as driver:
        await voter.started(1)
        first = voter.proposer()
        body = voter.block(first)
        voter.hand_in(body, voter.proposal(body, first))
        await voter.until(lambda: voter.own_votes(PREVOTE))
        assert voter.own_votes(PREVOTE) == [body.id]
        for index in voter.others()[:2]:
            driver.take_vote(voter.vote(index, PREVOTE, body.id))
        await voter.until(lambda: voter.own_votes(PRECOMMIT))
        assert voter.own_votes(PRECOMMIT) == [body.id]
        for index in voter.others()[:2]:
            driver.take_vote(voter.vote(index, PRECOMMIT, body.id, height=1))
        await voter.started(2)
    assert voter.ledger.tip.block_id == body.id
    assert voter.database.block(Height(1)) == body.encoded
    assert len(voter.ledger.last_commit.signatures) == 3


async def test_the_proposer_builds_from_the_pool_publishes_and_prevotes(leader: DriverScene) -> None:
    chain = SmallChain()
    envelope = chain.envelope(1, Transfer(account(2), Amount(5)))
    envelope = replace(envelope, chain_id=leader.genesis.chain_id, genesis_hash=leader.genesis.hash())
    pay = chain.sign(1, envelope)
    leader.mempool.add(pay, WorkUnits(600), Nonce(0))
    async with leader.running():
        await leader.until(lambda: leader.own_votes(PREVOTE))
        (proposal,) = leader.outlet.proposals
        body = leader.driver.bodies.whole[proposal.block_id]
    assert body.block.transactions == (Blob(pay.raw),)
    assert tuple(leader.outlet.parts) == body.parts
    assert leader.own_votes(PREVOTE) == [body.id]
    assert pay.hash in leader.mempool  # it leaves with the decision, not before


async def test_a_node_without_a_key_follows_and_says_nothing(scenes) -> None:
    follower = scenes(None)
    async with follower.running() as driver:
        await follower.started(1)
        first = follower.proposer()
        body = follower.block(first)
        follower.hand_in(body, follower.proposal(body, first))
        for index in (0, 1, 2):
            driver.take_vote(follower.vote(index, PREVOTE, body.id))
            driver.take_vote(follower.vote(index, PRECOMMIT, body.id))
        await follower.started(2)
    assert not follower.outlet.votes
    assert not follower.outlet.proposals


# Blocks that are refused


async def test_an_invalid_block_gets_nil_and_is_remembered_for_operators(voter: DriverScene) -> None:
    async with voter.running():
        await voter.started(1)
        first = voter.proposer()
        body = invalid(voter.block(first))
        voter.hand_in(body, voter.proposal(body, first))
        await voter.until(lambda: voter.own_votes(PREVOTE))
    assert voter.own_votes(PREVOTE) == [NIL]
    (refusal,) = voter.executor.refusals
    assert (refusal.height, refusal.block_id, refusal.code) == (1, body.id, 3070)


async def test_a_block_with_bytes_that_are_no_transactions_gets_nil(voter: DriverScene) -> None:
    async with voter.running():
        await voter.started(1)
        first = voter.proposer()
        whole = voter.block(first).block
        junk = (Blob(b"\x93\x01"), Blob(b""), Blob(bytes(1_000)))
        body = body_of(with_header(replace(whole, transactions=junk), tx_root=transactions_root(junk)))
        voter.hand_in(body, voter.proposal(body, first))
        await voter.until(lambda: voter.own_votes(PREVOTE))
    assert voter.own_votes(PREVOTE) == [NIL]
    assert 3000 <= voter.executor.refusals[0].code < 3010


@pytest.mark.parametrize(
    "fault", [KeyError("k"), ValueError("v"), OverflowError("o"), RecursionError(), TypeError("t")]
)
async def test_a_fault_in_a_rule_makes_the_block_invalid_and_not_the_node_dead(
    voter: DriverScene, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def judge(_block: Block) -> None:
        raise fault

    monkeypatch.setattr(voter.ledger, "judge", judge)
    async with voter.running():
        await voter.started(1)
        first = voter.proposer()
        body = voter.block(first)
        voter.hand_in(body, voter.proposal(body, first))
        await voter.until(lambda: voter.own_votes(PREVOTE))
    assert voter.own_votes(PREVOTE) == [NIL]
    assert voter.executor.refusals[0].code == FaultyRule.code


async def test_damage_of_the_own_database_is_no_judgement_of_a_block_but_ends_the_node(
    voter: DriverScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(_block: Block) -> None:
        raise DatabaseCorrupt(Path("db"), "a page is missing")

    monkeypatch.setattr(voter.ledger, "judge", judge)
    async with voter.running():
        await voter.started(1)
        first = voter.proposer()
        body = voter.block(first)
        voter.hand_in(body, voter.proposal(body, first))
        with pytest.raises(ExceptionGroup) as ended:
            await voter.until(lambda: False)
    assert ended.group_contains(DatabaseCorrupt)
    assert not voter.own_votes(PREVOTE)


@pytest.mark.parametrize("fault", [KeyError("k"), WrongShape("x", "y", "z")])
async def test_a_proposer_that_cannot_build_is_silent_and_lives(
    leader: DriverScene, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def build(*_arguments: object) -> None:
        raise fault

    monkeypatch.setattr(leader.ledger, "build", build)
    async with leader.running():
        await leader.started(1)
        await leader.quiet()
        assert not leader.life.done()
    assert not leader.outlet.proposals


# Lies about blocks


async def test_a_false_body_under_a_true_header_does_not_spoil_the_true_block(voter: DriverScene) -> None:
    """Its proposer sends it to one node, the true one to the others: that node must still follow them."""
    async with voter.running() as driver:
        await voter.started(1)
        first = voter.proposer()
        true = voter.block(first, time=voter.now)
        junk = replace(true.block, transactions=(Blob(bytes(100)),))
        false = body_of(junk)
        assert false.id == true.id
        voter.hand_in(false, voter.proposal(false, first))
        await voter.quiet()
        for index in voter.others():
            driver.take_vote(voter.vote(index, PREVOTE, true.id))
            driver.take_vote(voter.vote(index, PRECOMMIT, true.id))
        await voter.until(lambda: voter.outlet.statuses[-1].wanted == true.id)
        for part in true.parts:  # as a peer's repeat brings them
            driver.take_part(part, PEER)
        await voter.started(2)
    assert voter.ledger.tip.block_id == true.id


async def test_a_thief_who_proposes_anothers_fresh_block_does_not_spoil_it(voter: DriverScene) -> None:
    async with voter.running() as driver:
        await voter.started(1)
        first, thief = voter.proposer(0), voter.proposer(1)
        body = voter.block(first)
        for index in voter.others()[:2]:  # round 1 has begun
            driver.take_vote(voter.vote(index, PREVOTE, NIL, round_=1))
        await voter.until(lambda: driver.state.round == 1)
        voter.hand_in(body, voter.proposal(body, thief, round_=1))
        await voter.quiet()
        assert voter.own_votes(PREVOTE) == []
        for index in voter.others():
            driver.take_vote(voter.vote(index, PRECOMMIT, body.id))
        await voter.started(2)
    assert voter.ledger.tip.block_id == body.id


async def test_the_first_proposal_of_a_round_counts_and_more_of_them_cost_nothing(voter: DriverScene) -> None:
    async with voter.running() as driver:
        await voter.started(1)
        first = voter.proposer()
        body = voter.block(first)
        assert driver.take_proposal(voter.proposal(body, first))
        for size in range(1, 200):
            lie = voter.proposal(body, first, parts=PartSetHeader(Uint(size), Hash(bytes(32))))
            assert not driver.take_proposal(lie)
        assert len(driver.bodies.awaited) == 1
        assert len(driver.bodies._sets) == 1
        for part in body.parts:
            driver.take_part(part, PEER)
        await voter.until(lambda: voter.own_votes(PREVOTE))
    assert voter.own_votes(PREVOTE) == [body.id]


async def test_a_block_that_nobody_asked_for_is_not_executed(
    voter: DriverScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with voter.running() as driver:
        await voter.started(1)
        wanted = voter.block(voter.proposer(), time=voter.now)
        for index in voter.others():
            driver.take_vote(voter.vote(index, PRECOMMIT, wanted.id))
        await voter.until(lambda: driver.status().wanted == wanted.id)
        monkeypatch.setattr(voter.ledger, "judge", lambda _block: pytest.fail("executed"))
        other = voter.block(voter.proposer(), time=voter.now + 5)
        for part in other.parts:
            driver.take_part(part, PEER)
        await voter.quiet()
        assert other.id not in driver.bodies.whole


# Floods


async def test_votes_that_change_nothing_are_not_taken(voter: DriverScene) -> None:
    async with voter.running() as driver:
        await voter.started(1)
        vote = voter.vote(voter.others()[0], PREVOTE, b"\1" * 32)
        assert driver.take_vote(vote)
        assert not driver.take_vote(vote)  # waits to be counted
        await voter.quiet()
        assert not driver.take_vote(vote)  # is counted
        assert not driver.take_vote(voter.vote(voter.others()[0], Uint(7)))
        assert not driver.take_vote(voter.vote(voter.others()[0], PREVOTE, height=9))
        assert driver._inbox.qsize() == 0


async def test_one_who_signs_without_end_is_not_heard_without_end(voter: DriverScene) -> None:
    """Ever higher rounds, or ever other blocks: each would be news, logged and passed on."""
    liar, honest = voter.others()[:2]
    async with voter.running() as driver:
        await voter.started(1)
        taken = 0
        for round_ in range(1, 300):
            taken += driver.take_vote(voter.vote(liar, PREVOTE, b"\1" * 32, round_=round_))
            if round_ % 50 == 0:
                await voter.quiet()
        assert taken <= VOTES_PER_ROUND * 3
        assert driver.take_vote(voter.vote(honest, PREVOTE, b"\1" * 32))


async def test_early_messages_of_far_rounds_are_not_kept(voter: DriverScene) -> None:
    async with voter.running() as driver:
        await voter.started(1)
        index = voter.others()[0]
        assert driver.take_vote(voter.vote(index, PREVOTE, height=2))
        assert not driver.take_vote(voter.vote(index, PREVOTE, height=2))
        assert not driver.take_vote(voter.vote(index, PREVOTE, height=2, round_=50))
        body = voter.block(index)
        early = replace(body.block, header=replace(body.block.header, height=Height(2)))
        assert not driver.take_proposal(voter.proposal(body_of(early), index, round_=50))


async def test_a_full_inbox_turns_votes_away(voter: DriverScene) -> None:
    async with voter.running() as driver:
        await voter.started(1)
        for _ in range(MAX_WAITING):
            driver._inbox.put_nowait(TimeoutElapsed(TIMEOUT_PROPOSE, Height(1), Round(77)))
        assert not driver.take_vote(voter.vote(voter.others()[0], PREVOTE))
        await voter.quiet()


async def test_timeouts_of_past_heights_do_nothing(voter: DriverScene) -> None:
    async with voter.running() as driver:
        await voter.started(1)
        voter.offer(encode(voter.final(voter.block(voter.proposer()))))
        await voter.started(2)
        state = driver.state
        for height in (0, 1):
            driver._inbox.put_nowait(TimeoutElapsed(TIMEOUT_PROPOSE, Height(height), Round(0)))
        await voter.quiet()
        assert driver.state is state


# A signer that is away


class SignerThatLeaves:
    """The scene's signer, which can be away."""

    def __init__(self, signer: Signer) -> None:
        self._signer, self.away, self.asked = signer, True, 0
        self.public_key, self.close = signer.public_key, signer.close

    def sign_vote(self, type_: Uint, height: Height, round_: Round, target: VoteTarget) -> Vote | Refused:
        self.asked += 1
        if self.away:
            raise SignerAway("the test says so")
        return self._signer.sign_vote(type_, height, round_, target)


async def test_a_vote_for_which_the_signer_was_away_is_asked_for_again_while_its_round_lasts(
    voter: DriverScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_module, "UNSIGNED_PAUSE_S", 0.01)
    signer = voter.driver._signer = SignerThatLeaves(voter.driver._signer)  # type: ignore[arg-type, assignment]
    async with voter.running():
        await voter.started(1)
        first = voter.proposer()
        body = voter.block(first)
        voter.hand_in(body, voter.proposal(body, first))
        await voter.until(lambda: signer.asked >= 3)
        assert voter.own_votes(PREVOTE) == []
        signer.away = False
        await voter.until(lambda: voter.own_votes(PREVOTE))
        assert voter.own_votes(PREVOTE) == [body.id]


async def test_a_vote_of_a_round_that_has_passed_is_asked_for_no_more(
    voter: DriverScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_module, "UNSIGNED_PAUSE_S", 0.01)
    signer = voter.driver._signer = SignerThatLeaves(voter.driver._signer)  # type: ignore[arg-type, assignment]
    async with voter.running() as driver:
        await voter.started(1)
        first = voter.proposer()
        body = voter.block(first)
        voter.hand_in(body, voter.proposal(body, first))
        await voter.until(lambda: signer.asked)
        for index in voter.others()[:2]:  # the others are in round 1, and more than a third says so
            driver.take_vote(voter.vote(index, PREVOTE, NIL, round_=1))
        await voter.until(lambda: driver.state.round == 1)
        signer.away = False
        driver._inbox.put_nowait(Unsigned(SignAndPublishVote(PREVOTE, Height(1), Round(0), VoteTarget(body.id))))
        await voter.quiet()
        assert all(vote.round == 1 for vote in voter.outlet.votes)


async def test_a_height_that_the_others_decided_while_the_signer_was_away_is_voted_on_no_more(
    voter: DriverScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_module, "UNSIGNED_PAUSE_S", 0.001)
    signer = voter.driver._signer = SignerThatLeaves(voter.driver._signer)  # type: ignore[arg-type, assignment]
    async with voter.running() as driver:
        await voter.started(1)
        monkeypatch.setattr(driver, "_schedule_start", lambda: None)  # what follows happens between two heights
        first = voter.proposer()
        body = voter.block(first)
        voter.hand_in(body, voter.proposal(body, first))
        await voter.until(lambda: signer.asked)
        commit = [voter.vote(index, PRECOMMIT, body.id) for index in voter.others()]
        wanted = [SignAndPublishVote(kind, Height(1), Round(0), VoteTarget(body.id)) for kind in (PREVOTE, PRECOMMIT)]
        for vote in commit:
            driver.take_vote(vote)
        await voter.until(lambda: voter.ledger.tip.height == 1)
        assert (driver.state.height, driver.state.round) == (1, 0)
        asked = signer.asked
        for vote_wanted in wanted:
            driver._inbox.put_nowait(Unsigned(vote_wanted))
        await voter.quiet()
        await voter.quiet()
        assert not voter.life.done()
        assert signer.asked == asked
