"""State sync among peers with faults: the same root in the end, or no database at all; liars are found at the chunk."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from chain.codec import decode
from chain.state.ranges import FIRST_PATH, Range, verify_range
from chain.types.scalars import Blob, Height
from client.light.blocks import Trust
from node.durable import DISK
from node.executor import Executor
from node.snapshots import sync as state_sync
from node.snapshots.errors import NoSnapshot, TrustNeeded, WrongTrust
from node.snapshots.fetch import PATIENCE_S, REST_S, ChunkFetch
from node.snapshots.head import decode_head, exportable
from node.snapshots.messages import HEAD, NEWEST, SnapshotPiece, SnapshotRequest, answer_pieces
from node.snapshots.serve import SnapshotServer
from node.storage.database import Database
from tests.support.snapshot_peers import (
    ChunkLiar,
    Forgetful,
    Garbage,
    HeadLiar,
    Pruned,
    Silent,
    Skipper,
    SnapshotPeer,
    StateSyncScene,
    node_id,
)
from tests.support.stored_chain import StoredChain, stored_chain

BLOCKS = 6


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredChain]:
    with stored_chain(tmp_path_factory.mktemp("chain"), BLOCKS) as made:
        yield made


@pytest.fixture(autouse=True)
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the scene's clock runs faster than time."""
    monkeypatch.setattr(state_sync, "TURN_S", 0.004)


def require_synced(scene: StateSyncScene, height: int = BLOCKS - 1) -> None:
    database = Database.open(scene.path, None, scene.chain.genesis.hash())
    try:
        assert database.snapshot().height == height
        assert database.snapshot().tip.state_root == scene.chain.database.snapshot().tree(height).root.hash
        database.verify()
    finally:
        database.close()


async def test_the_state_comes_from_several_peers_at_once(chain: StoredChain, tmp_path: Path) -> None:
    scene = StateSyncScene(chain, tmp_path / "db", [SnapshotPeer(chain) for _ in range(4)])
    await scene.run()
    require_synced(scene)
    assert min(peer.requests for peer in scene.peers.values()) > 2
    assert scene.charged == []


@pytest.mark.parametrize("fault", [Silent, ChunkLiar, Skipper, HeadLiar, Garbage, Pruned, Forgetful])
async def test_one_honest_peer_is_enough_whatever_three_others_do(
    chain: StoredChain, tmp_path: Path, fault: type[SnapshotPeer]
) -> None:
    scene = StateSyncScene(chain, tmp_path / "db", [*(fault(chain) for _ in range(3)), SnapshotPeer(chain)])
    await scene.run()
    require_synced(scene)
    assert node_id(4) not in scene.charged
    assert len(set(scene.charged)) == (3 if fault in (ChunkLiar, Skipper, HeadLiar, Garbage) else 0)


async def test_a_liar_is_charged_once_and_not_asked_again(chain: StoredChain, tmp_path: Path) -> None:
    liar = ChunkLiar(chain)
    scene = StateSyncScene(chain, tmp_path / "db", [liar, SnapshotPeer(chain)])
    await scene.run()
    assert scene.charged == [node_id(1)]
    assert liar.requests == 2  # its head, which is true, and one chunk


async def test_a_block_that_was_named_is_the_one_that_signs(chain: StoredChain, tmp_path: Path) -> None:
    signer = exportable(chain.database, Height(3)).signer
    trust = Trust(Height(4), signer.header.id())
    scene = StateSyncScene(chain, tmp_path / "db", [SnapshotPeer(chain)], trust)
    await scene.run()
    require_synced(scene, 3)


async def test_another_block_than_the_named_one_gives_no_database(chain: StoredChain, tmp_path: Path) -> None:
    trust = Trust(Height(4), exportable(chain.database, Height(3)).block.header.id())
    scene = StateSyncScene(chain, tmp_path / "db", [SnapshotPeer(chain), SnapshotPeer(chain)], trust)
    with pytest.raises(WrongTrust):
        await scene.run()
    assert DISK.names(tmp_path) == []


