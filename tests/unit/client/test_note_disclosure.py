"""A disclosed payment: it holds for the payment that was made and for whom it was made, and for nothing else."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chain.types.scalars import (
    NATIVE,
    NOBODY,
    AccountId,
    Amount,
    Blob,
    ChainId,
    FieldElement,
    Hash,
    Height,
    Nonce,
    ObjectId,
    ProofBytes,
    Signature,
    TxHash,
    VkId,
)
from chain.types.transaction import FROM_ACCOUNT, Envelope, FeeSource, Transaction
from client.notes.content import ContractNote, seal_output
from client.notes.disclosure import (
    Disclosure,
    disclose,
    moves_in_a_pool,
    outputs_of,
    parse_disclosure,
    require_disclosed,
)
from client.notes.errors import (
    DisclosureElsewhere,
    DisclosureFalse,
    DisclosureMalformed,
    NotOfThePool,
    NotTheSender,
    OutputUnknown,
)
from client.notes.hints import Outgoing
from client.notes.keys import SpendingKey
from contracts.confidential.call import Call
from contracts.notes.output import Point
from contracts.shielded.actions import Transfer
from crypto import babyjubjub, notes
from crypto.notes import PoolNote
from tests.support.note_records import CONTRACT, POOL, Entropy

MINE, THEIRS = SpendingKey(b"\x01" * 32).full_view(), SpendingKey(b"\x02" * 32).full_view()
TO = THEIRS.incoming.address(4)
NOTE = PoolNote(0, 1_500_000_000, 321, b"rent of May".ljust(62, b"\0"))
CHANGE = PoolNote(0, 7, 322)
IN_A_CONTRACT = ContractNote(2, (8, 9), 10)
E1, E2 = 4321, 8765
OFFICE = "the tax office"


def transaction() -> Transaction:
    """A transfer that pays TO and gives change, then a call that makes a note of a contract."""
    mine = MINE.incoming.address()
    outputs = tuple(
        seal_output(POOL, Outgoing(E1, address), note, MINE.outgoing, Entropy(number))
        for number, (address, note) in enumerate([(TO, NOTE), (mine, CHANGE)])
    )
    transfer = Transfer(
        pool=POOL,
        vk_id=VkId(bytes(32)),
        root=FieldElement(1),
        nullifiers=(FieldElement(2), FieldElement(3)),
        ephemeral=point(E1),
        outputs=outputs,
        asset=NATIVE,
        taken=Amount(0),
        paid=Amount(0),
        recipient=NOBODY,
        fee=Amount(0),
        padding=Blob(b""),
        proof=ProofBytes(bytes(128)),
    ).padded()
    made = seal_output(CONTRACT, Outgoing(E2, TO), IN_A_CONTRACT, MINE.outgoing, Entropy(9))
    call = Call(CONTRACT, "post", VkId(bytes(32)), ephemeral=point(E2), outputs=(made,))  # type: ignore[arg-type]
    source = FeeSource(FROM_ACCOUNT, AccountId(b"\x07" * 32))
    chain = ChainId("cluster-test"), Hash(b"\x09" * 32), Hash(bytes(32))
    envelope = Envelope(*chain, source, Nonce(1), Height(90), Amount(5), Amount(0), (transfer, call))
    return Transaction(envelope, Signature(bytes(64)))


def point(secret: int) -> Point:
    made = notes.ephemeral_point(secret)
    return Point(FieldElement(made.x), FieldElement(made.y))


TRANSACTION = transaction()
SHOWN = disclose(TRANSACTION, 0, MINE.outgoing, OFFICE, bytes, number=17)


def test_a_payment_is_shown_with_its_memo_and_survives_its_file() -> None:
    read = parse_disclosure(json.dumps(SHOWN.to_json()))
    assert read == SHOWN
    payment = require_disclosed(read, TRANSACTION, OFFICE, POOL)
    assert (payment.object, payment.address, payment.content) == (POOL, TO, NOTE)
    assert require_disclosed(read, TRANSACTION, None, POOL) == payment


def test_every_output_of_a_transaction_has_its_number_and_its_sender_can_show_it() -> None:
    assert [record.object for record in outputs_of(TRANSACTION)] == [POOL, POOL, CONTRACT]
    shown = disclose(TRANSACTION, 2, MINE.outgoing, OFFICE, bytes)
    assert require_disclosed(shown, TRANSACTION, OFFICE, None).content == IN_A_CONTRACT


@pytest.mark.parametrize("output", [-1, 3])
def test_there_is_no_such_output(output: int) -> None:
    with pytest.raises(OutputUnknown) as refused:
        disclose(TRANSACTION, output, MINE.outgoing, OFFICE, bytes)
    assert (refused.value.output, refused.value.count) == (output, 3)
    with pytest.raises(OutputUnknown):
        require_disclosed(replace(SHOWN, output=output), TRANSACTION, OFFICE, POOL)


def test_who_did_not_send_it_shows_nothing() -> None:
    with pytest.raises(NotTheSender):
        disclose(TRANSACTION, 0, THEIRS.outgoing, OFFICE, bytes)


def test_it_is_for_the_one_it_was_made_for() -> None:
    with pytest.raises(DisclosureElsewhere):
        require_disclosed(SHOWN, TRANSACTION, "somebody else", POOL)
    with pytest.raises(DisclosureFalse):  # renamed by whoever it was shown to
        require_disclosed(replace(SHOWN, context="somebody else"), TRANSACTION, "somebody else", POOL)


OTHER_SHARED = babyjubjub.shared_point(E1, MINE.incoming.address().pk)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"output": 1}, DisclosureFalse),
        ({"address": THEIRS.incoming.address(5)}, DisclosureFalse),
        ({"shared": OTHER_SHARED}, DisclosureFalse),
        ({"shared": babyjubjub.IDENTITY}, DisclosureFalse),
        ({"transaction": TxHash(b"\x01" * 32)}, DisclosureFalse),
        ({"chain_id": ChainId("other")}, DisclosureElsewhere),
        ({"genesis_hash": Hash(b"\x08" * 32)}, DisclosureElsewhere),
    ],
)
def test_whatever_is_altered_is_refused(changed: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        require_disclosed(replace(SHOWN, **changed), TRANSACTION, OFFICE, POOL)


def test_an_honest_proof_about_another_address_opens_nothing() -> None:
    """Whoever knows e can prove S of any address; only the note's own opens its commitment."""
    honest = disclose(TRANSACTION, 1, MINE.outgoing, OFFICE, bytes)
    forged = Disclosure(**{name: getattr(honest, name) for name in Disclosure.__slots__} | {"address": TO})
    with pytest.raises(DisclosureFalse):
        require_disclosed(forged, TRANSACTION, OFFICE, POOL)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format", "other"),
        ("version", 2),
        ("output", "0"),
        ("output", True),
        ("context", 5),
        ("number", "1"),
        ("proof", "00"),
        ("proof", "zz"),
        ("shared", "ff" * 32),
        ("address", "cluz1qqq"),
        ("transaction", "00"),
    ],
)
def test_another_file_is_refused(name: str, value: object) -> None:
    with pytest.raises(DisclosureMalformed):
        parse_disclosure(json.dumps({**SHOWN.to_json(), name: value}))
    without = {key: kept for key, kept in SHOWN.to_json().items() if key != name}
    with pytest.raises(DisclosureMalformed):
        parse_disclosure(json.dumps(without))


