"""True proofs about trees that are not the pool's: the circuit believes a root that it is given, the chain does not."""

import pytest

from chain.execution.statement import id_element
from chain.state.overlay import Overlay
from chain.types.receipt import OK
from chain.types.scalars import Amount, FieldElement, ObjectId
from chain.types.transaction import Envelope
from compute.confidential.prover import Prover
from compute.shielded.prover import Coin, Order, draft_transfer
from contracts.notes import state as notes
from contracts.notes.errors import UnknownRoot
from contracts.shielded.actions import Transfer
from crypto.note_tree import tree_path, tree_root
from crypto.notes import PoolNote
from tests.support.proven_pool import ALICE, FUNDED, ProvenPool
from tests.support.shielded_pool import ephemeral, output
from tests.support.small_chain import CLU, account

pytestmark = pytest.mark.slow

CONTRACT = ObjectId(b"\x0c" * 32)
INVENTED = PoolNote(asset=0, value=3 * CLU, rcm=7)


@pytest.fixture(scope="module")
def pool(prover: Prover) -> ProvenPool:
    """A pool in which there are 5 CLU, which the maker of an invented note is after."""
    pool = ProvenPool(prover)
    draft = pool.draft(ALICE, taken=Amount(5 * CLU))
    assert pool.send(FUNDED, pool.from_account(FUNDED, draft)).code == OK
    return pool


@pytest.fixture(scope="module")
def commitment(pool: ProvenPool) -> int:
    """Of a note of the pool that nobody made: anybody can compute it."""
    return INVENTED.commitment(id_element(pool.pool), ALICE.full_view().incoming.address(0).owner)


@pytest.fixture(scope="module")
def attack(pool: ProvenPool, commitment: int) -> Envelope:
    """Pays the invented note out, with a true proof that it stands in a tree."""
    coin = Coin(0, INVENTED, 0, tree_path([commitment], 0))
    root = FieldElement(tree_root([commitment]))
    paid, payee = Amount(INVENTED.value), account(FUNDED)
    draft = draft_transfer(Order(pool.pool, pool.vk_id, root, (coin,), paid=paid, recipient=payee), ALICE, pool.entropy)
    envelope = pool.from_account(FUNDED, draft)
    for action in envelope.actions:
        pool.chain.verifier.require(action.claims(envelope, 0))
    return envelope


def test_a_note_in_an_invented_tree_pays_nothing(pool: ProvenPool, attack: Envelope) -> None:
    (action,) = attack.actions
    with pytest.raises(UnknownRoot):
        pool.chain.check(FUNDED, action)
    assert pool.fork().send(FUNDED, attack).code == UnknownRoot.code


def test_a_note_that_a_contract_made_for_the_pool_pays_nothing(
    pool: ProvenPool, attack: Envelope, commitment: int
) -> None:
    """A deployer's circuit says that the commitment is an output, and so it is: of the contract, in its own tree."""
    there, overlay = pool.fork(), Overlay(pool.chain.view)
    notes.append(overlay, CONTRACT, ephemeral(), (output(commitment),), pool.chain.height)
    notes.grow(overlay, pool.chain.height)
    there.chain.store.apply(overlay.changes())
    (action,) = attack.actions
    assert isinstance(action, Transfer)
    notes.require_root(there.chain.view, CONTRACT, action.root)
    with pytest.raises(UnknownRoot):
        there.chain.check(FUNDED, action)
