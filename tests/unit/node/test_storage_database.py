"""The database: one batch per block, snapshots that do not move, pruning, and what is refused at opening."""

from collections.abc import Iterator
from pathlib import Path

import plyvel
import pytest

from chain.state.keys import Key
from chain.state.proofs import ExistenceProof, NonExistenceProof, verify_membership, verify_non_membership
from chain.types.scalars import Hash, Height, TxHash
from node.storage import layout
from node.storage.database import Database, Settings
from node.storage.errors import (
    DatabaseClosed,
    DatabaseCorrupt,
    DatabaseExists,
    DatabaseInUse,
    DatabaseMissing,
    OutOfOrder,
    SealingMismatch,
    VersionPruned,
    WrongChain,
    WrongStorageKey,
)
from node.storage.storage_key import StorageKey
from tests.support.block_batches import GENESIS, STORAGE_KEY, commit_next, next_batch, transactions_at

A, B, C = Key(b"q/a"), Key(b"q/b"), Key(b"q/c")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "db"


@pytest.fixture(params=["sealed", "plain"])
def database(request: pytest.FixtureRequest, path: Path) -> Iterator[Database]:
    database = Database.create(path, STORAGE_KEY if request.param == "sealed" else None, GENESIS)
    yield database
    database.close()


@pytest.fixture
def sealed(path: Path) -> Iterator[Database]:
    database = Database.create(path, STORAGE_KEY, GENESIS)
    yield database
    database.close()


def test_a_block_is_read_back_whole(database: Database) -> None:
    commit_next(database, {A: b"1", B: b"2"})
    tip = commit_next(database, {A: None, B: b"3", C: b"4"})
    assert database.tip == tip
    assert database.block(Height(1)) == b"block 1"
    assert database.commit(Height(1)) == b"commit 1"
    assert database.receipts(Height(0)) == b"receipts 0"
    assert database.block(Height(0)) is None
    assert database.block(Height(2)) is None
    assert [database.find_transaction(hash_) for hash_ in transactions_at(1)] == [(1, 0), (1, 1)]
    assert database.find_transaction(TxHash(bytes(32))) is None
    snapshot = database.snapshot()
    assert (snapshot.height, snapshot.tip) == (1, tip)
    assert [snapshot.get(key) for key in (A, B, C)] == [None, b"3", b"4"]
    assert list(snapshot.iterate(Key(b"q/"))) == [(B, b"3"), (C, b"4")]
    assert list(snapshot.iterate(Key(b"q/"), start=C)) == [(C, b"4")]
    assert list(snapshot.iterate(Key(b"q/"), start=Key(b"a"))) == [(B, b"3"), (C, b"4")]
    assert list(snapshot.iterate(Key(b""))) == [(B, b"3"), (C, b"4")]
    assert database.verify().entries == 2


def test_reopening_continues_where_it_stopped(path: Path) -> None:
    for expected in range(4):
        opened = Database.create if expected == 0 else Database.open
        database = opened(path, STORAGE_KEY, GENESIS)
        assert (-1 if database.tip is None else database.tip.height) == expected - 1
        commit_next(database, {Key(b"q/%d" % expected): b"v"})
        assert len(list(database.snapshot().iterate(Key(b"q/")))) == expected + 1
        database.close()


def test_a_database_without_genesis_has_no_state(sealed: Database, path: Path) -> None:
    assert sealed.tip is None
    with pytest.raises(DatabaseMissing):
        sealed.snapshot()
    sealed.close()
    again = Database.open(path, STORAGE_KEY, GENESIS)
    assert again.tip is None
    again.close()


def test_a_snapshot_stays_while_the_chain_moves_on(database: Database) -> None:
    commit_next(database, {A: b"0", B: b"0"})
    old = database.snapshot()
    assert old.get(A) == b"0"
    commit_next(database, {A: b"1", B: None, C: b"1"})
    assert [old.get(key) for key in (A, B, C)] == [b"0", b"0", None]
    assert list(old.iterate(Key(b"q/"))) == [(A, b"0"), (B, b"0")]
    new = database.snapshot()
    assert [new.get(key) for key in (A, B, C)] == [b"1", None, b"1"]
    assert [new.get(key) for key in (A, B, C)] == [b"1", None, b"1"]
    assert [old.get(key) for key in (A, B, C)] == [b"0", b"0", None]


def test_nothing_is_written_until_a_block_is_committed(database: Database) -> None:
    commit_next(database, {A: b"0"})
    forgotten = next_batch(database, {A: b"bad"})
    chosen = next_batch(database, {A: b"good"})
    assert database.snapshot().get(A) == b"0"
    database.commit_block(chosen)
    assert database.snapshot().get(A) == b"good"
    with pytest.raises(OutOfOrder):
        database.commit_block(forgotten)
    assert database.verify().entries == 1


def test_batches_out_of_order_or_mixed_up_are_refused(database: Database) -> None:
    commit_next(database, {A: b"0"})
    first, second = next_batch(database, {A: b"1"}), next_batch(database, {A: b"2"})
    with pytest.raises(OutOfOrder, match="another root"):
        database.commit_block(type(first)(first.tip, second.changes, second.update, b"b", b"c", b"r", ()))
    database.commit_block(first)
    with pytest.raises(OutOfOrder, match="block 2 is next"):
        database.commit_block(second)
    assert database.tip == first.tip


