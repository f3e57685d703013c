"""The rules around a call's proof: its shape is its method's, and what the proof is about is what state says now."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from chain.execution import accounts
from chain.execution.context import ExecutionContext
from chain.state.view import View
from chain.types.scalars import AccountId, Amount, FieldElement, Uint
from contracts.confidential import lease_state, state
from contracts.confidential.errors import (
    NoReaders,
    OutsidePeriod,
    StaleCount,
    StaleRegister,
    WrongEpoch,
    WrongKeyCommitment,
    WrongLength,
    WrongMethodKey,
    WrongParts,
    WrongRegisters,
    WrongSort,
)
from contracts.confidential.lease_state import Place
from contracts.confidential.padding import require_padding
from contracts.confidential.specs import LEASE, Method, RegisterSpec
from contracts.notes import state as notes
from contracts.registry.ceremony_state import require_usable_key

if TYPE_CHECKING:
    from contracts.confidential.call import Call, Move, Read


def check_call(call: "Call", view: View, context: ExecutionContext) -> None:
    """Every rule that a call must satisfy, cheapest first. Raises the rule's error."""
    contract = state.require_contract(view, call.contract)
    index = state.require_method(contract, call.contract, call.method)
    method = contract.methods[index]
    if call.vk_id != method.vk_id:
        raise WrongMethodKey(call.method, method.vk_id, call.vk_id)
    _check_shape(call, method, contract.registers)
    require_padding(call, contract.sizes[index])
    if method.period and not call.after <= context.height <= call.before:
        raise OutsidePeriod(call.method, call.after, call.before, context.height)
    if method.uses_sealed(contract.registers):
        _check_data_key(call, view, contract)
    for read in call.reads:
        _check_register(call, view, contract, read.register, read.version, read.values)
    for move in call.moves:
        _check_register(call, view, contract, move.register, move.version, move.before)
    _check_modes(call, view, contract, method, context)
    _check_notes(call, view, method)
    _check_money(call, view, context.sender)
    require_usable_key(view, call.vk_id, context.height, context.params, method.r1cs_hash)


def _check_shape(call: "Call", method: Method, registers: Sequence[RegisterSpec]) -> None:
    read = tuple(entry.register for entry in call.reads)
    if read != method.reads:
        raise WrongRegisters(call.method, method.reads, read)
    moved = tuple(entry.register for entry in call.moves)
    if moved != method.writes:
        raise WrongRegisters(call.method, method.writes, moved)
    for what, expected, present in _parts(call, method, registers):
        if present != expected:
            raise WrongParts(call.method, what, expected)
    for what, length, row in _rows(call, method):
        if len(row) != length:
            raise WrongLength(what, length, len(row))
    for entry in call.reads:
        _check_read(call, entry, registers[entry.register])
    for move in call.moves:
        _check_move(call, move, registers[move.register])


def _parts(call: "Call", method: Method, registers: Sequence[RegisterSpec]) -> Iterator[tuple[str, bool, bool]]:
    """What a call either carries or does not: its name, whether the method uses it, whether it is there."""
    sealed = method.uses_sealed(registers)
    yield "a data key's commitment", sealed, call.kc is not None
    if not sealed:
        yield "a key epoch", False, call.epoch != 0
    yield "its caller", method.caller, call.caller
    yield "a period", method.period, bool(call.after or call.before)
    yield "a note root", bool(method.nullifiers), call.root is not None
    yield "an ephemeral point", bool(method.outputs), call.ephemeral is not None


def _rows(call: "Call", method: Method) -> Iterator[tuple[str, int, Sequence[object]]]:
    """What a call carries a fixed number of."""
    yield "the row of public arguments", method.arguments, call.arguments
    yield "the row of counts", len(method.counts), call.counts
    yield "the row of nullifiers", method.nullifiers, call.nullifiers
    yield "the row of outputs", len(method.outputs), call.outputs
    yield "the row of takes", method.takes, call.takes
    yield "the row of pays", method.pays, call.pays


def _check_read(call: "Call", read: "Read", spec: RegisterSpec) -> None:
    if read.sealed != spec.sealed:
        raise WrongSort(call.method, spec.name, spec.sealed)
    _require_length(f"the content of {spec.name!r}", spec.public_length, read.values)


def _check_move(call: "Call", move: "Move", spec: RegisterSpec) -> None:
    _require_length(f"the ciphertext of {spec.name!r}", spec.ciphertext_length, move.ciphertext)
    if not spec.sealed and move.nonce:
        raise WrongSort(call.method, spec.name, spec.sealed)
    for row in (move.before, move.after):
        _require_length(f"the content of {spec.name!r}", spec.public_length, row)


def _require_length(what: str, expected: int, row: Sequence[object]) -> None:
    if len(row) != expected:
        raise WrongLength(what, expected, len(row))


def _check_data_key(call: "Call", view: View, contract: state.Contract) -> None:
    if contract.epoch == 0:
        raise NoReaders(call.contract)
    if call.epoch != contract.epoch:
        raise WrongEpoch(call.contract, contract.epoch, call.epoch)
    kc = state.require_epoch(view, call.contract, call.epoch).kc
    if call.kc != kc:
        raise WrongKeyCommitment(call.contract, call.epoch, kc, call.kc)


def _check_register(
    call: "Call",
    view: View,
    contract: state.Contract,
    index: Uint,
    version: Uint,
    values: tuple[FieldElement, ...],
) -> None:
    spec = contract.registers[index]
    now = state.read_register(view, call.contract, index, spec)
    if (version, values) != (now.version, now.values):
        raise StaleRegister(call.contract, spec.name, now.version, version)


def _check_modes(call: "Call", view: View, contract: state.Contract, method: Method, context: ExecutionContext) -> None:
    for move in call.moves:
        spec = contract.registers[move.register]
        if spec.mode == LEASE:
            place = Place(call.contract, move.register, spec.name)
            lease_state.require_holder(view, place, context.sender, context.height)
    for index, proven in zip(method.counts, call.counts, strict=True):
        posted = state.posted(view, call.contract, index)
        if proven != posted:
            raise StaleCount(call.contract, contract.registers[index].name, posted, proven)


def _check_notes(call: "Call", view: View, method: Method) -> None:
    if call.ephemeral is not None:
        elements = [spec.elements for spec in method.outputs]
        notes.require_outputs(view, call.contract, call.ephemeral, call.outputs, elements)
    if call.root is not None:
        notes.require_unspent(view, call.contract, call.nullifiers)
        notes.require_root(view, call.contract, call.root)


def _check_money(call: "Call", view: View, sender: AccountId) -> None:
    """What is taken is there before anything is paid, so a call may pay out of what it takes.

    A register that was never set holds Address 0, and what it is paid would be lost.
    """
    for pay in call.pays:
        accounts.require_somebody(pay.recipient, pay.amount, pay.asset)
    assets = {take.asset for take in call.takes} | {pay.asset for pay in call.pays}
    for asset in sorted(assets):
        taken = sum(take.amount for take in call.takes if take.asset == asset)
        paid = sum(pay.amount for pay in call.pays if pay.asset == asset)
        accounts.require_balance(view, sender, Amount(taken), asset)
        accounts.require_holding(view, call.contract, Amount(max(paid - taken, 0)), asset)
