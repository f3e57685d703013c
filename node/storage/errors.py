"""The errors of node/storage: 7700-7749. Each says what a validator's operator can do."""

from pathlib import Path

from node.errors import NodeError

_REMEDY = "Stop the node and run `cluster data repair`; if that finds nothing whole, `cluster data resync`."


def leveldb_reason(error: Exception) -> str:
    """What LevelDB says, as text: plyvel hands some of its messages on as bytes."""
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)


class StorageError(NodeError):
    """Root of the errors of the database."""

    code = 7700


class DatabaseMissing(StorageError):
    """There is no database where one was to be opened."""

    code = 7701

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} holds no database; one made from a genesis was expected. Check the path, or create it."
        )
        self.path = str(path)


class DatabaseExists(StorageError):
    """A database was to be made in a folder that is not empty."""

    code = 7702

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is not empty, and a database is never made over other files. Move them away first.")
        self.path = str(path)


class DatabaseInUse(StorageError):
    """Another process, or another object of this one, has the database open."""

    code = 7703

    def __init__(self, path: Path) -> None:
        super().__init__(f"another process uses {path}; a database has one owner. Stop that node, or use another home.")
        self.path = str(path)


class DatabaseClosed(StorageError):
    """The database was closed while something still read from it."""

    code = 7704
    fatal = True

    def __init__(self, path: Path) -> None:
        super().__init__(f"the database in {path} is closed; the node is shutting down. Ask again when it runs.")
        self.path = str(path)


class DatabaseCorrupt(StorageError):
    """LevelDB's own checks fail, a record is missing, or two records contradict one another."""

    code = 7705
    fatal = True

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"the database in {path} is damaged: {reason}. {_REMEDY}")
        self.path, self.reason = str(path), reason


class RecordCorrupt(StorageError):
    """A sealed record does not open: it was altered, moved to another key, or sealed by another node."""

    code = 7706
    fatal = True

    def __init__(self, key: bytes) -> None:
        super().__init__(f"the record under {key!r} does not open: it was altered after it was written. {_REMEDY}")
        self.key = key


class WriteFailed(StorageError):
    """The disk did not take a block. Whether it is stored will be known when the database is opened again."""

    code = 7707
    fatal = True

    def __init__(self, path: Path, height: int, reason: str) -> None:
        super().__init__(
            f"block {height} could not be written to {path}: {reason}. Look for a full or failing disk, then restart."
        )
        self.path, self.height, self.reason = str(path), height, reason


class SchemaUnknown(StorageError):
    """The database was written, or is being migrated, by a newer release with another layout."""

    code = 7710

    def __init__(self, found: int, expected: int) -> None:
        super().__init__(
            f"the database has layout {found}; this program knows layouts 1 to {expected}. "
            "Run the release that wrote it, or `cluster data resync`, which lets the node catch up from its peers."
        )
        self.found, self.expected = found, expected


class MigrationFailed(StorageError):
    """The disk did not take a part of the new layout. What was migrated before stays, and the rest is done later."""

    code = 7715

    def __init__(self, path: Path, reached: int, wanted: int, reason: str) -> None:
        super().__init__(
            f"the database in {path} could not be brought from layout {reached} to {wanted}: {reason}. Look for a full "
            "or failing disk, then start again: it goes on where it stopped."
        )
        self.path, self.reached, self.wanted, self.reason = str(path), reached, wanted, reason


class WrongStorageKey(StorageError):
    """The database was sealed under another storage key."""

    code = 7711

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} was sealed under another storage key. Give the key file and passphrase that it was created with; "
            "if they are lost, run `cluster data resync`, which lets the node catch up from its peers."
        )
        self.path = str(path)


class SealingMismatch(StorageError):
    """A sealed database was opened without a storage key, or an unsealed one with a key."""

    code = 7712

    def __init__(self, path: Path, *, sealed: bool) -> None:
        super().__init__(
            f"{path} was created {'with' if sealed else 'without'} sealing and is opened the other way. "
            "Sealing is chosen when a database is created: open it the same way, or create it anew."
        )
        self.path, self.sealed = str(path), sealed


class WrongChain(StorageError):
    """The database belongs to a chain with another genesis."""

    code = 7713

    def __init__(self, path: Path, found: bytes, expected: bytes) -> None:
        super().__init__(
            f"{path} holds the chain with genesis {found.hex()}; this node is configured for {expected.hex()}. "
            "Use the genesis file that the folder was made from, or another home."
        )
        self.path, self.found, self.expected = str(path), found, expected


class StorageKeyInData(StorageError):
    """The storage key's file lies in the data folder, so whoever takes the folder could open it."""

    code = 7714

    def __init__(self, path: Path, data: Path) -> None:
        super().__init__(
            f"storage key {path} lies in the data folder {data}; it was expected outside of it. "
            "Move it to the configuration folder or hand it in as a systemd credential."
        )
        self.path, self.data = str(path), str(data)


class OutOfOrder(StorageError):
    """A block's batch is not the next one, or its parts belong to different blocks."""

    code = 7720

    def __init__(self, height: int, reason: str) -> None:
        super().__init__(f"the batch for block {height} is refused: {reason}. Execute the block on the present head.")
        self.height, self.reason = height, reason


class UpkeepStopped(StorageError):
    """The node stopped while its database was compacted or copied. Nothing is lost."""

    code = 7722

    def __init__(self, work: str) -> None:
        super().__init__(f"{work} ended early, as the node is stopping; nothing is lost. Ask again when it runs.")
        self.work = work


class CopyFailed(StorageError):
    """The disk did not take a copy of the database. The database itself is as it was."""

    code = 7723

    def __init__(self, target: Path, reason: str) -> None:
        super().__init__(
            f"no copy could be made at {target}: {reason}. Name a folder that the node's user may write to, on a disk "
            "with room; the database itself is as it was."
        )
        self.target, self.reason = str(target), reason


class VersionPruned(StorageError):
    """State at a height was asked for that is not kept any more, or not reached yet."""

    code = 7721

    def __init__(self, height: int, oldest: int, head: int) -> None:
        super().__init__(
            f"state at height {height} is not kept; heights {oldest} to {head} are. Ask for one of these, or a node "
            "that keeps more (keep_versions)."
        )
        self.height, self.oldest, self.head = height, oldest, head
