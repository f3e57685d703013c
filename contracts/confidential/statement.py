"""What a proof of a confidential contract says: its public inputs, built by the node from the action and its envelope.

The order is part of the protocol; `signals.py` names the public signals of a method's circuit in it. What a method
does not use is left out entirely.

    ctx, contract
    epoch, kc                          if it reads or writes a sealed register
    caller                             account_element of the sender
    after, before                      the first and the last height at which the call is good
    arguments...
    per read                           sealed: version, cm           public: values...
    per write                          sealed: version, cm, cm', n, ct...   public: values before..., values after...
    per count                          notes posted to the inbox so far
    root, nf...                        if it spends notes
    E.x, E.y, per output cm, ct...     if it makes notes
    per take asset, amount             asset: 0 for the native token, else its id_element
    per pay recipient, asset, amount   recipient: its account_element

A register's `version` is the one before; cm' and ct are those of version + 1. Register versions stand in ctx's guard;
whatever else of a call is no public input, such as full ids and the hints of notes, in its effect's data.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chain.codec import encode
from chain.execution.action import GROTH16, Claim, Effect
from chain.execution.statement import account_element, context_element, id_element
from chain.types.scalars import Blob, FieldElement, ProofBytes
from crypto.field import FIELD_BYTES

if TYPE_CHECKING:
    from chain.types.transaction import Envelope
    from contracts.confidential.actions import SetReaders
    from contracts.confidential.call import Call, Move, Read

COMPONENT: Final = "confidential"
SET_READERS: Final = "set-readers"  # no method of a contract can go by this name: it has a hyphen
NO_PROOF: Final = ProofBytes(bytes(128))  # in the place of one that is still to be made
_SEALING: Final = 6  # ctx, contract, epoch, kc, E.x, E.y
_PER_READER: Final = 3  # x, y, wrapped


def set_readers_inputs(action: "SetReaders") -> tuple[FieldElement, ...]:
    """contract, epoch, kc, E.x, E.y, then per reader R.x, R.y, wrapped: all but ctx."""
    fields = [
        id_element(action.contract),
        FieldElement(action.epoch),
        action.kc,
        action.ephemeral.x,
        action.ephemeral.y,
    ]
    for sealed in action.readers:
        fields += [sealed.reader.x, sealed.reader.y, sealed.wrapped]
    return tuple(fields)


def call_inputs(action: "Call", envelope: "Envelope") -> tuple[FieldElement, ...]:
    """All public inputs of a call but ctx, in the order above."""
    fields = [id_element(action.contract)]
    if action.kc is not None:
        fields += [FieldElement(action.epoch), action.kc]
    if action.caller:
        fields.append(account_element(envelope.sender))
    if action.before:
        fields += [FieldElement(action.after), FieldElement(action.before)]
    fields += action.arguments
    fields += _register_inputs(action.reads, action.moves)
    fields += [FieldElement(count) for count in action.counts]
    fields += _note_inputs(action)
    fields += _money_inputs(action)
    return tuple(fields)


def _register_inputs(reads: "tuple[Read, ...]", moves: "tuple[Move, ...]") -> Iterator[FieldElement]:
    for read in reads:
        if read.sealed:
            yield FieldElement(read.version)
        yield from read.values
    for move in moves:
        if move.sealed:
            yield FieldElement(move.version)
        yield from move.before
        yield from move.after
        if move.sealed:
            yield move.nonce
            yield from move.ciphertext


def _note_inputs(action: "Call") -> Iterator[FieldElement]:
    if action.root is not None:
        yield action.root
    yield from action.nullifiers
    if action.ephemeral is not None:
        yield action.ephemeral.x
        yield action.ephemeral.y
    for output in action.outputs:
        yield output.commitment
        yield from output.ciphertext


def _money_inputs(action: "Call") -> Iterator[FieldElement]:
    for take in action.takes:
        yield id_element(take.asset)
        yield FieldElement(take.amount)
    for pay in action.pays:
        yield account_element(pay.recipient)
        yield id_element(pay.asset)
        yield FieldElement(pay.amount)


def set_readers_size(readers: int) -> int:
    """How many public inputs a sealing circuit has, ctx included."""
    return _SEALING + _PER_READER * readers


def set_readers_effect(action: "SetReaders") -> Effect:
    return Effect(action.contract, SET_READERS, action.vk_id, set_readers_inputs(action), b"")


def call_effect(action: "Call", envelope: "Envelope") -> Effect:
    """Its data is the whole call without its proof and its padding: nothing of it is bound by less than everything."""
    data = encode(replace(action, padding=Blob(b""), proof=NO_PROOF))
    return Effect(action.contract, action.method, action.vk_id, call_inputs(action, envelope), data)


def set_readers_claim(action: "SetReaders", envelope: "Envelope") -> Claim:
    """The epoch guards: a contract has each epoch once."""
    guard = (action.epoch,)
    ctx = context_element(envelope, COMPONENT, action.contract, SET_READERS, action.vk_id, guard)
    return Claim(GROTH16, action.vk_id, (ctx, *set_readers_inputs(action)), action.proof)


def call_claim(action: "Call", envelope: "Envelope") -> Claim:
    """Key epoch, register versions and nullifiers guard: a register passes a version once, as does a note.

    A call that neither writes nor spends is guarded by its nonce.
    """
    versions = (*(read.version for read in action.reads), *(move.version for move in action.moves))
    spent = (nullifier.to_bytes(FIELD_BYTES, "big") for nullifier in action.nullifiers)
    once = () if action.moves or action.nullifiers else (envelope.nonce,)
    guard = (action.epoch, *versions, *spent, *once)
    ctx = context_element(envelope, COMPONENT, action.contract, action.method, action.vk_id, guard)
    return Claim(GROTH16, action.vk_id, (ctx, *call_inputs(action, envelope)), action.proof)
