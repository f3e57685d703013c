"""What the chain keeps of a confidential contract, and under which keys. All is public; secrets are ciphertext."""

from dataclasses import dataclass
from typing import Final

from chain.codec import decode, encode, wire
from chain.state.keys import HEIGHT, ID, Key, Space, be8
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import AccountId, FieldElement, Hash, Name, ObjectId, Uint, VkId
from contracts.confidential.errors import NoReaders, UnknownContract, UnknownMethod
from contracts.confidential.sealing import INITIAL_VERSION, initial_commitment
from contracts.notes.output import Point as Point

SEALED: Final = Uint(0)  # a register's sort: a Poseidon commitment and ciphertext
FIRST: Final = Uint(0)  # how calls compete: the first in a block wins, the others fail cheaply

CONTRACT: Final = Space("confidential/contract", (ID,))
REGISTER: Final = Space("confidential/register", (ID, HEIGHT))
EPOCH: Final = Space("confidential/epoch", (ID, HEIGHT))


@wire()
@dataclass(frozen=True, slots=True)
class RegisterSpec:
    """A register as deployed: `values` field elements, sealed together. sort: SEALED; mode: FIRST."""

    name: Name
    sort: Uint
    mode: Uint
    values: Uint

    @property
    def ciphertext_length(self) -> int:
        """Field elements of every ciphertext, whatever is in it: the values and the commitment's blinding."""
        return self.values + 1


@wire()
@dataclass(frozen=True, slots=True)
class Method:
    """A method as deployed: its circuit's key, the registers that it reads and writes, its public arguments."""

    name: Name
    vk_id: VkId
    reads: tuple[Uint, ...]  # registers whose values the circuit uses and leaves alone, in the statement's order
    writes: tuple[Uint, ...]  # registers that the circuit opens and writes anew, in the statement's order
    arguments: Uint  # public field elements that a call carries


@wire()
@dataclass(frozen=True, slots=True)
class SealingKey:
    """The circuit that proves a data key sealed to exactly `readers` readers."""

    readers: Uint
    vk_id: VkId


@wire()
@dataclass(frozen=True, slots=True)
class Contract:
    """A deployed contract. epoch 0: no readers yet, so nobody can call it."""

    owner: AccountId
    code_hash: Hash  # what the deployer says the circuits are; readers compare it, the chain does not
    registers: tuple[RegisterSpec, ...]
    methods: tuple[Method, ...]
    sealing: tuple[SealingKey, ...]
    epoch: Uint


@wire()
@dataclass(frozen=True, slots=True)
class Register:
    """A register's newest content. Nothing was ever written at version 0: epoch and nonce are 0, no ciphertext."""

    version: Uint
    commitment: FieldElement
    epoch: Uint  # the data key that the ciphertext is under
    nonce: FieldElement
    ciphertext: tuple[FieldElement, ...]


@wire()
@dataclass(frozen=True, slots=True)
class SealedDataKey:
    """An epoch's data key, sealed to one reader."""

    reader: Point
    wrapped: FieldElement


@wire()
@dataclass(frozen=True, slots=True)
class Epoch:
    """A data key's life: its commitment, the sender's one-time point, and the key sealed to each reader."""

    kc: FieldElement
    ephemeral: Point
    readers: tuple[SealedDataKey, ...]


def contract_key(contract: ObjectId) -> Key:
    return CONTRACT.key(contract)


def register_key(contract: ObjectId, register: int) -> Key:
    return REGISTER.key(contract, be8(register))


def epoch_key(contract: ObjectId, epoch: int) -> Key:
    return EPOCH.key(contract, be8(epoch))


def read_contract(view: View, contract: ObjectId) -> Contract | None:
    raw = view.get(contract_key(contract))
    return None if raw is None else decode(Contract, raw)


def require_contract(view: View, contract: ObjectId) -> Contract:
    """The contract's record. Raises UnknownContract."""
    record = read_contract(view, contract)
    if record is None:
        raise UnknownContract(contract)
    return record


def write_contract(overlay: Overlay, contract: ObjectId, record: Contract) -> None:
    overlay.put(contract_key(contract), encode(record))


def require_method(record: Contract, contract: ObjectId, name: str) -> Method:
    """The method of that name. Raises UnknownMethod."""
    for method in record.methods:
        if method.name == name:
            return method
    raise UnknownMethod(contract, name, tuple(method.name for method in record.methods))


def read_register(view: View, contract: ObjectId, index: int, spec: RegisterSpec) -> Register:
    """A register's content; one that was never written is not stored and holds zeros."""
    raw = view.get(register_key(contract, index))
    return initial_register(spec) if raw is None else decode(Register, raw)


def initial_register(spec: RegisterSpec) -> Register:
    """What a register holds before its first write: public zeros."""
    return Register(Uint(INITIAL_VERSION), initial_commitment(spec.values), Uint(0), FieldElement(0), ())


def write_register(overlay: Overlay, contract: ObjectId, index: int, register: Register) -> None:
    overlay.put(register_key(contract, index), encode(register))


def read_epoch(view: View, contract: ObjectId, epoch: int) -> Epoch | None:
    raw = view.get(epoch_key(contract, epoch))
    return None if raw is None else decode(Epoch, raw)


def require_epoch(view: View, contract: ObjectId, epoch: int) -> Epoch:
    """The epoch's sealed data key. Raises NoReaders."""
    record = read_epoch(view, contract, epoch)
    if record is None:
        raise NoReaders(contract)
    return record


def write_epoch(overlay: Overlay, contract: ObjectId, epoch: int, record: Epoch) -> None:
    overlay.put(epoch_key(contract, epoch), encode(record))
