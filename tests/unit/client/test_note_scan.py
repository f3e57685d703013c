"""Finding notes: one's own by tag, all of one's own by a deep scan, what one sent, and nothing else."""

from dataclasses import replace

import pytest

from chain.types.scalars import EncryptionKeyBytes, FieldElement, NoteTag, OutgoingSeal
from client.notes.content import ContractNote
from client.notes.hints import SEAL_BYTES
from client.notes.keys import SpendingKey
from client.notes.scan import GAP, Scanner, glance
from contracts.notes.output import NoteHint, NoteOutput, Point
from contracts.notes.state import NoteRecord
from crypto import babyjubjub, notes
from crypto.notes import PoolNote
from tests.support.note_records import CONTRACT, POOL, record, with_hint

MINE, THEIRS = SpendingKey(b"\x01" * 32).full_view(), SpendingKey(b"\x02" * 32).full_view()
NOTE = PoolNote(0, 5_000_000_000, 321, b"for the roof".ljust(62, b"\0"))
TO_ME = record(NOTE, MINE.incoming.address(), ovk=THEIRS.outgoing, position=3)
TO_THEM = record(NOTE, THEIRS.incoming.address(), 78, ovk=MINE.outgoing, position=4)

CONTRACTS_OWN = ContractNote(1, (1, 2, 3, 4), 99)  # as many elements as a pool's note


def scanner(addresses: int = 1) -> Scanner:
    return Scanner(MINE, {POOL}, addresses)


def test_a_note_is_found_by_its_tag_and_opened() -> None:
    assert scanner().tagged([glance(TO_THEM), glance(TO_ME)]) == [1]
    (found,) = scanner().received([TO_ME])
    assert (found.content, found.address, found.record) == (NOTE, 0, TO_ME)
    assert found.nullifier == notes.nullifier(MINE.nk, TO_ME.output.commitment, 3)


def test_somebody_elses_note_is_not_ones_own_though_its_tag_be_right() -> None:
    """One of 65,536 foreign tags is right by chance; anybody can also copy a hint."""
    posing = with_hint(TO_THEM, TO_ME.output.hint)
    assert list(scanner().received([TO_THEM, posing])) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda hint: replace(hint, tag=NoteTag(bytes((hint.tag[0] ^ 1, hint.tag[1])))),
        lambda hint: replace(hint, ephemeral=TO_THEM.output.hint.ephemeral),
        lambda hint: replace(hint, ephemeral=EncryptionKeyBytes(bytes(32))),
    ],
)
def test_a_wrong_hint_hides_a_note_from_the_tags_and_not_from_a_deep_scan(change) -> None:  # type: ignore[no-untyped-def]
    hidden = with_hint(TO_ME, change(TO_ME.output.hint))
    assert scanner().tagged([glance(hidden)]) == []
    assert [found.content for found in scanner().received([TO_THEM, hidden], deep=True)] == [NOTE]


def test_what_one_sent_is_recovered_with_ovk_alone() -> None:
    assert Scanner(MINE.outgoing, {POOL}).remembered([glance(TO_ME), glance(TO_THEM)]) == [1]
    (sent,) = Scanner(MINE.outgoing, {POOL}).sent([TO_ME, TO_THEM])
    assert (sent.record, sent.address, sent.content) == (TO_THEM, THEIRS.incoming.address(), NOTE)
    assert list(Scanner(MINE.incoming, {POOL}).sent([TO_THEM])) == []
    assert Scanner(MINE.incoming, {POOL}).remembered([glance(TO_THEM)]) == []
    assert list(Scanner(MINE.outgoing, {POOL}).received([TO_ME], deep=True)) == []
    assert Scanner(MINE.outgoing, {POOL}).tagged([glance(TO_ME)]) == []


def test_a_memory_that_was_copied_beside_another_note_opens_nothing() -> None:
    copied = with_hint(TO_ME, TO_THEM.output.hint)
    assert list(Scanner(MINE.outgoing, {POOL}).sent([copied])) == []


def test_no_memory_is_random_bytes_of_the_same_length() -> None:
    silent = record(NOTE, THEIRS.incoming.address(), 78)
    assert len(silent.output.hint.outgoing) == len(TO_THEM.output.hint.outgoing) == SEAL_BYTES
    assert list(scanner().sent([silent])) == []


