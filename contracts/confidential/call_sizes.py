"""What every call of a method has in common, by its description alone: its size on the wire and what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chain.codec import encode
from chain.execution.fees import BUCKET_BYTES
from chain.params import WorkPrices
from chain.types.scalars import (
    MAX_UINT,
    NATIVE,
    NOBODY,
    Amount,
    EncryptionKeyBytes,
    FieldElement,
    Height,
    NoteTag,
    ObjectId,
    OutgoingSeal,
    Uint,
    WorkUnits,
)
from contracts.confidential.call import ANY_HEIGHT, ZERO, Call, Move, Pay, Read, Take
from contracts.confidential.padding import SHORT
from contracts.confidential.signals import call_size
from contracts.confidential.specs import NONE, Method, RegisterSpec
from contracts.notes.output import NoteHint, NoteOutput, Point

_HINT: Final = NoteHint(EncryptionKeyBytes(bytes(32)), NoteTag(bytes(2)), OutgoingSeal(bytes(160)))


def call_bytes(method: Method, registers: Sequence[RegisterSpec]) -> Uint:
    """The size of every call of a method, alone on the wire.

    The smallest multiple of 256 that each call can be padded to: those whose zeros would just be too many for the short
    head would lack a byte, so the longest call's and the shortest's are both short, or both long.
    """
    longest, shortest = (len(encode(_call(method, registers, number))) for number in (MAX_UINT, 0))
    size = -(-longest // BUCKET_BYTES) * BUCKET_BYTES
    while size - shortest > SHORT and size - longest < SHORT + 2:
        size += BUCKET_BYTES
    return Uint(size)


@dataclass(frozen=True, slots=True)
class CallCost:
    """What every call of a method costs. work: what it adds to its transaction, whose fee is work * base fee + tip."""

    bytes: int
    inputs: int  # public inputs of its proof
    writes: int  # state writes that it pays for
    work: WorkUnits


def call_cost(method: Method, registers: Sequence[RegisterSpec], prices: WorkPrices) -> CallCost:
    """A method's fee class, by its description alone."""
    call = _call(method, registers, 0)
    size, inputs, writes = call_bytes(method, registers), call_size(method, registers), call.state_writes()
    work = size // BUCKET_BYTES * prices.bytes_bucket + writes * prices.write + call.extra_work()
    work += prices.groth16 + inputs * prices.groth16_input
    return CallCost(size, inputs, writes, WorkUnits(work))


def _call(method: Method, registers: Sequence[RegisterSpec], number: int) -> Call:
    """An unpadded call of the method's shape whose integers are all `number`."""
    height, amount, count = Height(number), Amount(number), Uint(number)
    sealed = method.uses_sealed(registers)
    return Call(
        contract=ObjectId(bytes(32)),
        method=method.name,
        vk_id=method.vk_id,
        epoch=count if sealed else NONE,
        kc=ZERO if sealed else None,
        caller=method.caller,
        after=height if method.period else ANY_HEIGHT,
        before=height if method.period else ANY_HEIGHT,
        arguments=_zeros(method.arguments),
        reads=tuple(_read(index, registers[index], count) for index in method.reads),
        moves=tuple(_move(index, registers[index], count) for index in method.writes),
        counts=(count,) * len(method.counts),
        root=ZERO if method.nullifiers else None,
        nullifiers=_zeros(method.nullifiers),
        ephemeral=Point(ZERO, ZERO) if method.outputs else None,
        outputs=tuple(NoteOutput(ZERO, _zeros(output.elements), _HINT) for output in method.outputs),
        takes=(Take(NATIVE, amount),) * method.takes,
        pays=(Pay(NOBODY, NATIVE, amount),) * method.pays,
    )


def _read(index: Uint, spec: RegisterSpec, version: Uint) -> Read:
    return Read(index, version, _zeros(spec.public_length), spec.sealed)


def _move(index: Uint, spec: RegisterSpec, version: Uint) -> Move:
    content = _zeros(spec.public_length)
    return Move(index, version, content, content, ZERO, _zeros(spec.ciphertext_length))


def _zeros(count: int) -> tuple[FieldElement, ...]:
    return (ZERO,) * count
