"""What a contract is made of as its deployment says it: registers, methods, the notes they make, sealing circuits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chain.codec import encode, wire
from chain.types.scalars import Blob, FieldElement, Hash, Name, Uint, VkId
from crypto import domains
from crypto.hashing import tagged_hash

SEALED: Final = Uint(0)  # a register's sort: a Poseidon commitment and ciphertext
PUBLIC: Final = Uint(1)  # field elements that everybody reads

FIRST: Final = Uint(0)  # how calls compete: the first in a block wins, the others fail cheaply
LEASE: Final = Uint(1)  # only the holder of a bonded lease writes
INBOX: Final = Uint(2)  # notes are posted to it; one caller folds them into the register

NONE: Final = Uint(0)
SORTS: Final = (SEALED, PUBLIC)
MODES: Final = (FIRST, LEASE, INBOX)


@wire(2)
@dataclass(frozen=True, slots=True)
class RegisterSpec:
    """A register as deployed: `values` field elements, sealed together or public. sort: of SORTS; mode: of MODES."""

    name: Name
    sort: Uint
    mode: Uint
    values: Uint
    initial: tuple[FieldElement, ...] = ()  # of a public register, `values` of them; a sealed one begins with zeros

    @property
    def sealed(self) -> bool:
        return self.sort == SEALED

    @property
    def ciphertext_length(self) -> int:
        """Field elements of every ciphertext, whatever is in it: the values and the commitment's blinding."""
        return self.values + 1 if self.sealed else 0

    @property
    def public_length(self) -> int:
        """Field elements that stand for the content: the commitment, or the values themselves."""
        return 1 if self.sealed else self.values


@wire()
@dataclass(frozen=True, slots=True)
class OutputSpec:
    """A note that a method makes: its ciphertext's length (fields and rcm), and the inbox that it is posted to."""

    elements: Uint
    inbox: Uint | None = None


@wire(2)
@dataclass(frozen=True, slots=True)
class Method:
    """A method as deployed: its circuit and key, and all that a call of it carries, in the statement's order."""

    name: Name
    vk_id: VkId
    r1cs_hash: Hash  # of the constraint system that the key is for
    caller: bool = False  # whether the circuit uses the sender's id
    period: bool = False  # whether the circuit uses the heights between which the call is good
    arguments: Uint = NONE  # public field elements that a call carries
    reads: tuple[Uint, ...] = ()  # registers whose content the circuit uses and leaves alone
    writes: tuple[Uint, ...] = ()  # registers that the circuit opens and writes anew
    counts: tuple[Uint, ...] = ()  # inboxes whose number of posted notes the circuit uses
    nullifiers: Uint = NONE  # notes that it spends
    outputs: tuple[OutputSpec, ...] = ()  # notes that it makes
    takes: Uint = NONE  # amounts that it takes from the sender
    pays: Uint = NONE  # amounts that it pays out of what the contract holds

    def uses_sealed(self, registers: Sequence[RegisterSpec]) -> bool:
        """Whether a call needs the data key: it reads or writes a sealed register."""
        return any(registers[index].sealed for index in (*self.reads, *self.writes))


@wire(2)
@dataclass(frozen=True, slots=True)
class SealingKey:
    """The circuit that proves a data key sealed to exactly `readers` readers."""

    readers: Uint
    vk_id: VkId
    r1cs_hash: Hash


def code_hash(methods: Sequence[Method], sealing: Sequence[SealingKey]) -> Hash:
    """What a contract's circuits are: whoever compiles its source gets the same constraint systems, and this hash."""
    parts = [[bytes(method.r1cs_hash) for method in methods], [bytes(key.r1cs_hash) for key in sealing]]
    return Hash(tagged_hash(domains.CONTRACT_CODE, encode(parts)))


def abi_hash(abi: Blob) -> Hash:
    """The hash that a contract's record keeps of its ABI."""
    return Hash(tagged_hash(domains.CONTRACT_ABI, abi))
