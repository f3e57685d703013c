"""Going back: state, tree, blocks and indexes of an earlier height, as if later ones had never been; pruned blocks."""

from pathlib import Path
from random import Random

import plyvel
import pytest

from chain.state.keys import Key
from chain.types.scalars import Height
from node.storage import layout
from node.storage.database import Database, Settings
from node.storage.errors import DatabaseCorrupt, VersionPruned
from tests.support.block_batches import GENESIS, STORAGE_KEY, commit_next, transactions_at
from tests.support.stored_chain import state_of, stored_chain


def key(number: int) -> Key:
    return Key(b"q/%d" % number)


def raw(path: Path) -> dict[bytes, bytes]:
    db = plyvel.DB(str(path))
    try:
        return dict(db.iterator())
    finally:
        db.close()


@pytest.mark.parametrize("seed", range(6))
def test_a_rewound_database_is_byte_for_byte_one_that_never_went_on(tmp_path: Path, seed: int) -> None:
    """Unsealed, so that records can be compared; random writes, overwrites and deletions."""
    rng = Random(seed)
    database = Database.create(tmp_path / "db", None, GENESIS)
    tips = [commit_next(database, {key(n): b"0" for n in range(30)})]
    database.close()
    states, contents = [dict[Key, bytes]()], [raw(tmp_path / "db")]
    for height in range(1, 12):
        database = Database.open(tmp_path / "db", None, GENESIS)
        touched = rng.sample(range(60), 8)
        changes: dict[bytes, bytes | None] = {key(n): rng.choice([None, b"%d" % height, b"same"]) for n in touched}
        tips.append(commit_next(database, changes))
        states.append(state_of(database))
        database.close()
        contents.append(raw(tmp_path / "db"))
    for height in (9, 8, 3, 1):
        database = Database.open(tmp_path / "db", None, GENESIS)
        gone = [
            hash_ for above in range(height + 1, database.snapshot().height + 1) for hash_ in transactions_at(above)
        ]
        database.rewind(tips[height], gone)
        assert database.tip == tips[height]
        assert state_of(database) == states[height]
        database.verify()
        database.close()
        assert raw(tmp_path / "db") == contents[height]


def test_after_going_back_other_blocks_may_follow(tmp_path: Path) -> None:
    database = Database.create(tmp_path / "db", STORAGE_KEY, GENESIS)
    tips = [commit_next(database, {key(n): b"x" * (n + 1)}) for n in range(8)]
    database.rewind(tips[4], [hash_ for height in (5, 6, 7) for hash_ in transactions_at(height)])
    assert database.find_transaction(transactions_at(5)[0]) is None
    assert database.find_transaction(transactions_at(4)[0]) == (4, 0)
    commit_next(database, {key(2): None, key(9): b"other"})
    assert set(state_of(database)) == {key(0), key(1), key(3), key(4), key(9)}
    database.verify()
    database.close()


def test_what_is_pruned_cannot_be_gone_back_to_and_nothing_changes(tmp_path: Path) -> None:
    database = Database.create(tmp_path / "db", None, GENESIS, Settings(keep_versions=3))
    tips = [commit_next(database, {key(n): b"x"}) for n in range(9)]
    before = state_of(database)
    with pytest.raises(VersionPruned):
        database.rewind(tips[4], [])
    assert (database.tip, state_of(database)) == (tips[8], before)
    database.rewind(tips[6], [])
    database.verify()
    database.close()


def test_reindexing_repairs_flat_state_and_the_index_of_transactions(tmp_path: Path) -> None:
    database = Database.create(tmp_path / "db", None, GENESIS)
    for n in range(5):
        commit_next(database, {key(n): b"x%d" % n})
    good = state_of(database)
    database._db.put(layout.STATE + key(1), b"wrong")
    database._db.delete(layout.STATE + key(2))
    database._db.put(layout.STATE + b"q/stray", b"stray")
    database._db.put(layout.TRANSACTION + bytes(32), layout.encode_place(1, 1))
    database._db.delete(layout.TRANSACTION + transactions_at(3)[1])
    with pytest.raises(DatabaseCorrupt):
        database.verify()
    made = database.reindex((Height(height), transactions_at(height)) for height in range(1, 5))
    assert (made.entries, made.transactions) == (5, 8)
    assert state_of(database) == good
    assert database.find_transaction(transactions_at(3)[1]) == (3, 1)
    assert database._db.get(layout.TRANSACTION + bytes(32)) is None
    database.verify()
    database.close()


# Pruned blocks, and none


def test_old_blocks_go_with_everything_that_leads_to_them(tmp_path: Path) -> None:
    with stored_chain(tmp_path, 12) as chain:
        database = chain.database
        database._settings = Settings(keep_blocks=5)
        first = chain.pay(40, 0).hash
        assert database.find_transaction(first) == (1, 0)
        chain.grow(1)
        assert database.first_block == 9
        chain.grow(3)
        assert database.first_block == 12
        assert [database.block(Height(height)) is None for height in (11, 12)] == [True, False]
        assert [database.commit(Height(height)) is None for height in (11, 12)] == [True, False]
        assert [database.receipts(Height(height)) is None for height in (11, 12)] == [True, False]
        assert database.find_transaction(first) is None
        assert database.find_transaction(chain.pay(51, 11).hash) == (12, 0)
        assert database.verify().blocks == 5
        assert chain.ledger.final_block(Height(3)) is None


def test_an_archive_keeps_every_version(tmp_path: Path) -> None:
    database = Database.create(tmp_path / "db", None, GENESIS, Settings(keep_versions=0))
    for height in range(30):
        commit_next(database, {key(0): b"%d" % height})
    assert [database.snapshot().tree(height).get(key(0)) for height in range(30)] == [b"%d" % h for h in range(30)]
    database.close()
