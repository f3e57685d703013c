"""One node that catches up among simulated peers, each with a named fault, on a virtual clock. One seed, one run.

The node's side is the real CatchUp; blocks are small byte strings that say whether they are good, so that a thousand of
them are judged in a moment. After every event the books are compared: each height is in one state only.
"""

import heapq
from collections.abc import Callable
from itertools import count
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from chain.codec import decode
from chain.consensus.repeats import Status
from chain.consensus.state import Step
from chain.types.scalars import NIL, Blob, Height, Round, Uint
from chain.types.sync import BlockPiece, BlockRequest, WrongPiece, pieces_of
from crypto.keys import PublicKey
from node.catch_up import TURN_S, CatchUp
from node.executor import Executor
from p2p.address import NodeId
from tests.support.p2p_nodes import ManualClock

JUDGING_S = 0.002  # per block
STATUS_S = 1.0
Answer = list[tuple[float, BlockPiece]]  # seconds after the request, and what comes


def node_id(number: int) -> NodeId:
    return NodeId(PublicKey(bytes([number]) * 32))


def told(head: int) -> Status:
    """The status of a node that has committed `head`."""
    return Status(Height(head), Round(0), Uint(int(Step.DECIDED)), False, Blob(b""), Blob(b""), NIL)


def good_block(height: int) -> bytes:
    return b"good %d" % height


class SyncPeer:
    """Serves what it is asked for. `head` is what it says it has."""

    def __init__(self, head: int, delay: float = 0.05) -> None:
        self.head, self.delay = head, delay
        self.requests = 0
        self.served: set[int] = set()

    def answer(self, request: BlockRequest, rng: Random) -> Answer:
        self.requests += 1
        answer: Answer = []
        for height in range(request.first, min(request.last, self.head) + 1):
            self.served.add(height)
            answer += [(self.delay, piece) for piece in pieces_of(Height(height), self.block(height))]
        return answer

    def block(self, height: int) -> bytes:
        return good_block(height)


class Silent(SyncPeer):
    """Says that it has everything and gives nothing."""

    def answer(self, request: BlockRequest, rng: Random) -> Answer:
        self.requests += 1
        return []


class Liar(SyncPeer):
    """Every block is one that its commit does not prove."""

    def block(self, height: int) -> bytes:
        return b"bad"


class SometimesLiar(SyncPeer):
    """Good blocks, so that it is believed again, then a bad one."""

    def block(self, height: int) -> bytes:
        return b"bad" if height % 7 == 0 else good_block(height)


class Dribbler(SyncPeer):
    """Sends one block just before patience ends, for ever."""

    def answer(self, request: BlockRequest, rng: Random) -> Answer:
        pieces = [piece for _, piece in super().answer(request, rng)]
        return [(1.9 * (index + 1), piece) for index, piece in enumerate(pieces)]


class Holey(SyncPeer):
    """Loses pieces, as a full queue does."""

    def answer(self, request: BlockRequest, rng: Random) -> Answer:
        return [part for part in super().answer(request, rng) if rng.random() < 0.6]


