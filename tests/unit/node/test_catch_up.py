"""Catching up: whom a node asks, whom it stops believing, what it keeps of answers, and what it gives to others."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from chain.codec import decode
from chain.consensus.repeats import Status
from chain.consensus.state import Step
from chain.types.scalars import NIL, Blob, Height, Round, Uint
from chain.types.sync import PIECE_BYTES, BlockPiece, BlockRequest, WrongPiece, pieces_of
from crypto.keys import PublicKey
from node.catch_up import FIRST_DOUBT_S, PATIENCE_S, WINDOW, CatchUp
from node.executor import Executor
from p2p.address import NodeId
from tests.support.p2p_nodes import ManualClock


def peer(number: int) -> NodeId:
    return NodeId(PublicKey(bytes([number]) * 32))


def at(height: int, step: Step = Step.PROPOSE) -> Status:
    """A status of a peer that is deciding `height`, or has decided it."""
    return Status(Height(height), Round(0), Uint(int(step)), False, Blob(b""), Blob(b""), NIL)


class Scene:
    """A catch-up with a tip set by hand; `blocks` are what this node can give."""

    def __init__(self, tip: int = 10) -> None:
        self.clock = ManualClock()
        self.ledger = SimpleNamespace(tip=SimpleNamespace(height=Height(tip)), final_block=self._final_block)
        self.blocks: dict[int, bytes] = {}
        self.asked: list[tuple[NodeId, BlockRequest]] = []
        self.given: list[tuple[NodeId, BlockPiece]] = []
        self.room = 10**9
        self.delivered = 0
        executor = SimpleNamespace(ledger=self.ledger, reading_for_peers=self._reading)
        self.catch_up = CatchUp(cast(Executor, executor), self._ask, self._give, self._deliver, self.clock)

    def _final_block(self, height: int) -> bytes | None:
        return self.blocks.get(height)

    async def _reading(self, work: Any, *arguments: Any) -> Any:
        return work(*arguments)

    def _ask(self, to: NodeId, payload: bytes) -> bool:
        self.asked.append((to, decode(BlockRequest, payload)))
        return True

    def _give(self, to: NodeId, payload: bytes) -> bool:
        if self.room == 0:
            return False
        self.room -= 1
        self.given.append((to, decode(BlockPiece, payload)))
        return True

    def _deliver(self) -> None:
        self.delivered += 1

    def move(self, tip: int) -> None:
        self.ledger.tip.height = Height(tip)

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    def send(self, sender: NodeId, height: int, content: bytes = b"block") -> None:
        for piece in pieces_of(Height(height), content):
            self.catch_up.take_piece(sender, piece)

    @property
    def last_asked(self) -> NodeId:
        return self.asked[-1][0]


# Asking


def test_nobody_is_asked_while_nobody_is_ahead_by_more_than_the_running_height() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(11))
    scene.catch_up.heard(peer(2), at(12))  # decides 12, has 11: that block comes by itself
    scene.catch_up.turn()
    assert scene.asked == []
    assert scene.catch_up.best_head == 11


def test_who_is_ahead_is_asked_for_a_window_and_again_when_it_has_come() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(100, Step.DECIDED))
    scene.catch_up.turn()
    assert scene.asked == [(peer(1), BlockRequest(Height(11), Height(10 + WINDOW)))]
    scene.move(10 + WINDOW - 1)
    scene.catch_up.turn()
    assert len(scene.asked) == 1
    scene.move(10 + WINDOW)
    scene.catch_up.turn()
    assert scene.asked[1] == (peer(1), BlockRequest(Height(11 + WINDOW), Height(10 + 2 * WINDOW)))


def test_no_more_is_asked_for_than_the_peer_has() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(13, Step.DECIDED))
    scene.catch_up.turn()
    assert scene.asked == [(peer(1), BlockRequest(Height(11), Height(13)))]


# Not believing


def test_a_peer_that_brings_nothing_is_passed_over_and_its_word_is_not_believed_for_a_while() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(2**62, Step.DECIDED))
    scene.catch_up.heard(peer(2), at(40, Step.DECIDED))
    scene.catch_up.turn()
    assert scene.last_asked == peer(1)
    scene.wait(PATIENCE_S + 0.1)
    scene.catch_up.turn()
    assert scene.last_asked == peer(2)
    assert scene.catch_up.best_head == 40
    scene.catch_up.heard(peer(1), at(2**62, Step.DECIDED))  # saying it again helps nothing
    assert scene.catch_up.best_head == 40


def test_a_liar_alone_does_not_keep_a_node_waiting() -> None:
    """Else one peer that claims a great height would hold up every height of every node."""
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(2**62, Step.DECIDED))
    doubted = 0.0
    for _ in range(2_000):
        scene.catch_up.turn()
        scene.wait(0.5)
        doubted += 0.5 if scene.catch_up.best_head == 0 else 0
    assert doubted > 900


def test_doubt_ends_grows_and_is_lifted_by_progress() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(50, Step.DECIDED))
    scene.catch_up.turn()
    scene.wait(PATIENCE_S + 0.1)
    scene.catch_up.turn()
    assert scene.catch_up.best_head == 0
    scene.wait(FIRST_DOUBT_S + 0.1)
    assert scene.catch_up.best_head == 50
    scene.catch_up.turn()
    scene.wait(PATIENCE_S + 0.1)
    scene.catch_up.turn()
    scene.wait(FIRST_DOUBT_S + 0.1)
    assert scene.catch_up.best_head == 0
    scene.wait(FIRST_DOUBT_S)
    scene.catch_up.turn()
    scene.move(11)
    scene.catch_up.turn()
    assert peer(1) not in scene.catch_up._doubts


def test_slow_progress_is_progress() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(100, Step.DECIDED))
    for height in range(11, 20):
        scene.catch_up.turn()
        scene.wait(PATIENCE_S - 0.1)
        scene.move(height)
    assert [to for to, _ in scene.asked] == [peer(1)]


def test_who_sent_a_block_that_proves_nothing_is_doubted_and_its_other_blocks_are_dropped() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(100, Step.DECIDED))
    scene.catch_up.heard(peer(2), at(100, Step.DECIDED))
    scene.catch_up.turn()
    scene.send(peer(1), 11)
    scene.send(peer(1), 12)
    assert scene.catch_up.next_final(Height(11)) == (peer(1), b"block")
    scene.catch_up.final_failed(peer(1))
    assert scene.catch_up.next_final(Height(12)) is None
    scene.catch_up.turn()
    assert scene.last_asked == peer(2)


def test_a_lost_peer_is_not_waited_for() -> None:
    scene = Scene(tip=10)
    for number in (1, 2):
        scene.catch_up.heard(peer(number), at(100, Step.DECIDED))
    scene.catch_up.turn()
    scene.catch_up.lost(scene.last_asked)
    scene.catch_up.turn()
    assert [to for to, _ in scene.asked] == [peer(1), peer(2)]


# What is kept of answers


def test_blocks_are_offered_in_order_and_old_ones_forgotten() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(100, Step.DECIDED))
    scene.catch_up.turn()
    for height in (12, 11, 13):
        scene.send(peer(1), height, b"%d" % height)
    assert scene.delivered == 3
    assert scene.catch_up.next_final(Height(11)) == (peer(1), b"11")
    assert scene.catch_up.next_final(Height(11)) is None
    assert scene.catch_up.next_final(Height(13)) == (peer(1), b"13")
    assert scene.catch_up._offered.keys() == {13}


def test_unasked_blocks_are_taken_for_the_next_height_only() -> None:
    scene = Scene(tip=10)
    for height in (9, 10, 12, 2**62):
        scene.send(peer(5), height)
    assert not scene.catch_up._offered
    assert not scene.catch_up._collectors
    scene.send(peer(5), 11)
    assert scene.catch_up.next_final(Height(11)) == (peer(5), b"block")


def test_even_who_was_asked_cannot_fill_memory_beyond_the_window() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(10**9, Step.DECIDED))
    scene.catch_up.turn()
    for height in range(11, 11 + 3 * WINDOW):
        scene.send(peer(1), height)
        scene.send(peer(1), height)
    assert len(scene.catch_up._offered) == WINDOW


def test_pieces_make_a_block_and_a_hole_in_them_does_not() -> None:
    scene = Scene(tip=10)
    content = bytes(range(256)) * (PIECE_BYTES // 100)
    first, *rest = pieces_of(Height(11), content)
    scene.catch_up.take_piece(peer(1), first)
    with pytest.raises(WrongPiece):
        scene.catch_up.take_piece(peer(1), rest[-1])
    assert scene.catch_up.next_final(Height(11)) is None
    scene.send(peer(1), 11, content)
    assert scene.catch_up.next_final(Height(11)) == (peer(1), content)


# Giving


async def test_a_peer_gets_what_it_asked_for_as_far_as_it_exists() -> None:
    scene = Scene(tip=3)
    scene.blocks = {height: b"%d" % height for height in (1, 2, 3)}
    await scene.catch_up.answer(peer(1), BlockRequest(Height(2), Height(2**62)))
    assert [(to, piece.height, piece.data) for to, piece in scene.given] == [(peer(1), 2, b"2"), (peer(1), 3, b"3")]


@pytest.mark.parametrize(("first", "last"), [(0, 5), (7, 3), (2**62, 2**62), (4, 2**63 - 1)])
async def test_requests_for_what_there_is_not_cost_nothing(first: int, last: int) -> None:
    scene = Scene(tip=3)
    await scene.catch_up.answer(peer(1), BlockRequest(Height(first), Height(last)))
    assert scene.given == []


async def test_a_window_is_the_most_that_one_request_gets() -> None:
    scene = Scene(tip=1_000)
    scene.blocks = dict.fromkeys(range(1, 1001), b"x")
    await scene.catch_up.answer(peer(1), BlockRequest(Height(1), Height(1_000)))
    assert len(scene.given) == WINDOW


async def test_giving_stops_when_the_peers_queue_is_full() -> None:
    """A block with a hole is worth nothing, and reading on for nobody costs the node."""
    scene = Scene(tip=10)
    scene.blocks = {height: bytes(3 * PIECE_BYTES) for height in range(1, 11)}
    scene.room = 4
    await scene.catch_up.answer(peer(1), BlockRequest(Height(1), Height(10)))
    assert [(piece.height, piece.index) for _, piece in scene.given] == [(1, 0), (1, 1), (1, 2), (2, 0)]
    assert scene.room == 0
