"""Errors of snapshots of state: 7060-7079."""

from pathlib import Path

from chain.types.scalars import BlockId, ChainId, Height
from node.errors import NodeError


class SnapshotError(NodeError):
    """Root of the errors of snapshots."""

    code = 7060


class SnapshotUnusable(SnapshotError):
    """What is said of a snapshot's block does not fit together, so its state is not looked at."""

    code = 7061

    def __init__(self, height: Height, reason: str) -> None:
        super().__init__(f"the snapshot of height {height} is refused: {reason}. Take another, from somebody else.")
        self.height, self.reason = height, reason


class SnapshotFileUnusable(SnapshotError):
    """A file is no snapshot, was cut off, or was changed."""

    code = 7062

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} is no usable snapshot: {reason}. Compare its SHA-256 with the maker's, or export it again."
        )
        self.path, self.reason = str(path), reason


class OtherChain(SnapshotError):
    """A snapshot is of another chain than the home folder it was to fill."""

    code = 7063

    def __init__(self, theirs: ChainId, ours: ChainId) -> None:
        super().__init__(f"the snapshot is of chain {theirs}, this home of {ours}: take the snapshot of the right one.")
        self.theirs, self.ours = theirs, ours


class TrustNeeded(SnapshotError):
    """Genesis is too old, or its validators are too few by now, to vouch for a snapshot's block."""

    code = 7064

    def __init__(self, height: Height, block_id: BlockId, reason: str) -> None:
        super().__init__(
            f"genesis does not vouch for block {height} (0x{block_id.hex()}) any more: {reason} Get the id of that "
            f"block from somebody you believe, and if it is this one say so: {height}:0x{block_id.hex()} as --trust, "
            "or as trust under [state_sync] in config.toml."
        )
        self.height, self.block_id, self.reason = height, block_id, reason


class WrongTrust(SnapshotError):
    """The block that is trusted is not the snapshot's."""

    code = 7065

    def __init__(self, trusted_height: Height, trusted: BlockId, height: Height, block_id: BlockId) -> None:
        super().__init__(
            f"block {trusted_height} (0x{trusted.hex()}) is trusted, and the snapshot is signed by block {height} "
            f"(0x{block_id.hex()}). Take the snapshot of height {trusted_height - 1}, or trust the other block."
        )
        self.trusted_height, self.trusted, self.height, self.block_id = trusted_height, trusted, height, block_id


class NothingToExport(SnapshotError):
    """A height cannot be exported: its state is proven by the block after it, which is not here."""

    code = 7066

    def __init__(self, height: Height, oldest: Height, newest: Height) -> None:
        super().__init__(
            f"height {height} cannot be exported; its state is signed by the block after it. Heights {oldest} to "
            f"{newest} can."
        )
        self.height, self.oldest, self.newest = height, oldest, newest


class NoSnapshot(SnapshotError):
    """No peer gave a snapshot that could be believed."""

    code = 7067

    def __init__(self, height: Height, reason: str) -> None:
        wanted = f"of height {height}" if height else "of a recent height"
        super().__init__(
            f"no snapshot {wanted} was to be had: {reason}. Look at p2p.peers; a state can be had as long as peers "
            "keep it (storage.keep_versions), so trust a block of the last minutes; or set state_sync.enabled = false "
            "to fetch all blocks."
        )
        self.height, self.reason = height, reason
