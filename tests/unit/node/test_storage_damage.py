"""A damaged folder is refused with a typed error, at opening, at reading or by verify(): never silently wrong data."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import plyvel
import pytest

from chain.state.errors import TreeCorrupt
from chain.state.keys import Key
from chain.types.scalars import Height
from node.storage import check, layout
from node.storage.database import Database
from node.storage.errors import DatabaseCorrupt, DatabaseInUse, RecordCorrupt
from tests.support.block_batches import GENESIS, STORAGE_KEY, commit_next

BLOCKS = 12
DAMAGE = (DatabaseCorrupt, RecordCorrupt, TreeCorrupt)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed database with tables and a log: some blocks compacted, some only logged."""
    path = tmp_path_factory.mktemp("healthy") / "db"
    database = Database.create(path, STORAGE_KEY, GENESIS)
    for height in range(BLOCKS):
        commit_next(database, {b"q/%d" % (height + n): b"%d" % height * 20 for n in range(10)})
        if height == BLOCKS // 2:
            database._db.compact_range()
    database.close()
    assert {file.suffix for file in path.iterdir()} >= {".ldb", ".log"}
    return path


@pytest.fixture
def copy(healthy: Path, tmp_path: Path) -> Callable[[], Path]:
    """A fresh copy of the healthy folder each time."""
    made: list[Path] = []

    def fresh() -> Path:
        made.append(tmp_path / str(len(made)))
        shutil.copytree(healthy, made[-1])
        return made[-1]

    return fresh


def read_everything(path: Path, key: object = STORAGE_KEY) -> list[object]:
    """All that the database says, once it has verified itself."""
    database = Database.open(path, STORAGE_KEY if key is STORAGE_KEY else None, GENESIS)
    try:
        database.verify()
        snapshot = database.snapshot()
        heights = [Height(height) for height in range(snapshot.height + 1)]
        trees = [list(snapshot.tree(height).leaves()) for height in heights]
        blocks = [(database.block(height), database.commit(height), database.receipts(height)) for height in heights]
        return [snapshot.tip, list(snapshot.iterate(Key(b""))), trees, blocks]
    finally:
        database.close()


def test_no_flipped_byte_gives_other_data(copy: Callable[[], Path], healthy: Path) -> None:
    truth = read_everything(copy())
    random = Random(7)
    found = 0
    for file in sorted(healthy.iterdir()):
        if file.name in ("LOCK", "LOG", "LOG.old") or not file.stat().st_size:
            continue
        for at in random.sample(range(file.stat().st_size), min(12, file.stat().st_size)):
            path = copy()
            content = bytearray((path / file.name).read_bytes())
            content[at] ^= 1 << random.randrange(8)
            (path / file.name).write_bytes(content)
            try:
                said = read_everything(path)
            except DAMAGE:
                found += 1
            else:
                assert said == truth, f"byte {at} of {file.name}"
            shutil.rmtree(path)
    assert found > 20


def test_missing_files_are_found(copy: Callable[[], Path], healthy: Path) -> None:
    for file in healthy.iterdir():
        if file.name == "CURRENT" or file.suffix == ".ldb" or file.name.startswith("MANIFEST"):
            path = copy()
            (path / file.name).unlink()
            with pytest.raises(DatabaseCorrupt) as refused:
                read_everything(path)
            assert "cluster data repair" in str(refused.value)


def test_a_log_cut_short_gives_an_earlier_height_or_an_error(copy: Callable[[], Path]) -> None:
    path = copy()
    truth = read_everything(path)
    for size in range(0, 20_000, 1500):
        path = copy()
        log = next(path.glob("*.log"))
        if size >= log.stat().st_size:
            break
        with log.open("r+b") as file:
            file.truncate(size)
        try:
            tip, _, trees, blocks = read_everything(path)
        except DAMAGE:
            continue
        height = tip.height  # type: ignore[attr-defined]
        assert BLOCKS // 2 <= height < BLOCKS
        assert (trees, blocks) == (truth[2][: height + 1], truth[3][: height + 1])  # type: ignore[index]


@pytest.mark.parametrize(
    "space", [layout.HEAD, layout.STATE, layout.NODE, layout.ROOT, layout.BLOCK, layout.COMMIT, layout.RECEIPTS]
)
def test_records_that_were_deleted_or_exchanged_are_found(copy: Callable[[], Path], space: bytes) -> None:
    for tamper in (_delete_last, _exchange_last):
        path = copy()
        with plyvel.DB(str(path), compression=None) as raw:
            tamper(raw, space)
        with pytest.raises(DAMAGE):
            read_everything(path)


def _delete_last(raw: plyvel.DB, space: bytes) -> None:
    with raw.iterator(prefix=space, include_value=False) as keys:
        raw.delete(list(keys)[-1])


def _exchange_last(raw: plyvel.DB, space: bytes) -> None:
    """The value of another record of the same kind, or of the chain's tree, in the last one's place."""
    with raw.iterator(prefix=space) as entries:
        listed = list(entries)
    raw.put(listed[-1][0], listed[-2][1] if len(listed) > 1 else raw.get(layout.at_height(layout.ROOT, 1)))


def test_an_unsealed_database_is_held_to_its_tree(tmp_path: Path) -> None:
    path = tmp_path / "db"
    database = Database.create(path, None, GENESIS)
    commit_next(database, {b"q/a": b"1", b"q/b": b"2"})
    commit_next(database, {b"q/a": b"3"})
    database.close()
    with plyvel.DB(str(path), compression=None) as raw:
        raw.put(layout.STATE + b"q/a", b"4")
    with pytest.raises(DatabaseCorrupt, match="not what the tree says"):
        read_everything(path, None)
    with plyvel.DB(str(path), compression=None) as raw:
        raw.put(layout.STATE + b"q/a", b"3")
        raw.put(layout.STATE + b"q/c", b"1")
    with pytest.raises(DatabaseCorrupt, match="3 entries, the tree 2"):
        read_everything(path, None)
    with plyvel.DB(str(path), compression=None) as raw:
        raw.delete(layout.STATE + b"q/c")
        raw.put(layout.at_height(layout.ROOT, 1), bytes(40))
    with pytest.raises(DatabaseCorrupt, match="its head says"):
        read_everything(path, None)


def test_salvage_saves_what_can_be_read_and_verify_tells(copy: Callable[[], Path]) -> None:
    path = copy()
    truth = read_everything(path)
    next(path.glob("MANIFEST*")).unlink()
    with pytest.raises(DatabaseCorrupt):
        read_everything(path)
    check.salvage(path)
    assert read_everything(path) == truth


def test_salvage_leaves_a_running_node_alone(copy: Callable[[], Path]) -> None:
    path = copy()
    database = Database.open(path, STORAGE_KEY, GENESIS)
    with pytest.raises(DatabaseInUse):
        check.salvage(path)
    database.close()
