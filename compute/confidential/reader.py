"""What a reader does: unwrap the data key, decrypt a register, and check that what it got opens the commitment."""

from dataclasses import dataclass

from chain.execution.statement import id_element
from chain.types.scalars import ObjectId
from compute.confidential.errors import CannotOpen, NotAReader, UnknownEpoch, WrongDataKey
from compute.confidential.keys import ReaderKey
from contracts.confidential import sealing
from contracts.confidential.queries import ContractView
from contracts.confidential.state import Epoch, Register, RegisterSpec
from crypto import babyjubjub
from crypto.field import SCALAR_FIELD


@dataclass(frozen=True, slots=True)
class Opening:
    """What a register's commitment hides: its values at a version, and the blinding."""

    version: int
    values: tuple[int, ...]
    blinding: int


def unwrap_data_key(key: ReaderKey, contract: ObjectId, number: int, epoch: Epoch) -> int:
    """The epoch's data key. Raises NotAReader, and WrongDataKey if what is sealed is not what kc commits to.

    What stands in a chain's state was proven; the checks are for answers of a node that lies.
    """
    wrapped = next((sealed.wrapped for sealed in epoch.readers if sealed.reader == key.public), None)
    if wrapped is None:
        raise NotAReader(number, len(epoch.readers))
    shared = babyjubjub.shared_point(key.secret, babyjubjub.Point(epoch.ephemeral.x, epoch.ephemeral.y))
    data_key = (wrapped - sealing.reader_pad(shared, id_element(contract), number)) % SCALAR_FIELD
    if sealing.data_key_commitment(data_key, number) != epoch.kc:
        raise WrongDataKey(number)
    return data_key


def open_register(data_key: int, contract: ObjectId, index: int, spec: RegisterSpec, register: Register) -> Opening:
    """The register's opening, under the data key of the epoch that it was written in. Raises CannotOpen."""
    if register.version == sealing.INITIAL_VERSION:
        return Opening(register.version, (0,) * spec.values, sealing.INITIAL_BLINDING)
    length = spec.ciphertext_length
    pads = sealing.keystream(data_key, id_element(contract), index, register.version, register.nonce, length)
    *values, blinding = sealing.remove_pads(register.ciphertext, pads)
    if sealing.register_commitment(register.version, values, blinding) != register.commitment:
        raise CannotOpen(spec.name, register.version)
    return Opening(register.version, tuple(values), blinding)


def current_data_key(key: ReaderKey, contract: ContractView) -> int:
    """The data key in force, which calls are proven under. Raises UnknownEpoch, NotAReader, WrongDataKey."""
    return _data_key(key, contract, contract.record.epoch)


def open_contract(key: ReaderKey, contract: ContractView) -> tuple[Opening, ...]:
    """All registers' openings, in the contract's order, each under the epoch that it was written in.

    Raises UnknownEpoch, NotAReader (of any of these epochs), WrongDataKey, CannotOpen.
    """
    openings = []
    for index, (spec, register) in enumerate(zip(contract.record.registers, contract.registers, strict=True)):
        data_key = _data_key(key, contract, register.epoch) if register.epoch else 0
        openings.append(open_register(data_key, contract.contract, index, spec, register))
    return tuple(openings)


def _data_key(key: ReaderKey, contract: ContractView, number: int) -> int:
    epoch = contract.epoch(number)
    if epoch is None:
        raise UnknownEpoch(number)
    return unwrap_data_key(key, contract.contract, number, epoch)
