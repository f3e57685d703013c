"""What a proof of a confidential contract says: its public inputs, built by the node from the action and its envelope.

Both statements begin with ctx, the contract, the key epoch and kc. A circuit names its public signals in this order.
"""

from typing import TYPE_CHECKING, Final

from chain.execution.action import GROTH16, Claim, Effect
from chain.execution.statement import context_element, id_element
from chain.types.scalars import FieldElement
from contracts.confidential.state import Method, RegisterSpec

if TYPE_CHECKING:
    from chain.types.transaction import Envelope
    from contracts.confidential.actions import Call, SetReaders

COMPONENT: Final = "confidential"
SET_READERS: Final = "set-readers"  # no method of a contract can go by this name: it has a hyphen
_COMMON: Final = 4  # ctx, contract, epoch, kc
_PER_READER: Final = 3  # x, y, wrapped
_PER_READ: Final = 2  # version, commitment
_PER_WRITE: Final = 4  # version, commitment before, commitment after, nonce


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


def call_inputs(action: "Call") -> tuple[FieldElement, ...]:
    """contract, epoch, kc, arguments, per read version, cm, per write version, cm, cm', n, ct...: all but ctx.

    `version` is the one before; cm' and ct are those of version + 1.
    """
    fields = [id_element(action.contract), FieldElement(action.epoch), action.kc, *action.arguments]
    for read in action.reads:
        fields += [FieldElement(read.version), read.commitment]
    for move in action.moves:
        fields += [FieldElement(move.version), move.before, move.after, move.nonce, *move.ciphertext]
    return tuple(fields)


def set_readers_size(readers: int) -> int:
    """How many public inputs a sealing circuit has, ctx included."""
    return _COMMON + 2 + _PER_READER * readers


def call_size(method: Method, registers: tuple[RegisterSpec, ...]) -> int:
    """How many public inputs a method's circuit has, ctx included."""
    writes = sum(_PER_WRITE + registers[index].ciphertext_length for index in method.writes)
    return _COMMON + method.arguments + _PER_READ * len(method.reads) + writes


def set_readers_effect(action: "SetReaders") -> Effect:
    return Effect(action.contract, SET_READERS, action.vk_id, set_readers_inputs(action), b"")


def call_effect(action: "Call") -> Effect:
    return Effect(action.contract, action.method, action.vk_id, call_inputs(action), b"")


def set_readers_claim(action: "SetReaders", envelope: "Envelope") -> Claim:
    """The epoch guards: a contract has each epoch once."""
    guard = (action.epoch,)
    ctx = context_element(envelope, COMPONENT, action.contract, SET_READERS, action.vk_id, guard)
    return Claim(GROTH16, action.vk_id, (ctx, *set_readers_inputs(action)), action.proof)


def call_claim(action: "Call", envelope: "Envelope") -> Claim:
    """The versions before guard, as a register passes each once; a call that writes nothing is guarded by its nonce."""
    once = tuple(move.version for move in action.moves) or (envelope.nonce,)
    ctx = context_element(envelope, COMPONENT, action.contract, action.method, action.vk_id, (action.epoch, *once))
    return Claim(GROTH16, action.vk_id, (ctx, *call_inputs(action)), action.proof)
