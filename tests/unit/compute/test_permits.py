"""Permits: an auditor reads the epochs that he was given, with the giver's word for it, and nothing more."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.types.scalars import ChainId, FieldElement, Hash, ObjectId, Signature, Uint
from client.wallet import ChainIdentity
from compute.confidential.errors import NotAReader, UnknownEpoch, WrongDataKey
from compute.confidential.keys import ReaderKey, as_point, reader_key
from compute.confidential.permit_errors import (
    AnotherAuditor,
    AnotherChain,
    AnotherContract,
    BadScope,
    ForgedPermit,
    GiverIsNoReader,
    NotAPermit,
    OutsidePermit,
)
from compute.confidential.permits import (
    MAX_FILE_BYTES,
    Permit,
    Terms,
    make_permit,
    open_permit,
    read_permit,
    write_permit,
)
from compute.confidential.prover import Prover
from compute.confidential.reader import open_call, open_contract
from contracts.confidential.errors import BadReaderKey
from contracts.confidential.queries import ContractView
from contracts.notes.output import Point
from crypto import babyjubjub, schnorr
from crypto.errors import ClusterError
from tests.support.confidential_counter import Counter, entropy_of

GIVER, LATER, AUDITOR, STRANGER = (reader_key(bytes([letter]) * 32) for letter in b"glas")
HOME = ChainIdentity(ChainId("test-1"), Hash(bytes(range(32))), Hash(bytes(32)))
ELSEWHERE = replace(HOME, chain_id=ChainId("test-2"))


@pytest.fixture(scope="module")
def counter(prover: Prover) -> Counter:
    """Read by GIVER in epochs 1 to 3 and by LATER in epoch 4, in which it was written last. Tests only look at it."""
    contract = Counter(prover, "permits", counts=(1, 2))
    contract.reader = GIVER
    for readers in ((GIVER,), (GIVER,), (GIVER, LATER)):
        contract.set_readers(*readers)
        contract.increment(1)
    contract.set_readers(LATER)
    contract.reader = LATER
    contract.increment(1)
    return contract


@pytest.fixture(scope="module")
def history(counter: Counter) -> ContractView:
    return counter.chain.history(counter.contract)


@pytest.fixture(scope="module")
def permit(history: ContractView) -> Permit:
    """Epochs 2 and 3 for AUDITOR."""
    return make_permit(GIVER, history, range(2, 4), AUDITOR.public, HOME, entropy_of("permit"))


def signed(terms: Terms, giver: ReaderKey) -> Permit:
    return Permit(terms, Signature(schnorr.sign(giver.secret, terms.message)))


def test_the_auditor_reads_what_was_written_in_the_epochs_he_was_given(
    counter: Counter, history: ContractView, permit: Permit
) -> None:
    opened = open_permit(permit, AUDITOR, HOME)
    calls = counter.calls
    assert [open_call(opened, history, call)[0].values for call in calls[1:3]] == [(2,), (3,)]
    assert [opened.data_key(history, number) for number in (2, 3)] == [GIVER.data_key(history, n) for n in (2, 3)]


def test_it_gives_no_epoch_outside_its_scope(counter: Counter, history: ContractView, permit: Permit) -> None:
    opened = open_permit(permit, AUDITOR, HOME)
    for call, word in ((counter.calls[0], "earlier"), (counter.calls[3], "later")):
        with pytest.raises(OutsidePermit, match=word):
            open_call(opened, history, call)
    with pytest.raises(OutsidePermit) as refused:
        open_contract(opened, history)
    assert refused.value.fields == {"first": 2, "last": 3, "epoch": 4}


def test_nobody_but_the_auditor_opens_it(permit: Permit, history: ContractView) -> None:
    for other in (STRANGER, LATER):
        with pytest.raises(AnotherAuditor):
            open_permit(permit, other, HOME)
    with pytest.raises(WrongDataKey):
        open_permit(permit, ReaderKey(STRANGER.secret, AUDITOR.public), HOME).data_key(history, 2)


def test_it_is_for_one_contract_on_one_chain(permit: Permit, history: ContractView) -> None:
    with pytest.raises(AnotherChain):
        open_permit(permit, AUDITOR, ELSEWHERE)
    other = replace(history, contract=ObjectId(b"o" * 32))
    with pytest.raises(AnotherContract):
        open_permit(permit, AUDITOR, HOME).data_key(other, 2)


ALTERED: dict[str, Callable[[Terms], dict[str, object]]] = {
    "chain_id": lambda terms: {"chain_id": ELSEWHERE.chain_id},
    "genesis_hash": lambda terms: {"genesis_hash": Hash(b"g" * 32)},
    "contract": lambda terms: {"contract": ObjectId(b"c" * 32)},
    "scope": lambda terms: {"first": Uint(terms.first + 1), "last": Uint(terms.last + 1)},
    "auditor": lambda terms: {"auditor": STRANGER.public},
    "giver": lambda terms: {"giver": LATER.public},
    "ephemeral": lambda terms: {"ephemeral": STRANGER.public},
    "sealed": lambda terms: {"sealed": (terms.sealed[1], terms.sealed[0])},
}


@pytest.mark.parametrize("what", sorted(ALTERED))
def test_an_altered_permit_is_forged(permit: Permit, what: str) -> None:
    changes: Any = ALTERED[what](permit.terms)
    with pytest.raises(ForgedPermit):
        open_permit(replace(permit, terms=replace(permit.terms, **changes)), STRANGER, ELSEWHERE)


def test_a_signature_of_somebody_else_is_forged(permit: Permit) -> None:
    with pytest.raises(ForgedPermit):
        open_permit(signed(permit.terms, STRANGER), AUDITOR, HOME)


def test_a_permit_of_one_who_is_no_reader_gives_nothing(history: ContractView, permit: Permit) -> None:
    """He signs under his own key whatever he likes, even keys that an honest permit holds."""
    forged = signed(replace(permit.terms, giver=STRANGER.public), STRANGER)
    with pytest.raises(GiverIsNoReader):
        open_permit(forged, AUDITOR, HOME).data_key(history, 2)


def test_a_reader_who_gives_other_keys_is_found_out(history: ContractView, permit: Permit) -> None:
    lies = signed(replace(permit.terms, sealed=(FieldElement(1), FieldElement(2))), GIVER)
    with pytest.raises(WrongDataKey):
        open_permit(lies, AUDITOR, HOME).data_key(history, 2)


@pytest.mark.parametrize("point", [Point(FieldElement(1), FieldElement(1)), as_point(babyjubjub.IDENTITY)])
def test_a_one_time_point_off_the_subgroup_is_refused(history: ContractView, permit: Permit, point: Point) -> None:
    bad = signed(replace(permit.terms, ephemeral=point), GIVER)
    with pytest.raises((babyjubjub.NotOnCurve, babyjubjub.NotInSubgroup)):
        open_permit(bad, AUDITOR, HOME).data_key(history, 2)


@pytest.mark.parametrize("epochs", [range(3), range(2, 2), range(4, 6), range(1, 4, 2), range(1, 2_000)])
def test_there_is_no_permit_for_epochs_that_do_not_exist(history: ContractView, epochs: range) -> None:
    with pytest.raises(BadScope):
        make_permit(GIVER, history, epochs, AUDITOR.public, HOME)


def test_nobody_gives_what_he_cannot_read(counter: Counter, history: ContractView) -> None:
    for giver, epochs in ((GIVER, range(3, 5)), (LATER, range(2, 5)), (STRANGER, range(1, 2))):
        with pytest.raises(NotAReader):
            make_permit(giver, history, epochs, AUDITOR.public, HOME)
    with pytest.raises(UnknownEpoch):
        make_permit(GIVER, counter.view, range(1, 2), AUDITOR.public, HOME)


def test_nothing_is_sealed_to_an_auditor_off_the_subgroup(history: ContractView) -> None:
    with pytest.raises(BadReaderKey):
        make_permit(GIVER, history, range(1, 2), Point(FieldElement(1), FieldElement(1)), HOME)


def test_a_file_is_read_back_as_it_was_written(permit: Permit) -> None:
    data = write_permit(permit)
    assert read_permit(data) == permit
    assert json.loads(data)["format"] == "cluster-permit" and json.loads(data)["version"] == 1


def test_no_data_key_stands_in_the_file(permit: Permit, history: ContractView) -> None:
    data = write_permit(permit)
    for number in (2, 3):
        data_key = GIVER.data_key(history, number)
        assert str(data_key).encode() not in data and f"{data_key:x}".encode() not in data
    assert str(AUDITOR.secret) not in repr(open_permit(permit, AUDITOR, HOME))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": "1"},
        {"format": "cluster-key"},
        {"signature": "0x00"},
        {"more": 1},
        {"terms": None},
        {"terms": {"first": 3}},
        {"terms": {"first": 0}},
        {"terms": {"last": 2**63 - 1}},
        {"terms": {"sealed": ["1"]}},
        {"terms": {"sealed": ["-1", "1"]}},
    ],
)
def test_other_files_are_no_permits(permit: Permit, change: dict[str, Any]) -> None:
    document = json.loads(write_permit(permit))
    for name, value in change.items():
        document[name] = {**document[name], **value} if isinstance(value, dict) else value
    with pytest.raises(NotAPermit):
        read_permit(json.dumps(document).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"1", b"\xff", b"[" * 10_000, b" " * (MAX_FILE_BYTES + 1)])
def test_bytes_that_are_no_document_are_no_permits(data: bytes) -> None:
    with pytest.raises(NotAPermit):
        read_permit(data)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_damaged_file_gives_nobody_anything(permit: Permit, data: st.DataObject) -> None:
    written = write_permit(permit)
    place = data.draw(st.integers(0, len(written) - 1))
    damaged = written[:place] + bytes((data.draw(st.integers(32, 126)),)) + written[place + 1 :]
    try:
        found = read_permit(damaged)
        open_permit(found, AUDITOR, HOME)
    except ClusterError:
        return
    assert found == permit