def test_state_is_proven_at_every_kept_height(database: Database) -> None:
    roots = [commit_next(database, {A: b"%d" % height, Key(b"q/%d" % height): b"v"}).state_root for height in range(5)]
    for height, root in enumerate(roots):
        proof = database.snapshot().prove(A, height)
        assert isinstance(proof, ExistenceProof)
        verify_membership(root, A, b"%d" % height, proof)
        absent = database.snapshot().prove(Key(b"q/4"), height)
        if height < 4:
            assert isinstance(absent, NonExistenceProof)
            verify_non_membership(root, b"q/4", absent)
    for height in (-1, 5):
        with pytest.raises(VersionPruned):
            database.snapshot().prove(A, height)


def nodes_stored(path: Path) -> int:
    with plyvel.DB(str(path)) as raw, raw.iterator(prefix=layout.NODE, include_value=False) as nodes:
        return sum(1 for _ in nodes)


def test_only_the_newest_versions_are_kept(path: Path) -> None:
    database = Database.create(path, STORAGE_KEY, GENESIS, Settings(keep_versions=3))
    for height in range(20):
        commit_next(database, {Key(b"q/%d" % (n % 7)): b"%d" % height for n in range(height, height + 3)})
    snapshot = database.snapshot()
    for height in range(17):
        with pytest.raises(VersionPruned) as refused:
            snapshot.tree(height)
        assert (refused.value.oldest, refused.value.head) == (17, 19)
    for height in (17, 18, 19):
        assert len(list(snapshot.tree(height).leaves())) == 7
    assert database.block(Height(1)) == b"block 1"
    database.close()
    few = nodes_stored(path)
    database = Database.open(path, STORAGE_KEY, GENESIS, Settings(keep_versions=3))
    for height in range(20, 40):
        commit_next(database, {Key(b"q/%d" % (n % 7)): b"%d" % height for n in range(height, height + 3)})
    database.close()
    assert nodes_stored(path) <= few + 2


def test_keeping_fewer_versions_catches_up_in_steps(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database.create(path, STORAGE_KEY, GENESIS)
    for height in range(30):
        commit_next(database, {A: b"%d" % height, B: b"%d" % height})
    database.close()
    monkeypatch.setattr("node.storage.pruning.ROOT_STEP", 4)
    monkeypatch.setattr("node.storage.pruning.CHUNK_STEP", 3)
    database = Database.open(path, STORAGE_KEY, GENESIS, Settings(keep_versions=1))
    commit_next(database, {A: b"30"})
    assert len(list(database.snapshot().tree(4).leaves())) == 2
    with pytest.raises(VersionPruned):
        database.snapshot().tree(3)
    for height in range(31, 60):
        commit_next(database, {A: b"%d" % height})
        assert database.verify().entries == 2
    with pytest.raises(VersionPruned):
        database.snapshot().tree(58)
    database.close()
    assert nodes_stored(path) == 3 + 2  # two leaves, the page over them, and what the newest block replaced


def test_one_owner_at_a_time(sealed: Database, path: Path) -> None:
    with pytest.raises(DatabaseInUse):
        Database.open(path, STORAGE_KEY, GENESIS)


def test_a_refused_opening_gives_the_folder_back(sealed: Database, path: Path) -> None:
    commit_next(sealed, {A: b"0"})
    sealed.close()
    for key, genesis, refusal in [
        (StorageKey(b"\x0c" * 32, unprotected=True), GENESIS, WrongStorageKey),
        (None, GENESIS, SealingMismatch),
        (STORAGE_KEY, Hash(bytes(32)), WrongChain),
    ]:
        with pytest.raises(refusal):
            Database.open(path, key, genesis)
    Database.open(path, STORAGE_KEY, GENESIS).close()


def test_a_plain_database_is_not_opened_as_a_sealed_one(path: Path) -> None:
    Database.create(path, None, GENESIS).close()
    with pytest.raises(SealingMismatch) as refused:
        Database.open(path, STORAGE_KEY, GENESIS)
    assert not refused.value.sealed


def test_missing_and_occupied_folders(path: Path) -> None:
    with pytest.raises(DatabaseMissing):
        Database.open(path, STORAGE_KEY, GENESIS)
    path.mkdir()
    with pytest.raises(DatabaseMissing):
        Database.open(path, STORAGE_KEY, GENESIS)
    (path / "notes.txt").write_text("mine")
    with pytest.raises(DatabaseExists):
        Database.create(path, STORAGE_KEY, GENESIS)
    with pytest.raises(DatabaseCorrupt):
        Database.open(path, STORAGE_KEY, GENESIS)


def test_reading_after_closing_is_a_typed_error(sealed: Database) -> None:
    commit_next(sealed, {A: b"0"})
    snapshot = sealed.snapshot()
    sealed.close()
    with pytest.raises(DatabaseClosed):
        snapshot.get(B)
    with pytest.raises(DatabaseClosed):
        list(snapshot.iterate(Key(b"q/")))


def test_a_sealed_folder_does_not_hold_what_a_plain_one_shows(tmp_path: Path) -> None:
    secret = b"the plaintext that a search looks for"
    for name, key, found in (("sealed", STORAGE_KEY, False), ("plain", None, True)):
        database = Database.create(tmp_path / name, key, GENESIS)
        commit_next(database, {A: secret})
        database.close()
        on_disk = b"".join(file.read_bytes() for file in (tmp_path / name).iterdir())
        assert (secret in on_disk) is found
        assert A in on_disk  # keys are not hidden, and are not meant to be
