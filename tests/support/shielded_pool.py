"""A small chain with an open shielded pool, and transfers in it: notes are numbers, proofs as the test chooses."""

from dataclasses import replace
from functools import cache

from chain.types.identifiers import object_id
from chain.types.receipt import OK
from chain.types.scalars import (
    NATIVE,
    NOBODY,
    Amount,
    AssetId,
    Blob,
    EncryptionKeyBytes,
    FieldElement,
    Name,
    NoteTag,
    ObjectId,
    OutgoingSeal,
    ProofBytes,
    Uint,
)
from chain.types.transaction import Envelope
from contracts.notes import state as notes
from contracts.notes.output import NoteHint, NoteOutput, Point
from contracts.registry.actions import RegisterKey
from contracts.shielded.actions import Open, Transfer
from contracts.shielded.statement import TRANSFER_SIZE
from contracts.token.asset_actions import CreateAsset
from crypto.babyjubjub import multiply_base
from crypto.field import SCALAR_FIELD
from crypto.groth16.encoding import compress_proof
from crypto.notes import POOL_ELEMENTS
from tests.support.programs import NO_PROOF, compressed_key, trapdoor, vk_id
from tests.support.small_chain import SmallChain, account

OPENER, ALICE, BOB = 1, 2, 3
HINT = NoteHint(EncryptionKeyBytes(bytes(32)), NoteTag(bytes(2)), OutgoingSeal(bytes(160)))


@cache
def ephemeral(secret: int = 5) -> Point:
    """e * Base8, as a circuit would prove it."""
    x, y = multiply_base(secret)
    return Point(FieldElement(x), FieldElement(y))


def output(number: int, elements: int = POOL_ELEMENTS) -> NoteOutput:
    """An output whose commitment is the number."""
    ciphertext = tuple(FieldElement((1_000 * number + index) % SCALAR_FIELD) for index in range(elements))
    return NoteOutput(FieldElement(number), ciphertext, HINT)


class PoolChain(SmallChain):
    """OPENER has opened `pool`; every transfer of `transfer` has fresh nullifiers and commitments."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.key = vk_id(TRANSFER_SIZE)
        self.do(OPENER, RegisterKey(compressed_key(TRANSFER_SIZE), None))
        self.pool = self.opened()
        self._fresh = 0

    def opened(self) -> ObjectId:
        """Another pool, opened in the next block."""
        self.pass_to(self.height + self.params.activation_delay)
        pool = object_id(account(OPENER), self.nonce(OPENER), 0)
        receipt = self.do(OPENER, Open(self.key))
        assert receipt.code == OK, receipt
        return pool

    def issued(self, person: int, supply: int) -> AssetId:
        """An asset of which the person has all there is, created in the next block."""
        asset = AssetId(object_id(account(person), self.nonce(person), 0))
        receipt = self.do(person, CreateAsset(Name("gold"), Uint(0), Amount(supply)))
        assert receipt.code == OK, receipt
        return asset

    def fresh(self) -> FieldElement:
        """A number that no note of this chain had."""
        self._fresh += 1
        return FieldElement(10_000 + self._fresh)

    def transfer(
        self,
        taken: int = 0,
        paid: int = 0,
        to: int = BOB,
        asset: AssetId = NATIVE,
        pool: ObjectId | None = None,
        **changes: object,
    ) -> Transfer:
        """A transfer that all rules let pass, with any field changed; unproven."""
        pool = self.pool if pool is None else pool
        made = Transfer(
            pool=pool,
            vk_id=self.key,
            root=notes.tree_of(self.view, pool).root,
            nullifiers=(self.fresh(), self.fresh()),
            ephemeral=ephemeral(),
            outputs=(output(self.fresh()), output(self.fresh())),
            asset=asset,
            taken=Amount(taken),
            paid=Amount(paid),
            recipient=account(to) if paid else NOBODY,
            fee=Amount(0),
            padding=Blob(b""),
            proof=NO_PROOF,
        ).padded()
        return replace(made, **changes) if "padding" in changes else replace(made, **changes).padded()  # type: ignore[arg-type]

    def proven(self, person: int, action: Transfer) -> Transfer:
        """The transfer with a real proof for the person's next envelope, true or not: the key's trapdoor is known."""
        envelope = self.envelope(person, action)
        return prove(action, envelope)


def prove(action: Transfer, envelope: Envelope, seed: int = 1) -> Transfer:
    """The transfer with a simulated proof of what it says in that envelope."""
    (claim,) = action.claims(envelope, 0)
    proof = trapdoor(TRANSFER_SIZE).prove(claim.inputs, seed)
    return replace(action, proof=ProofBytes(compress_proof(proof)))
