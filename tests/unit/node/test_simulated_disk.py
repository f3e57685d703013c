"""The simulated disk keeps what was synced and may lose the rest: else the simulation would show nothing."""

import os
from pathlib import Path
from random import Random

import pytest

from node.durable import DISK, Disk
from tests.support.simulated_disk import SimulatedDisk, Stopped

FOLDER = Path("/data")
FILE = FOLDER / "file"
CUTS = 40


def written(disk: SimulatedDisk, *, sync: bool, sync_folder: bool) -> None:
    mount = disk.mount()
    mount.make_folder(FOLDER)
    descriptor = mount.open(FILE, os.O_WRONLY | os.O_CREAT)
    mount.write(descriptor, b"first")
    if sync:
        mount.sync(descriptor)
    if sync_folder:
        mount.sync_folder(FOLDER)
    mount.write(descriptor, b"second")


def after_cuts(*, sync: bool, sync_folder: bool) -> set[bytes | None]:
    """What programs found in the file after cuts of every luck; None where it is gone."""
    found: set[bytes | None] = set()
    for seed in range(CUTS):
        disk = SimulatedDisk()
        written(disk, sync=sync, sync_folder=sync_folder)
        disk.cut_power(Random(seed))
        mount = disk.mount()
        found.add(mount.read(FILE) if mount.exists(FILE) else None)
    return found


def test_what_was_synced_survives_and_later_writes_may_be_lost_torn_or_scrambled() -> None:
    found = after_cuts(sync=True, sync_folder=True)
    assert all(content is not None and content.startswith(b"first") for content in found)
    assert {b"first", b"firstsecond"} < found
    assert any(not b"firstsecond".startswith(content or b"") for content in found)


def test_a_file_whose_folder_was_not_synced_may_be_gone() -> None:
    assert None in after_cuts(sync=True, sync_folder=False)


def test_a_file_that_was_not_synced_may_be_empty() -> None:
    assert b"" in after_cuts(sync=False, sync_folder=True)


def test_a_renamed_file_is_the_old_or_the_new_one_and_after_a_sync_the_new_one() -> None:
    found = set()
    for seed in range(CUTS):
        for synced in (False, True):
            disk = SimulatedDisk()
            mount = disk.mount()
            mount.make_folder(FOLDER)
            for name in ("state", "state.new"):
                mount.write_synced(mount.open(FOLDER / name, os.O_WRONLY | os.O_CREAT), name.encode())
                mount.sync_folder(FOLDER)
            mount.replace(FOLDER / "state.new", FOLDER / "state")
            if synced:
                mount.sync_folder(FOLDER)
            disk.cut_power(Random(seed))
            found.add((synced, disk.mount().read(FOLDER / "state")))
    assert found == {(False, b"state"), (False, b"state.new"), (True, b"state.new")}


def test_who_dies_without_a_power_cut_loses_nothing_and_changes_nothing_any_more() -> None:
    disk = SimulatedDisk()
    mount = disk.mount()
    mount.make_folder(FOLDER)
    descriptor = mount.open(FILE, os.O_WRONLY | os.O_CREAT)
    lock = FOLDER / "lock"
    mount.lock(lock)
    mount.write(descriptor, b"kept")
    with pytest.raises(BlockingIOError):
        disk.mount().lock(lock)
    mount.unplug()
    with pytest.raises(Stopped):
        mount.sync_folder(FOLDER)
    assert disk.mount().read(FILE) == b"kept"
    disk.mount().lock(lock)


def test_the_process_can_be_stopped_at_any_step_and_half_of_a_write_is_there() -> None:
    disk = SimulatedDisk()
    disk.stop_at = 2
    with pytest.raises(Stopped):
        written(disk, sync=True, sync_folder=True)
    assert disk.mount().read(FILE) == b"fi"


def test_a_database_keeps_synced_batches_and_its_snapshots_do_not_change() -> None:
    counts = set()
    for seed in range(CUTS):
        disk = SimulatedDisk()
        mount = disk.mount()
        db = mount.open_leveldb(FOLDER / "db", create=True)
        db.put(b"a", b"1", sync=True)
        seen = db.snapshot()
        for number in range(3):
            db.put(b"b%d" % number, b"2", sync=False)
        assert seen.get(b"b0") is None
        disk.cut_power(Random(seed))
        with mount.open_leveldb(FOLDER / "db", create=False).iterator(start=b"a", stop=None) as entries:
            keys = [key for key, _ in entries]
        assert keys == [b"a", b"b0", b"b1", b"b2"][: len(keys)]
        counts.add(len(keys))
    assert counts == {1, 2, 3, 4}


@pytest.mark.parametrize("kind", ["real", "simulated"])
def test_both_disks_answer_alike(kind: str, tmp_path: Path) -> None:
    disk: Disk = DISK if kind == "real" else SimulatedDisk().mount()
    folder = tmp_path / "folder"
    assert disk.names(folder) == []
    disk.make_folder(folder)
    with pytest.raises(FileNotFoundError):
        disk.open(folder / "absent", os.O_RDWR)
    with pytest.raises(FileNotFoundError):
        disk.read(folder / "absent")
    descriptor = disk.open(folder / "b", os.O_RDWR | os.O_CREAT | os.O_APPEND)
    disk.write(descriptor, b"0123456789")
    disk.truncate(descriptor, 4)
    disk.write(descriptor, b"x")
    disk.sync(descriptor)
    disk.close(descriptor)
    with pytest.raises(FileExistsError):
        disk.open(folder / "b", os.O_RDWR | os.O_CREAT | os.O_EXCL)
    disk.write_synced(disk.open(folder / "a", os.O_WRONLY | os.O_CREAT), b"first")
    disk.write_synced(disk.open(folder / "a", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), b"new")
    disk.sync_folder(folder)
    assert disk.names(folder) == ["a", "b"]
    assert (disk.read(folder / "a"), disk.read(folder / "b")) == (b"new", b"0123x")
    disk.replace(folder / "a", folder / "b")
    disk.remove(folder / "absent")
    assert disk.names(folder) == ["b"]
    held = disk.lock(folder / "lock")
    with pytest.raises(BlockingIOError):
        disk.lock(folder / "lock")
    disk.close(held)
    disk.close(disk.lock(folder / "lock"))
    disk.remove(folder / "b")
    assert not disk.exists(folder / "b")
