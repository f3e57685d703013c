"""Executing stored blocks once more, and comparing every root and receipt with what was stored: `cluster data replay`.

It begins with genesis, or with the state of a kept height, in memory; the database is only read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chain.codec import decode, encode
from chain.execution.block import Chain, Tip, apply_block
from chain.execution.genesis import apply_genesis, genesis_tip
from chain.execution.header import WrongCommit, check_commit
from chain.execution.validator_schedule import validators_at
from chain.execution.verifier import Verifier
from chain.state.keys import Key
from chain.state.store import MemoryStore, Store
from chain.state.tree import Tree
from chain.state.view import StateView
from chain.types.block import Block
from chain.types.genesis import Genesis
from chain.types.receipt import receipts_root
from chain.types.scalars import Hash, Height
from chain.types.vote import Commit
from contracts.application import build_application
from crypto.errors import ClusterError
from node.errors import NodeError
from node.ledger import Receipts
from node.storage.database import Database

VerifierOf = Callable[[Store], Verifier]  # one that finds verifying keys in a state


class Diverges(NodeError):
    """A stored block gives something else today than what was stored of it."""

    code = 7024

    def __init__(self, height: Height, what: str, stored: str, computed: str) -> None:
        super().__init__(
            f"block {height} diverges: {what} was stored as {stored} and is computed as {computed}. Either this "
            "release executes it differently (compare versions), or the database is damaged: cluster data rollback to "
            f"a height below {height}, or fetch it anew from peers."
        )
        self.height, self.what, self.stored, self.computed = height, what, stored, computed


class ReplayNeedsBlocks(NodeError):
    """The blocks from the wanted height on are not all stored."""

    code = 7025

    def __init__(self, height: Height, first: Height, tip: Height) -> None:
        super().__init__(
            f"replay after height {height} needs block {height + 1}; blocks {first} to {tip} are stored. Name a height "
            f"with --from, at least {first - 1} and one whose state is kept."
        )
        self.height, self.first, self.tip = height, first, tip


@dataclass(frozen=True, slots=True)
class Replayed:
    """A block that gave what was stored of it."""

    height: Height
    transactions: int


def replay(database: Database, genesis: Genesis, start: Height, verifier_of: VerifierOf) -> Iterator[Replayed]:
    """Execute the blocks after `start` (0: from genesis on), one item each.

    Raises ReplayNeedsBlocks, VersionPruned, Diverges, and what a damaged database raises.
    """
    head = database.snapshot().tip.height
    if not (database.first_block <= start + 1 and start < head):
        raise ReplayNeedsBlocks(start, database.first_block, head)
    run = _Run(database, genesis, verifier_of)
    run.begin(start)
    for height in range(start + 1, head + 1):
        yield run.execute(Height(height))


class _Run:
    """State in memory beside the database that it is compared with."""

    def __init__(self, database: Database, genesis: Genesis, verifier_of: VerifierOf) -> None:
        self._database, self._genesis = database, genesis
        self._store = MemoryStore()
        self._nodes: dict[bytes, bytes] = {}
        self._tree = Tree(self._nodes.get)
        self._chain = Chain(genesis.chain_id, genesis.hash(), build_application())
        self._verifier = verifier_of(self._store)
        self._tip: Tip

    def begin(self, start: Height) -> None:
        if start == 0:
            _, result = apply_genesis(self._genesis, self._store, self._chain.application)
            self._adopt(Height(0), result.overlay.changes())
            root = Hash(self._tree.root.hash)
            self._tip = genesis_tip(self._genesis, root, receipts_root(result.receipts))
            return
        leaves = self._database.snapshot().tree(start).leaves()
        self._adopt(start, [(Key(leaf.key), leaf.value) for leaf in leaves])
        header = self._block(start).header
        root = Hash(self._tree.root.hash)
        self._tip = Tip(start, header.id(), header.time, header.beacon_output, root, self._stored_receipts(start))

    def execute(self, height: Height) -> Replayed:
        block, view = self._block(height), StateView(self._store, self._tip.height)
        try:
            self._check_commit(block, view)
            result = apply_block(block, self._tip, view, self._chain, self._verifier)
        except ClusterError as error:
            raise Diverges(height, "its validity", "valid", f"broken ({error})") from error
        self._adopt(height, result.overlay.changes())
        self._compare_root(height)
        if encode(Receipts(result.receipts)) != self._database.receipts(height):
            roots = self._stored_receipts(height), receipts_root(result.receipts)
            raise Diverges(height, "the root of its receipts", *("0x" + root.hex() for root in roots))
        header, root = block.header, Hash(self._tree.root.hash)
        self._tip = Tip(height, header.id(), header.time, header.beacon_output, root, receipts_root(result.receipts))
        return Replayed(height, len(block.transactions))

    def _check_commit(self, block: Block, view: StateView) -> None:
        commit = decode(Commit, self._database.commit(block.height) or b"")
        if (commit.height, commit.block_id) != (block.height, block.header.id()):
            raise WrongCommit(block.height, "it is for another block")
        check_commit(commit, validators_at(view, block.height), self._chain.chain_id, self._verifier)

    def _compare_root(self, height: Height) -> None:
        """With the next block's header; with the head record where there is none."""
        tip = self._database.snapshot().tip
        stored = tip.state_root if height == tip.height else self._block(Height(height + 1)).header.state_root
        if self._tree.root.hash != stored:
            raise Diverges(height, "the state root", "0x" + stored.hex(), "0x" + self._tree.root.hash.hex())

    def _adopt(self, height: Height, changes: list[tuple[Key, bytes | None]]) -> None:
        update = self._tree.update(height, changes)
        self._nodes.update(update.puts())
        for node in update.stale:
            self._nodes.pop(node, None)
        self._tree.adopt(update)
        self._store.apply(changes)

    def _stored_receipts(self, height: Height) -> Hash:
        raw = self._database.receipts(height) or b""
        return receipts_root(decode(Receipts, raw, unions=self._chain.application.unions).receipts)

    def _block(self, height: Height) -> Block:
        raw = self._database.block(height)
        if raw is None:
            raise ReplayNeedsBlocks(Height(height - 1), self._database.first_block, self._database.snapshot().height)
        return decode(Block, raw)
