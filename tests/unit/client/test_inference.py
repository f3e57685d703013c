"""Private inputs on their way to providers: who may open them does, and garbage is known before anything is locked."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.codec import encode
from chain.execution.statement import id_element
from chain.types.scalars import (
    AccountId,
    Amount,
    Blob,
    EncryptionKeyBytes,
    FieldElement,
    Height,
    ObjectId,
    ProgramId,
    Uint,
    VkId,
)
from client.errors import (
    InputCommitmentWrong,
    NotSealedToMe,
    SealedInputError,
    SealedInputMalformed,
    SealedInputRefused,
)
from client.inference import (
    PreparedInput,
    PrivateInput,
    Recipient,
    fresh_salt,
    input_commitment,
    open_input,
    open_result,
    prepare_input,
    result_pads,
)
from contracts.tasks.state import OPEN, PROOF, SealedKey, Task, TaskInput, Terms
from crypto import domains
from crypto.field import SCALAR_FIELD
from crypto.hashing import tagged_hash
from crypto.poseidon import ValueTooWide, poseidon
from crypto.sealedbox import AEAD_KEY_BYTES, AEAD_NONCE_BYTES, EncryptionKey, aead_seal, seal

REQUESTER, PROGRAM = AccountId(b"r" * 32), ProgramId(b"p" * 32)
KEYS = {AccountId(bytes([number]) * 32): EncryptionKey(bytes([number]) * 32) for number in (1, 2)}
FIRST, SECOND = KEYS
ROW, BITS = (0, 255, 128), 8
SECRET = PrivateInput(ROW, BITS, 12345)


def recipients(*accounts: AccountId) -> list[Recipient]:
    return [Recipient(account, EncryptionKeyBytes(KEYS[account].public)) for account in accounts]


def task_of(prepared: PreparedInput, requester: AccountId = REQUESTER, program: ProgramId = PROGRAM) -> Task:
    terms = Terms(
        program=program,
        input_commitment=prepared.commitment,
        evidence_kind=PROOF,
        price_start=Amount(1),
        price_end=Amount(1),
        ramp_end=Height(1),
        collateral=Amount(1),
        lock_deadline=Height(2),
        deadline=Height(3),
    )
    to = tuple(entry.provider for entry in prepared.recipients)
    return Task(ObjectId(b"t" * 32), requester, terms, VkId(b"v" * 32), to, Height(1), OPEN, Uint(0), None, None)


def opened(prepared: PreparedInput, task: Task | None = None, account: AccountId = FIRST) -> PrivateInput:
    sealed = TaskInput(prepared.sealed_input, prepared.recipients)
    key = KEYS.get(account, KEYS[FIRST])
    return open_input(task_of(prepared) if task is None else task, sealed, account, key, len(ROW), BITS)


PREPARED = prepare_input(SECRET, REQUESTER, PROGRAM, recipients(FIRST, SECOND))


def handmade(plaintext: bytes, commitment: FieldElement = SECRET.commitment) -> PreparedInput:
    """Any plaintext, sealed as a client would."""
    fields = [1, REQUESTER, PROGRAM, commitment.to_bytes(32, "big")]
    key, associated = b"k" * AEAD_KEY_BYTES, tagged_hash(domains.SEALED_INPUT, encode(fields))
    sealed = aead_seal(key, bytes(AEAD_NONCE_BYTES), plaintext, associated)
    return PreparedInput(commitment, Blob(sealed), (SealedKey(FIRST, Blob(seal(KEYS[FIRST].public, key))),))


def plain(salt: object = bytes(32), bits: object = BITS, row: object = bytes(ROW), version: object = 1) -> bytes:
    return encode([version, salt, bits, row])


def test_every_recipient_reads_the_row() -> None:
    assert opened(PREPARED) == SECRET
    assert opened(PREPARED, account=SECOND) == SECRET


def test_nobody_else_does() -> None:
    with pytest.raises(NotSealedToMe):
        opened(PREPARED, account=AccountId(b"x" * 32))
    stolen = TaskInput(PREPARED.sealed_input, (SealedKey(FIRST, PREPARED.recipients[1].sealed),))
    with pytest.raises(SealedInputRefused):
        open_input(task_of(PREPARED), stolen, FIRST, KEYS[FIRST], len(ROW), BITS)


@given(st.lists(st.integers(0, 31), min_size=3, max_size=3), st.integers(0, SCALAR_FIELD - 1))
def test_any_row_and_salt_come_through(row: list[int], salt: int) -> None:
    secret = PrivateInput(tuple(row), 5, salt)
    prepared = prepare_input(secret, REQUESTER, PROGRAM, recipients(FIRST))
    sealed = TaskInput(prepared.sealed_input, prepared.recipients)
    assert open_input(task_of(prepared), sealed, FIRST, KEYS[FIRST], 3, 5) == secret


def test_the_ciphertexts_length_tells_nothing_of_the_row() -> None:
    sizes = {
        len(prepare_input(PrivateInput(row, BITS, salt), REQUESTER, PROGRAM, recipients(FIRST)).sealed_input)
        for row in ((0, 0, 0), (127, 128, 255), (255, 255, 255))
        for salt in (0, SCALAR_FIELD - 1)
    }
    assert len(sizes) == 1


def test_a_copied_input_does_not_open_in_another_task() -> None:
    """Else a stranger could have a victim's row run through a program of his own making."""
    for elsewhere in (
        task_of(PREPARED, requester=AccountId(b"s" * 32)),
        task_of(PREPARED, program=ProgramId(b"q" * 32)),
    ):
        with pytest.raises(SealedInputRefused):
            opened(PREPARED, elsewhere)


