"""The driver and final blocks: what it stores, what it tells, how it comes back after a crash."""

import asyncio
from dataclasses import replace

import pytest

from chain.codec import encode
from chain.consensus.state import Step
from chain.execution.upgrades import Fork, Upgrade, UpgradeNeeded
from chain.types.scalars import Blob, Hash, Height, Name, Text, Timestamp, Uint, VoteTarget
from chain.types.vote import PRECOMMIT, PREVOTE, DuplicateVote
from node.ledger import MAX_APPLIED, InvalidBlockFinal
from tests.support.driver_scene import PEER, DriverScene, invalid

# Final blocks


async def test_a_final_block_from_a_peer_is_stored_without_own_votes(voter: DriverScene) -> None:
    async with voter.running():
        await voter.started(1)
        body = voter.block(voter.proposer())
        voter.offer(encode(voter.final(body)))
        await voter.started(2)
    assert voter.ledger.tip.block_id == body.id
    assert not voter.outlet.votes or voter.outlet.votes[-1].height == 2


async def test_final_blocks_that_prove_nothing_are_blamed_on_their_peer_and_change_nothing(voter: DriverScene) -> None:
    async with voter.running():
        await voter.started(1)
        body = voter.block(voter.proposer())
        one_signer = voter.final(body, voter.others()[0])
        bad_signature = voter.final(body)
        entries = bad_signature.commit.signatures
        swapped = (replace(entries[0], signature=entries[1].signature), *entries[1:])
        other_height = replace(body.block, header=replace(body.block.header, height=Height(2**62)))
        nonsense = [
            b"",
            b"\x93\x01\xc0\xc0",
            bytes(2**21 + 1),
            encode(one_signer),
            encode(replace(bad_signature, commit=replace(bad_signature.commit, signatures=swapped))),
            encode(replace(bad_signature, commit=replace(bad_signature.commit, height=Height(2)))),
            encode(voter.final(body, block=other_height)),
            encode(voter.final(body, block=replace(body.block, transactions=(Blob(b"x"),)))),
        ]
        for encoded in nonsense:
            voter.offer(encoded)
        await voter.until(lambda: len(voter.outlet.failed) == len(nonsense))
        assert voter.ledger.tip.height == 0
        voter.offer(encode(voter.final(body)))
        await voter.started(2)


