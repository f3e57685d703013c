"""What peers say, judged: what no honest node sends is rejected, the untimely is ignored, nothing raises."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.codec import encode
from chain.consensus.repeats import Status
from chain.consensus.state import Step
from chain.execution.upgrades import Upgrade
from chain.types.scalars import NIL, Amount, Blob, Height, Name, Nonce, Round, Signature, Text, Uint, VoteTarget
from chain.types.sync import BlockPiece, BlockRequest
from chain.types.vote import PRECOMMIT, PREVOTE
from contracts.token.actions import Transfer
from crypto.keys import PublicKey
from node import relay
from node.ingress import Ingress
from node.relay import (
    BLOCK_PIECE,
    BLOCK_REPEATS,
    BLOCK_REQUEST,
    FINAL_REPEATS,
    PART,
    PROPOSAL,
    STATUS,
    TOPICS,
    TRANSACTION,
    VOTE,
    VOTE_REPEATS,
    Relay,
)
from p2p.address import NodeId
from p2p.handler import Verdict
from p2p.network import Network
from p2p.topics import Topics
from tests.support.driver_scene import DriverScene
from tests.support.p2p_nodes import ManualClock
from tests.support.small_chain import SmallChain, account

PEER = NodeId(PublicKey(b"\7" * 32))
NUMBERS = [spec.number for spec in TOPICS]


class FakeNetwork:
    """Remembers what was published and sent; `room` is how many messages a peer's queues still take."""

    def __init__(self) -> None:
        self.published: list[tuple[int, bytes]] = []
        self.sent: list[tuple[NodeId, int, bytes]] = []
        self.charged: list[tuple[NodeId, int]] = []
        self.room = 10**9

    def publish(self, topic: int, payload: bytes) -> int:
        self.published.append((topic, payload))
        return 1

    def send(self, to: NodeId, topic: int, payload: bytes) -> bool:
        if len(self.sent) >= self.room:
            return False
        self.sent.append((to, topic, payload))
        return True

    def charge(self, node: NodeId, topic: int, reason: str) -> None:
        self.charged.append((node, topic))

    def topics(self) -> list[int]:
        return [topic for _, topic, _ in self.sent]