def test_a_commitment_to_another_row_is_found() -> None:
    other = PrivateInput((0, 255, 129), BITS, SECRET.salt).commitment
    with pytest.raises(SealedInputRefused):
        opened(replace(PREPARED, commitment=other))
    lie = handmade(plain(SECRET.salt.to_bytes(32, "big")), other)
    with pytest.raises(InputCommitmentWrong):
        opened(lie)


@pytest.mark.parametrize(
    "plaintext",
    [
        b"",
        b"\xc1",
        encode([]),
        encode(1),
        plain(version=2),
        plain(version=True),
        plain(salt=bytes(31)),
        plain(salt=b"\xff" * 32),
        plain(salt=7),
        plain(bits=7),
        plain(bits=10**9),
        plain(row=bytes(2)),
        plain(row=bytes(60_000)),
        plain(row=[0, 255, 128]),
        encode([1, bytes(32), BITS, bytes(ROW), 0]),
        plain() + b"\x00",
    ],
)
def test_garbage_that_opens_is_refused(plaintext: bytes) -> None:
    with pytest.raises(SealedInputMalformed):
        opened(handmade(plaintext))


def test_a_value_wider_than_the_models_is_refused() -> None:
    wide = handmade(encode([1, bytes(32), 5, bytes([0, 32, 1])]))
    sealed = TaskInput(wide.sealed_input, wide.recipients)
    with pytest.raises(SealedInputMalformed):
        open_input(task_of(wide), sealed, FIRST, KEYS[FIRST], 3, 5)


@given(st.binary(max_size=200), st.binary(max_size=120))
def test_random_bytes_are_refused_and_nothing_else_happens(sealed_input: bytes, sealed_key: bytes) -> None:
    garbage = PreparedInput(SECRET.commitment, Blob(sealed_input), (SealedKey(FIRST, Blob(sealed_key)),))
    with pytest.raises(SealedInputError):
        opened(garbage)


def test_a_value_that_does_not_fit_is_not_sealed() -> None:
    for row in ((256, 0, 0), (-1, 0, 0)):
        with pytest.raises(ValueTooWide):
            prepare_input(PrivateInput(row, BITS, 1), REQUESTER, PROGRAM, recipients(FIRST))


def test_salts_are_field_elements_from_the_given_entropy() -> None:
    def entropy(count: int) -> bytes:
        return b"\xff" * count

    assert 0 <= fresh_salt() < SCALAR_FIELD
    assert fresh_salt(entropy) == (2**512 - 1) % SCALAR_FIELD
    assert fresh_salt() != fresh_salt()


def test_one_row_under_two_salts_has_unrelated_commitments() -> None:
    assert input_commitment(ROW, BITS, 1) != input_commitment(ROW, BITS, 2)
    assert input_commitment(ROW, BITS, 1) != input_commitment((255, 0, 128), BITS, 1)


@given(st.lists(st.integers(0, SCALAR_FIELD - 1), max_size=4))
def test_a_result_opens_to_what_was_sealed(clear: Sequence[int]) -> None:
    task = ObjectId(b"t" * 32)
    pads = result_pads(7, id_element(task), len(clear))
    outputs = [FieldElement((value + pad) % SCALAR_FIELD) for value, pad in zip(clear, pads, strict=True)]
    assert open_result(7, task, outputs) == clear
    if clear:
        assert open_result(8, task, outputs) != clear
        assert open_result(7, ObjectId(b"u" * 32), outputs) != clear


def test_every_element_of_a_result_has_a_pad_of_its_own() -> None:
    """Two with one pad would tell their difference. The circuit computes the same: Poseidon[OUT](salt, task, i)."""
    pads = result_pads(7, 11, 4)
    assert pads == [poseidon([7, 11, index], domains.OUTPUT) for index in range(4)]
    assert len({*pads, *result_pads(8, 11, 4), *result_pads(7, 12, 4)}) == 12


def test_secrets_are_not_shown() -> None:
    assert "12345" not in repr(SECRET) and "255" not in repr(SECRET)
