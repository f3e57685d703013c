"""Between the network's bytes and the chain's types: one handler, one arm per topic. Source: architecture.md, Wire.

Votes before blocks before transactions. What honest nodes cannot send is rejected; what merely comes at the wrong time
is ignored, so that nobody suffers for being ahead or behind.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from chain.codec import decode, encode
from chain.consensus.repeats import Status, repeats_for
from chain.errors import CodecError, UnknownTag
from chain.execution.fee_source import FeeSourceError
from chain.execution.transaction import WrongChain, WrongGenesis, WrongNumberOfActions
from chain.execution.upgrades import pending_upgrade
from chain.execution.verifier import BadSignature, FalseEvidence
from chain.types.parts import BlockPart, WrongPart
from chain.types.scalars import Height, ValidatorId
from chain.types.sync import BlockPiece, BlockRequest, WrongPiece
from chain.types.vote import Proposal, Vote
from crypto.errors import ClusterError
from node.catch_up import CatchUp
from node.driver import Driver
from node.executor import Executor
from node.ingress import Ingress
from node.snapshots.messages import (
    SNAPSHOT_PIECE,
    SNAPSHOT_REQUEST,
    SNAPSHOT_TOPICS,
    SnapshotPiece,
    SnapshotRequest,
)
from node.snapshots.serve import SnapshotServer
from node.verifier import NodeVerifier
from p2p.address import NodeId
from p2p.handler import Verdict
from p2p.limits import TokenBucket
from p2p.network import Network
from p2p.topics import Drop, TopicSpec

VOTE: Final = 1
PROPOSAL: Final = 2
STATUS: Final = 3
PART: Final = 4
TRANSACTION: Final = 5
BLOCK_REQUEST: Final = 6
BLOCK_PIECE: Final = 7

TOPICS: Final = (
    TopicSpec(VOTE, "vote", 512, rate=2_000, burst=4_000, priority=0, drop=Drop.OLDEST),
    TopicSpec(PROPOSAL, "proposal", 1_024, rate=50, burst=100, priority=1, drop=Drop.OLDEST),
    TopicSpec(STATUS, "status", 1_024, rate=50, burst=200, priority=2, drop=Drop.OLDEST, gossip=False),
    TopicSpec(PART, "part", 68 * 1024, rate=200, burst=400, priority=3, drop=Drop.PEER, queue_bytes=8 * 2**20),
    TopicSpec(BLOCK_REQUEST, "block-request", 64, rate=10, burst=20, priority=4, drop=Drop.OLDEST, gossip=False),
    TopicSpec(
        BLOCK_PIECE, "block-piece", 100 * 1024, rate=400, burst=800, priority=5, drop=Drop.NEWEST,
        queue_bytes=8 * 2**20, gossip=False,
    ),
    TopicSpec(
        TRANSACTION, "transaction", 128 * 1024, rate=5_000, burst=20_000, priority=6, drop=Drop.NEWEST,
        queue_bytes=16 * 2**20, workers=4, linger=0.02,
    ),
    *SNAPSHOT_TOPICS,
)  # fmt: skip

STATUS_EVERY_S: Final = 1.0
VOTE_REPEATS: Final = (20.0, 40.0)  # answers a second to one peer's statuses, and at once: votes and proposals
BLOCK_REPEATS: Final = (1.0, 2.0)  # parts of a proposed block
FINAL_REPEATS: Final = (8.0, 16.0)  # final blocks

TIMELESS: Final = (WrongChain, WrongGenesis, WrongNumberOfActions, FeeSourceError)  # rules that know no state

log = logging.getLogger(__name__)


class Repeats:
    """How often a peer's statuses are answered, by what the answer costs."""

    def __init__(self, now: float) -> None:
        self.votes = TokenBucket(*VOTE_REPEATS, now)
        self.blocks = TokenBucket(*BLOCK_REPEATS, now)
        self.finals = TokenBucket(*FINAL_REPEATS, now)


