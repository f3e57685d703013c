"""Replay: stored blocks give what was stored of them, and whatever differs is named with its height."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.codec import decode, encode
from chain.execution import accounts
from chain.execution.verifier import Verifier
from chain.state.overlay import Overlay
from chain.state.store import Store
from chain.types.block import Block
from chain.types.scalars import NATIVE, Amount, AssetId, Blob, Height, ObjectId
from node.ledger import Receipts
from node.replay import Diverges, ReplayNeedsBlocks, replay
from node.storage import layout
from node.storage.database import Settings
from node.storage.errors import VersionPruned
from node.storage.layout import at_height
from tests.support.stored_chain import StoredChain, stored_chain

BLOCKS = 5


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[StoredChain]:
    with stored_chain(tmp_path, BLOCKS) as made:
        yield made


def run(chain: StoredChain, start: int = 0) -> list[tuple[int, int]]:
    def verifier_of(_: Store) -> Verifier:
        return chain.scene.verifier

    replayed = replay(chain.database, chain.genesis, Height(start), verifier_of)
    return [(done.height, done.transactions) for done in replayed]


def overwrite(chain: StoredChain, space: bytes, height: int, value: bytes) -> None:
    chain.database._db.put(at_height(space, height), value)


def test_every_block_from_genesis_gives_what_was_stored(chain: StoredChain) -> None:
    assert run(chain) == [(height, 1) for height in range(1, BLOCKS + 1)]


@pytest.mark.parametrize("start", [1, 3, BLOCKS - 1])
def test_replay_may_begin_with_the_state_of_a_kept_height(chain: StoredChain, start: int) -> None:
    assert [height for height, _ in run(chain, start)] == list(range(start + 1, BLOCKS + 1))


@pytest.mark.parametrize("start", [BLOCKS, BLOCKS + 1, 10**6])
def test_there_is_nothing_to_replay_after_the_head(chain: StoredChain, start: int) -> None:
    with pytest.raises(ReplayNeedsBlocks):
        run(chain, start)


def test_pruned_blocks_or_states_are_named(chain: StoredChain) -> None:
    chain.database._settings = Settings(keep_versions=3, keep_blocks=4)
    chain.grow(1)
    with pytest.raises(ReplayNeedsBlocks):
        run(chain)
    with pytest.raises(VersionPruned):
        run(chain, 3)
    assert [height for height, _ in run(chain, 4)] == [5, 6]


def test_other_receipts_are_found(chain: StoredChain) -> None:
    unions = chain.ledger.chain.application.unions
    stored = decode(Receipts, chain.database.receipts(Height(3)) or b"", unions=unions)
    overwrite(chain, layout.RECEIPTS, 3, encode(Receipts(stored.receipts[:-1])))
    with pytest.raises(Diverges) as found:
        run(chain)
    assert (found.value.height, found.value.what) == (3, "the root of its receipts")


def test_a_block_that_breaks_a_rule_is_found(chain: StoredChain) -> None:
    block = decode(Block, chain.database.block(Height(2)) or b"")
    changed = Block(block.header, (*block.transactions, Blob(b"x")), block.evidence, block.last_commit)
    overwrite(chain, layout.BLOCK, 2, encode(changed))
    with pytest.raises(Diverges) as found:
        run(chain)
    assert (found.value.height, found.value.what) == (2, "its validity")


def test_a_commit_of_too_few_is_found(chain: StoredChain) -> None:
    overwrite(chain, layout.COMMIT, 4, chain.database.commit(Height(3)) or b"")
    with pytest.raises(Diverges):
        run(chain)


def test_a_state_root_that_nobody_signed_is_found(chain: StoredChain, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a release would give it whose rules have changed by accident."""
    add = accounts.add_to_holding

    def one_more(overlay: Overlay, holder: ObjectId, value: Amount, asset: AssetId = NATIVE) -> None:
        add(overlay, holder, Amount(value + 1), asset)

    monkeypatch.setattr(accounts, "add_to_holding", one_more)
    with pytest.raises(Diverges) as found:
        run(chain, 1)
    assert (found.value.height, found.value.what) == (2, "the state root")
