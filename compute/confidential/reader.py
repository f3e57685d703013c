"""What a reader does: take the data key of an epoch, decrypt, and check that what it got opens the commitment.

Works on any contract's registers, from what `contract_get` answers, and on what a call wrote, from its transaction.
"""

from dataclasses import dataclass

from chain.execution.statement import id_element
from chain.types.scalars import ObjectId, Uint
from compute.confidential.errors import CannotOpen, UnknownRegisterName
from compute.confidential.keys import DataKeys
from contracts.confidential import sealing
from contracts.confidential.call import Call
from contracts.confidential.queries import ContractView
from contracts.confidential.specs import NONE, RegisterSpec
from contracts.confidential.state import Register


@dataclass(frozen=True, slots=True)
class Opening:
    """What a register's commitment hides: its values at a version, and the blinding."""

    version: int
    values: tuple[int, ...]
    blinding: int


def open_register(data_key: int, contract: ObjectId, index: int, spec: RegisterSpec, register: Register) -> Opening:
    """The opening of a register, under the data key of the epoch that it was written in; a public one needs none.

    Raises CannotOpen.
    """
    if not spec.sealed:
        return Opening(register.version, register.values, sealing.INITIAL_BLINDING)
    if register.version == sealing.INITIAL_VERSION:
        return Opening(register.version, (0,) * spec.values, sealing.INITIAL_BLINDING)
    if len(register.ciphertext) != spec.ciphertext_length:
        raise CannotOpen(spec.name, register.version)
    length = spec.ciphertext_length
    pads = sealing.keystream(data_key, id_element(contract), index, register.version, register.nonce, length)
    *values, blinding = sealing.remove_pads(register.ciphertext, pads)
    if (sealing.register_commitment(register.version, values, blinding),) != register.values:
        raise CannotOpen(spec.name, register.version)
    return Opening(register.version, tuple(values), blinding)


def current_data_key(keys: DataKeys, contract: ContractView) -> int:
    """The data key in force, which calls are proven under. Raises as DataKeys.data_key."""
    return keys.data_key(contract, contract.record.epoch)


def open_contract(keys: DataKeys, contract: ContractView) -> tuple[Opening, ...]:
    """All registers' openings, in the contract's order, each under the epoch that it was written in.

    Raises CannotOpen, and for any of these epochs as DataKeys.data_key.
    """
    return tuple(open_at(keys, contract, index) for index in range(len(contract.registers)))


def open_named(keys: DataKeys, contract: ContractView, name: str) -> Opening:
    """One register's opening. Raises UnknownRegisterName, CannotOpen, and as DataKeys.data_key."""
    names: list[str] = [spec.name for spec in contract.record.registers]
    if name not in names:
        raise UnknownRegisterName(name, tuple(names))
    return open_at(keys, contract, names.index(name))


def open_at(keys: DataKeys, contract: ContractView, index: int) -> Opening:
    """The opening of the register at an index of the contract. Raises CannotOpen, and as DataKeys.data_key."""
    return _open(keys, contract, index, contract.registers[index])


def open_call(keys: DataKeys, contract: ContractView, call: Call) -> tuple[Opening, ...]:
    """What a call wrote, in its method's order, whatever was written since.

    `contract` must show the call's epoch. Raises CannotOpen, and as DataKeys.data_key.
    """
    openings = []
    for move in call.moves:
        version = Uint(move.version + 1)
        written = Register(version, move.after, call.epoch if move.sealed else NONE, move.nonce, move.ciphertext)
        openings.append(_open(keys, contract, move.register, written))
    return tuple(openings)


def _open(keys: DataKeys, contract: ContractView, index: int, register: Register) -> Opening:
    data_key = keys.data_key(contract, register.epoch) if register.epoch else 0
    return open_register(data_key, contract.contract, index, contract.record.registers[index], register)