class RelayScene(DriverScene):
    """A follower with its relay; the four validators are keys in the hands of the test."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, None)
        self.clock, self.network = ManualClock(), FakeNetwork()
        ingress = Ingress(self.ledger, self.mempool, self.verifier, self.hub)
        self.relay = Relay(ingress, self.executor, self.verifier, self.clock)
        self.driver._outlet = self.relay
        self.relay.connect(cast(Network, self.network), self.driver)

    async def hear(self, topic: int, payload: object, sender: NodeId = PEER) -> Verdict:
        data = payload if isinstance(payload, bytes) else encode(payload)
        return await self.relay.on_message(sender, topic, data)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[RelayScene]:
    made = RelayScene(tmp_path)
    yield made
    made.close()


def at(height: int, step: Step = Step.PROPOSE, round_: int = 0, wanted: bytes = NIL) -> Status:
    return Status(Height(height), Round(round_), Uint(int(step)), False, Blob(b""), Blob(b""), VoteTarget(wanted))


def is_rejection(verdict: Verdict) -> bool:
    return verdict.fault is not None


# Nothing raises


def test_the_topics_fit_together() -> None:
    Topics(TOPICS)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(topic=st.sampled_from(NUMBERS), payload=st.binary(max_size=300))
async def test_random_bytes_are_rejected(scene: RelayScene, topic: int, payload: bytes) -> None:
    assert is_rejection(await scene.hear(topic, payload))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.builds(
        Status,
        st.integers(0, 2**63 - 1).map(Height),
        st.integers(0, 2**31 - 1).map(Round),
        st.integers(0, 2**63 - 1).map(Uint),
        st.booleans(),
        st.binary(max_size=200).map(Blob),
        st.binary(max_size=200).map(Blob),
        st.sampled_from([b"", bytes(32)]).map(VoteTarget),
    )
)
async def test_any_status_whatever_it_claims_is_taken_in(scene: RelayScene, status: Status) -> None:
    assert await scene.hear(STATUS, status) == Verdict.ACCEPT


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(first=st.integers(0, 2**63 - 1), last=st.integers(0, 2**63 - 1), index=st.integers(0, 2**63 - 1))
async def test_any_request_and_any_piece_is_survived(scene: RelayScene, first: int, last: int, index: int) -> None:
    assert await scene.hear(BLOCK_REQUEST, BlockRequest(Height(first), Height(last))) == Verdict.ACCEPT
    piece = BlockPiece(Height(first), Uint(index), Uint(last), Blob(b"x"))
    assert not is_rejection(await scene.hear(BLOCK_PIECE, piece))


async def test_a_piece_after_a_hole_is_nobodys_fault(scene: RelayScene) -> None:
    """The one before it may have been lost in a full queue of an honest peer."""
    assert await scene.hear(BLOCK_PIECE, BlockPiece(Height(1), Uint(3), Uint(5), Blob(b"x"))) == Verdict.IGNORE


# Votes and proposals


async def test_a_validators_vote_is_passed_on_once(scene: RelayScene) -> None:
    async with scene.running():
        await scene.started(1)
        vote = scene.vote(0, PREVOTE)
        assert await scene.hear(VOTE, vote) == Verdict.ACCEPT
        assert await scene.hear(VOTE, vote) == Verdict.IGNORE


async def test_votes_of_strangers_and_forged_ones_are_rejected(scene: RelayScene) -> None:
    async with scene.running():
        await scene.started(1)
        good = scene.vote(0, PREVOTE)
        assert is_rejection(await scene.hear(VOTE, replace(good, signature=Signature(bytes(64)))))
        stranger = replace(good, validator=type(good.validator)(account(5)))
        assert not (await scene.hear(VOTE, stranger)).relay
        other_round = replace(good, round=Round(1))
        assert is_rejection(await scene.hear(VOTE, other_round))


@pytest.mark.parametrize("height", [0, 3, 50, 2**63 - 1])
async def test_votes_and_proposals_of_other_heights_are_ignored(scene: RelayScene, height: int) -> None:
    async with scene.running():
        await scene.started(1)
        assert await scene.hear(VOTE, scene.vote(0, PREVOTE, height=height)) == Verdict.IGNORE
        proposal = scene.proposal(scene.block(0), 0, height=Height(height))
        assert await scene.hear(PROPOSAL, proposal) == Verdict.IGNORE


async def test_a_proposal_is_passed_on_and_a_second_of_its_round_is_not(scene: RelayScene) -> None:
    async with scene.running():
        await scene.started(1)
        first = scene.proposer()
        body = scene.block(first)
        assert await scene.hear(PROPOSAL, scene.proposal(body, first)) == Verdict.ACCEPT
        other = scene.block(first, time=scene.now + 3)
        assert await scene.hear(PROPOSAL, scene.proposal(other, first)) == Verdict.IGNORE
        for part in body.parts:
            assert await scene.hear(PART, part) == Verdict.ACCEPT
            assert await scene.hear(PART, part) == Verdict.IGNORE
        bent = replace(body.parts[0], data=Blob(b"x" + body.parts[0].data[1:]))
        assert not (await scene.hear(PART, bent)).relay


async def test_before_the_node_has_recovered_messages_do_no_harm(scene: RelayScene) -> None:
    for topic, message in [
        (VOTE, scene.vote(0, PREVOTE, height=0)),
        (VOTE, scene.vote(0, PREVOTE, height=9)),
        (STATUS, at(500)),
        (PART, scene.block(0).parts[0]),
    ]:
        assert not is_rejection(await scene.hear(topic, message))


# Transactions


def transfer(scene: RelayScene, **changes: object) -> bytes:
    chain = SmallChain()
    envelope = chain.envelope(1, Transfer(account(2), Amount(5)))
    own = {"chain_id": scene.genesis.chain_id, "genesis_hash": scene.genesis.hash()}
    return chain.sign(1, replace(envelope, **(own | changes))).raw  # type: ignore[arg-type]


async def test_an_action_that_nobody_knows_is_a_fault_but_not_while_an_upgrade_lies_ahead(
    scene: RelayScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peer that is past the upgrade already sends what this program cannot decode, and means no harm."""
    known = transfer(scene)
    unknown = known.replace(bytes((0x94, Transfer.tag, 1)), bytes((0x94, 0x7F, 1)))  # [tag, version, fields...]
    assert unknown != known
    assert is_rejection(await scene.hear(TRANSACTION, unknown))
    upgrade = Upgrade(Name("two"), Height(2), Uint(2), Text(""))
    monkeypatch.setattr(relay, "pending_upgrade", lambda _view, _height: upgrade)
    assert await scene.hear(TRANSACTION, unknown) == Verdict.IGNORE


async def test_a_good_transaction_enters_the_pool_and_is_passed_on_once(scene: RelayScene) -> None:
    raw = transfer(scene)
    assert await scene.hear(TRANSACTION, raw) == Verdict.ACCEPT
    assert len(scene.mempool) == 1
    assert await scene.hear(TRANSACTION, raw) == Verdict.IGNORE


