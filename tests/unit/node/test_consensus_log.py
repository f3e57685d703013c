"""The write-ahead log under crashes, damage and wrong keys."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chain.consensus.inputs import (
    TIMEOUT_PREVOTE,
    BlockJudged,
    Input,
    ProposalReceived,
    ProposedValue,
    StartHeight,
    TimeoutElapsed,
    VoteReceived,
)
from chain.types.scalars import Height, Round, Signature, ValidRound
from chain.types.vote import PREVOTE, Proposal
from node.consensus_log import ConsensusLog, LogCorrupt, LogSealed, LogUnwritable, LogVersion
from tests.support.consensus_scene import HEIGHT, Scene, V, parts_of

KEY = b"k" * 32
SCENE = Scene()
VOTE = VoteReceived(SCENE.vote(PREVOTE, 0, V, 0))
OWN = VoteReceived(SCENE.vote(PREVOTE, 0, V, 3))
EVENTS: tuple[Input, ...] = (
    StartHeight(HEIGHT, SCENE.validators),
    ProposedValue(HEIGHT, Round(0), V, parts_of(V)),
    ProposalReceived(
        Proposal(HEIGHT, Round(0), ValidRound(-1), V, parts_of(V), SCENE.key(0), Signature(bytes(64))), True, False
    ),
    BlockJudged(HEIGHT, V, parts_of(V), False),
    VOTE,
    TimeoutElapsed(TIMEOUT_PREVOTE, HEIGHT, Round(0)),
)

Opener = Callable[[], ConsensusLog]


@pytest.fixture(params=[None, KEY], ids=["clear", "sealed"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    return lambda: ConsensusLog(tmp_path / "wal", request.param)


def file_of(tmp_path: Path, height: int = 1) -> Path:
    return tmp_path / "wal" / f"{height:020d}.log"


def test_a_fresh_height_is_empty(reopen: Opener) -> None:
    assert reopen().replay(HEIGHT) == ((), ())


def test_every_input_and_block_comes_back_in_order(reopen: Opener) -> None:
    log = reopen()
    log.replay(HEIGHT)
    log.append_body(b"a block")
    for event in EVENTS:
        log.append(event)
    log.append_body(b"")
    log.append_own(OWN)
    log.close()
    assert reopen().replay(HEIGHT) == ((*EVENTS, OWN), (b"a block", b""))


def test_appending_goes_on_after_a_replay(reopen: Opener) -> None:
    for event in EVENTS:
        log = reopen()
        log.replay(HEIGHT)
        log.append(event)
        log.close()
    assert reopen().replay(HEIGHT)[0] == EVENTS


def test_an_own_message_waits_for_the_disk_and_others_do_not(reopen: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    log = reopen()
    log.replay(HEIGHT)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    log.append(VOTE)
    log.append_body(b"block")
    assert synced == []
    log.append_own(OWN)
    assert len(synced) == 1


def test_wherever_the_tail_is_cut_the_whole_records_before_it_come_back(reopen: Opener, tmp_path: Path) -> None:
    log = reopen()
    log.replay(HEIGHT)
    ends = [0]
    for event in EVENTS[3:]:
        log.append(event)
        ends.append(file_of(tmp_path).stat().st_size)
    log.close()
    whole = file_of(tmp_path).read_bytes()
    for size in range(0, len(whole), 3):
        file_of(tmp_path).write_bytes(whole[:size])
        kept = EVENTS[3 : 2 + sum(end <= size for end in ends)]
        log = reopen()
        assert log.replay(HEIGHT)[0] == kept
        log.append(OWN)
        log.close()
        assert reopen().replay(HEIGHT)[0] == (*kept, OWN)


def test_a_tail_of_zeros_or_rubbish_after_a_power_cut_is_dropped(reopen: Opener, tmp_path: Path) -> None:
    log = reopen()
    log.replay(HEIGHT)
    log.append_own(OWN)
    log.close()
    whole = file_of(tmp_path).read_bytes()
    for tail in (bytes(1000), whole[:4] + b"rubbish" * 20, whole[:-1]):
        file_of(tmp_path).write_bytes(whole + tail)
        assert reopen().replay(HEIGHT)[0] == (OWN,)
        assert file_of(tmp_path).read_bytes() == whole


def test_damage_before_a_synced_record_is_corruption_wherever_it_is(reopen: Opener, tmp_path: Path) -> None:
    log = reopen()
    log.replay(HEIGHT)
    log.append(VOTE)
    before_own = file_of(tmp_path).stat().st_size
    log.append_own(OWN)
    log.close()
    whole = file_of(tmp_path).read_bytes()
    for index in range(4, before_own):
        file_of(tmp_path).write_bytes(whole[:index] + bytes([whole[index] ^ 1]) + whole[index + 1 :])
        with pytest.raises(LogCorrupt, match="cluster data repair"):
            reopen().replay(HEIGHT)


def test_damage_that_nothing_synced_follows_is_a_torn_tail(reopen: Opener, tmp_path: Path) -> None:
    log = reopen()
    log.replay(HEIGHT)
    log.append_own(OWN)
    after_own = file_of(tmp_path).stat().st_size
    log.append(VOTE)
    log.append(VOTE)
    log.close()
    whole = file_of(tmp_path).read_bytes()
    file_of(tmp_path).write_bytes(whole[: after_own + 30] + b"?" + whole[after_own + 31 :])
    assert reopen().replay(HEIGHT)[0] == (OWN,)


def test_a_removed_record_is_noticed(reopen: Opener, tmp_path: Path) -> None:
    log = reopen()
    log.replay(HEIGHT)
    log.append(VOTE)
    first = file_of(tmp_path).stat().st_size
    log.append(EVENTS[0])
    second = file_of(tmp_path).stat().st_size
    log.append_own(OWN)
    log.close()
    whole = file_of(tmp_path).read_bytes()
    file_of(tmp_path).write_bytes(whole[:first] + whole[second:])
    with pytest.raises(LogCorrupt) as refused:
        reopen().replay(HEIGHT)
    assert refused.value.offset == first


def test_the_log_of_another_height_does_not_pass_for_this_one(reopen: Opener, tmp_path: Path) -> None:
    log = reopen()
    log.replay(HEIGHT)
    log.append_own(OWN)
    log.close()
    file_of(tmp_path).rename(file_of(tmp_path, 2))
    assert reopen().replay(Height(2)) == ((), ())


def test_heights_follow_each_other_and_only_the_last_two_are_kept(reopen: Opener, tmp_path: Path) -> None:
    log = reopen()
    log.replay(HEIGHT)
    for height in range(1, 5):
        log.append(TimeoutElapsed(TIMEOUT_PREVOTE, Height(height), Round(0)))
        log.end_height(Height(height))
    log.append(TimeoutElapsed(TIMEOUT_PREVOTE, Height(5), Round(0)))
    log.close()
    assert sorted(path.name for path in (tmp_path / "wal").iterdir()) == [
        file_of(tmp_path, 4).name,
        file_of(tmp_path, 5).name,
    ]
    assert reopen().replay(Height(5))[0] == (TimeoutElapsed(TIMEOUT_PREVOTE, Height(5), Round(0)),)


def test_heights_that_came_from_peers_leave_no_files(reopen: Opener, tmp_path: Path) -> None:
    log = reopen()
    log.replay(HEIGHT)
    for height in range(1, 100):
        log.end_height(Height(height))
    assert list((tmp_path / "wal").iterdir()) == []


def test_a_sealed_log_shows_nothing_of_its_content(tmp_path: Path) -> None:
    secret = b"what nobody may read"
    for key, visible in ((None, True), (KEY, False)):
        log = ConsensusLog(tmp_path / str(visible), key)
        log.replay(HEIGHT)
        log.append_body(secret)
        log.append(VOTE)
        log.close()
        data = (tmp_path / str(visible) / f"{1:020d}.log").read_bytes()
        assert (secret in data, bytes(V) in data) == (visible, visible)


@pytest.mark.parametrize(("written", "read"), [(KEY, None), (None, KEY), (KEY, b"?" * 32)])
def test_another_storage_key_is_refused(tmp_path: Path, written: bytes | None, read: bytes | None) -> None:
    log = ConsensusLog(tmp_path / "wal", written)
    log.replay(HEIGHT)
    log.append_own(OWN)
    log.close()
    with pytest.raises(LogSealed, match="storage key"):
        ConsensusLog(tmp_path / "wal", read).replay(HEIGHT)


def test_records_of_another_version_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = ConsensusLog(tmp_path / "wal")
    log.replay(HEIGHT)
    monkeypatch.setattr("node.consensus_log.encode", lambda _entry: b"\x92\x02\xc0")
    log.append_own(OWN)
    log.close()
    with pytest.raises(LogVersion, match="another version"):
        ConsensusLog(tmp_path / "wal").replay(HEIGHT)


def test_a_disk_that_refuses_is_an_error_of_its_own(reopen: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> int:
        raise OSError(28, "No space left on device")

    log = reopen()
    log.replay(HEIGHT)
    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(LogUnwritable, match="No space left"):
        log.append(VOTE)
