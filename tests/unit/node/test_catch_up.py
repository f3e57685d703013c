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
from node.catch_up import HELD_BYTES, CatchUp
from node.executor import Executor
from node.sync_schedule import ASK_EVERY_S, BATCH, BATCH_BYTES, FIRST_DOUBT_S, PATIENCE_S, WINDOW
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

    def take(self, height: int) -> None:
        """The driver judges the block of a height and commits it."""
        assert self.catch_up.next_final(Height(height)) is not None
        self.move(height)

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


def test_who_is_ahead_is_asked_for_a_batch_and_again_when_it_has_come() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(100, Step.DECIDED))
    scene.catch_up.turn()
    first = BATCH_BYTES // 2**20  # blocks may be large until one has been seen
    assert scene.asked == [(peer(1), BlockRequest(Height(11), Height(10 + first)))]
    scene.catch_up.turn()
    assert len(scene.asked) == 1
    for height in range(11, 11 + first):
        scene.send(peer(1), height)
    scene.catch_up.turn()
    assert len(scene.asked) == 1  # its limit on requests is not for us to find out
    scene.wait(ASK_EVERY_S)
    scene.catch_up.turn()
    assert scene.asked[1][1].first == 11 + first


def test_batches_grow_when_blocks_are_small_and_shrink_at_once_when_they_are_large() -> None:
    scene = Scene(tip=0)
    scene.catch_up.heard(peer(1), at(10_000, Step.DECIDED))
    sizes = [0]
    for height in range(1, 200):
        scene.wait(ASK_EVERY_S)
        scene.catch_up.turn()
        sizes.append(scene.asked[-1][1].last - scene.asked[-1][1].first + 1)
        scene.send(peer(1), height)
        scene.take(height)
    assert max(sizes) == BATCH
    scene.send(peer(1), 200, bytes(2 * 2**20))
    scene.take(200)
    for height in range(201, scene.asked[-1][1].last + 1):
        scene.send(peer(1), height)
        scene.take(height)
    scene.wait(ASK_EVERY_S)
    scene.catch_up.turn()
    assert scene.asked[-1][1].last - scene.asked[-1][1].first + 1 < BATCH


def test_several_are_asked_for_different_heights_at_the_same_time() -> None:
    scene = Scene(tip=10)
    for number in range(1, 5):
        scene.catch_up.heard(peer(number), at(1_000, Step.DECIDED))
    scene.catch_up.turn()
    asked = [height for _, request in scene.asked for height in range(request.first, request.last + 1)]
    assert [to for to, _ in scene.asked] == [peer(number) for number in range(1, 5)]
    assert asked == list(range(11, 11 + len(asked)))


def test_no_more_is_asked_for_than_the_peer_has() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(13, Step.DECIDED))
    scene.catch_up.turn()
    assert scene.asked == [(peer(1), BlockRequest(Height(11), Height(13)))]


# Not believing


def test_a_peer_that_brings_nothing_is_passed_over_and_its_word_is_not_believed_for_a_while() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(2**62, Step.DECIDED))
    scene.catch_up.turn()
    scene.catch_up.heard(peer(2), at(40, Step.DECIDED))
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


def test_doubt_ends_grows_and_is_lifted_by_a_request_done_in_time() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(12, Step.DECIDED))
    for doubt in (FIRST_DOUBT_S, 2 * FIRST_DOUBT_S):
        scene.catch_up.turn()
        assert scene.catch_up.best_head == 12
        scene.wait(PATIENCE_S + 0.1)
        scene.catch_up.turn()
        scene.wait(doubt - 0.1)
        assert scene.catch_up.best_head == 0
        scene.wait(0.2)
    scene.catch_up.turn()
    for height in (11, 12):
        scene.send(peer(1), height)
    for height in (11, 12):
        scene.take(height)
    scene.catch_up.turn()
    assert not scene.catch_up.schedule.is_doubted(peer(1), scene.clock.now)
    assert not scene.catch_up.schedule._doubts


def test_who_sends_is_not_late_however_long_the_blocks_take_to_judge() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(14, Step.DECIDED))
    scene.catch_up.turn()
    for height in range(11, 15):
        scene.send(peer(1), height)
    scene.wait(60)
    scene.catch_up.turn()
    assert not scene.catch_up.schedule.is_doubted(peer(1), scene.clock.now)
    assert len(scene.asked) == 1


def test_who_sent_a_block_that_proves_nothing_is_doubted_and_its_other_blocks_are_dropped() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(100, Step.DECIDED))
    scene.catch_up.turn()
    scene.catch_up.heard(peer(2), at(100, Step.DECIDED))
    scene.send(peer(1), 11)
    scene.send(peer(1), 12)
    assert scene.catch_up.next_final(Height(11)) == (peer(1), b"block")
    scene.catch_up.final_failed(peer(1))
    assert scene.catch_up.next_final(Height(12)) is None
    scene.catch_up.turn()
    assert scene.last_asked == peer(2)


