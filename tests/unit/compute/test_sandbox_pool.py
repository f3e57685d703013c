"""A sandbox's shielded pool: transactions that it pays for name nobody."""

from collections.abc import Iterator

import pytest

from chain.execution.accounts import InsufficientBalance
from chain.types.scalars import Amount
from client.notes.errors import NotEnoughNotes
from compute.sandbox import CLU, Deployed, Pool, Sandbox
from contracts.notes.errors import NoteSpent
from contracts.token.actions import Transfer
from tests.support.dsl_contracts import Counter


class Scene:
    """Alice, who reads a counter, has 2 CLU in a pool; the account that she has besides stays out of it."""

    def __init__(self, chain: Sandbox) -> None:
        self.chain, self.alice, self.bob = chain, chain.person("alice"), chain.person("bob")
        self.counter: Deployed = chain.deploy(Counter, self.alice)
        self.pool = Pool(chain, self.bob)
        self.pool.shield(self.alice, 2 * CLU)


@pytest.fixture(scope="module")
def opened() -> Iterator[Scene]:
    with Sandbox() as chain:
        yield Scene(chain)


@pytest.fixture
def scene(opened: Scene) -> Iterator[Scene]:
    with opened.chain.snapshot():
        yield opened


def test_what_a_pool_pays_names_no_account(scene: Scene) -> None:
    before, nonce = scene.chain.balance(scene.alice), scene.chain.local.nonce_of(scene.alice.id)
    sent = scene.pool.send(scene.alice, scene.counter.draft("increment", 5, sender=scene.alice))
    assert sent.applied and scene.counter.read(scene.alice).count == 5
    assert (scene.chain.balance(scene.alice), scene.chain.local.nonce_of(scene.alice.id)) == (before, nonce)
    assert scene.alice.id not in sent.transaction.raw
    assert scene.pool.balance(scene.alice) == 2 * CLU - sent.fee == scene.chain.holding(scene.pool.id)


def test_a_note_for_somebody_else_is_his(scene: Scene) -> None:
    scene.pool.shield(scene.alice, CLU, scene.bob)
    assert [scene.pool.balance(person) for person in (scene.alice, scene.bob)] == [2 * CLU, CLU]


def test_who_has_no_notes_pays_nothing_so(scene: Scene) -> None:
    with pytest.raises(NotEnoughNotes):
        scene.pool.send(scene.bob, scene.counter.draft("increment", 5, sender=scene.alice))


def test_two_transactions_of_one_note(scene: Scene) -> None:
    first, second = (
        scene.pool.transaction(scene.alice, scene.counter.draft("increment", amount, sender=scene.alice))
        for amount in (1, 2)
    )
    scene.chain.block(first)
    with pytest.raises(NoteSpent):
        scene.chain.local.judge(second)


def test_a_one_time_key_has_no_money_of_its_own(scene: Scene) -> None:
    with pytest.raises(InsufficientBalance):
        scene.pool.send(scene.alice, Transfer(scene.bob.id, Amount(1)))
