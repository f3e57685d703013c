"""Drafts shielded transfers; `compute.confidential.prover` proves the drafts when their envelope stands.

A draft fills up what is missing: notes of value zero where fewer than two are spent or made, and one's own change. All
that anybody sees of it is what enters and leaves in the open.
"""

import os
from dataclasses import dataclass, field
from typing import Final

from chain.execution.statement import id_element
from chain.types.scalars import (
    NATIVE,
    NOBODY,
    AccountId,
    Amount,
    AssetId,
    Blob,
    FieldElement,
    ObjectId,
    ProofBytes,
    VkId,
)
from client.notes.address import Address
from client.notes.content import seal_output
from client.notes.hints import Entropy, Outgoing
from client.notes.keys import FullViewKey, SpendingKey
from compute.confidential.prover import CircuitSource, Draft, random_element
from compute.shielded import circuit
from compute.shielded.errors import NoRoomForChange, NoteOfAnotherAsset, NotesDoNotCover, StaleWitness, TooManyNotes
from compute.shielded.transfer import INPUTS, OUTPUTS, Pay, Private, Public, Spend, commitment, compute
from contracts.notes.output import NoteOutput, Point
from contracts.shielded.actions import Transfer
from crypto import notes
from crypto.note_tree import DEPTH, Path, path_root
from crypto.notes import PoolNote

NOTHING: Final = Amount(0)
TRANSFER: Final = CircuitSource(circuit.NAME, circuit.constrain)

_NO_PROOF: Final = ProofBytes(bytes(128))
_NUMBER_BYTES: Final = 32
_NO_PATH: Final[Path] = ((0, 0, 0),) * DEPTH


@dataclass(frozen=True, slots=True)
class Coin:
    """A note of one's own: the number of the address that it came to, what it holds, and where it stands."""

    address: int = field(repr=False)
    note: PoolNote
    position: int = field(repr=False)
    path: Path = field(repr=False)


@dataclass(frozen=True, slots=True)
class Payment:
    """A note for somebody: at most 62 bytes of memo."""

    address: Address = field(repr=False)
    value: int = field(repr=False)
    memo: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Order:
    """What a transfer shall do. root: the pool's, to which the coins' paths lead; asset: of coins and payments alike.

    taken enters the pool from the sender's account; paid leaves it for `recipient`, fee for the transaction's fee.
    change: the number of one's own address that what is left over comes to.
    """

    pool: ObjectId
    vk_id: VkId
    root: FieldElement
    coins: tuple[Coin, ...] = ()
    payments: tuple[Payment, ...] = ()
    asset: AssetId = NATIVE
    taken: Amount = NOTHING
    paid: Amount = NOTHING
    recipient: AccountId = NOBODY
    fee: Amount = NOTHING
    change: int = 0


def draft_transfer(order: Order, key: SpendingKey, entropy: Entropy = os.urandom, *, remember: bool = True) -> Draft:
    """The transfer without its proof. remember: seal beside each note, for the outgoing view key, how to open it.

    Raises a ShieldedComputeError, AddressIndexRange, and what crypto/notes.py raises for values and memos too large.
    """
    view = key.full_view()
    made = _with_change(order, view)
    number = int.from_bytes(entropy(_NUMBER_BYTES), "big") % (1 << notes.EPHEMERAL_BITS)
    new = tuple(PoolNote(id_element(order.asset), pay.value, random_element(entropy), pay.memo) for pay in made)
    pays = tuple(_pay(each.address, note) for each, note in zip(made, new, strict=True))
    private = Private(key.sk, id_element(order.asset), number, _spends(order, view, entropy), pays)
    _require_witnesses(order, private)
    public = compute(id_element(order.pool), order.root, order.taken, order.paid + order.fee, private)
    secret, ovk = notes.ephemeral_secret(number), view.outgoing if remember else None
    outputs = tuple(
        seal_output(order.pool, Outgoing(secret, each.address), note, ovk, entropy)
        for each, note in zip(made, new, strict=True)
    )
    return Draft(_action(order, public, outputs), TRANSFER, circuit.circuit_inputs(public, private))


def _with_change(order: Order, view: FullViewKey) -> list[Payment]:
    """The payments and what is left over, filled up with notes of value zero to oneself."""
    for what, limit, row in (("to spend", INPUTS, order.coins), ("to make", OUTPUTS, order.payments)):
        if len(row) > limit:
            raise TooManyNotes(what, limit, len(row))
    into = sum(coin.note.value for coin in order.coins) + order.taken
    left = into - sum(payment.value for payment in order.payments) - order.paid - order.fee
    if left < 0:
        raise NotesDoNotCover
    if left and len(order.payments) == OUTPUTS:
        raise NoRoomForChange
    own = view.incoming.address(order.change)
    rest = [Payment(own, value) for value in (left, *[0] * OUTPUTS)]
    return [*order.payments, *rest][:OUTPUTS]


def _spends(order: Order, view: FullViewKey, entropy: Entropy) -> tuple[Spend, ...]:
    """The coins, and notes of value zero that nobody ever made: their nullifiers look like any."""
    spends = []
    for coin in order.coins:
        if coin.note.asset != id_element(order.asset):
            raise NoteOfAnotherAsset
        address = view.incoming.address(coin.address)
        spends.append(Spend(address.diversifier, address.pk, coin.note.value, coin.note.rcm, coin.position, coin.path))
    own = view.incoming.address(order.change)
    empty = [Spend(own.diversifier, own.pk, 0, random_element(entropy), 0, _NO_PATH) for _ in range(INPUTS)]
    return tuple([*spends, *empty][:INPUTS])


def _require_witnesses(order: Order, private: Private) -> None:
    """Raises StaleWitness, before anything is proven of a place where the note does not stand."""
    for spend in private.spends[: len(order.coins)]:
        leaf = commitment(id_element(order.pool), spend, private)
        if path_root(leaf, spend.position, spend.path) != order.root:
            raise StaleWitness(spend.position)


def _pay(address: Address, note: PoolNote) -> Pay:
    _, value, rcm, *memo = note.plaintext()
    return Pay(address.auth, address.pk, value, rcm, (memo[0], memo[1]))


def _action(order: Order, public: Public, outputs: tuple[NoteOutput, ...]) -> Transfer:
    open_ = order.taken or order.paid or order.fee
    return Transfer(
        pool=order.pool,
        vk_id=order.vk_id,
        root=order.root,
        nullifiers=tuple(FieldElement(nullifier) for nullifier in public.nullifiers),
        ephemeral=Point(FieldElement(public.ephemeral.x), FieldElement(public.ephemeral.y)),
        outputs=outputs,
        asset=order.asset if open_ else NATIVE,
        taken=order.taken,
        paid=order.paid,
        recipient=order.recipient,
        fee=order.fee,
        padding=Blob(b""),
        proof=_NO_PROOF,
    ).padded()
