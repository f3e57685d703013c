"""Mending a stopped node's data as far as it goes by itself: `cluster data repair`.

From the gentlest to the hardest, until everything that is read fits: LevelDB rebuilds its files; flat state and index
are made anew from the tree; blocks below a hole are let go, as pruning would; all stored blocks are executed again from
genesis into a new database; the state goes back to an earlier kept height. Keys are not touched.

A damaged log may have lost a lock, a damaged signer's state says nothing any more: then the signer's state is moved on
to the last position of the newest height that this home can have voted at, so the validator is silent until the others
have passed that height.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from chain.codec import decode
from chain.errors import ChainError, CodecError
from chain.state.errors import TreeCorrupt
from chain.types.block import Block
from chain.types.genesis import Genesis
from chain.types.scalars import Height, TxHash
from chain.types.sync import FinalBlock
from chain.types.transaction import transaction_hash
from chain.types.vote import Commit
from contracts.registry.state import key_bytes
from node.app import start_ledger
from node.bodies import WrongBody
from node.config import Config
from node.durable import DISK, Subject
from node.errors import NodeError
from node.home import Home
from node.ledger import InvalidBlockFinal
from node.snapshots.head import tip_at
from node.storage import check
from node.storage.database import Database
from node.storage.errors import DatabaseCorrupt, RecordCorrupt, VersionPruned
from node.storage.mending import forget_holes, stored_blocks
from node.storage.storage_key import StorageKey
from node.verifier import NodeVerifier

DAMAGE: Final = (DatabaseCorrupt, RecordCorrupt, TreeCorrupt)
WHOLE, FILES, INDEX, HISTORY, REBUILT, BACK = (
    "nothing was damaged",
    "LevelDB's files were rebuilt",
    "flat state and index were made anew",
    "old blocks were let go",
    "the blocks were executed again from genesis",
    "the state went back to an earlier height",
)


class NothingWhole(NodeError):
    """No height of a damaged database is whole, and its blocks do not reach back to genesis."""

    code = 7026

    def __init__(self, home: Home, reason: str) -> None:
        super().__init__(
            f"{home.database} cannot be repaired: {reason} Run `cluster data resync --home {home.root}`, which sets it "
            "aside; the node then takes every block from its peers."
        )
        self.home, self.reason = str(home.root), reason


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was done, the height that the database stands at, and its lowest block."""

    done: str
    height: Height
    first_block: Height


class Repair:
    """Of one stopped node's database. `run` holds the folder's lock while it works."""

    def __init__(self, home: Home, passphrase: str | None = None) -> None:
        """Raises what reading configuration, genesis and storage key does."""
        self._home = home
        self._config: Config = home.load_config()
        self._genesis: Genesis = home.load_genesis()
        self._key: StorageKey | None = home.load_storage_key(self._config, passphrase)

    def run(self) -> Repaired:
        """Raises DatabaseInUse, DatabaseMissing, NothingWhole, and what tells another key, chain or release."""
        home = self._home
        home.finish_repair()
        for done, mend in (
            (WHOLE, lambda: None),
            (FILES, lambda: check.salvage(home.database)),
            (INDEX, self._reindex),
            (HISTORY, self._let_old_blocks_go),
            (REBUILT, self._execute_again),
            (BACK, self._go_back),
        ):
            found = self._try(mend)
            if isinstance(found, Database):
                try:
                    return Repaired(done, found.snapshot().height, found.first_block)
                finally:
                    found.close()
        raise NothingWhole(home, f"{found}")

    def _try(self, mend: Callable[[], None]) -> Database | Exception:
        """The database after a step, if all of it fits then; else what is still wrong."""
        try:
            mend()
            database = self._open()
        except DAMAGE as damage:
            return damage
        try:
            if database.tip is not None:
                database.verify()
            else:
                raise DatabaseCorrupt(self._home.database, "it has no blocks")
        except DAMAGE as damage:
            database.close()
            return damage
        return database

    def _open(self) -> Database:
        settings = self._home.storage_settings(self._config)
        return Database.open(self._home.database, self._key, self._genesis.hash(), settings)

    @contextmanager
    def _opened(self) -> Iterator[Database]:
        database = self._open()
        try:
            yield database
        finally:
            database.close()

    def _reindex(self) -> None:
        with self._opened() as database:
            heights = range(database.first_block, database.snapshot().height + 1)
            database.reindex((Height(height), _hashes(database.block(Height(height)))) for height in heights)

    def _let_old_blocks_go(self) -> None:
        with self._opened() as database:
            head = database.snapshot().height
        forget_holes(self._home.database, self._key, head)
        self._reindex()

    def _execute_again(self) -> None:
        home = self._home
        DISK.remove_folder(home.repaired, at=Subject.REPAIR)
        finals = stored_blocks(home.database, self._key)
        first = next(finals, None)
        if first is None:
            raise DatabaseCorrupt(home.database, "block 1 is not there")
        settings = home.storage_settings(self._config)
        database = Database.create(home.repaired, self._key, self._genesis.hash(), settings)
        try:
            with ThreadPoolExecutor(2, thread_name_prefix="verifier") as pool:
                verifier = NodeVerifier(lambda vk_id: key_bytes(database.snapshot(), vk_id), pool, pool)
                ledger = start_ledger(database, self._genesis, verifier, lambda _hash: None)
                for block, commit in (first, *finals):
                    final = _final(block, commit)
                    if final is None:
                        break
                    try:
                        ledger.judge_final(final)
                    except (ChainError, WrongBody, InvalidBlockFinal):
                        break  # damaged where no checksum shows it
                    ledger.commit(final)
        finally:
            database.close()
        home.set_aside(Subject.REPAIR)
        home.finish_repair()

    def _go_back(self) -> None:
        with self._opened() as database:
            snapshot = database.snapshot()
            for height in range(snapshot.height - 1, max(snapshot.oldest, database.first_block, 1) - 1, -1):
                above = range(height + 1, snapshot.height + 1)
                try:
                    tip = tip_at(database, Height(height))
                    for _ in snapshot.tree(height).leaves():
                        pass
                except (*DAMAGE, VersionPruned, CodecError):
                    continue
                database.rewind(tip, [hash_ for each in above for hash_ in _hashes(database.block(Height(each)))])
                return
        raise DatabaseCorrupt(self._home.database, "no kept height has a whole state")


def _final(block: bytes, commit: bytes) -> FinalBlock | None:
    try:
        return FinalBlock(decode(Block, block), decode(Commit, commit))
    except CodecError:
        return None


def _hashes(block: bytes | None) -> list[TxHash]:
    try:
        return [transaction_hash(raw) for raw in decode(Block, block or b"").transactions]
    except CodecError:
        return []
