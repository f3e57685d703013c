"""Rows that travel in a file instead of on chain: whatever happens to the file, nobody works on other rows."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from chain.codec import encode
from chain.types.scalars import AccountId, Blob, EncryptionKeyBytes, FieldElement, ProgramId
from client.errors import (
    InputCommitmentWrong,
    InputRowsDamaged,
    InputRowsMissing,
    InputRowsTooLarge,
    InputRowsUnavailable,
    NotWholeRows,
    SealedInputError,
    SealedInputMalformed,
    SealedInputRefused,
)
from client.inference import PreparedInput, PrivateInput, Recipient, input_commitment, open_input, prepare_input
from client.rows import MAX_ROWS_BYTES, SealedRows, read_rows, rows_file_name, save_rows
from contracts.tasks.state import SealedKey, TaskInput
from crypto import domains
from crypto.hashing import tagged_hash
from crypto.sealedbox import AEAD_KEY_BYTES, AEAD_NONCE_BYTES, AEAD_OVERHEAD, aead_seal, seal
from tests.unit.client.test_inference import FIRST, KEYS, PROGRAM, REQUESTER, task_of

FEATURES, BITS, ROWS = 3, 12, 4
VALUES = tuple(range(4_084, 4_096))
SECRET = PrivateInput(VALUES, BITS, 12345, ROWS)
TO = [Recipient(FIRST, EncryptionKeyBytes(KEYS[FIRST].public))]
KEY = b"k" * AEAD_KEY_BYTES
ROWS_NONCE = bytes(AEAD_NONCE_BYTES - 1) + b"\x01"

PREPARED = prepare_input(SECRET, REQUESTER, PROGRAM, TO)
Fetch = Callable[[bytes], bytes | None]


def apart(prepared: PreparedInput) -> SealedRows:
    assert prepared.apart is not None
    return prepared.apart


def here(*files: bytes) -> Fetch:
    """A folder that holds these files, each under its own digest."""
    return {sha256(data).digest(): data for data in files}.get


def opened(
    prepared: PreparedInput = PREPARED, fetch: Fetch | None = None, features: int = FEATURES, rows: int = ROWS
) -> PrivateInput:
    sealed = TaskInput(prepared.sealed_input, prepared.recipients)
    fetch = here(apart(PREPARED).data) if fetch is None else fetch
    return open_input(task_of(prepared), sealed, FIRST, KEYS[FIRST], features, BITS, rows, fetch)


def associated(tag: domains.Tag, commitment: FieldElement, program: ProgramId = PROGRAM) -> bytes:
    return tagged_hash(tag, encode([1, REQUESTER, program, commitment.to_bytes(32, "big")]))


def packed(values: tuple[int, ...] = VALUES) -> bytes:
    return b"".join(value.to_bytes(2, "big") for value in values)


def handmade(rows: bytes, plaintext: object = None, commitment: FieldElement = SECRET.commitment) -> PreparedInput:
    """A sealed input that names this file; `plaintext` replaces what it says."""
    said = [2, SECRET.salt.to_bytes(32, "big"), BITS, ROWS, sha256(rows).digest()] if plaintext is None else plaintext
    whole = associated(domains.SEALED_INPUT, commitment)
    sealed = aead_seal(KEY, bytes(AEAD_NONCE_BYTES), encode(said), whole)
    to = (SealedKey(FIRST, Blob(seal(KEYS[FIRST].public, KEY))),)
    return PreparedInput(commitment, Blob(sealed), to, SealedRows(rows))


def file_of(
    packed_rows: bytes,
    *,
    key: bytes = KEY,
    nonce: bytes = ROWS_NONCE,
    tag: domains.Tag = domains.SEALED_ROWS,
    program: ProgramId = PROGRAM,
) -> bytes:
    return aead_seal(key, nonce, packed_rows, associated(tag, SECRET.commitment, program))


# What travels where


def test_the_recipient_reads_all_rows_in_order() -> None:
    secret = opened()
    assert secret == SECRET
    assert (secret.row, secret.rows) == (VALUES, ROWS)


def test_what_stands_on_chain_does_not_grow_with_the_rows() -> None:
    many = prepare_input(PrivateInput(VALUES * 64, BITS, 1, ROWS * 64), REQUESTER, PROGRAM, TO)
    assert len(many.sealed_input) <= len(PREPARED.sealed_input) + 2 < 120
    assert len(apart(many).data) == 2 * len(VALUES) * 64 + AEAD_OVERHEAD
    assert opened(many, here(apart(many).data), rows=ROWS * 64).row == VALUES * 64


def test_the_files_length_tells_nothing_of_the_values() -> None:
    others = prepare_input(PrivateInput((0,) * len(VALUES), BITS, 1, ROWS), REQUESTER, PROGRAM, TO)
    assert len(apart(others).data) == len(apart(PREPARED).data)
    assert len(others.sealed_input) == len(PREPARED.sealed_input)


def test_a_single_row_stays_on_chain_unless_its_owner_wants_it_elsewhere() -> None:
    single = PrivateInput(VALUES[:FEATURES], BITS, 1)
    inline = prepare_input(single, REQUESTER, PROGRAM, TO)
    elsewhere = prepare_input(single, REQUESTER, PROGRAM, TO, apart=True)
    assert inline.apart is None
    assert opened(inline, here(), rows=1) == single
    assert opened(elsewhere, here(apart(elsewhere).data), rows=1) == single
    assert inline.commitment == elsewhere.commitment


def test_the_commitment_is_to_all_values_whatever_their_division() -> None:
    assert SECRET.commitment == input_commitment(VALUES, BITS, SECRET.salt)


# Files that are not what they should be


def test_a_missing_file_is_asked_for_by_its_name() -> None:
    with pytest.raises(InputRowsMissing) as refused:
        opened(fetch=here())
    name = sha256(apart(PREPARED).data).hexdigest() + ".rows"
    assert refused.value.file == name
    assert name in str(refused.value)
    assert not isinstance(refused.value, SealedInputError)  # the file may come: the task is not given up


@pytest.mark.parametrize("place", [0, 7, -1])
def test_a_file_altered_on_its_way_is_not_read(place: int) -> None:
    data = bytearray(apart(PREPARED).data)
    data[place] ^= 1
    with pytest.raises(InputRowsDamaged):
        opened(fetch=lambda digest: bytes(data))


def test_a_file_that_is_not_whole_or_too_large_is_not_read() -> None:
    for data in (b"", apart(PREPARED).data[:-1], apart(PREPARED).data + b"\x00", bytes(MAX_ROWS_BYTES + 1)):
        with pytest.raises(InputRowsUnavailable):
            opened(fetch=lambda digest, data=data: data)  # type: ignore[misc]


@pytest.mark.parametrize(
    "changes",
    [
        {"key": b"x" * AEAD_KEY_BYTES},
        {"nonce": bytes(AEAD_NONCE_BYTES)},
        {"tag": domains.SEALED_INPUT},
        {"program": ProgramId(b"q" * 32)},
    ],
)
def test_a_file_under_another_key_nonce_or_purpose_does_not_open(changes: dict[str, object]) -> None:
    """Its digest is right, so its requester made it so: the task is left for good."""
    assert opened(handmade(file_of(packed())), here(file_of(packed()))) == SECRET
    data = file_of(packed(), **changes)  # type: ignore[arg-type]
    with pytest.raises(SealedInputRefused):
        opened(handmade(data), here(data))


def test_the_file_of_another_task_does_not_open_in_this_one() -> None:
    other = prepare_input(SECRET, AccountId(b"s" * 32), PROGRAM, TO)
    data = apart(other).data
    with pytest.raises(SealedInputRefused):
        opened(handmade(data), here(data))


def test_rows_other_than_those_committed_to_are_found() -> None:
    data = file_of(packed(VALUES[::-1]))
    with pytest.raises(InputCommitmentWrong):
        opened(handmade(data), here(data))


@pytest.mark.parametrize(
    "content", [b"", packed()[:-1], packed() + b"\x00", packed(VALUES[:-FEATURES]), packed((4_096, *VALUES[1:]))]
)
def test_rows_of_another_shape_are_refused_before_they_are_hashed(content: bytes) -> None:
    data = file_of(content)
    with pytest.raises(SealedInputMalformed):
        opened(handmade(data), here(data))


@pytest.mark.parametrize(
    "said",
    [
        [2, bytes(32), BITS, ROWS],
        [2, bytes(32), BITS, ROWS, bytes(31)],
        [2, bytes(32), BITS, ROWS, bytes(33)],
        [2, bytes(32), BITS, ROWS - 1, bytes(32)],
        [2, bytes(32), BITS, 10**12, bytes(32)],
        [2, bytes(32), BITS, True, bytes(32)],
        [2, bytes(32), BITS + 1, ROWS, bytes(32)],
        [2, b"\xff" * 32, BITS, ROWS, bytes(32)],
        [3, bytes(32), BITS, ROWS, bytes(32)],
        [1, bytes(32), BITS, ROWS, bytes(32)],
        [1, bytes(32), BITS, packed()],
        [2, bytes(32), BITS, ROWS, bytes(32), 0],
    ],
)
def test_a_sealed_input_that_says_something_else_is_refused_before_a_file_is_looked_for(said: object) -> None:
    def fetch(digest: bytes) -> bytes | None:
        raise AssertionError("a file was looked for")

    with pytest.raises(SealedInputMalformed):
        opened(handmade(b"", said), fetch)


def test_a_model_for_one_row_takes_no_batch() -> None:
    with pytest.raises(SealedInputMalformed):
        opened(rows=1)


@pytest.mark.parametrize(("values", "rows"), [(VALUES, 5), (VALUES, 0), (VALUES, -4), ((), 1), ((), 2)])
def test_values_that_are_no_whole_rows_are_not_sealed(values: tuple[int, ...], rows: int) -> None:
    with pytest.raises(NotWholeRows):
        prepare_input(PrivateInput(values, BITS, 1, rows), REQUESTER, PROGRAM, TO)


def test_more_than_anybody_would_read_is_not_sealed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    size = len(apart(PREPARED).data)
    monkeypatch.setattr("client.inference.MAX_ROWS_BYTES", size - 1)
    with pytest.raises(InputRowsTooLarge):
        prepare_input(SECRET, REQUESTER, PROGRAM, TO)
    with pytest.raises(InputRowsTooLarge):
        save_rows(tmp_path, SealedRows(bytes(MAX_ROWS_BYTES + 1)))


# The folder


def test_a_file_is_found_under_its_digest(tmp_path: Path) -> None:
    rows = apart(PREPARED)
    path = save_rows(tmp_path / "inputs", rows)
    assert path.name == rows_file_name(rows.digest) == sha256(path.read_bytes()).hexdigest() + ".rows"
    assert read_rows(tmp_path / "inputs", rows.digest) == rows.data
    assert save_rows(tmp_path / "inputs", rows) == path
    assert list((tmp_path / "inputs").iterdir()) == [path]
    assert opened(fetch=lambda digest: read_rows(tmp_path / "inputs", digest)) == SECRET


def test_what_is_no_file_is_not_there(tmp_path: Path) -> None:
    digest = apart(PREPARED).digest
    assert read_rows(tmp_path / "nowhere", digest) is None
    (tmp_path / rows_file_name(digest)).mkdir()
    assert read_rows(tmp_path, digest) is None


def test_a_file_that_holds_something_else_is_named(tmp_path: Path) -> None:
    digest = apart(PREPARED).digest
    path = tmp_path / rows_file_name(digest)
    for data in (b"", b"something else", bytes(MAX_ROWS_BYTES + 1)):
        path.write_bytes(data)
        with pytest.raises(InputRowsDamaged, match=path.name):
            read_rows(tmp_path, digest)


def test_the_rows_are_not_shown() -> None:
    assert "4095" not in repr(replace(SECRET, rows=1)) and "4095" not in repr(SECRET)