async def test_what_depends_on_state_is_ignored_and_what_does_not_is_rejected(scene: RelayScene) -> None:
    gap = transfer(scene, nonce=Nonce(3))
    assert await scene.hear(TRANSACTION, gap) == Verdict.ACCEPT  # messages overtake one another
    assert await scene.hear(TRANSACTION, transfer(scene, nonce=Nonce(200))) == Verdict.IGNORE
    assert await scene.hear(TRANSACTION, transfer(scene, fee_limit=Amount(1))) == Verdict.IGNORE
    assert await scene.hear(TRANSACTION, transfer(scene, expiry_height=Height(10**9))) == Verdict.IGNORE
    assert is_rejection(await scene.hear(TRANSACTION, transfer(scene, genesis_hash=bytes(32))))
    raw = transfer(scene)
    damaged = raw[:-1] + bytes([raw[-1] ^ 1])
    assert is_rejection(await scene.hear(TRANSACTION, damaged))


# Repeats


async def test_a_peer_that_lacks_votes_gets_them(scene: RelayScene) -> None:
    async with scene.running():
        await scene.started(1)
        await scene.hear(VOTE, scene.vote(0, PREVOTE))
        await scene.until(lambda: scene.driver.state.votes.rounds)
        await scene.hear(STATUS, at(1))
        assert [topic for _, topic, _ in scene.network.sent] == [VOTE]


async def test_statuses_without_end_are_not_answered_without_end(scene: RelayScene) -> None:
    """A small message must not be turned into many large ones as often as a peer likes."""
    async with scene.running() as driver:
        await scene.started(1)
        first = scene.proposer()
        body = scene.block(first)
        scene.hand_in(body, scene.proposal(body, first))
        await scene.until(lambda: driver.state.offer)
        await scene.hear(VOTE, scene.vote(0, PREVOTE, body.id))
        await scene.until(lambda: driver.state.votes.rounds)
        for number in range(300):
            await scene.hear(STATUS, at(1, round_=number % 2))
        topics = scene.network.topics()
        assert 0 < topics.count(PART) <= len(body.parts) * BLOCK_REPEATS[1]
        assert 0 < topics.count(VOTE) <= 2 * VOTE_REPEATS[1]
        before = len(topics)
        scene.clock.now += 1.0
        await scene.hear(STATUS, at(1))
        assert len(scene.network.topics()) > before


async def test_final_blocks_are_given_to_whoever_is_behind_but_not_without_end(scene: RelayScene) -> None:
    async with scene.running() as driver:
        await scene.started(1)
        body = scene.block(scene.proposer())
        for index in range(4):
            driver.take_vote(scene.vote(index, PRECOMMIT, body.id))
        scene.hand_in(body, scene.proposal(body, scene.proposer()))
        await scene.started(2)
        for _ in range(100):
            await scene.hear(STATUS, at(1))
        assert 0 < scene.network.topics().count(BLOCK_PIECE) <= FINAL_REPEATS[1]


async def test_who_sent_a_final_block_that_proves_nothing_pays_for_it(scene: RelayScene) -> None:
    """Not only with doubt, which a new link forgets: with points, and in the end a ban."""
    async with scene.running():
        await scene.started(1)
        await scene.hear(BLOCK_PIECE, BlockPiece(Height(1), Uint(0), Uint(1), Blob(b"no block")))
        await scene.until(lambda: scene.network.charged)
        assert scene.network.charged == [(PEER, BLOCK_PIECE)]


async def test_a_lost_peer_leaves_nothing_behind(scene: RelayScene) -> None:
    await scene.hear(STATUS, at(40))
    assert scene.relay.peer_height(PEER) == 40
    assert scene.relay.catch_up.best_head == 39
    scene.relay.on_peer_down(PEER, "gone")
    assert scene.relay.peer_height(PEER) is None
    assert scene.relay.catch_up.best_head == 0
    assert not scene.relay._repeats


async def test_a_new_peer_is_told_where_this_node_stands(scene: RelayScene) -> None:
    scene.relay.on_peer_up(PEER)
    assert scene.network.topics() == [STATUS]


def kinds(scene: RelayScene) -> Any:
    return {topic for topic, _ in scene.network.published}


async def test_what_the_driver_says_goes_out_under_its_topic(scene: RelayScene) -> None:
    body = scene.block(0)
    scene.relay.publish_vote(scene.vote(0, PREVOTE))
    scene.relay.publish_proposal(scene.proposal(body, 0))
    scene.relay.publish_part(body.parts[0])
    scene.relay.tell_status(at(1))
    scene.relay.publish_transaction(b"raw")
    assert kinds(scene) == {VOTE, PROPOSAL, PART, STATUS, TRANSACTION}
    sizes = {spec.number: spec.max_size for spec in TOPICS}
    assert all(len(payload) <= sizes[topic] for topic, payload in scene.network.published)