async def test_an_old_genesis_vouches_for_nothing(
    chain: StoredChain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = StateSyncScene(chain, tmp_path / "db", [SnapshotPeer(chain)])
    monkeypatch.setattr(scene.sync, "_now_ms", lambda: chain.genesis.time + 10**12)
    with pytest.raises(TrustNeeded):
        await scene.run()
    assert DISK.names(tmp_path) == []


@pytest.mark.parametrize("peers", [[], [Silent], [Pruned], [Garbage]])
async def test_without_anybody_who_has_it_the_node_says_so(
    chain: StoredChain, tmp_path: Path, peers: list[type[SnapshotPeer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_sync, "GIVE_UP_S", 10.0)
    scene = StateSyncScene(chain, tmp_path / "db", [kind(chain) for kind in peers])
    with pytest.raises(NoSnapshot):
        await scene.run()


async def test_it_goes_on_after_a_kill_with_what_is_proven(chain: StoredChain, tmp_path: Path) -> None:
    first = StateSyncScene(chain, tmp_path / "db", [SnapshotPeer(chain)])
    await first.run_and_die(10)
    assert not (tmp_path / "db").exists()
    whole = StateSyncScene(chain, tmp_path / "other", [SnapshotPeer(chain)])
    await whole.run()
    second = StateSyncScene(chain, tmp_path / "db", [SnapshotPeer(chain)])
    await second.run()
    require_synced(second)
    assert second.chunks <= whole.chunks - 10 + 2


async def test_a_height_that_nobody_has_any_more_is_left_for_a_newer_one(tmp_path: Path) -> None:
    with stored_chain(tmp_path / "chain", 4) as made:
        first = StateSyncScene(made, tmp_path / "db", [SnapshotPeer(made)])
        await first.run_and_die(5)
        made.grow(3)

        class Newer(SnapshotPeer):
            def answer(self, request: SnapshotRequest) -> bytes | None:
                return None if 0 < request.height < 6 else super().answer(request)

        second = StateSyncScene(made, tmp_path / "db", [Newer(made)])
        await second.run(limit=60)
        require_synced(second, 6)


# Giving


class Reader:
    """Runs what is to be read at once."""

    def __init__(self, chain: StoredChain) -> None:
        self.ledger = chain.ledger

    async def serving_snapshots(self, work: Any, *arguments: Any) -> Any:
        return work(*arguments)


async def given(chain: StoredChain, request: SnapshotRequest) -> tuple[bool, list[SnapshotPiece]]:
    pieces: list[SnapshotPiece] = []

    def give(_peer: object, payload: bytes) -> bool:
        pieces.append(decode(SnapshotPiece, payload))
        return True

    server = SnapshotServer(cast(Executor, Reader(chain)), give)
    return await server.answer(node_id(1), request), pieces


async def test_heads_and_chunks_are_given_straight_from_the_tree(chain: StoredChain) -> None:
    _, pieces = await given(chain, SnapshotRequest(NEWEST, HEAD))
    head = decode_head(b"".join(piece.data for piece in pieces))
    assert head.height == BLOCKS - 1
    _, pieces = await given(chain, SnapshotRequest(head.height, Blob(FIRST_PATH)))
    verify_range(head.root, FIRST_PATH, decode(Range, b"".join(piece.data for piece in pieces)))


@pytest.mark.parametrize("height", [BLOCKS, BLOCKS + 1, 2**62])
async def test_what_is_not_here_is_said_in_a_word(chain: StoredChain, height: int) -> None:
    for start in (HEAD, Blob(FIRST_PATH)):
        answered, pieces = await given(chain, SnapshotRequest(Height(height), start))
        assert (answered, [piece.count for piece in pieces]) == (True, [0])


@pytest.mark.parametrize("start", [Blob(b"x"), Blob(bytes(33))])
async def test_what_no_honest_node_asks_is_not_answered(chain: StoredChain, start: Blob) -> None:
    assert await given(chain, SnapshotRequest(Height(3), start)) == (False, [])
    assert await given(chain, SnapshotRequest(NEWEST, Blob(FIRST_PATH))) == (False, [])


# Whom to ask


def one_piece(request: SnapshotRequest) -> SnapshotPiece:
    (piece,) = answer_pieces(request, b"chunk")
    return piece


def test_who_is_silent_loses_its_segment_and_rests() -> None:
    fetch = ChunkFetch(Height(5), (FIRST_PATH, None))
    fetch.peer_up(node_id(1), 0.0)
    ((first, request),) = fetch.next_requests(0.0)
    fetch.peer_up(node_id(2), 0.0)
    assert fetch.next_requests(1.0) == []
    assert fetch.next_requests(3.0) == [(node_id(2), request)]  # it is late, and somebody is free
    later = PATIENCE_S + 0.1
    assert fetch.next_requests(later) == []
    rests = 2 * REST_S  # after a second silence in a row, twice as long, and so on
    assert fetch.next_requests(later + 10) == [(first, request)]
    silent_again = later + 10 + PATIENCE_S + 0.1
    fetch.peer_down(node_id(2))
    assert fetch.next_requests(silent_again) == []
    assert fetch.next_requests(silent_again + rests - 0.1) == []
    assert fetch.next_requests(silent_again + rests) == [(first, request)]


def test_two_answers_to_one_question_count_once() -> None:
    fetch = ChunkFetch(Height(5), (FIRST_PATH, None))
    for number in (1, 2):
        fetch.peer_up(node_id(number), 0.0)
    ((_, request),) = fetch.next_requests(0.0)
    fetch.next_requests(3.0)
    answers = [fetch.took(node_id(number), one_piece(request), 3.0) for number in (1, 2)]
    assert all(answer is not None for answer in answers)
    for answer in answers:
        assert answer is not None
        fetch.proved(answer, None)
    assert fetch.is_done
    assert fetch.took(node_id(1), one_piece(request), 3.0) is None
    assert fetch._checking == {}


def test_what_was_not_asked_is_dropped() -> None:
    fetch = ChunkFetch(Height(5), (FIRST_PATH,))
    fetch.peer_up(node_id(1), 0.0)
    ((_, request),) = fetch.next_requests(0.0)
    other = replace(request, height=Height(6))
    assert fetch.took(node_id(1), one_piece(other), 0.0) is None
    assert fetch.took(node_id(2), one_piece(request), 0.0) is None
