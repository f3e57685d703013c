"""A chain of real blocks in a database, made without consensus: payments between people, commits by four validators."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from chain.state.keys import Key
from chain.types.scalars import Amount, Nonce
from chain.types.transaction import Transaction
from contracts.token.actions import Transfer
from node.storage.database import Database
from tests.support.driver_scene import DriverScene
from tests.support.small_chain import SmallChain, account

NOW_MS = 1_700_000_100_000  # soon after genesis


class StoredChain:
    """`grow` adds blocks; person 1 pays somebody else in each."""

    def __init__(self, root: Path) -> None:
        self.scene = DriverScene(root, None)
        self.genesis, self.ledger = self.scene.genesis, self.scene.ledger

    @property
    def database(self) -> Database:
        return self.scene.database

    def pay(self, to: int, nonce: int) -> Transaction:
        envelope = SmallChain().envelope(1, Transfer(account(to), Amount(5 + nonce)), nonce=Nonce(nonce))
        own = replace(envelope, chain_id=self.genesis.chain_id, genesis_hash=self.genesis.hash())
        return SmallChain().sign(1, own)

    def grow(self, blocks: int) -> None:
        for _ in range(blocks):
            self.scene.now += 1_000
            height = self.ledger.tip.height
            body = self.scene.block(0, self.pay(40 + height, height))
            self.ledger.judge(body.block)
            self.ledger.commit(self.scene.final(body))


@contextmanager
def stored_chain(root: Path, blocks: int) -> Iterator[StoredChain]:
    chain = StoredChain(root)
    try:
        chain.grow(blocks)
        yield chain
    finally:
        chain.scene.close()


def state_of(database: Database) -> dict[Key, bytes]:
    """Flat state, all of it."""
    return dict(database.snapshot().iterate(Key(b"")))