async def test_a_node_that_lacks_the_next_rules_stores_the_last_block_before_them_and_signs_nothing_more(
    voter: DriverScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = Upgrade(Name("two"), Height(2), Uint(2), Text(""))
    rules = replace(voter.ledger.next_block, height=Height(2), fork=Fork(Hash(b"\x01" * 32), Uint(2), upgrade))
    monkeypatch.setattr(voter.ledger, "_next_block", lambda: rules)
    async with voter.running():
        await voter.started(1)
        with pytest.raises(ExceptionGroup) as ended:
            voter.offer(encode(voter.final(voter.block(voter.proposer()))))
            await voter.until(lambda: voter.ledger.tip.height == 2)
    assert ended.group_contains(UpgradeNeeded)
    assert voter.ledger.tip.height == 1
    assert [vote for vote in voter.outlet.votes if vote.height > 1] == []


async def test_a_committed_block_that_this_node_holds_invalid_ends_it_with_advice(voter: DriverScene) -> None:
    async with voter.running():
        await voter.started(1)
        body = invalid(voter.block(voter.proposer()))
        voter.offer(encode(voter.final(body)))
        with pytest.raises(ExceptionGroup) as ended:
            await voter.until(lambda: False)
    assert ended.group_contains(InvalidBlockFinal, match="software versions")
    assert voter.ledger.tip.height == 0


async def test_a_decision_for_a_block_judged_invalid_ends_the_node(voter: DriverScene) -> None:
    async with voter.running() as driver:
        await voter.started(1)
        first = voter.proposer()
        body = invalid(voter.block(first))
        voter.hand_in(body, voter.proposal(body, first))
        await voter.until(lambda: voter.own_votes(PREVOTE))
        for index in voter.others():
            driver.take_vote(voter.vote(index, PRECOMMIT, body.id))
        with pytest.raises(ExceptionGroup) as ended:
            await voter.until(lambda: False)
    assert ended.group_contains(InvalidBlockFinal)


async def test_a_block_whose_result_was_pushed_out_by_others_is_executed_again(voter: DriverScene) -> None:
    async with voter.running() as driver:
        await voter.started(1)
        first = voter.proposer()
        body = voter.block(first, time=voter.now)
        voter.hand_in(body, voter.proposal(body, first))
        await voter.until(lambda: voter.own_votes(PREVOTE))
        for later in range(1, MAX_APPLIED + 2):
            await voter.executor.judge(voter.block(first, time=voter.now + later).block)
        assert body.id not in voter.ledger._applied
        for index in voter.others():
            driver.take_vote(voter.vote(index, PRECOMMIT, body.id))
        await voter.started(2)
    assert voter.ledger.tip.block_id == body.id


# Crashes


async def test_a_driver_that_died_after_its_prevote_goes_on_and_contradicts_nothing(voter: DriverScene) -> None:
    first = voter.proposer()
    body = voter.block(first)
    async with voter.running():
        await voter.started(1)
        voter.hand_in(body, voter.proposal(body, first))
        await voter.until(lambda: voter.own_votes(PREVOTE))
    voter.new_life()
    async with voter.running() as driver:
        await voter.until(lambda: driver.state.step == Step.PREVOTE)
        other = voter.block(first, time=voter.now + 7)
        assert not driver.take_proposal(voter.proposal(other, first))
        for index in voter.others():
            driver.take_vote(voter.vote(index, PREVOTE, body.id))
            driver.take_vote(voter.vote(index, PRECOMMIT, body.id))
        await voter.started(2)
    assert all(vote.target == body.id for vote in voter.outlet.votes if vote.height == 1)
    assert voter.ledger.tip.block_id == body.id


async def test_a_decision_that_was_logged_but_not_stored_is_stored_on_the_way_up(
    voter: DriverScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = voter.proposer()
    body = voter.block(first)

    async def die(_final: object) -> None:
        raise asyncio.CancelledError

    async with voter.running() as driver:
        await voter.started(1)
        with monkeypatch.context() as patch:
            patch.setattr(voter.executor, "commit", die)
            voter.hand_in(body, voter.proposal(body, first))
            for index in voter.others():
                driver.take_vote(voter.vote(index, PRECOMMIT, body.id))
            await asyncio.wait({voter.life})
    assert voter.ledger.tip.height == 0
    voter.new_life()
    async with voter.running():
        await voter.started(2)
    assert voter.ledger.tip.block_id == body.id


async def test_messages_before_recovery_are_not_lost_on_it_and_do_no_harm(voter: DriverScene) -> None:
    driver = voter.driver
    assert driver.height == 0
    assert driver.status().step == int(Step.DECIDED)
    assert not driver.take_vote(voter.vote(0, PREVOTE, height=0))
    assert not driver.take_part(replace(voter.block(0).parts[0], height=Height(5)), PEER)
    async with voter.running():
        await voter.started(1)


async def test_who_lost_its_database_and_catches_up_still_has_the_lock_that_its_log_knows(voter, scenes) -> None:
    """A lock that was taken at a height must not be forgotten because the way back there led over peers' blocks."""
    async with voter.running() as driver:
        await voter.started(1)
        decided = encode(voter.final(voter.block(voter.proposer())))
        voter.offer(decided)
        await voter.started(2)
        voter.now += 1_000
        locked = voter.block(voter.proposer())
        voter.hand_in(locked, voter.proposal(locked, voter.proposer()))
        for index in voter.others()[:2]:
            driver.take_vote(voter.vote(index, PREVOTE, locked.id))
        await voter.until(lambda: voter.own_votes(PRECOMMIT))
        assert driver.state.locked_value == locked.id
    anew = scenes(voter.own)
    anew.log_folder, anew.state_file = voter.log_folder, voter.state_file
    anew.now = voter.now
    anew.new_life()
    async with anew.running() as driver:
        await anew.started(1)
        anew.offer(decided)
        await anew.started(2)
        assert driver.state.locked_value == locked.id
        assert driver.bodies.judged == {locked.id: True}


# Evidence


async def test_a_double_vote_stands_in_a_later_block_of_this_proposer(scenes) -> None:
    probe = scenes()
    scene = scenes(probe.proposer(height=2))
    liar = next(index for index in scene.others() if index != scene.proposer())
    async with scene.running() as driver:
        await scene.started(1)
        votes = [scene.vote(liar, PREVOTE, bytes([fill]) * 32) for fill in (1, 2)]
        for vote in votes:
            driver.take_vote(vote)
        await scene.until(lambda: driver._evidence.pieces)
        body = scene.block(scene.proposer())
        scene.now = Timestamp(scene.now + 1_000)
        scene.offer(encode(scene.final(body)))
        await scene.until(lambda: scene.outlet.proposals)
        built = driver.bodies.whole[scene.outlet.proposals[0].block_id].block
    assert built.evidence == (DuplicateVote(*votes),)
    assert scene.executor.refusals == type(scene.executor.refusals)(maxlen=scene.executor.refusals.maxlen)


async def test_a_node_that_starts_again_still_has_the_evidence_of_earlier_heights(scenes) -> None:
    """The log of their height is not read any more; only its own block at height 3 could tell of the double vote."""
    probe = scenes()
    scene = scenes(probe.proposer(height=3))
    assert scene.own not in (scene.proposer(), scene.proposer(height=2))
    liar = next(index for index in scene.others() if index not in (scene.proposer(), scene.proposer(height=2)))
    async with scene.running() as driver:
        await scene.started(1)
        votes = [scene.vote(liar, PREVOTE, bytes([fill]) * 32) for fill in (1, 2)]
        for vote in votes:
            driver.take_vote(vote)
        await scene.until(lambda: driver._evidence.pieces)
        scene.offer(encode(scene.final(scene.block(scene.proposer()))))
        await scene.started(2)
    scene.new_life()
    async with scene.running() as driver:
        await scene.started(2)
        body = scene.block(scene.proposer(), time=scene.now + 500)
        scene.now = Timestamp(scene.now + 1_000)
        scene.offer(encode(scene.final(body)))
        await scene.until(lambda: scene.outlet.proposals)
        built = driver.bodies.whole[scene.outlet.proposals[0].block_id].block
    assert (built.height, built.evidence) == (3, (DuplicateVote(*votes),))


# Work that a final block overtakes


@pytest.mark.parametrize("work", ["judge", "build"])
async def test_a_block_that_is_ready_after_its_height_is_final_is_not_in_the_next_heights_log(
    voter: DriverScene, leader: DriverScene, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = voter if work == "judge" else leader
    begun, gate, done = asyncio.Event(), asyncio.Event(), getattr(scene.executor, work)

    async def overtaken(*args: object) -> object:
        begun.set()
        result = await done(*args)
        await gate.wait()
        return result

    monkeypatch.setattr(scene.executor, work, overtaken)
    async with scene.running() as driver:
        await scene.started(1)
        monkeypatch.setattr(driver, "_schedule_start", lambda: None)  # between two heights for as long as it takes
        first = scene.proposer()
        body = scene.block(first)
        if work == "judge":
            scene.hand_in(body, scene.proposal(body, first))
        await begun.wait()
        scene.offer(encode(scene.final(body)))
        await scene.until(lambda: [status.height for status in scene.outlet.statuses][-1] == 1)
        await scene.until(lambda: scene.ledger.tip.height == 1)
        await scene.quiet()
        gate.set()
        await scene.quiet()
        assert not scene.log.path(Height(2)).exists()


# What it tells


async def test_the_status_claims_a_height_only_once_its_block_is_stored(voter: DriverScene) -> None:
    async with voter.running() as driver:
        await voter.started(1)
        assert (driver.status().height, driver.status().step) == (1, int(Step.PROPOSE))
        voter.offer(encode(voter.final(voter.block(voter.proposer()))))
        await voter.until(lambda: voter.ledger.tip.height == 1)
        status = driver.status()
        assert (status.height, status.step) in ((1, int(Step.DECIDED)), (2, int(Step.PROPOSE)))
        driver.state = replace(driver.state, height=Height(5), step=Step.DECIDED)
        assert driver.status().step == int(Step.PRECOMMIT)
        assert driver.status().wanted == VoteTarget(b"")
