"""The confidential counter with real proofs: it counts for its reader, and for nobody who forges, copies or looks."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from chain.execution.action import Claim
from chain.execution.verifier import FalseEvidence
from chain.types.receipt import OK
from chain.types.scalars import ChainId, FieldElement, Hash, Name, ObjectId, Uint, VkId
from chain.types.transaction import Envelope
from compute.confidential import counter
from compute.confidential.counter_calls import INCREMENT, draft_increment
from compute.confidential.errors import (
    AmountRefused,
    AnotherKey,
    CannotOpen,
    DraftMissing,
    NotAReader,
    StatementFalse,
    UnknownEpoch,
    WrongDataKey,
)
from compute.confidential.keys import ReaderKey, reader_key
from compute.confidential.prover import Prover
from compute.confidential.reader import Opening, current_data_key, open_contract, open_register
from compute.confidential.reader_changes import draft_set_readers
from compute.dev_keys import DevKeys
from contracts.confidential import state
from contracts.confidential.actions import SetReaders
from contracts.confidential.call import Call, Move
from contracts.confidential.call_sizes import call_bytes
from contracts.confidential.errors import StaleRegister, WrongEpoch
from contracts.confidential.padding import padded
from contracts.notes.output import Point
from crypto.field import SCALAR_FIELD
from tests.support.confidential_chain import ConfidentialChain
from tests.support.confidential_counter import Counter

SECRET_AMOUNT = 0xDEADBEEF  # four bytes that stand nowhere by accident


@pytest.fixture(scope="module")
def called(prover: Prover) -> Counter:
    """A counter that was called twice. Tests only look at it."""
    contract = Counter(prover)
    contract.set_readers()
    contract.increment(SECRET_AMOUNT)
    contract.increment(42)
    return contract


@pytest.fixture(scope="module")
def proven(prover: Prover) -> tuple[Counter, Envelope]:
    """A counter at version 0, and an envelope with a proven call that was not sent yet."""
    contract = Counter(prover, "proven")
    contract.set_readers()
    draft = contract.draft(5)
    return contract, prover.complete(contract.chain.envelope(contract.caller, draft.action), [draft])


def call_of(envelope: Envelope) -> Call:
    (action,) = envelope.actions
    assert isinstance(action, Call)
    return action


def claims_of(envelope: Envelope) -> tuple[Claim, ...]:
    return tuple(claim for index, action in enumerate(envelope.actions) for claim in action.claims(envelope, index))


def test_the_reader_sees_the_sum(called: Counter) -> None:
    (opening,) = open_contract(called.reader, called.view)
    assert (opening.version, opening.values) == (2, (SECRET_AMOUNT + 42,))


def test_nobody_else_can_read(called: Counter) -> None:
    stranger = reader_key(b"s" * 32)
    with pytest.raises(NotAReader):
        open_contract(stranger, called.view)
    with pytest.raises(WrongDataKey):
        open_contract(ReaderKey(stranger.secret, called.reader.public), called.view)
    (register,), (spec,) = called.view.registers, called.view.record.registers
    with pytest.raises(CannotOpen):
        open_register(12345, called.contract, 0, spec, register)


def test_what_a_validator_holds_contains_no_secret(called: Counter) -> None:
    data_key = current_data_key(called.reader, called.view)
    (opening,) = open_contract(called.reader, called.view)
    secrets = (SECRET_AMOUNT, SECRET_AMOUNT + 42, data_key, opening.blinding, called.reader.secret)
    assert found(called.chain.everything(), secrets) == []


def test_the_search_finds_what_is_not_sealed() -> None:
    """The control: the same rules, a verifier that believes everything, and a caller that does not encrypt."""
    chain = ConfidentialChain()
    contract = ObjectId(b"c" * 32)
    method = counter.method(VkId(b"v" * 32), Hash(bytes(32)))
    chain.register(method.vk_id, 10)
    size = call_bytes(method, (counter.SPEC,))
    nothing = Hash(bytes(32))
    owner = chain.account(1)
    record = state.Contract(owner, nothing, nothing, (counter.SPEC,), (method,), (size,), (), Uint(1), False)
    state.write_contract(chain.overlay, contract, record)
    point = Point(FieldElement(1), FieldElement(2))
    state.write_epoch(chain.overlay, contract, 1, state.Epoch(FieldElement(3), point, ()))
    before = chain.view(contract).registers[0].values
    clear = tuple(FieldElement(number) for number in (SECRET_AMOUNT, 0xFEEDFACE))
    move = Move(Uint(0), Uint(0), before, (FieldElement(4),), FieldElement(5), clear)
    call = Call(contract, counter.METHOD, method.vk_id, Uint(1), FieldElement(3), moves=(move,))
    chain.send(chain.account(2), padded(call, size))
    assert found(chain.everything(), (SECRET_AMOUNT, 0xFEEDFACE, 0xABCDEF12)) == [SECRET_AMOUNT, 0xFEEDFACE]


def found(data: bytes, secrets: Iterable[int]) -> list[int]:
    """The numbers whose bytes, in either order, or whose decimal or hexadecimal digits stand in the data."""
    hits = []
    for secret in secrets:
        raw = secret.to_bytes((secret.bit_length() + 7) // 8, "big")
        forms = (raw, raw[::-1], str(secret).encode(), raw.hex().encode())
        if any(form in data for form in forms):
            hits.append(secret)
    return hits


def test_the_proof_verifies_for_its_own_transaction(proven: tuple[Counter, Envelope]) -> None:
    contract, envelope = proven
    contract.verifier.require(claims_of(envelope))


def test_a_proof_is_false_for_every_other_place(proven: tuple[Counter, Envelope]) -> None:
    contract, envelope = proven
    call = call_of(envelope)
    elsewhere = {
        "another sender": replace(envelope, fee_source=replace(envelope.fee_source, signer=contract.owner)),
        "another chain": replace(envelope, chain_id=ChainId("test-2")),
        "another genesis": replace(envelope, genesis_hash=Hash(b"g" * 32)),
        "another fork": replace(envelope, fork_id=Hash(b"f" * 32)),
        "another contract": replace(envelope, actions=(replace(call, contract=ObjectId(b"c" * 32)),)),
        "another method": replace(envelope, actions=(replace(call, method=Name("decrement")),)),
        "with a neighbour": replace(envelope, actions=(call, call)),
    }
    for where, other in elsewhere.items():
        with pytest.raises(FalseEvidence):
            contract.verifier.require(claims_of(other))
            pytest.fail(f"the proof was accepted for {where}")


def test_every_public_input_is_bound(proven: tuple[Counter, Envelope]) -> None:
    contract, envelope = proven
    (claim,) = claims_of(envelope)
    for position, value in enumerate(claim.inputs):
        inputs = (*claim.inputs[:position], (value + 1) % SCALAR_FIELD, *claim.inputs[position + 1 :])
        with pytest.raises(FalseEvidence):
            contract.verifier.require([replace(claim, inputs=inputs)])


def test_an_input_with_the_field_order_added_is_refused(proven: tuple[Counter, Envelope]) -> None:
    contract, envelope = proven
    (claim,) = claims_of(envelope)
    for position, value in enumerate(claim.inputs):
        inputs = (*claim.inputs[:position], value + SCALAR_FIELD, *claim.inputs[position + 1 :])
        with pytest.raises(FalseEvidence):
            contract.verifier.require([replace(claim, inputs=inputs)])


def test_a_forged_ciphertext_makes_the_transaction_unfit_for_a_block(proven: tuple[Counter, Envelope]) -> None:
    contract, envelope = proven
    call = call_of(envelope)
    (move,) = call.moves
    forged = replace(move, ciphertext=(FieldElement(1), move.ciphertext[1]))
    with pytest.raises(FalseEvidence):
        contract.chain.apply(replace(envelope, actions=(replace(call, moves=(forged,)),)))
    assert contract.view.registers[0].version == 0


def test_a_copied_call_is_refused_and_a_replayed_one_is_late(prover: Prover) -> None:
    contract = Counter(prover, "copied")
    contract.set_readers()
    draft = contract.draft(5)
    envelope = prover.complete(contract.chain.envelope(contract.caller, draft.action), [draft])
    call = call_of(envelope)
    with pytest.raises(FalseEvidence):
        contract.chain.apply(contract.chain.envelope(contract.owner, call))
    contract.chain.apply(envelope)
    assert open_contract(contract.reader, contract.view)[0].values == (5,)
    again = contract.chain.apply(contract.chain.envelope(contract.caller, call))
    assert again.code == StaleRegister.code
    moved_on = replace(call.moves[0], version=Uint(1), before=contract.view.registers[0].values)
    with pytest.raises(FalseEvidence):
        contract.chain.apply(contract.chain.envelope(contract.caller, replace(call, moves=(moved_on,))))
    assert open_contract(contract.reader, contract.view)[0].values == (5,)


def test_a_sealed_key_is_proven_for_its_reader_its_contract_and_itself(prover: Prover) -> None:
    contract = Counter(prover, "sealed")
    draft = draft_set_readers(contract.view, [contract.reader.public], contract.entropy)
    envelope = prover.complete(contract.chain.envelope(contract.owner, draft.action), [draft])
    (action,) = envelope.actions
    assert isinstance(action, SetReaders)
    (sealed,) = action.readers
    another = reader_key(b"a" * 32).public
    forged = [
        replace(action, readers=(replace(sealed, wrapped=FieldElement(1)),)),
        replace(action, readers=(replace(sealed, reader=another),)),
        replace(action, kc=FieldElement(1)),
        replace(action, ephemeral=another),
    ]
    for bad in forged:
        with pytest.raises(FalseEvidence):
            contract.chain.apply(replace(envelope, actions=(bad,)))
    for place in (replace(action, contract=ObjectId(b"c" * 32)), replace(action, epoch=Uint(2))):
        with pytest.raises(FalseEvidence):
            contract.verifier.require(claims_of(replace(envelope, actions=(place,))))
    assert contract.view.record.epoch == 0
    assert contract.chain.apply(envelope).code == OK
    assert contract.chain.apply(contract.chain.envelope(contract.owner, action)).code == WrongEpoch.code


def test_two_attempts_at_one_version_look_unrelated(proven: tuple[Counter, Envelope]) -> None:
    contract, _ = proven
    first, second = (cast(Call, contract.draft(5).action).moves[0] for _ in range(2))
    assert (first.version, first.before) == (second.version, second.before)
    shared = {*first.after, first.nonce, *first.ciphertext} & {*second.after, second.nonce, *second.ciphertext}
    assert shared == set()


def test_a_removed_reader_keeps_the_past_and_loses_the_future(prover: Prover) -> None:
    contract = Counter(prover, "removed")
    contract.set_readers()
    contract.increment(7)
    old, new = contract.reader, reader_key(b"n" * 32)
    contract.set_readers(new)
    with pytest.raises(NotAReader):
        current_data_key(old, contract.view)
    with pytest.raises(NotAReader):
        contract.draft(1)
    with pytest.raises(NotAReader):
        open_contract(new, contract.view)  # written before the new reader's time
    (past,) = open_contract(old, contract.view)
    assert (past.version, past.values) == (1, (7,))


def test_a_reader_of_both_epochs_carries_the_value_over(prover: Prover) -> None:
    contract = Counter(prover, "carried")
    contract.set_readers()
    contract.increment(7)
    old_key = current_data_key(contract.reader, contract.view)
    contract.set_readers()
    contract.increment(8)
    (register,) = contract.view.registers
    assert register.epoch == 2
    assert open_contract(contract.reader, contract.view)[0].values == (15,)
    with pytest.raises(CannotOpen):
        open_register(old_key, contract.contract, 0, counter.SPEC, register)


def test_amounts_outside_the_statement_are_refused_before_proving(called: Counter) -> None:
    for amount in (-1, 2**32, SCALAR_FIELD - 1):
        with pytest.raises(AmountRefused) as refused:
            called.draft(amount)
        assert refused.value.fields == {}


def test_a_contract_without_readers_can_be_read_by_all_and_called_by_nobody(prover: Prover) -> None:
    contract = Counter(prover, "fresh")
    assert open_contract(contract.reader, contract.view) == (Opening(0, (0,), 0),)
    with pytest.raises(UnknownEpoch):
        draft_increment(contract.view, contract.reader, 1)


def test_a_draft_whose_action_was_altered_is_not_proven(proven: tuple[Counter, Envelope], prover: Prover) -> None:
    contract, _ = proven
    draft = contract.draft(5)
    altered = replace(draft, action=replace(draft.action, kc=FieldElement(1)))
    with pytest.raises(StatementFalse) as refused:
        prover.complete(contract.chain.envelope(contract.caller, altered.action), [altered])
    assert refused.value.position == 3


def test_a_draft_is_proven_only_for_an_envelope_that_carries_it(
    proven: tuple[Counter, Envelope], prover: Prover
) -> None:
    contract, envelope = proven
    with pytest.raises(DraftMissing):
        prover.complete(envelope, [contract.draft(5)])


def test_keys_of_another_setup_are_told_before_anything_is_proven(
    proven: tuple[Counter, Envelope], tmp_path: Path
) -> None:
    contract, _ = proven
    draft = contract.draft(5)
    envelope = contract.chain.envelope(contract.caller, draft.action)
    with pytest.raises(AnotherKey) as refused:
        Prover(DevKeys(tmp_path)).complete(envelope, [draft])
    assert refused.value.vk_id == cast(Call, draft.action).vk_id


def test_secrets_are_not_shown(proven: tuple[Counter, Envelope]) -> None:
    contract, _ = proven
    draft = contract.draft(SECRET_AMOUNT)
    secrets = [value for value in cast(dict[str, int], draft.inputs).values() if value > 2**31]
    assert found((repr(draft) + repr(contract.reader)).encode(), [*secrets, contract.reader.secret]) == []


def test_keys_once_made_are_found_again(prover: Prover, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("again")
    made = DevKeys(home).get("increment", counter.constrain)
    found_again = DevKeys(home).get("increment", counter.constrain)
    assert made.vk_id == found_again.vk_id != prover.keys(INCREMENT).vk_id
    assert [path.parent.name for path in home.rglob("*.zkey")] == ["insecure-dev"]