class Shuffler(SyncPeer):
    """Blocks arrive in any order, some twice."""

    def answer(self, request: BlockRequest, rng: Random) -> Answer:
        answer = super().answer(request, rng)
        return [(rng.random(), piece) for _, piece in answer + answer[: len(answer) // 2]]


class Pruned(SyncPeer):
    """Has not got the old blocks any more, and says so."""

    def __init__(self, head: int, base: int) -> None:
        super().__init__(head)
        self.base = base

    def answer(self, request: BlockRequest, rng: Random) -> Answer:
        if request.first < self.base:
            self.requests += 1
            return [(self.delay, BlockPiece(request.first, Uint(0), Uint(0), Blob(b"")))]
        return super().answer(request, rng)


class Vanishing(SyncPeer):
    """Its link breaks in the middle of each answer, and comes back three seconds later."""


class SyncScene:
    """`run_until(height)` moves time until the node's tip is there; the virtual seconds that it took."""

    def __init__(self, peers: list[SyncPeer], *, tip: int = 0, seed: int = 0) -> None:
        self.clock, self.rng = ManualClock(), Random(seed)
        self.peers = {node_id(number + 1): peer for number, peer in enumerate(peers)}
        self.ledger = SimpleNamespace(tip=SimpleNamespace(height=Height(tip)))
        executor = cast(Executor, SimpleNamespace(ledger=self.ledger))
        self.catch_up = CatchUp(executor, self._ask, self._never, self._deliver, self.clock)
        self.failed: list[NodeId] = []
        self.accepted: list[NodeId] = []
        self.down: set[NodeId] = set()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._judging = False
        self.after(0.0, self._turn)
        self.after(0.0, self._statuses)

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.clock.now + seconds, next(self._order), what))

    def run_until(self, height: int, limit: float = 600.0) -> float:
        started = self.clock.now
        while self.ledger.tip.height < height:
            self.clock.now, _, what = heapq.heappop(self._events)
            if self.clock.now - started > limit:
                raise AssertionError(f"stalled at {self.ledger.tip.height} of {height} after {limit} virtual seconds")
            what()
            self.check_books()
        return self.clock.now - started

    def check_books(self) -> None:
        """What is here is neither lost nor counted twice, and no height has more askers than two."""
        schedule, offered = self.catch_up.schedule, self.catch_up._offered
        assert self.catch_up._buffered == sum(len(block) for offers in offered.values() for block in offers.values())
        counted: dict[int, int] = {height: len(offers) for height, offers in offered.items()}
        for height in self.catch_up._judging:
            counted[height] = counted.get(height, 0) + 1
        assert schedule.here == counted
        asked: dict[int, int] = {}
        for request in schedule.requests.values():
            assert not request.is_over
            for height in request.lacking:
                asked[height] = asked.get(height, 0) + 1
        assert max(asked.values(), default=0) <= 2

    # The wire

    def _ask(self, to: NodeId, payload: bytes) -> bool:
        if to in self.down:
            return False
        peer = self.peers[to]
        answer = peer.answer(decode(BlockRequest, payload), self.rng)
        if isinstance(peer, Vanishing):
            answer = answer[: len(answer) // 2]
            self.after(0.1, lambda: self._break(to))
        for delay, piece in answer:
            self.after(delay, lambda piece=piece: self._arrive(to, piece))  # type: ignore[misc]
        return True

    def _never(self, to: NodeId, payload: bytes) -> bool:
        raise AssertionError("this node gives nothing")

    def _arrive(self, sender: NodeId, piece: BlockPiece) -> None:
        if sender not in self.down:
            try:
                self.catch_up.take_piece(sender, piece)
            except WrongPiece:
                return  # as the relay does

    def _break(self, peer: NodeId) -> None:
        if peer not in self.down:
            self.down.add(peer)
            self.catch_up.lost(peer)
            self.after(3.0, lambda: self.down.discard(peer))

    def _statuses(self) -> None:
        for peer, there in self.peers.items():
            if peer not in self.down:
                self.catch_up.heard(peer, told(there.head))
        self.after(STATUS_S, self._statuses)

    def _turn(self) -> None:
        self.catch_up.turn()
        self.after(TURN_S, self._turn)

    # The driver

    def _deliver(self) -> None:
        if not self._judging:
            self._judging = True
            self.after(0.0, self._judge_next)

    def _judge_next(self) -> None:
        offered = self.catch_up.next_final(Height(self.ledger.tip.height + 1))
        if offered is None:
            self._judging = False
        else:
            self.after(JUDGING_S, lambda: self._judged(*offered))

    def _judged(self, sender: NodeId, block: bytes) -> None:
        if block == good_block(self.ledger.tip.height + 1):
            self.ledger.tip.height = Height(self.ledger.tip.height + 1)
            self.accepted.append(sender)
        else:
            self.failed.append(sender)
            self.catch_up.final_failed(sender)
        self._judge_next()

    def share(self, kind: type[Any]) -> float:
        """The part of the accepted blocks that came from peers of a kind."""
        return sum(type(self.peers[sender]) is kind for sender in self.accepted) / len(self.accepted)
