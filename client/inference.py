"""Private inputs and results of inference tasks: committed on chain, sealed to providers that may lock, opened again.

A sealed input is XChaCha20-Poly1305 of canonical msgpack under a fresh key which is sealed to each provider:

    [1, salt (32 bytes), input_bits, row]              the row itself
    [2, salt, input_bits, rows, digest (32 bytes)]     the rows lie in a file, see client/rows.py

Values stand as ceil(input_bits / 8) bytes each, big-endian, row after row, so that a ciphertext's length tells nothing
about them. The file is XChaCha20-Poly1305 of them under the same key, with a nonce and associated data of its own. The
associated data of both names requester, program and commitment: a ciphertext copied into somebody else's task, or to
another program, does not open.
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
from client.errors import (
    InputCommitmentWrong,
    InputRowsMissing,
    InputRowsTooLarge,
    NotSealedToMe,
    NotWholeRows,
    SealedInputMalformed,
    SealedInputRefused,
)
from client.rows import MAX_ROWS_BYTES, SealedRows, require_digest, rows_file_name
from contracts.tasks.state import SealedKey, Task, TaskInput
from crypto import domains
from crypto.address import encode_address
from crypto.field import FIELD_BYTES, SCALAR_FIELD
from crypto.hashing import tagged_hash
from crypto.poseidon import commit_vector, pack_bytes, poseidon
from crypto.sealedbox import (
    AEAD_KEY_BYTES,
    AEAD_NONCE_BYTES,
    AEAD_OVERHEAD,
    EncryptionKey,
    SealError,
    aead_open,
    aead_seal,
    seal,
)

Entropy = Callable[[int], bytes]
FetchRows = Callable[[bytes], bytes | None]  # the file of a digest, None where it is not here

PLAINTEXT_VERSION: Final = 1
APART_VERSION: Final = 2  # the rows lie apart, in a file
DIGEST_BYTES: Final = 32
_WIDE_BYTES: Final = 64  # reduced into a field of 254 bits, this is uniform up to 2^-258
_NONCE: Final = bytes(AEAD_NONCE_BYTES)  # every key seals one input, so any nonce will do ...
_ROWS_NONCE: Final = bytes(AEAD_NONCE_BYTES - 1) + b"\x01"  # ... and another one for its rows


@dataclass(frozen=True, slots=True)
class Recipient:
    """A provider that may lock, and can therefore read the input."""

    account: AccountId
    encryption_key: EncryptionKeyBytes


@dataclass(frozen=True, slots=True)
class PrivateInput:
    """Quantised values and the salt of their commitment, which also opens the result.

    `row` holds the values of all `rows`, one row after the other.
    """

    row: tuple[int, ...] = field(repr=False)
    input_bits: int
    salt: int = field(repr=False)
    rows: int = 1

    @property
    def commitment(self) -> FieldElement:
        """What stands on chain of it."""
        return input_commitment(self.row, self.input_bits, self.salt)


@dataclass(frozen=True, slots=True)
class PreparedInput:
    """The parts of an Open action that come from the input; `apart` is the file that the recipients need besides."""

    commitment: FieldElement
    sealed_input: Blob
    recipients: tuple[SealedKey, ...]
    apart: SealedRows | None = None


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
    *,
    apart: bool = False,
) -> PreparedInput:
    """Commit to a private input and seal it to the recipients.

    Several rows travel apart from the chain, and so does a single one with `apart`: give the file to the recipients.
    Raises ValueTooWide, NotWholeRows, InputRowsTooLarge, SealError for a bad key.
    """
    if secret.rows < 1 or not secret.row or len(secret.row) % secret.rows:
        raise NotWholeRows(len(secret.row), secret.rows)
    commitment, key = secret.commitment, entropy(AEAD_KEY_BYTES)
    salt, packed = secret.salt.to_bytes(FIELD_BYTES, "big"), _row_bytes(secret.row, secret.input_bits)
    if apart or secret.rows > 1:
        rows = _seal_rows(key, packed, _associated(domains.SEALED_ROWS, requester, program, commitment))
        plaintext = encode([APART_VERSION, salt, secret.input_bits, secret.rows, rows.digest])
    else:
        rows, plaintext = None, encode([PLAINTEXT_VERSION, salt, secret.input_bits, packed])
    sealed = aead_seal(key, _NONCE, plaintext, _associated(domains.SEALED_INPUT, requester, program, commitment))
    keys = tuple(SealedKey(to.account, Blob(seal(to.encryption_key, key))) for to in recipients)
    return PreparedInput(commitment, Blob(sealed), keys, rows)


def nothing_apart(digest: bytes) -> bytes | None:
    """For whoever has no files of rows."""
    return None


def open_input(
    task: Task,
    sealed: TaskInput,
    account: AccountId,
    key: EncryptionKey,
    features: int,
    input_bits: int,
    rows: int = 1,
    fetch: FetchRows = nothing_apart,
) -> PrivateInput:
    """What a provider must do before it locks: open the input and check it against the commitment.

    features, input_bits and rows are the model's; they are compared before the commitment is computed, so that garbage
    costs its reader little. Raises a SealedInputError, or an InputRowsUnavailable when a file is lacking.
    """
    boxed = next((entry.sealed for entry in sealed.recipients if entry.provider == account), None)
    if boxed is None:
        raise NotSealedToMe(encode_address(account))
    shape = _Shape(features, input_bits, rows)
    about = (task.requester, task.terms.program, task.terms.input_commitment)
    try:
        opened = key.open(boxed)
        plaintext = aead_open(opened, _NONCE, sealed.sealed_input, _associated(domains.SEALED_INPUT, *about))
        salt, place = _decode(plaintext, shape)
        if isinstance(place, _Apart):
            data = _fetched(place.digest, fetch)
            packed = aead_open(opened, _ROWS_NONCE, data, _associated(domains.SEALED_ROWS, *about))
        else:
            packed = place
    except SealError as error:
        raise SealedInputRefused(type(error).__name__) from error
    secret = PrivateInput(shape.values(packed), input_bits, salt, rows)
    if secret.commitment != task.terms.input_commitment:
        raise InputCommitmentWrong
    return secret


def open_result(salt: int, task: ObjectId, outputs: Sequence[FieldElement]) -> list[int]:
    """The packed elements of a proven result, for whoever knows the salt of the input commitment."""
    pads = result_pads(salt, id_element(task), len(outputs))
    return [(sealed - pad) % SCALAR_FIELD for sealed, pad in zip(outputs, pads, strict=True)]


@dataclass(frozen=True, slots=True)
class _Apart:
    """Where the rows are, instead of the rows."""

    digest: bytes


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a model takes."""

    features: int
    input_bits: int
    rows: int

    def values(self, packed: bytes) -> tuple[int, ...]:
        """All values, row after row. Raises SealedInputMalformed."""
        width, count = -(-self.input_bits // 8), self.rows * self.features
        if len(packed) != count * width:
            raise SealedInputMalformed(f"{len(packed)} bytes, not {count} values of {self.input_bits} bits")
        values = tuple(int.from_bytes(packed[place : place + width], "big") for place in range(0, len(packed), width))
        if any(value >> self.input_bits for value in values):
            raise SealedInputMalformed(f"a value has more than {self.input_bits} bits")
        return values


def _associated(tag: domains.Tag, requester: AccountId, program: ProgramId, commitment: FieldElement) -> bytes:
    fields = [PLAINTEXT_VERSION, requester, program, commitment.to_bytes(FIELD_BYTES, "big")]
    return tagged_hash(tag, encode(fields))


def _row_bytes(row: Sequence[int], input_bits: int) -> bytes:
    width = -(-input_bits // 8)
    return b"".join(value.to_bytes(width, "big") for value in row)


def _seal_rows(key: bytes, packed: bytes, associated: bytes) -> SealedRows:
    size = len(packed) + AEAD_OVERHEAD
    if size > MAX_ROWS_BYTES:
        raise InputRowsTooLarge(size, MAX_ROWS_BYTES)
    return SealedRows(aead_seal(key, _ROWS_NONCE, packed, associated))


def _fetched(digest: bytes, fetch: FetchRows) -> bytes:
    """The file of a digest, and nothing else. Raises InputRowsMissing, InputRowsDamaged."""
    data = fetch(digest)
    if data is None:
        raise InputRowsMissing(rows_file_name(digest))
    require_digest(data, digest)
    return data


def _decode(plaintext: bytes, shape: _Shape) -> tuple[int, bytes | _Apart]:
    """The salt, and the packed values or where they are. Raises SealedInputMalformed."""
    try:
        plain = decode_plain(plaintext)
    except ChainError as error:
        raise SealedInputMalformed(str(error)) from error
    place: bytes | _Apart
    match plain:
        case [int(version), bytes(salt), int(bits), bytes(packed)] if version == PLAINTEXT_VERSION:
            rows, place = 1, packed
        case [int(version), bytes(salt), int(bits), int(rows), bytes(digest)] if version == APART_VERSION:
            place = _Apart(digest)
        case _:
            raise SealedInputMalformed(
                f"expected [{PLAINTEXT_VERSION}, salt, input bits, row] or [{APART_VERSION}, ...]"
            )
    if any(type(number) is not int for number in (version, bits, rows)):
        raise SealedInputMalformed("a number is none")
    if (bits, rows) != (shape.input_bits, shape.rows):
        raise SealedInputMalformed(f"{rows} rows of {bits}-bit values, not {shape.rows} of {shape.input_bits} bits")
    if len(salt) != FIELD_BYTES or int.from_bytes(salt, "big") >= SCALAR_FIELD:
        raise SealedInputMalformed("the salt is no field element")
    if isinstance(place, _Apart) and len(place.digest) != DIGEST_BYTES:
        raise SealedInputMalformed(f"the digest has {len(place.digest)} bytes, not {DIGEST_BYTES}")
    return int.from_bytes(salt, "big"), place
