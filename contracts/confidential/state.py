"""What the chain keeps of a confidential contract, and under which keys. All is public; secrets are ciphertext."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from chain.codec import decode, encode, wire
from chain.state.keys import HEIGHT, ID, Key, Space, be8
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import AccountId, Blob, FieldElement, Hash, ObjectId, Uint
from contracts.confidential.errors import NoReaders, UnknownContract, UnknownMethod
from contracts.confidential.sealing import INITIAL_VERSION, initial_commitment
from contracts.confidential.specs import Method, RegisterSpec, SealingKey
from contracts.notes.output import Point

CONTRACT: Final = Space("confidential/contract", (ID,))
ABI: Final = Space("confidential/abi", (ID,))
REGISTER: Final = Space("confidential/register", (ID, HEIGHT))
EPOCH: Final = Space("confidential/epoch", (ID, HEIGHT))
POSTED: Final = Space("confidential/posted", (ID, HEIGHT))


@wire(3)
@dataclass(frozen=True, slots=True)
class Contract:
    """A deployed contract. epoch 0: no readers yet, so nobody can call a method with a sealed register.

    fixed_readers: whether epoch 1 and its readers are for ever; such a contract is never at epoch 0 between blocks.
    """

    owner: AccountId
    code_hash: Hash  # of the constraint systems that the methods and sealing keys name
    abi_hash: Hash  # of the bytes that contract_getAbi serves
    registers: tuple[RegisterSpec, ...]
    methods: tuple[Method, ...]
    sizes: tuple[Uint, ...]  # bytes of a call, by method: fixed when deployed, and the same for every call
    sealing: tuple[SealingKey, ...]
    epoch: Uint
    fixed_readers: bool


@wire(2)
@dataclass(frozen=True, slots=True)
class Register:
    """A register's newest content. A sealed one's value is its commitment; a public one's epoch and nonce are 0.

    A sealed register at version 0 was never written: its epoch and nonce are 0, too, and it has no ciphertext.
    """

    version: Uint
    values: tuple[FieldElement, ...]
    epoch: Uint  # the data key that the ciphertext is under
    nonce: FieldElement
    ciphertext: tuple[FieldElement, ...]


@wire()
@dataclass(frozen=True, slots=True)
class Posted:
    """How many notes were ever posted to an inbox."""

    count: Uint


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


def abi_key(contract: ObjectId) -> Key:
    return ABI.key(contract)


def posted_key(contract: ObjectId, register: int) -> Key:
    return POSTED.key(contract, be8(register))


def epoch_key(contract: ObjectId, epoch: int) -> Key:
    return EPOCH.key(contract, be8(epoch))


def read_contract(view: View, contract: ObjectId) -> Contract | None:
    raw = view.get(contract_key(contract))
    return None if raw is None else _contract(raw)


@lru_cache(maxsize=256)
def _contract(raw: bytes) -> Contract:
    """A description of many methods takes longer to decode than all else that a call asks of state."""
    return decode(Contract, raw)


def require_contract(view: View, contract: ObjectId) -> Contract:
    """The contract's record. Raises UnknownContract."""
    record = read_contract(view, contract)
    if record is None:
        raise UnknownContract(contract)
    return record


def write_contract(overlay: Overlay, contract: ObjectId, record: Contract) -> None:
    overlay.put(contract_key(contract), encode(record))


def require_abi(view: View, contract: ObjectId) -> Blob:
    """The bytes that the contract was deployed with. Raises UnknownContract."""
    raw = view.get(abi_key(contract))
    if raw is None:
        require_contract(view, contract)
    return Blob(raw or b"")


def write_abi(overlay: Overlay, contract: ObjectId, abi: Blob) -> None:
    """An empty one is not stored."""
    if abi:
        overlay.put(abi_key(contract), abi)


def require_method(record: Contract, contract: ObjectId, name: str) -> int:
    """The index of the method of that name. Raises UnknownMethod."""
    for index, method in enumerate(record.methods):
        if method.name == name:
            return index
    raise UnknownMethod(contract, name, tuple(method.name for method in record.methods))


def read_register(view: View, contract: ObjectId, index: int, spec: RegisterSpec) -> Register:
    """A register's content; one that was never written is not stored."""
    raw = view.get(register_key(contract, index))
    return initial_register(spec) if raw is None else decode(Register, raw)


def initial_register(spec: RegisterSpec) -> Register:
    """What a register holds before its first write: zeros, which are no secret, or what it was deployed with."""
    values = (initial_commitment(spec.values),) if spec.sealed else spec.initial
    return Register(Uint(INITIAL_VERSION), values, Uint(0), FieldElement(0), ())


def write_register(overlay: Overlay, contract: ObjectId, index: int, register: Register) -> None:
    overlay.put(register_key(contract, index), encode(register))


def posted(view: View, contract: ObjectId, register: int) -> Uint:
    """How many notes were posted to an inbox so far."""
    raw = view.get(posted_key(contract, register))
    return Uint(0) if raw is None else decode(Posted, raw).count


def count_posted(overlay: Overlay, contract: ObjectId, register: int) -> Uint:
    """One more note was posted to the inbox; how many these are."""
    count = Uint(posted(overlay, contract, register) + 1)
    overlay.put(posted_key(contract, register), encode(Posted(count)))
    return count


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
