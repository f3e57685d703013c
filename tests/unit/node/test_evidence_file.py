"""Evidence of double signing outlives its node, until a block accuses the same validator."""

import logging
from pathlib import Path
from random import Random

import pytest

from node.crash_points import FILE
from node.durable import Disk
from node.evidence import EvidenceFile
from tests.support.double_votes import double_vote
from tests.support.simulated_disk import Crash, SimulatedDisk, Stopped


def test_what_is_kept_is_there_again_and_what_a_block_has_is_not(tmp_path: Path) -> None:
    path = tmp_path / "evidence"
    kept = EvidenceFile(path)
    for new in (double_vote(1), double_vote(2), double_vote(1, height=2)):
        kept.add(new)
    assert EvidenceFile(path).pieces == kept.pieces == (double_vote(2), double_vote(1, height=2))
    kept.forget((double_vote(1, height=5),))  # another piece against the same key
    assert EvidenceFile(path).pieces == (double_vote(2),)


def test_what_is_known_already_is_neither_told_nor_written_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "evidence"
    EvidenceFile(path).add(double_vote(1))
    written = path.stat().st_ino
    EvidenceFile(path).add(double_vote(1))
    assert path.stat().st_ino == written
    assert [record.getMessage() for record in caplog.records] == [f"validator {'01' * 32} signed twice at height 1"]


@pytest.mark.parametrize("content", [b"", b"\x00", b"\xff" * 40, bytes(2**16 + 1)])
def test_a_file_that_cannot_be_read_is_as_none(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "evidence"
    path.write_bytes(content)
    kept = EvidenceFile(path)
    assert kept.pieces == () and "is made anew" in caplog.text
    kept.add(double_vote(3))
    assert EvidenceFile(path).pieces == (double_vote(3),)


def test_a_disk_that_refuses_costs_the_file_and_not_the_double_vote(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Full(Disk):
        def replace_content(self, path: Path, data: bytes, mode: int = 0o600, *, at: object = None) -> None:
            raise OSError(28, "No space left on device")

    kept = EvidenceFile(tmp_path / "evidence", Full())
    with caplog.at_level(logging.WARNING):
        kept.add(double_vote(1))
    assert kept.pieces == (double_vote(1),) and "No space left" in caplog.text


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", FILE)
def test_power_lost_while_it_is_written_leaves_what_was_kept_before_or_that_and_the_new(call: str, after: bool) -> None:
    path, before, now = Path("/data/evidence"), (double_vote(1),), (double_vote(1), double_vote(2))
    for luck in range(8):
        disk = SimulatedDisk()
        mount = disk.mount()
        mount.make_folder(path.parent)
        EvidenceFile(path, mount).add(double_vote(1))
        disk.crash = Crash(f"evidence.{call}", after=after)
        with pytest.raises(Stopped):
            EvidenceFile(path, mount).add(double_vote(2))
        disk.cut_power(Random(luck))
        left = EvidenceFile(path, disk.mount()).pieces
        assert left in (before, now)
        assert left == now or (call, after) != ("sync_folder", True)