def test_an_incoming_key_sees_notes_but_not_when_they_are_spent() -> None:
    (found,) = Scanner(MINE.incoming, {POOL}).received([TO_ME])
    assert found.content == NOTE and found.nullifier is None


def test_a_contracts_note_is_found_with_its_type_and_fields() -> None:
    for kind, fields in ((1, (7,)), (3, (1, 2, 3, 4)), (2, ())):
        content = ContractNote(kind, fields, 99)
        made = record(content, MINE.incoming.address(), object_=CONTRACT)
        assert scanner().tagged([glance(made)]) == [0]
        assert [found.content for found in scanner().received([made])] == [content]
    assert list(scanner().received([record(content, THEIRS.incoming.address(), object_=CONTRACT)])) == []


def test_a_pool_that_a_node_keeps_from_us_is_no_place_to_hide_in() -> None:
    for made, content in (
        (TO_ME, NOTE),
        (record(CONTRACTS_OWN, MINE.incoming.address(), object_=CONTRACT), CONTRACTS_OWN),
    ):
        assert [found.content for found in Scanner(MINE, ()).received([made])] == [content]


def test_later_addresses_are_found_and_then_remembered() -> None:
    far, further = (record(NOTE, MINE.incoming.address(index), 60 + index) for index in (GAP, 2 * GAP))
    fresh = scanner()
    assert list(fresh.received([further])) == []  # beyond the gap, until one nearer was used
    assert [found.address for found in fresh.received([far, further])] == [GAP, 2 * GAP]
    assert fresh.addresses == 2 * GAP + 1
    assert list(scanner().received([far], deep=True)) == []  # deep looks at the addresses that were given out
    assert len(list(scanner(GAP + 1).received([far], deep=True))) == 1


@pytest.mark.parametrize("part", ["commitment", "ciphertext", "ephemeral", "object"])
def test_a_note_that_a_node_altered_is_nobodys(part: str) -> None:
    output = TO_ME.output
    altered: dict[str, NoteRecord] = {
        "commitment": replace(TO_ME, output=replace(output, commitment=FieldElement(5))),
        "ciphertext": replace(TO_ME, output=replace(output, ciphertext=TO_THEM.output.ciphertext)),
        "ephemeral": replace(TO_ME, ephemeral=TO_THEM.ephemeral),
        "object": replace(TO_ME, object=CONTRACT),
    }
    assert list(scanner().received([altered[part]], deep=True)) == []


def test_an_ephemeral_point_off_the_curve_stops_no_scan() -> None:
    bad = replace(TO_ME, ephemeral=replace(TO_ME.ephemeral, x=FieldElement(1)))
    assert [found.record for found in scanner().received([bad, TO_ME], deep=True)] == [TO_ME]


def test_no_note_opens_under_a_point_that_would_tell_bits_of_the_secret() -> None:
    """A contract's circuit that lies can publish any E: under one of order 8, S is one of eight, and one opens."""
    order_8 = babyjubjub.multiply(babyjubjub.SUBORDER, babyjubjub.decode_point((9).to_bytes(32, "little")))
    secret, tried = notes.address_secret(MINE.incoming.ivk, MINE.incoming.address().diversifier), []
    for guess in range(8):
        shared = babyjubjub.multiply(guess, order_8)
        row = notes.encrypt(shared, TO_ME.output.commitment, NOTE.plaintext())
        output = replace(TO_ME.output, ciphertext=tuple(map(FieldElement, row)))
        tried.append(replace(TO_ME, ephemeral=Point(*map(FieldElement, order_8)), output=output))
    opened = notes.decrypt(
        notes.receiver_shared(secret, order_8), TO_ME.output.commitment, tried[secret % 8].output.ciphertext
    )
    assert opened == NOTE.plaintext()
    assert list(scanner().received(tried)) == list(scanner().received(tried, deep=True)) == []


def test_garbage_as_ciphertext_is_no_note() -> None:
    garbage = NoteOutput(TO_ME.output.commitment, tuple(map(FieldElement, range(5))), TO_ME.output.hint)
    assert list(scanner().received([replace(TO_ME, output=garbage)])) == []
    hint = NoteHint(EncryptionKeyBytes(bytes(32)), NoteTag(bytes(2)), OutgoingSeal(bytes(160)))
    assert list(scanner().sent([with_hint(TO_ME, hint)])) == []