@pytest.mark.parametrize("text", ["", "[]", "5", "{", '{"format": "cluster-disclosure"}'])
def test_what_is_no_disclosure_at_all_is_refused(text: str) -> None:
    with pytest.raises(DisclosureMalformed):
        parse_disclosure(text)


def test_the_one_time_secret_is_not_shown() -> None:
    assert str(E1) not in json.dumps(SHOWN.to_json()) and f"{E1:x}" not in repr(SHOWN.to_json()["proof"])
    assert ObjectId(POOL).hex() not in json.dumps(SHOWN.to_json())


def test_a_note_of_a_liars_contract_or_pool_is_no_payment() -> None:
    """A contract's own circuit may make what opens as a pool's note: nobody ever put money behind it."""
    made = seal_output(CONTRACT, Outgoing(E2, TO), NOTE, MINE.outgoing, Entropy(9))
    call = Call(CONTRACT, "lie", VkId(bytes(32)), ephemeral=point(E2), outputs=(made,))  # type: ignore[arg-type]
    lie = Transaction(replace(TRANSACTION.envelope, actions=(call,)), TRANSACTION.signature)
    shown = disclose(lie, 0, MINE.outgoing, OFFICE, bytes)
    assert not moves_in_a_pool(lie, 0) and moves_in_a_pool(TRANSACTION, 1) and not moves_in_a_pool(TRANSACTION, 2)
    for pool in (None, POOL):
        with pytest.raises(NotOfThePool) as refused:
            require_disclosed(shown, lie, OFFICE, pool)
        assert refused.value.found == "0x" + CONTRACT.hex()
    with pytest.raises(NotOfThePool):  # of a pool, and not of that one
        require_disclosed(SHOWN, TRANSACTION, OFFICE, ObjectId(b"\x0c" * 32))
    of_a_contract = disclose(TRANSACTION, 2, MINE.outgoing, OFFICE, bytes)
    with pytest.raises(NotOfThePool):  # who names a pool wants money
        require_disclosed(of_a_contract, TRANSACTION, OFFICE, POOL)