def test_a_lost_peer_is_not_waited_for() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(100, Step.DECIDED))
    scene.catch_up.turn()
    scene.catch_up.heard(peer(2), at(100, Step.DECIDED))
    scene.catch_up.lost(peer(1))
    scene.catch_up.turn()
    assert [to for to, _ in scene.asked] == [peer(1), peer(2)]
    assert scene.asked[0][1] == scene.asked[1][1]


def test_who_has_no_old_blocks_any_more_says_so_and_is_neither_doubted_nor_asked_again() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(100, Step.DECIDED))
    scene.catch_up.turn()
    scene.catch_up.take_piece(peer(1), BlockPiece(Height(11), Uint(0), Uint(0), Blob(b"")))
    assert scene.catch_up.best_head == 0
    scene.wait(1)
    scene.catch_up.turn()
    assert len(scene.asked) == 1
    assert not scene.catch_up.schedule.is_doubted(peer(1), scene.clock.now)
    scene.move(11)
    assert scene.catch_up.best_head == 100


def test_what_is_judged_is_not_asked_for_again_until_it_fails() -> None:
    scene = Scene(tip=10)
    scene.catch_up.heard(peer(1), at(12, Step.DECIDED))
    scene.catch_up.turn()
    scene.send(peer(1), 11)
    scene.send(peer(1), 12)
    assert scene.catch_up.next_final(Height(11)) is not None
    scene.catch_up.heard(peer(2), at(12, Step.DECIDED))
    scene.wait(0.5)
    scene.catch_up.turn()
    assert len(scene.asked) == 1
    scene.catch_up.final_failed(peer(1))
    assert scene.asked[-1] == (peer(2), BlockRequest(Height(11), Height(12)))


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
    assert not scene.catch_up._offered


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
    assert len(scene.catch_up._offered) == scene.asked[0][1].last - 10


def test_many_who_send_the_largest_blocks_cannot_fill_memory() -> None:
    scene = Scene(tip=10)
    for number in range(1, 40):
        scene.catch_up.heard(peer(number), at(10**9, Step.DECIDED))
    scene.catch_up.turn()
    assert sum(request.last - request.first + 1 for _, request in scene.asked) == WINDOW
    large = bytes(2 * 2**20)
    for to, request in scene.asked:
        for height in range(request.first, request.last + 1):
            scene.send(to, height, large)
    assert scene.catch_up._buffered <= HELD_BYTES + len(large)
    scene.wait(60)
    scene.catch_up.turn()
    before = len(scene.asked)
    scene.wait(600)
    scene.catch_up.turn()
    assert all(request.first == 11 for _, request in scene.asked[before:])


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
    given = [(to, piece.height, piece.data) for to, piece in scene.given]
    assert given == [(peer(1), 2, b"2"), (peer(1), 3, b"3"), (peer(1), 4, b"")]


@pytest.mark.parametrize(("first", "last"), [(0, 5), (7, 3), (2**62, 2**62), (4, 2**63 - 1)])
async def test_requests_for_what_there_is_not_get_a_word_at_most(first: int, last: int) -> None:
    scene = Scene(tip=3)
    await scene.catch_up.answer(peer(1), BlockRequest(Height(first), Height(last)))
    assert [(piece.height, piece.count) for _, piece in scene.given] == ([] if first > last else [(first, 0)])


async def test_who_has_pruned_a_block_says_so() -> None:
    scene = Scene(tip=10)
    scene.blocks = {8: b"8"}
    await scene.catch_up.answer(peer(1), BlockRequest(Height(5), Height(10)))
    await scene.catch_up.answer(peer(1), BlockRequest(Height(8), Height(10)))
    assert [(piece.height, piece.count) for _, piece in scene.given] == [(5, 0), (8, 1), (9, 0)]


async def test_a_batch_is_the_most_that_one_request_gets() -> None:
    scene = Scene(tip=1_000)
    scene.blocks = dict.fromkeys(range(1, 1001), b"x")
    await scene.catch_up.answer(peer(1), BlockRequest(Height(1), Height(1_000)))
    assert len(scene.given) == BATCH


async def test_giving_stops_when_the_peers_queue_is_full() -> None:
    """A block with a hole is worth nothing, and reading on for nobody costs the node."""
    scene = Scene(tip=10)
    scene.blocks = {height: bytes(3 * PIECE_BYTES) for height in range(1, 11)}
    scene.room = 4
    await scene.catch_up.answer(peer(1), BlockRequest(Height(1), Height(10)))
    assert [(piece.height, piece.index) for _, piece in scene.given] == [(1, 0), (1, 1), (1, 2), (2, 0)]
    assert scene.room == 0
