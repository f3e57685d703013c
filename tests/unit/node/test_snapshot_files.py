"""Snapshots in files: they prove themselves, fill an empty database with the same root, and every change is found."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from chain.codec import decode
from chain.state.errors import InvalidProof
from chain.types.scalars import ChainId, Height
from chain.types.sync import FinalBlock
from chain.types.vote import Commit
from client.light.blocks import Trust
from client.light.rules import TRUST_PERIOD_MS
from node.app import start_ledger
from node.ledger import Ledger
from node.snapshots import file as snapshot_file
from node.snapshots.errors import (
    NothingToExport,
    OtherChain,
    SnapshotFileUnusable,
    SnapshotUnusable,
    TrustNeeded,
    WrongTrust,
)
from node.snapshots.file import read_head, restore_state, write_snapshot
from node.snapshots.head import SnapshotHead, exportable, require_trusted, require_whole
from node.storage.database import Database
from node.storage.errors import DatabaseCorrupt, DatabaseExists, DatabaseInUse, VersionPruned
from node.storage.restore import Restore
from node.storage.storage_key import StorageKey
from tests.support.stored_chain import NOW_MS, StoredChain, state_of, stored_chain

BLOCKS = 6
KEY = StorageKey(b"\x0c" * 32, unprotected=True)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredChain]:
    with stored_chain(tmp_path_factory.mktemp("chain"), BLOCKS) as made:
        yield made


@pytest.fixture
def exported(chain: StoredChain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(snapshot_file, "CHUNK_BYTES", 300)  # many chunks of a small state
    write_snapshot(chain.database, Height(BLOCKS - 1), tmp_path / "snapshot", lambda _: None)
    return tmp_path / "snapshot"


def begin(chain: StoredChain, exported: Path, segments: int = 1) -> Restore:
    head = read_head(exported)
    return Restore.begin(exported.parent / "db", KEY, chain.genesis.hash(), head.restored(), segments)


def opened(chain: StoredChain, exported: Path) -> tuple[Database, Ledger]:
    database = Database.open(exported.parent / "db", KEY, chain.genesis.hash())
    return database, start_ledger(database, chain.genesis, chain.scene.verifier, lambda _: None)


def test_a_restored_node_goes_on_as_if_it_had_executed_everything(chain: StoredChain, exported: Path) -> None:
    restore = begin(chain, exported)
    shares: list[float] = []
    entries = restore_state(exported, restore, shares.append)
    restore.finish()
    assert shares == sorted(shares)
    assert (shares[-1], len(shares) > 5) == (1.0, True)
    database, ledger = opened(chain, exported)
    try:
        assert ledger.tip.height == BLOCKS - 1
        assert database.verify().entries == entries
        final = chain.ledger.final_block(Height(BLOCKS))
        assert final is not None
        ledger.judge_final(decode(FinalBlock, final))
        ledger.commit(decode(FinalBlock, final))
        assert ledger.tip == chain.ledger.tip
        assert state_of(database) == state_of(chain.database)
        assert database.verify().blocks == 2
        assert ledger.light_block(Height(BLOCKS)) == chain.ledger.light_block(Height(BLOCKS))
        assert ledger.light_block(Height(BLOCKS - 1)) is not None
        assert ledger.final_block(Height(1)) is None
    finally:
        database.close()


def test_it_goes_on_after_a_kill_where_it_stood(chain: StoredChain, exported: Path) -> None:
    head, view = read_head(exported), chain.database.snapshot().tree(BLOCKS - 1)
    restore = begin(chain, exported, segments=16)
    path, steps = exported.parent / "db", 0
    while not restore.is_complete:
        segment = next(index for index, place in enumerate(restore.places) if place is not None)
        place = restore.places[segment]
        assert place is not None
        restore.add(segment, place, view.range(place, 200))
        before, steps = restore.places, steps + 1
        restore.close()
        assert not path.exists()
        resumed = Restore.resume(path, KEY)
        assert resumed is not None
        restore = resumed
        assert restore.places == before
    restore.finish()
    assert steps > 16
    database, ledger = opened(chain, exported)
    assert ledger.tip == head.tip
    database.verify()
    database.close()
    assert Restore.resume(path, KEY) is None


def test_a_chunk_that_lies_is_found_when_it_comes_and_leaves_nothing(chain: StoredChain, exported: Path) -> None:
    restore, view = begin(chain, exported), chain.database.snapshot().tree(BLOCKS - 1)
    (place,) = restore.places
    assert place is not None
    good = view.range(place, 400)
    lie = replace(good, entries=(replace(good.entries[0], value=good.entries[1].value), *good.entries[1:]))
    with pytest.raises(InvalidProof):
        restore.add(0, place, lie)
    assert restore.places == (place,)
    assert restore.add(0, place, good) == len(good.entries)
    assert restore.add(0, place, good) == 0  # a second answer to the same question
    restore.close()


def test_a_state_that_is_not_all_there_becomes_nobodys_database(chain: StoredChain, exported: Path) -> None:
    restore = begin(chain, exported)
    with pytest.raises(DatabaseCorrupt):
        restore.finish()
    restore.close()
    assert not (exported.parent / "db").exists()


def test_a_database_that_is_there_is_not_replaced_and_one_that_is_filled_is_locked(
    chain: StoredChain, exported: Path
) -> None:
    restore = begin(chain, exported)
    with pytest.raises(DatabaseInUse):
        Restore.resume(exported.parent / "db", KEY)
    restore.close()
    (exported.parent / "db").mkdir()
    (exported.parent / "db" / "CURRENT").write_text("there")
    with pytest.raises(DatabaseExists):
        begin(chain, exported)


# The file


def damaged(path: Path, change: Callable[[bytes], bytes]) -> Path:
    path.write_bytes(change(path.read_bytes()))
    return path


def with_sum(data: bytes) -> bytes:
    return data[:-32] + sha256(data[:-32]).digest()


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: b"cluster-state 2\n" + data[16:],
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data + b"x",
        lambda data: data[:-40] + bytes([data[-40] ^ 1]) + data[-39:],
        lambda data: with_sum(data[:-60] + bytes([data[-60] ^ 1]) + data[-59:]),
        lambda data: data[:20] + b"\xff" * 4 + data[24:],
        lambda data: data[:16] + b"\xff" * 4 + data[20:],
    ],
)
def test_a_changed_file_is_refused(
    chain: StoredChain, exported: Path, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    restore = begin(chain, exported)
    with pytest.raises(SnapshotFileUnusable) as refused:
        restore_state(damaged(exported, change), restore, lambda _: None)
    assert ".." not in str(refused.value) and "another node" not in str(refused.value)  # the advice is the file's own
    restore.close()


def test_flipped_bytes_are_found_wherever_they_lie(chain: StoredChain, exported: Path) -> None:
    data = exported.read_bytes()
    head = read_head(exported).restored()
    for at in range(3, len(data), 1_009):
        exported.write_bytes(data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :])
        restore = Restore.begin(exported.parent / "db", KEY, chain.genesis.hash(), head, 1)
        with pytest.raises(SnapshotFileUnusable):
            restore_state(exported, restore, lambda _: None)
        restore.close()


def test_nothing_is_overwritten(chain: StoredChain, exported: Path) -> None:
    before = exported.read_bytes()
    with pytest.raises(FileExistsError):
        write_snapshot(chain.database, Height(2), exported, lambda _: None)
    assert exported.read_bytes() == before


@pytest.mark.parametrize("height", [0, BLOCKS, BLOCKS + 1, 10**6])
def test_a_height_that_nobody_signed_yet_is_not_exported(chain: StoredChain, tmp_path: Path, height: int) -> None:
    with pytest.raises(NothingToExport):
        write_snapshot(chain.database, Height(height), tmp_path / "none", lambda _: None)
    assert not (tmp_path / "none").exists()


# Whom to believe


def test_parts_that_do_not_belong_together_are_refused(chain: StoredChain) -> None:
    head, other = exportable(chain.database, Height(3)), exportable(chain.database, Height(4))
    require_whole(head, chain.genesis.chain_id)
    few = Commit(head.commit.height, head.commit.round, head.commit.block_id, head.commit.signatures[:2])
    bent: list[SnapshotHead] = [
        replace(head, signer=other.signer),
        replace(head, block=other.block),
        replace(head, receipts=other.receipts),
        replace(head, commit=other.commit),
        replace(head, commit=few),
        replace(head, validators=replace(head.validators, validators=head.validators.validators[:3])),
        replace(head, block=replace(head.block, transactions=())),
        replace(head, signer=replace(head.signer, commit=replace(few, height=Height(4)))),
    ]
    for each in bent:
        with pytest.raises(SnapshotUnusable):
            require_whole(each, chain.genesis.chain_id)
    with pytest.raises(OtherChain):
        require_whole(head, ChainId("another"))


def test_genesis_vouches_within_the_trust_period_and_a_named_block_always(chain: StoredChain) -> None:
    head = exportable(chain.database, Height(3))
    require_trusted(head, chain.genesis, None, NOW_MS)
    late = chain.genesis.time + TRUST_PERIOD_MS
    with pytest.raises(TrustNeeded):
        require_trusted(head, chain.genesis, None, late)
    require_trusted(head, chain.genesis, Trust(Height(4), head.signer.header.id()), late)
    for wrong in (Trust(Height(4), head.block.header.id()), Trust(Height(3), head.signer.header.id())):
        with pytest.raises(WrongTrust):
            require_trusted(head, chain.genesis, wrong, NOW_MS)


def test_a_set_of_strangers_cannot_sign_a_snapshot_in(chain: StoredChain) -> None:
    strangers = replace(chain.genesis, validators=chain.genesis.validators[:1])
    foreign = replace(
        chain.genesis,
        validators=tuple(
            replace(entry, validator=replace(entry.validator, public_key=type(entry.validator.public_key)(bytes(32))))
            for entry in strangers.validators
        ),
    )
    with pytest.raises(TrustNeeded):
        require_trusted(exportable(chain.database, Height(3)), foreign, None, NOW_MS)


def test_a_pruned_height_is_not_exported(tmp_path: Path) -> None:
    with stored_chain(tmp_path, 6) as made:
        made.database._settings = replace(made.database._settings, keep_versions=2)
        made.grow(3)
        with pytest.raises(VersionPruned):
            exportable(made.database, Height(3))
        assert exportable(made.database, Height(8)).signer.height == 9
