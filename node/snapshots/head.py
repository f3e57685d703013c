"""What makes a snapshot's state believable and usable: its block, and the block after it, which signs the state's root.

Whoever believes the second block's id believes everything here: it names the first block and its receipts, the state
and the validators; the first names its own content.
"""

from dataclasses import dataclass
from functools import cache

from chain.codec import Unions, decode, encode, wire
from chain.execution.block import Tip
from chain.execution.header import check_commit
from chain.types.block import Block
from chain.types.genesis import Genesis
from chain.types.receipt import Receipt, receipts_root
from chain.types.scalars import ChainId, Hash, Height, TxHash
from chain.types.sync import LightBlock
from chain.types.transaction import transaction_hash
from chain.types.validators import ValidatorSet
from chain.types.vote import Commit
from client.light.blocks import Trust, genesis_anchor
from client.light.errors import LightError
from client.light.rules import SIGNATURES, require_final, verify_later
from contracts.application import build_application
from crypto.errors import ClusterError
from node.bodies import require_own_body
from node.ledger import Receipts, light_block_at
from node.snapshots.errors import NothingToExport, OtherChain, SnapshotUnusable, TrustNeeded, WrongTrust
from node.storage.database import Database
from node.storage.errors import VersionPruned
from node.storage.restore import Restored


@cache
def _unions() -> Unions:
    """What the events in receipts can be."""
    return build_application().unions


@wire()
@dataclass(frozen=True, slots=True)
class SnapshotHead:
    """The block after which the state stands, its commit, validators and receipts; the next block, which signs."""

    block: Block
    commit: Commit
    validators: ValidatorSet
    receipts: tuple[Receipt, ...]
    signer: LightBlock

    @property
    def height(self) -> Height:
        return self.block.height

    @property
    def root(self) -> bytes:
        """The root that the state must have."""
        return self.signer.header.state_root

    @property
    def tip(self) -> Tip:
        """Where a node stands that has this state."""
        header, after = self.block.header, self.signer.header
        return Tip(header.height, header.id(), header.time, header.beacon_output, after.state_root, after.receipts_root)

    def restored(self) -> Restored:
        """What the database keeps of it beside the state."""
        sets = {known.hash(): encode(known) for known in (self.validators, self.signer.validators)}
        return Restored(
            self.tip,
            encode(self.block),
            encode(self.commit),
            encode(Receipts(self.receipts)),
            tuple(TxHash(transaction_hash(raw)) for raw in self.block.transactions),
            tuple(sorted(sets.items())),
        )


def require_whole(head: SnapshotHead, chain_id: ChainId) -> None:
    """All parts belong together and both blocks are final by their own validators. Raises OtherChain, SnapshotUnusable.

    Whether these validators are to be believed is `require_trusted`'s matter.
    """
    block, after = head.block, head.signer.header
    if after.chain_id != chain_id:
        raise OtherChain(after.chain_id, chain_id)
    links = {
        "its blocks do not follow each other": (after.height, after.parent_id) == (block.height + 1, block.header.id()),
        "its receipts are not those of its block": receipts_root(head.receipts) == after.receipts_root,
        "its validators are not those of its block": head.validators.hash() == block.header.validators_hash,
        "its commit is for another block": (head.commit.height, head.commit.block_id)
        == (block.height, block.header.id()),
    }
    for reason, holds in links.items():
        if not holds:
            raise SnapshotUnusable(block.height, reason)
    try:
        require_final(head.signer, chain_id)
        check_commit(head.commit, head.validators, chain_id, SIGNATURES)
        require_own_body(block)
    except ClusterError as error:
        raise SnapshotUnusable(block.height, str(error)) from error


def require_trusted(head: SnapshotHead, genesis: Genesis, trust: Trust | None, now_ms: int) -> None:
    """The signer is the trusted block, follows from it, or from genesis within the trust period.

    Raises WrongTrust, TrustNeeded.
    """
    signer = head.signer.header
    if trust is not None:
        if (trust.height, trust.block_id) != (signer.height, signer.id()):
            raise WrongTrust(trust.height, trust.block_id, signer.height, signer.id())
        return
    try:
        verify_later(genesis_anchor(genesis), head.signer, now_ms)
    except LightError as error:
        raise TrustNeeded(signer.height, signer.id(), str(error)) from error


def decode_head(encoded: bytes) -> SnapshotHead:
    """The head of an encoding, not believed yet. Raises a CodecError."""
    return decode(SnapshotHead, encoded, unions=_unions())


def tip_at(database: Database, height: Height) -> Tip:
    """Where the database stood after a stored height whose state is kept. Raises VersionPruned."""
    snapshot = database.snapshot()
    root, receipts, raw = snapshot.tree(height).root, database.receipts(height), database.block(height)
    if receipts is None or raw is None:
        raise VersionPruned(height, snapshot.oldest, snapshot.height)
    header = decode(Block, raw).header
    stored = decode(Receipts, receipts, unions=_unions()).receipts
    return Tip(height, header.id(), header.time, header.beacon_output, Hash(root.hash), receipts_root(stored))


def head_at(database: Database, height: Height) -> SnapshotHead | None:
    """The head of a snapshot of a stored height; None where a part of it is not here. Safe from any thread."""
    block, commit, receipts = database.block(height), database.commit(height), database.receipts(height)
    after = light_block_at(database, Height(height + 1))
    validators = light_block_at(database, height)
    if not block or not commit or not receipts or after is None or validators is None:
        return None
    return SnapshotHead(
        decode(Block, block),
        decode(Commit, commit),
        validators.validators,
        decode(Receipts, receipts, unions=_unions()).receipts,
        after,
    )


def exportable(database: Database, height: Height) -> SnapshotHead:
    """The head of a height whose state is kept. Raises NothingToExport, VersionPruned."""
    snapshot = database.snapshot()
    head = head_at(database, height) if 0 < height < snapshot.height else None
    if head is None:
        raise NothingToExport(height, Height(snapshot.oldest), Height(max(snapshot.height - 1, 0)))
    snapshot.tree(height)
    return head
