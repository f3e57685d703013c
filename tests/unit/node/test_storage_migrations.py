"""A database of an earlier layout is brought to the present one, wherever that is cut off; a later one is refused."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import plyvel
import pytest

from chain.codec import encode
from chain.execution.validator_schedule import set_validators
from chain.state import keys
from chain.state.overlay import Overlay
from chain.state.store import MemoryStore
from chain.state.view import StateView
from chain.types.scalars import Hash, Height, Power, Uint, ValidatorId, VrfKey
from chain.types.validators import Validator, ValidatorSet
from node.storage import layout
from node.storage.database import Database
from node.storage.errors import (
    DatabaseCorrupt,
    MigrationFailed,
    SchemaUnknown,
    WrongChain,
    WrongStorageKey,
)
from node.storage.layout import Format, Migration
from node.storage.migrations import SCHEMA, STEPS, Chunk, Step, migrate
from node.storage.records import Records
from node.storage.storage_key import StorageKey
from tests.support.block_batches import GENESIS, STORAGE_KEY, commit_next, transactions_at

BLOCKS = 7  # of two transactions each
IN_A_CHUNK = 4
COUNTED = b"N/"
VALIDATORS = ValidatorSet((Validator(ValidatorId(b"\x01" * 32), VrfKey(b"\x02" * 32), Power(10)),))


OTHER_KEY = StorageKey(b"\x0c" * 32, unprotected=True)


class CutOff(BaseException):
    """The process ends here."""


def turn_places(records: Records, cursor: bytes) -> Iterator[Chunk]:
    """Places of transactions with their bytes turned around, in place, some at a time. Twice would turn them back."""
    turned: list[tuple[bytes, bytes | None]] = []
    for key, value in records.iterate(layout.TRANSACTION, cursor or None):
        turned.append((key, value[::-1]))
        cursor = key + b"\0"
        if len(turned) == IN_A_CHUNK:
            yield Chunk(turned, cursor)
            turned = []
    yield Chunk(turned, cursor)


def count_places(records: Records, _cursor: bytes) -> Iterator[Chunk]:
    """A second step, which needs what the first one wrote: a place ends with its index, 0 or 1, a turned one with 0."""
    turned = sum(1 for _, value in records.iterate(layout.TRANSACTION) if value.endswith(bytes(4)))
    yield Chunk([(COUNTED, b"%d" % turned)], b"")


TURN = Step("places turned around", turn_places)
COUNT = Step("how many there are", count_places)
LATER = (*STEPS, TURN, COUNT)  # of a release to come
BATCHES = 1 + (2 * BLOCKS // IN_A_CHUNK + 1) + 1 + 1 + 1  # format; places; layout reached; count; layout reached


def made(path: Path, key: StorageKey | None = STORAGE_KEY, steps: tuple[Step, ...] = STEPS) -> Path:
    """A database with blocks, of the layout that these steps lead to."""
    with closing(Database.create(path, key, GENESIS, steps=steps)) as database:
        for height in range(BLOCKS + 1):
            commit_next(database, {b"q/a": b"%d" % height})
    return path


def content(path: Path, steps: tuple[Step, ...] = LATER, key: StorageKey | None = STORAGE_KEY) -> dict[bytes, bytes]:
    """All records that the invented layout is about, opened; opening migrates."""
    with closing(Database.open(path, key, GENESIS, steps=steps)) as database:
        spaces = (layout.TRANSACTION, COUNTED, layout.BLOCK)
        return {name: value for space in spaces for name, value in database._records.iterate(space)}


def raw(path: Path) -> dict[bytes, bytes]:
    with closing(plyvel.DB(str(path))) as db:
        return dict(db.iterator())


def own(path: Path) -> tuple[Format, Migration | None]:
    """What the database says of itself."""
    records = raw(path)
    progress = records.get(layout.MIGRATION)
    format_ = layout.decode_own(Format, records[layout.FORMAT])
    return format_, None if progress is None else layout.decode_own(Migration, progress)


# What is released


def test_a_new_database_has_the_newest_layout(tmp_path: Path) -> None:
    assert SCHEMA == 2  # a step more, a layout more
    made(tmp_path / "db")
    assert own(tmp_path / "db") == (layout.decode_own(Format, raw(tmp_path / "db")[layout.FORMAT]), None)
    assert own(tmp_path / "db")[0].schema == SCHEMA


@pytest.mark.parametrize("key", [STORAGE_KEY, None], ids=["sealed", "plain"])
def test_layout_1_gets_the_validator_sets_that_state_knows(tmp_path: Path, key: StorageKey | None) -> None:
    overlay = Overlay(StateView(MemoryStore(), Height(0)))
    set_validators(overlay, VALIDATORS, Height(0), Height(0))
    with closing(Database.create(tmp_path / "db", key, GENESIS, steps=())) as old:
        commit_next(old, {keys.VALIDATORS: overlay.get(keys.VALIDATORS)})
        assert old.validators(VALIDATORS.hash()) is None
    with closing(Database.open(tmp_path / "db", key, GENESIS)) as database:
        assert database.validators(VALIDATORS.hash()) == encode(VALIDATORS)
        assert database.verify().entries == 1
    assert (own(tmp_path / "db")[0].schema, own(tmp_path / "db")[1]) == (SCHEMA, None)


def test_layout_1_without_a_head_is_migrated_too(tmp_path: Path) -> None:
    Database.create(tmp_path / "db", STORAGE_KEY, GENESIS, steps=()).close()
    Database.open(tmp_path / "db", STORAGE_KEY, GENESIS).close()
    assert own(tmp_path / "db")[0].schema == SCHEMA


# What is refused


@pytest.mark.parametrize("found", [0, SCHEMA + 1])
def test_a_layout_that_no_step_knows_is_refused_untouched(tmp_path: Path, found: int) -> None:
    path = made(tmp_path / "db")
    with closing(plyvel.DB(str(path))) as db:
        record = layout.decode_own(Format, db.get(layout.FORMAT))
        db.put(
            layout.FORMAT,
            layout.encode_own(Format(Uint(found), *(record.genesis_hash, record.sealed, record.key_check))),
        )
    before = raw(path)
    with pytest.raises(SchemaUnknown) as refused:
        Database.open(path, STORAGE_KEY, GENESIS)
    assert (refused.value.found, refused.value.expected) == (found, SCHEMA)
    assert raw(path) == before


@pytest.mark.parametrize(
    ("key", "genesis", "error"),
    [
        (StorageKey(b"\x0c" * 32, unprotected=True), GENESIS, WrongStorageKey),
        (STORAGE_KEY, Hash(bytes(32)), WrongChain),
    ],
)
def test_a_database_that_is_not_ours_is_not_migrated(
    tmp_path: Path, key: StorageKey, genesis: Hash, error: type
) -> None:
    before = raw(made(tmp_path / "db"))
    with pytest.raises(error):
        Database.open(tmp_path / "db", key, genesis, steps=LATER)
    assert raw(tmp_path / "db") == before


def test_a_damaged_word_on_how_far_it_came_is_found(tmp_path: Path) -> None:
    path = made(tmp_path / "db")
    with closing(plyvel.DB(str(path))) as db:
        db.put(layout.MIGRATION, bytes(40))
    with pytest.raises(DatabaseCorrupt):
        Database.open(path, STORAGE_KEY, GENESIS)


# Cut off


class Counted:
    """A LevelDB of which so many batches are written, and what comes then."""

    def __init__(self, db: Any, left: int, end: BaseException) -> None:
        self._db, self._left, self._end = db, left, end

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def write_batch(self, **options: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise self._end
        return self._db.write_batch(**options)


def cut_off(path: Path, batches: int) -> None:
    """Migrate, and end after so many batches."""
    with closing(Database.open(path, STORAGE_KEY, GENESIS)) as database:
        found = layout.decode_own(Format, database._db.get(layout.FORMAT))
        db = Counted(database._db, batches, CutOff())
        with pytest.raises(CutOff):
            migrate(db, database._sealer, path, found, LATER)


def migrated_at_once(path: Path) -> dict[bytes, bytes]:
    return content(made(path))


@pytest.mark.parametrize("batches", range(BATCHES))
def test_a_migration_goes_on_wherever_it_was_cut_off(tmp_path: Path, batches: int) -> None:
    expected = migrated_at_once(tmp_path / "other")
    assert expected[COUNTED] == b"%d" % (2 * BLOCKS)
    assert expected[layout.TRANSACTION + transactions_at(3)[1]] == layout.encode_place(3, 1)[::-1]
    path = made(tmp_path / "db")
    cut_off(path, batches)
    format_, progress = own(path)
    assert (format_.schema, progress is not None) == ((SCHEMA, False) if batches == 0 else (SCHEMA + 2, True))
    if batches:
        with pytest.raises(SchemaUnknown):
            Database.open(path, STORAGE_KEY, GENESIS)  # the release before does not touch what is half done
    assert content(path) == expected
    assert (own(path)[0].schema, own(path)[1]) == (SCHEMA + 2, None)
    assert content(path) == expected


def test_so_many_batches_and_no_more(tmp_path: Path) -> None:
    path = made(tmp_path / "db")
    with closing(Database.open(path, STORAGE_KEY, GENESIS)) as database:
        found = layout.decode_own(Format, database._db.get(layout.FORMAT))
        migrate(Counted(database._db, BATCHES, CutOff()), database._sealer, path, found, LATER)
    assert (own(path)[0].schema, own(path)[1]) == (SCHEMA + 2, None)


def test_a_release_with_a_step_more_goes_on_with_what_another_one_began(tmp_path: Path) -> None:
    path = made(tmp_path / "db")
    with closing(Database.open(path, STORAGE_KEY, GENESIS)) as database:
        found = layout.decode_own(Format, database._db.get(layout.FORMAT))
        with pytest.raises(CutOff):
            migrate(Counted(database._db, 2, CutOff()), database._sealer, path, found, (*STEPS, TURN))
    assert own(path)[0].schema == SCHEMA + 1
    assert content(path) == migrated_at_once(tmp_path / "other")


def test_a_disk_that_takes_no_more_is_said_and_the_rest_is_done_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        """A batch that the disk does not take."""

        def put(self, key: bytes, value: bytes) -> None: ...
        def delete(self, key: bytes) -> None: ...
        def write(self) -> None:
            raise plyvel.IOError(b"No space left on device")

    path = made(tmp_path / "db")
    with closing(Database.open(path, STORAGE_KEY, GENESIS)) as database:
        found = layout.decode_own(Format, database._db.get(layout.FORMAT))
        db = Counted(database._db, 2, CutOff())
        monkeypatch.setattr(db, "write_batch", lambda **_: Full() if db._left == 0 else Counted.write_batch(db), False)
        with pytest.raises(MigrationFailed, match="No space left"):
            migrate(db, database._sealer, path, found, LATER)
    assert content(path) == migrated_at_once(tmp_path / "other")


def run_and_die(path: Path) -> None:
    """The process that is killed: it ends itself without warning in the middle of the first step."""

    def dying(records: Records, cursor: bytes) -> Iterator[Chunk]:
        for number, chunk in enumerate(turn_places(records, cursor)):
            if number == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            yield chunk

    Database.open(path, STORAGE_KEY, GENESIS, steps=(*STEPS, Step(TURN.what, dying), COUNT))


def test_a_killed_process_leaves_a_migration_that_goes_on(tmp_path: Path) -> None:
    path = made(tmp_path / "db")
    command = f"from pathlib import Path; from {__name__} import run_and_die; run_and_die(Path({str(path)!r}))"
    ended = subprocess.run([sys.executable, "-c", command], cwd=Path(__file__).parents[3], check=False)
    assert ended.returncode == -signal.SIGKILL
    format_, progress = own(path)
    assert format_.schema == SCHEMA + 2
    assert progress is not None and progress.reached == SCHEMA
    places = sorted(key for key in content(made(tmp_path / "another")) if key.startswith(layout.TRANSACTION))
    assert progress.cursor == places[2 * IN_A_CHUNK - 1] + b"\0"
    assert content(path) == migrated_at_once(tmp_path / "other")
