"""Is the database whole? At opening the head alone is looked at; verify() reads everything."""

from dataclasses import dataclass
from pathlib import Path

import plyvel

from chain.codec import decode
from chain.errors import CodecError
from chain.execution.block import Tip
from chain.state.merkle import EMPTY_ROOT
from chain.state.pages import load_page, page_key
from chain.state.tree import TreeRoot, decode_root
from chain.state.tree_view import TreeView
from node.storage.errors import DatabaseCorrupt, DatabaseInUse, leveldb_reason
from node.storage.layout import BLOCK, COMMIT, HEAD, NODE, RECEIPTS, ROOT, SEALED, STATE, at_height
from node.storage.records import Records


@dataclass(frozen=True, slots=True)
class Verified:
    """What verify() has read: entries of state, blocks, and records of every kind."""

    entries: int
    blocks: int
    records: int


def read_head(records: Records, path: Path) -> tuple[Tip, TreeRoot] | None:
    """The head, checked against its block, its root record and the tree's top page; None before genesis is committed.

    Raises DatabaseCorrupt, RecordCorrupt, TreeCorrupt.
    """
    stored = records.get(HEAD)
    if stored is None:
        if next(records.iterate(ROOT), None) is not None:
            raise DatabaseCorrupt(path, "it holds state, but its head record is missing")
        return None
    try:
        tip = decode(Tip, stored)
        root = decode_root(tip.height, records.require(at_height(ROOT, tip.height)))
    except (CodecError, ValueError) as error:
        raise DatabaseCorrupt(path, f"its head record is malformed ({error})") from error
    if root.hash != tip.state_root:
        raise DatabaseCorrupt(path, f"its tree has root {root.hash.hex()}, its head says {tip.state_root.hex()}")
    if root.hash != EMPTY_ROOT:
        load_page(lambda node: records.get(NODE + node), page_key(root.page_version, 0, b""), root.hash)
    if tip.height > 0:
        for space in (BLOCK, COMMIT):
            records.require(at_height(space, tip.height))
    records.require(at_height(RECEIPTS, tip.height))
    return tip, root


def verify(records: Records, tip: Tip, path: Path) -> Verified:
    """Open every record, recompute the state root from every leaf and page, and compare flat state with the tree.

    Takes minutes on a large state. Raises DatabaseCorrupt, RecordCorrupt, TreeCorrupt.
    """
    root = decode_root(tip.height, records.require(at_height(ROOT, tip.height)))
    entries = 0
    for leaf in TreeView(lambda node: records.get(NODE + node), root).leaves():
        if records.get(STATE + leaf.key) != leaf.value:
            raise DatabaseCorrupt(path, f"state key {leaf.key!r} is not what the tree says")
        entries += 1
    found = sum(1 for _ in records.iterate(STATE))
    if found != entries:
        raise DatabaseCorrupt(path, f"state has {found} entries, the tree {entries}")
    first = next((int.from_bytes(key[len(BLOCK) :], "big") for key, _ in records.iterate(BLOCK)), 1)
    for height in range(first, tip.height + 1):
        for space in (BLOCK, COMMIT, RECEIPTS):
            records.require(at_height(space, height))
    return Verified(entries, tip.height - first + 1, sum(1 for space in SEALED for _ in records.iterate(space)))


def salvage(path: Path) -> None:
    """Let LevelDB rebuild its files from what is readable. Records may be lost: open and verify() afterwards.

    Raises DatabaseInUse, DatabaseCorrupt.
    """
    require_unused(path)  # repairing takes no lock of its own
    try:
        plyvel.repair_db(str(path))
    except plyvel.Error as error:
        raise opening_error(path, error) from error


def require_unused(path: Path) -> None:
    """Raises DatabaseInUse when another process has the folder open, whether it is whole or not."""
    try:
        plyvel.DB(str(path), create_if_missing=False, paranoid_checks=True).close()
    except plyvel.Error as error:
        refusal = opening_error(path, error)
        if isinstance(refusal, DatabaseInUse):
            raise refusal from error


def opening_error(path: Path, error: Exception) -> DatabaseInUse | DatabaseCorrupt:
    """What LevelDB's refusal to open a folder means."""
    text = leveldb_reason(error)
    return DatabaseInUse(path) if f"{path}/LOCK" in text else DatabaseCorrupt(path, text)
