"""Private inputs and results of inference tasks: committed on chain, sealed to providers that may lock, opened again.

A sealed input is XChaCha20-Poly1305 of canonical msgpack [1, salt (32 bytes), input_bits, row], under a fresh key which
is sealed to each provider. The row stands in it as ceil(input_bits / 8) bytes a value, big-endian, so that the
ciphertext's length tells nothing about the values. The associated data names requester, program and commitment: a
ciphertext copied into somebody else's task, or to another program, does not open.
Source: protocol.md, "Proof-of-compute tasks".
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from chain.codec import decode_plain, encode
from chain.errors import ChainError
from chain.execution.statement import id_element
from chain.types.scalars import AccountId, Blob, EncryptionKeyBytes, FieldElement, ObjectId, ProgramId
from client.errors import InputCommitmentWrong, NotSealedToMe, SealedInputMalformed, SealedInputRefused
from contracts.tasks.state import SealedKey, Task, TaskInput
from crypto import domains
from crypto.address import encode_address
from crypto.field import FIELD_BYTES, SCALAR_FIELD
from crypto.hashing import tagged_hash
from crypto.poseidon import commit_vector, pack_bytes, poseidon
from crypto.sealedbox import AEAD_KEY_BYTES, AEAD_NONCE_BYTES, EncryptionKey, SealError, aead_open, aead_seal, seal

Entropy = Callable[[int], bytes]

PLAINTEXT_VERSION: Final = 1
_WIDE_BYTES: Final = 64  # reduced into a field of 254 bits, this is uniform up to 2^-258
_NONCE: Final = bytes(AEAD_NONCE_BYTES)  # every key seals one input, so any nonce will do


@dataclass(frozen=True, slots=True)
class Recipient:
    """A provider that may lock, and can therefore read the input."""

    account: AccountId
    encryption_key: EncryptionKeyBytes


@dataclass(frozen=True, slots=True)
class PrivateInput:
    """A quantised row and the salt of its commitment, which also opens the result."""

    row: tuple[int, ...] = field(repr=False)
    input_bits: int
    salt: int = field(repr=False)

    @property
    def commitment(self) -> FieldElement:
        """What stands on chain of it."""
        return input_commitment(self.row, self.input_bits, self.salt)


@dataclass(frozen=True, slots=True)
class PreparedInput:
    """The parts of an Open action that come from the input."""

    commitment: FieldElement
    sealed_input: Blob
    recipients: tuple[SealedKey, ...]


def fresh_salt(entropy: Entropy = os.urandom) -> int:
    """A uniformly random field element, one per task: two tasks with one salt tell whether their rows are equal."""
    return int.from_bytes(entropy(_WIDE_BYTES), "big") % SCALAR_FIELD


def input_commitment(row: Sequence[int], input_bits: int, salt: int) -> FieldElement:
    """commit_vector[IN](salt, packed row). Raises ValueTooWide for a value that does not fit, NotAFieldElement."""
    return FieldElement(commit_vector(domains.INPUT, salt, pack_bytes(row, input_bits)))


def result_pads(salt: int, task_element: int, count: int) -> list[int]:
    """Poseidon[OUT](salt, task, i), what a result's elements are encrypted with."""
    return [poseidon([salt, task_element, index], domains.OUTPUT) for index in range(count)]


def prepare_input(
    secret: PrivateInput,
    requester: AccountId,
    program: ProgramId,
    recipients: Sequence[Recipient],
    entropy: Entropy = os.urandom,
) -> PreparedInput:
    """Commit to a private input and seal it to the recipients. Raises ValueTooWide, SealError for a bad key."""
    commitment, key = secret.commitment, entropy(AEAD_KEY_BYTES)
    plaintext = encode(
        [
            PLAINTEXT_VERSION,
            secret.salt.to_bytes(FIELD_BYTES, "big"),
            secret.input_bits,
            _row_bytes(secret.row, secret.input_bits),
        ]
    )
    sealed = aead_seal(key, _NONCE, plaintext, _associated(requester, program, commitment))
    keys = tuple(SealedKey(to.account, Blob(seal(to.encryption_key, key))) for to in recipients)
    return PreparedInput(commitment, Blob(sealed), keys)


def open_input(
    task: Task, sealed: TaskInput, account: AccountId, key: EncryptionKey, features: int, input_bits: int
) -> PrivateInput:
    """What a provider must do before it locks: open the input and check it against the commitment.

    features and input_bits are the model's; they are compared before the commitment is computed, so that garbage costs
    its reader little. Raises a SealedInputError.
    """
    boxed = next((entry.sealed for entry in sealed.recipients if entry.provider == account), None)
    if boxed is None:
        raise NotSealedToMe(encode_address(account))
    associated = _associated(task.requester, task.terms.program, task.terms.input_commitment)
    try:
        plaintext = aead_open(key.open(boxed), _NONCE, sealed.sealed_input, associated)
    except SealError as error:
        raise SealedInputRefused(type(error).__name__) from error
    secret = _decode(plaintext, features, input_bits)
    if secret.commitment != task.terms.input_commitment:
        raise InputCommitmentWrong
    return secret


def open_result(salt: int, task: ObjectId, outputs: Sequence[FieldElement]) -> list[int]:
    """The packed elements of a proven result, for whoever knows the salt of the input commitment."""
    pads = result_pads(salt, id_element(task), len(outputs))
    return [(sealed - pad) % SCALAR_FIELD for sealed, pad in zip(outputs, pads, strict=True)]


def _associated(requester: AccountId, program: ProgramId, commitment: FieldElement) -> bytes:
    fields = [PLAINTEXT_VERSION, requester, program, commitment.to_bytes(FIELD_BYTES, "big")]
    return tagged_hash(domains.SEALED_INPUT, encode(fields))


def _row_bytes(row: Sequence[int], input_bits: int) -> bytes:
    width = -(-input_bits // 8)
    return b"".join(value.to_bytes(width, "big") for value in row)


def _decode(plaintext: bytes, features: int, input_bits: int) -> PrivateInput:
    try:
        plain = decode_plain(plaintext)
    except ChainError as error:
        raise SealedInputMalformed(str(error)) from error
    shape = [int, bytes, int, bytes]
    if type(plain) is not list or [type(item) for item in plain] != shape or plain[0] != PLAINTEXT_VERSION:
        raise SealedInputMalformed(f"expected [{PLAINTEXT_VERSION}, salt, input bits, row]")
    _, salt, bits, packed = plain
    width = -(-input_bits // 8)
    if bits != input_bits or len(packed) != features * width:
        raise SealedInputMalformed(
            f"{len(packed)} bytes of {bits}-bit values, not {features} values of {input_bits} bits"
        )
    if len(salt) != FIELD_BYTES or int.from_bytes(salt, "big") >= SCALAR_FIELD:
        raise SealedInputMalformed("the salt is no field element")
    row = tuple(int.from_bytes(packed[place : place + width], "big") for place in range(0, len(packed), width))
    if any(value >> input_bits for value in row):
        raise SealedInputMalformed(f"a value has more than {input_bits} bits")
    return PrivateInput(row, input_bits, int.from_bytes(salt, "big"))