def source_name(peer: NodeId) -> str:
    """What a peer is called where its false proofs and its work are counted."""
    return f"peer {peer.hex()}"


class Relay:
    """The network's handler and the driver's outlet."""

    def __init__(
        self, ingress: Ingress, executor: Executor, verifier: NodeVerifier, clock: Callable[[], float]
    ) -> None:
        self._ingress, self._executor, self._verifier, self._clock = ingress, executor, verifier, clock
        self._network: Network
        self._driver: Driver
        self.catch_up = CatchUp(executor, self._ask, self._give, lambda: self._driver.take_finals(), clock)
        self._snapshots = SnapshotServer(executor, self._give_snapshot)
        self._repeats: dict[NodeId, Repeats] = {}
        self._statuses: dict[NodeId, Status] = {}

    def connect(self, network: Network, driver: Driver) -> None:
        """Tie the knot between network and driver, which need each other."""
        self._network, self._driver = network, driver

    # Outlet: what the driver says

    def publish_vote(self, vote: Vote) -> None:
        self._network.publish(VOTE, encode(vote))

    def publish_proposal(self, proposal: Proposal) -> None:
        self._network.publish(PROPOSAL, encode(proposal))

    def publish_part(self, part: BlockPart) -> None:
        self._network.publish(PART, encode(part))

    def tell_status(self, status: Status) -> None:
        self._network.publish(STATUS, encode(status))

    def next_final(self, height: Height) -> tuple[NodeId, bytes] | None:
        return self.catch_up.next_final(height)

    def final_failed(self, peer: NodeId) -> None:
        self.catch_up.final_failed(peer)
        self._network.charge(peer, BLOCK_PIECE, "a final block that its commit does not prove")

    def publish_transaction(self, raw: bytes) -> None:
        """A transaction that was admitted here through RPC."""
        self._network.publish(TRANSACTION, raw)

    async def run(self) -> None:
        """Tell peers each second where this node stands: repeats make up for whatever was lost."""
        while True:
            await asyncio.sleep(STATUS_EVERY_S)
            self.tell_status(self._driver.status())

    # Handler: what peers say

    def on_peer_up(self, peer: NodeId) -> None:
        self._network.send(peer, STATUS, encode(self._driver.status()))

    def on_peer_down(self, peer: NodeId, reason: str) -> None:
        log.info("peer %s is gone: %s", peer.hex()[:16], reason)
        self.catch_up.lost(peer)
        self._driver.bodies.forget_peer(peer)
        self._repeats.pop(peer, None)
        self._statuses.pop(peer, None)

    def peer_height(self, peer: NodeId) -> Height | None:
        """The height that a peer last said it is deciding."""
        status = self._statuses.get(peer)
        return None if status is None else status.height

    async def on_message(self, peer: NodeId, topic: int, payload: bytes) -> Verdict:
        """Judge one message of a peer."""
        try:
            return await self._dispatch(peer, topic, payload)
        except (CodecError, WrongPart, BadSignature, FalseEvidence) as error:
            return Verdict.reject(str(error))
        except WrongPiece:  # one before it may have been lost in a full queue
            return Verdict.IGNORE

    async def _dispatch(self, peer: NodeId, topic: int, payload: bytes) -> Verdict:
        if topic == TRANSACTION:
            return await self._on_transaction(peer, payload)
        if topic == VOTE:
            return self._on_vote(decode(Vote, payload))
        if topic == PROPOSAL:
            return self._on_proposal(decode(Proposal, payload))
        if topic == PART:
            return _useful(self._driver.take_part(decode(BlockPart, payload), peer))
        if topic == STATUS:
            return await self._on_status(peer, decode(Status, payload))
        if topic == BLOCK_REQUEST:
            await self.catch_up.answer(peer, decode(BlockRequest, payload))
            return Verdict.ACCEPT
        if topic == SNAPSHOT_REQUEST:
            answered = await self._snapshots.answer(peer, decode(SnapshotRequest, payload))
            return Verdict.ACCEPT if answered else Verdict.reject("no snapshot has such a part")
        if topic == SNAPSHOT_PIECE:
            decode(SnapshotPiece, payload)
            return Verdict.IGNORE  # the answer to a question of this node before it had a database
        self.catch_up.take_piece(peer, decode(BlockPiece, payload))
        return Verdict.ACCEPT

    async def _on_transaction(self, peer: NodeId, payload: bytes) -> Verdict:
        try:
            await self._ingress.admit(payload, source_name(peer), allow_gap=True)
        except UnknownTag:
            if self._upgrade_ahead():  # a peer that is past it may send what this program has never heard of
                return Verdict.IGNORE
            raise
        except (CodecError, BadSignature, FalseEvidence):
            raise
        except TIMELESS as error:  # it costs to find out, and comes again and again if nobody is blamed
            return Verdict.reject(str(error))
        except ClusterError:  # a rule of state or of the queue: the peer may see another height than this node
            return Verdict.IGNORE
        return Verdict.ACCEPT

    def _upgrade_ahead(self) -> bool:
        ledger = self._executor.ledger
        return pending_upgrade(ledger.view, ledger.tip.height) is not None

    def _on_vote(self, vote: Vote) -> Verdict:
        if not self._is_current(vote.height) or not self._driver.wants_vote(vote):
            return Verdict.IGNORE
        self._require_validator(vote.height, vote.validator)
        message = vote.signing_bytes(self._executor.ledger.chain.chain_id)
        self._verifier.require_signature(vote.validator, message, vote.signature)
        return _useful(self._driver.take_vote(vote))

    def _on_proposal(self, proposal: Proposal) -> Verdict:
        if not self._is_current(proposal.height):
            return Verdict.IGNORE
        self._require_validator(proposal.height, proposal.proposer)
        message = proposal.signing_bytes(self._executor.ledger.chain.chain_id)
        self._verifier.require_signature(proposal.proposer, message, proposal.signature)
        return _useful(self._driver.take_proposal(proposal))

    async def _on_status(self, peer: NodeId, status: Status) -> Verdict:
        self._statuses[peer] = status
        self.catch_up.heard(peer, status)
        self._driver.best_peer_height = self.catch_up.best_head
        now = self._clock()
        repeats = self._repeats.setdefault(peer, Repeats(now))
        if repeats.votes.take(now):
            await self._repeat(peer, status, repeats, now)
        return Verdict.ACCEPT

    async def _repeat(self, peer: NodeId, status: Status, repeats: Repeats, now: float) -> None:
        lacking = repeats_for(self._driver.state, status)
        if lacking.proposal is not None:
            self._network.send(peer, PROPOSAL, encode(lacking.proposal))
        for vote in lacking.votes:
            self._network.send(peer, VOTE, encode(vote))
        bodies = [body for block_id in lacking.blocks if (body := self._driver.bodies.whole.get(block_id))]
        if bodies and repeats.blocks.take(now):
            for part in (part for body in bodies for part in body.parts):
                self._network.send(peer, PART, encode(part))
        if lacking.final_height is not None and repeats.finals.take(now):
            await self.catch_up.give_block(peer, lacking.final_height)

    def _is_current(self, height: Height) -> bool:
        return 0 <= height - self._driver.height <= 1

    def _require_validator(self, height: Height, key: ValidatorId) -> None:
        if key not in self._executor.ledger.validators(height).by_key:
            raise BadSignature(key)

    def _ask(self, peer: NodeId, payload: bytes) -> bool:
        return self._network.send(peer, BLOCK_REQUEST, payload)

    def _give_snapshot(self, peer: NodeId, payload: bytes) -> bool:
        return self._network.send(peer, SNAPSHOT_PIECE, payload)

    def _give(self, peer: NodeId, payload: bytes) -> bool:
        return self._network.send(peer, BLOCK_PIECE, payload)


def _useful(taken: bool) -> Verdict:
    return Verdict.ACCEPT if taken else Verdict.IGNORE
