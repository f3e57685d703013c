"""A small chain with a shielded pool, real keys and real proofs, and people who find their notes and spend them."""

from copy import copy, deepcopy
from dataclasses import replace
from typing import Any

from chain.types.identifiers import object_id
from chain.types.receipt import OK, Receipt
from chain.types.scalars import Blob, Nonce, ObjectId
from chain.types.transaction import FROM_PROOF, Envelope, FeeSource
from client.notes.keys import SpendingKey
from client.notes.scan import Scanner, glance
from compute.confidential.prover import Draft, Prover
from compute.shielded.prover import TRANSFER, Coin, Order, Payment, draft_transfer
from contracts.notes import state as notes
from contracts.notes.state import NoteRecord
from contracts.registry.actions import RegisterKey
from contracts.shielded.actions import Open
from crypto.note_tree import DEPTH, tree_path
from crypto.notes import PoolNote
from tests.support.direct_verifier import DirectVerifier
from tests.support.note_records import Entropy
from tests.support.small_chain import SmallChain, account

ALICE, BOB = SpendingKey(b"a" * 32), SpendingKey(b"b" * 32)
OPENER, FUNDED, ONE_TIME = 1, 2, 77  # people of the small chain; the last has no account


class ProvenPool:
    """The pool, and what anybody can do: find notes with a key, draft and prove transfers, send them."""

    def __init__(self, prover: Prover) -> None:
        self.prover, self.entropy = prover, Entropy(1)
        keys = prover.keys(TRANSFER)
        self.chain = SmallChain(verifier=DirectVerifier(lambda _: keys.compressed))
        self.vk_id = keys.vk_id
        self.chain.do(OPENER, RegisterKey(Blob(keys.compressed), None))
        self.chain.pass_to(self.chain.height + self.chain.params.activation_delay)
        self.pool: ObjectId = object_id(account(OPENER), self.chain.nonce(OPENER), 0)
        assert self.chain.do(OPENER, Open(self.vk_id)).code == OK

    def fork(self) -> "ProvenPool":
        """The same state to go on from; this one stays as it is."""
        other = copy(self)
        other.chain = copy(self.chain)
        other.chain.store = deepcopy(self.chain.store)
        return other

    @property
    def records(self) -> list[NoteRecord]:
        """All outputs of the chain."""
        view = self.chain.view
        found = (notes.find_output(view, number) for number in range(notes.counts(view).outputs))
        return [record for record in found if record is not None]

    def coins(self, key: SpendingKey) -> list[Coin]:
        """The key's unspent notes of value, found by their tags, with paths in the tree as it is."""
        view, scanner = self.chain.view, Scanner(key.full_view(), [self.pool])
        records = self.records
        leaves = [record.output.commitment for record in records]
        tagged = scanner.tagged([glance(record) for record in records])
        coins = []
        for received in scanner.received(records[place] for place in tagged):
            content, position = received.content, int(received.record.position)
            assert isinstance(content, PoolNote)
            spent = notes.is_spent(view, self.pool, received.nullifier)  # type: ignore[arg-type]
            if content.value and not spent:
                coins.append(Coin(received.address, content, position, tree_path(leaves, position, DEPTH)))
        return coins

    def values(self, key: SpendingKey) -> list[int]:
        return [coin.note.value for coin in self.coins(key)]

    def draft(self, key: SpendingKey, *payments: Payment, **order: Any) -> Draft:
        """A transfer of the key's first two coins, unless `coins` says which."""
        root = notes.tree_of(self.chain.view, self.pool).root
        coins = tuple(order.pop("coins", self.coins(key)[:2]))
        made = Order(self.pool, self.vk_id, root, coins, payments, **order)
        return draft_transfer(made, key, self.entropy)

    def from_account(self, person: int, draft: Draft) -> Envelope:
        """The person's envelope with the draft's transfer proven in it."""
        return self.prover.complete(self.chain.envelope(person, draft.action), [draft])

    def from_proof(self, draft: Draft) -> Envelope:
        """An envelope that the transfer itself pays, signed by a one-time key."""
        envelope = replace(
            self.chain.envelope(OPENER, draft.action),
            fee_source=FeeSource(FROM_PROOF, account(ONE_TIME)),
            nonce=Nonce(0),
            fee_limit=draft.action.fee_offer(),
        )
        return self.prover.complete(envelope, [draft])

    def send(self, person: int, envelope: Envelope) -> Receipt:
        """One block with the envelope's transaction. Raises what makes it unfit for a block."""
        return self.chain.block(self.chain.sign(person, envelope))[0]
