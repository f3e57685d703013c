"""Descriptions of confidential contracts of any shape, and calls of their methods drawn up from state, unproven."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from chain.state.view import View
from chain.types.scalars import (
    MAX_UINT,
    NATIVE,
    NOBODY,
    Amount,
    Blob,
    FieldElement,
    Hash,
    Height,
    Name,
    ObjectId,
    Uint,
)
from contracts.confidential import state
from contracts.confidential.actions import Deploy
from contracts.confidential.call import Call, Move, Pay, Read, Take
from contracts.confidential.padding import padded
from contracts.confidential.signals import call_size
from contracts.confidential.specs import FIRST, SEALED, Method, OutputSpec, RegisterSpec, SealingKey, code_hash
from contracts.confidential.statement import set_readers_size
from contracts.notes import state as notes
from tests.support.programs import vk_id
from tests.support.shielded_pool import ephemeral, output

R1CS = Hash(b"c" * 32)

Fresh = Callable[[], FieldElement]


def register(
    name: str, sort: int = SEALED, mode: int = FIRST, values: int = 1, initial: Sequence[int] | None = None
) -> RegisterSpec:
    """A register; a public one begins with zeros unless told otherwise."""
    first = tuple(initial) if initial is not None else () if sort == SEALED else (0,) * values
    return RegisterSpec(Name(name), Uint(sort), Uint(mode), Uint(values), tuple(map(FieldElement, first)))


def method(name: str, registers: Sequence[RegisterSpec], **parts: object) -> Method:
    """A method with the key of its number of inputs."""
    plain = Method(Name(name), vk_id(1), R1CS, **parts)  # type: ignore[arg-type]
    return replace(plain, vk_id=vk_id(call_size(plain, registers)))


def outputs(*elements: int, inbox: int | None = None) -> tuple[OutputSpec, ...]:
    return tuple(OutputSpec(Uint(count), None if inbox is None else Uint(inbox)) for count in elements)


def deployment(registers: Sequence[RegisterSpec], methods: Sequence[Method], *, fixed_readers: bool = False) -> Deploy:
    """With one circuit, for one reader, if anything is sealed."""
    sealed = any(spec.sealed for spec in registers)
    sealing = (SealingKey(Uint(1), vk_id(set_readers_size(1)), R1CS),) if sealed else ()
    code = code_hash(tuple(methods), sealing)
    return Deploy(code, tuple(registers), tuple(methods), sealing, Blob(b"abi"), fixed_readers)


def call_of(view: View, contract: ObjectId, name: str, fresh: Fresh, **changes: object) -> Call:
    """A call that agrees with state, with any field changed; padded. Amounts are 0; `fresh` gives new elements."""
    record = state.require_contract(view, contract)
    index = state.require_method(record, contract, name)
    call = replace(_Drawn(view, contract, record, fresh).call(record.methods[index]), **changes)  # type: ignore[arg-type]
    return call if "padding" in changes else padded(call, record.sizes[index])


class _Drawn:
    def __init__(self, view: View, contract: ObjectId, record: state.Contract, fresh: Fresh) -> None:
        self._view, self._contract, self._record, self._fresh = view, contract, record, fresh

    def call(self, method: Method) -> Call:
        sealed = method.uses_sealed(self._record.registers)
        epoch = self._record.epoch if sealed else Uint(0)
        return Call(
            contract=self._contract,
            method=method.name,
            vk_id=method.vk_id,
            epoch=epoch,
            kc=state.require_epoch(self._view, self._contract, epoch).kc if sealed else None,
            caller=method.caller,
            after=Height(1) if method.period else Height(0),
            before=Height(MAX_UINT) if method.period else Height(0),
            arguments=self._elements(method.arguments),
            reads=tuple(self._read(register) for register in method.reads),
            moves=tuple(self._move(register) for register in method.writes),
            counts=tuple(state.posted(self._view, self._contract, register) for register in method.counts),
            root=notes.tree_of(self._view, self._contract).root if method.nullifiers else None,
            nullifiers=self._elements(method.nullifiers),
            ephemeral=ephemeral() if method.outputs else None,
            outputs=tuple(output(self._fresh(), each.elements) for each in method.outputs),
            takes=(Take(NATIVE, Amount(0)),) * method.takes,
            pays=(Pay(NOBODY, NATIVE, Amount(0)),) * method.pays,
        )

    def _elements(self, count: int) -> tuple[FieldElement, ...]:
        return tuple(self._fresh() for _ in range(count))

    def _read(self, index: Uint) -> Read:
        spec = self._record.registers[index]
        now = state.read_register(self._view, self._contract, index, spec)
        return Read(index, now.version, now.values, spec.sealed)

    def _move(self, index: Uint) -> Move:
        spec = self._record.registers[index]
        now = state.read_register(self._view, self._contract, index, spec)
        after = self._elements(spec.public_length)
        if not spec.sealed:
            return Move(index, now.version, now.values, after)
        return Move(index, now.version, now.values, after, self._fresh(), self._elements(spec.ciphertext_length))
