"""The rules around a call and around readers, with a verifier that believes every proof: what state itself refuses."""

import json
from dataclasses import replace

import pytest

from chain.codec import decode, encode, from_json, to_json
from chain.errors import WrongShape
from chain.execution.action import Action
from chain.execution.statement import id_element
from chain.params import DEVNET
from chain.types.receipt import OK
from chain.types.scalars import (
    AccountId,
    Blob,
    FieldElement,
    Hash,
    Height,
    Name,
    ObjectId,
    ProofBytes,
    Uint,
    VkId,
)
from contracts.confidential.actions import Deploy, SetReaders
from contracts.confidential.call import Call, Move, Read
from contracts.confidential.errors import (
    BadReaderKey,
    DuplicateReader,
    NoReaders,
    NotOwner,
    StaleRegister,
    UnknownContract,
    UnknownMethod,
    WrongEpoch,
    WrongKeyCommitment,
    WrongLength,
    WrongMethodKey,
    WrongReaderCount,
    WrongRegisters,
)
from contracts.confidential.events import Called, ContractDeployed, ReadersSet, RegisterWritten
from contracts.confidential.padding import padded
from contracts.confidential.queries import ContractView
from contracts.confidential.specs import FIRST, SEALED, Method, RegisterSpec, SealingKey, code_hash
from contracts.confidential.state import SealedDataKey
from contracts.notes.output import Point
from contracts.registry.actions import Ceremony
from contracts.registry.ceremony_errors import CeremonyNotAttested
from contracts.registry.ceremony_state import Attestation, Attester, write_attestation, write_attester
from contracts.registry.errors import KeyFrozen
from crypto import babyjubjub
from crypto.field import SCALAR_FIELD
from tests.support.confidential_chain import ConfidentialChain

ADD_KEY, MOVE_KEY, LOOK_KEY, ONE_KEY, TWO_KEY = (VkId(bytes([n]) * 32) for n in range(1, 6))
REGISTERS = tuple(RegisterSpec(Name(name), SEALED, FIRST, Uint(1)) for name in ("left", "right"))
R1CS = Hash(b"r" * 32)
METHODS = (
    Method(Name("add"), ADD_KEY, R1CS, writes=(Uint(0),)),
    Method(Name("move"), MOVE_KEY, R1CS, arguments=Uint(2), writes=(Uint(1), Uint(0))),
    Method(Name("look"), LOOK_KEY, R1CS, arguments=Uint(1), reads=(Uint(1),)),
)
SEALING = (SealingKey(Uint(1), ONE_KEY, R1CS), SealingKey(Uint(2), TWO_KEY, R1CS))
DEPLOY = Deploy(code_hash(METHODS, SEALING), REGISTERS, METHODS, SEALING, Blob(b"abi"))
PROOF = ProofBytes(bytes(128))
KC = FieldElement(4242)


def element(number: int) -> FieldElement:
    return FieldElement(number)


def point(secret: int) -> Point:
    x, y = babyjubjub.public_key(secret)
    return Point(FieldElement(x), FieldElement(y))


@pytest.fixture
def chain() -> ConfidentialChain:
    chain = ConfidentialChain()
    for key, inputs in ((ADD_KEY, 10), (MOVE_KEY, 18), (LOOK_KEY, 7), (ONE_KEY, 9), (TWO_KEY, 12)):
        chain.register(key, inputs)
    return chain


@pytest.fixture
def owner(chain: ConfidentialChain) -> AccountId:
    return chain.account(1)


@pytest.fixture
def deployed(chain: ConfidentialChain, owner: AccountId) -> ObjectId:
    return chain.send(owner, DEPLOY)


def readers(contract: ObjectId, epoch: int, *secrets: int) -> SetReaders:
    sealed = tuple(SealedDataKey(point(secret), element(5)) for secret in secrets)
    return SetReaders(contract, Uint(epoch), ONE_KEY, KC, point(99), sealed, PROOF)


@pytest.fixture
def contract(chain: ConfidentialChain, owner: AccountId, deployed: ObjectId) -> ObjectId:
    chain.send(owner, readers(deployed, 1, 7))
    return deployed


def add(chain: ConfidentialChain, contract: ObjectId, after: int = 1000) -> Call:
    register = chain.view(contract).registers[0]
    ciphertext = (element(after + 1), element(after + 2))
    move = Move(Uint(0), register.version, register.values, (element(after),), element(after + 3), ciphertext)
    return call_of(chain, contract, "add", moves=(move,))


def call_of(chain: ConfidentialChain, contract: ObjectId, name: str, **fields: object) -> Call:
    """A padded call of a method, in the first epoch."""
    record = chain.view(contract).record
    (index,) = (place for place, method in enumerate(METHODS) if method.name == name)
    call = Call(contract, Name(name), METHODS[index].vk_id, Uint(1), KC, **fields)  # type: ignore[arg-type]
    return padded(call, record.sizes[index])


def changed(call: Call, **fields: object) -> Call:
    """The call with fields of its one move changed."""
    return replace(call, moves=(replace(call.moves[0], **fields),))  # type: ignore[arg-type]


def test_a_call_moves_its_register_one_version_on(chain: ConfidentialChain, contract: ObjectId) -> None:
    call = add(chain, contract)
    chain.send(chain.account(5), call)
    register, other = chain.view(contract).registers
    assert (register.version, register.values, register.epoch) == (1, call.moves[0].after, 1)
    assert (register.nonce, register.ciphertext) == (call.moves[0].nonce, call.moves[0].ciphertext)
    assert other.version == 0


def test_what_happened_is_told_by_events(chain: ConfidentialChain, contract: ObjectId, owner: AccountId) -> None:
    chain.send(chain.account(5), add(chain, contract))
    assert chain.events == [
        ContractDeployed(contract, owner),
        ReadersSet(contract, Uint(1), Uint(1)),
        Called(contract, Name("add"), Uint(1), ()),
        RegisterWritten(contract, Uint(0), Uint(1)),
    ]


def test_the_first_of_two_calls_wins_and_the_other_is_told_to_retry(
    chain: ConfidentialChain, contract: ObjectId
) -> None:
    first, second = add(chain, contract, 1000), add(chain, contract, 2000)
    chain.send(chain.account(5), first)
    receipt = chain.apply(chain.envelope(chain.account(6), second))
    assert (receipt.code, receipt.fee > 0) == (StaleRegister.code, True)
    assert chain.view(contract).registers[0].values == (1000,)
    with pytest.raises(StaleRegister, match=r"at version 1 .* from version 0: another call came first. Retry"):
        chain.check(chain.account(6), second)


def test_two_calls_in_one_transaction_follow_each_other(chain: ConfidentialChain, contract: ObjectId) -> None:
    first = add(chain, contract, 1000)
    second = changed(add(chain, contract, 2000), version=Uint(1), before=(element(1000),))
    chain.send(chain.account(5), first, second)
    assert chain.view(contract).registers[0].values == (2000,)


def test_all_of_a_transaction_or_nothing(chain: ConfidentialChain, contract: ObjectId) -> None:
    receipt = chain.apply(chain.envelope(chain.account(5), add(chain, contract, 1000), add(chain, contract, 2000)))
    assert (receipt.code, receipt.events) == (StaleRegister.code, ())
    assert chain.view(contract).registers[0].version == 0


def test_a_call_that_does_not_fit_state_is_refused(chain: ConfidentialChain, contract: ObjectId) -> None:
    call = add(chain, contract)
    cases: list[tuple[Call, type[Exception]]] = [
        (replace(call, contract=ObjectId(bytes(32))), UnknownContract),
        (replace(call, method=Name("steal")), UnknownMethod),
        (replace(call, vk_id=MOVE_KEY), WrongMethodKey),
        (replace(call, moves=()), WrongRegisters),
        (replace(call, moves=(*call.moves, *call.moves)), WrongRegisters),
        (changed(call, register=Uint(1)), WrongRegisters),
        (changed(call, register=Uint(2)), WrongRegisters),
        (replace(call, reads=(Read(Uint(1), Uint(0), (element(1),), True),)), WrongRegisters),
        (replace(call, arguments=(element(1),)), WrongLength),
        (changed(call, ciphertext=()), WrongLength),
        (changed(call, ciphertext=(element(1),) * 3), WrongLength),
        (replace(call, epoch=Uint(0)), WrongEpoch),
        (replace(call, epoch=Uint(2)), WrongEpoch),
        (replace(call, kc=element(1)), WrongKeyCommitment),
        (changed(call, version=Uint(1)), StaleRegister),
        (changed(call, before=(element(1),)), StaleRegister),
    ]
    for bad, rule in cases:
        with pytest.raises(rule):
            chain.check(chain.account(5), bad)
    chain.check(chain.account(5), call)


def test_a_frozen_key_stops_its_method_and_no_other(chain: ConfidentialChain, contract: ObjectId) -> None:
    chain.register(ADD_KEY, 10, frozen_at=Height(9))
    with pytest.raises(KeyFrozen):
        chain.check(chain.account(5), add(chain, contract))
    chain.check(chain.account(5), look(chain, contract))


@pytest.mark.parametrize("step", ["deploy", "readers", "call"])
def test_a_chain_without_insecure_keys_takes_no_step_with_one(
    chain: ConfidentialChain, contract: ObjectId, owner: AccountId, step: str
) -> None:
    deploy = DEPLOY
    action: Action = {"deploy": deploy, "readers": readers(contract, 2, 8), "call": add(chain, contract)}[step]
    params = replace(DEVNET, allow_insecure_keys=False, ceremony_quorum=Uint(1))
    chain.block = replace(chain.block, params=params)
    with pytest.raises(CeremonyNotAttested):
        chain.check(owner, action)
    bond, attester = ObjectId(bytes(32)), chain.account(9)
    write_attester(chain.overlay, Attester(attester, bond, Height(1), None))
    for circuit in (Hash(b"another circuit".ljust(32)), R1CS):
        with pytest.raises(CeremonyNotAttested):
            chain.check(owner, action)
        ceremony = Ceremony(Hash(bytes(32)), circuit, Hash(bytes(32)))
        for key in (ADD_KEY, MOVE_KEY, LOOK_KEY, ONE_KEY, TWO_KEY):
            write_attestation(chain.overlay, key, Attestation(attester, bond, ceremony, Height(1)))
    chain.check(owner, action)


def look(chain: ConfidentialChain, contract: ObjectId) -> Call:
    right = chain.view(contract).registers[1]
    read = Read(Uint(1), right.version, right.values, sealed=True)
    return call_of(chain, contract, "look", arguments=(element(8),), reads=(read,))


def test_a_call_that_only_reads_is_bound_to_what_it_read(chain: ConfidentialChain, contract: ObjectId) -> None:
    call = look(chain, contract)
    chain.send(chain.account(5), call)
    assert chain.view(contract).registers[1].version == 0
    with pytest.raises(StaleRegister):
        chain.check(chain.account(5), replace(call, reads=(replace(call.reads[0], values=(element(1),)),)))


def test_a_call_that_only_reads_is_proven_for_one_transaction(chain: ConfidentialChain, contract: ObjectId) -> None:
    call, sender = look(chain, contract), chain.account(5)
    (first,) = call.claims(chain.envelope(sender, call), 0)
    chain.send(sender, call)
    (second,) = call.claims(chain.envelope(sender, call), 0)
    assert first.inputs[0] != second.inputs[0] and first.inputs[1:] == second.inputs[1:]


def test_a_method_may_write_several_registers_in_its_own_order(chain: ConfidentialChain, contract: ObjectId) -> None:
    right, left = reversed(chain.view(contract).registers)
    moves = tuple(
        Move(Uint(index), register.version, register.values, (element(70 + index),), element(0), (element(0),) * 2)
        for index, register in ((1, right), (0, left))
    )
    call = call_of(chain, contract, "move", arguments=(element(1), element(2)), moves=moves)
    with pytest.raises(WrongRegisters):
        chain.check(chain.account(5), replace(call, moves=moves[::-1]))
    chain.send(chain.account(5), call)
    assert [register.values for register in chain.view(contract).registers] == [(70,), (71,)]


def test_the_statement_is_built_from_the_action_alone(chain: ConfidentialChain, contract: ObjectId) -> None:
    call = add(chain, contract)
    (claim,) = call.claims(chain.envelope(chain.account(5), call), 0)
    (move,) = call.moves
    expected = (id_element(contract), 1, KC, 0, *move.before, *move.after, move.nonce, *move.ciphertext)
    assert (claim.key_digest, claim.inputs[1:], claim.evidence) == (ADD_KEY, expected, PROOF)


def test_ctx_differs_by_sender_contract_method_version_and_neighbour(
    chain: ConfidentialChain, contract: ObjectId
) -> None:
    call, sender = add(chain, contract), chain.account(5)
    envelope = chain.envelope(sender, call)

    def ctx(action: Call) -> int:
        return action.claims(replace(envelope, actions=(action,)), 0)[0].inputs[0]

    others = [
        ctx(call),
        ctx(replace(call, contract=ObjectId(bytes(32)))),
        ctx(replace(call, method=Name("sub"))),
        ctx(replace(call, vk_id=MOVE_KEY)),
        ctx(changed(call, version=Uint(1))),
        ctx(changed(call, after=(element(1),))),
        call.claims(chain.envelope(chain.account(6), call), 0)[0].inputs[0],
        call.claims(replace(envelope, chain_id="other"), 0)[0].inputs[0],  # type: ignore[arg-type]
        call.claims(replace(envelope, fork_id=Hash(b"f" * 32)), 0)[0].inputs[0],
        call.claims(replace(envelope, actions=(call, look(chain, contract))), 0)[0].inputs[0],
    ]
    assert len(set(others)) == len(others)
    assert ctx(replace(call, proof=ProofBytes(b"p" * 128))) == ctx(call)


def test_no_field_element_is_taken_with_the_field_order_added(chain: ConfidentialChain, contract: ObjectId) -> None:
    call = add(chain, contract)
    raw = encode(call)
    for value in (KC, *call.moves[0].after, call.moves[0].nonce, *call.moves[0].ciphertext):
        tampered = raw.replace(value.to_bytes(32, "big"), (value + SCALAR_FIELD).to_bytes(32, "big"))
        assert tampered != raw
        with pytest.raises(WrongShape, match="below the field order"):
            decode(Call, tampered)


def test_before_readers_are_set_nobody_can_call(chain: ConfidentialChain, deployed: ObjectId) -> None:
    with pytest.raises(NoReaders):
        chain.check(chain.account(5), replace(add(chain, deployed), epoch=Uint(0)))


def test_a_new_epoch_ends_the_old_one_and_leaves_what_was_written(
    chain: ConfidentialChain, contract: ObjectId, owner: AccountId
) -> None:
    chain.send(chain.account(5), add(chain, contract))
    late = add(chain, contract, 3000)
    chain.send(owner, replace(readers(contract, 2, 8), kc=element(77)))
    with pytest.raises(WrongEpoch):
        chain.check(chain.account(5), late)
    view = chain.view(contract)
    assert (view.record.epoch, view.registers[0].epoch) == (2, 1)
    assert [numbered.number for numbered in view.epochs] == [1, 2]
    chain.send(chain.account(5), replace(late, epoch=Uint(2), kc=element(77)))
    assert [numbered.number for numbered in chain.view(contract).epochs] == [2]


def test_readers_that_break_a_rule_are_refused(chain: ConfidentialChain, contract: ObjectId, owner: AccountId) -> None:
    good = readers(contract, 2, 8)
    x, y = babyjubjub.public_key(8)
    torsion = babyjubjub.add(babyjubjub.Point(x, y), babyjubjub.Point(0, SCALAR_FIELD - 1))
    cases: list[tuple[SetReaders, type[Exception]]] = [
        (replace(good, contract=ObjectId(bytes(32))), UnknownContract),
        (replace(good, epoch=Uint(1)), WrongEpoch),
        (replace(good, epoch=Uint(3)), WrongEpoch),
        (replace(good, readers=()), WrongReaderCount),
        (replace(good, readers=good.readers * 3), WrongReaderCount),
        (replace(good, vk_id=TWO_KEY), WrongMethodKey),
        (replace(readers(contract, 2, 8, 8), vk_id=TWO_KEY), DuplicateReader),
        (sealed_to(good, x, (y + 1) % SCALAR_FIELD), BadReaderKey),
        (sealed_to(good, *torsion), BadReaderKey),
        (sealed_to(good, 0, SCALAR_FIELD - 1), BadReaderKey),
        (sealed_to(good, 0, 1), BadReaderKey),
        (replace(good, ephemeral=Point(element(0), element(1))), BadReaderKey),
    ]
    for bad, rule in cases:
        with pytest.raises(rule):
            chain.check(owner, bad)
    with pytest.raises(NotOwner):
        chain.check(chain.account(5), good)
    chain.check(owner, replace(readers(contract, 2, 8, 9), vk_id=TWO_KEY))
    chain.check(owner, good)


def sealed_to(action: SetReaders, x: int, y: int) -> SetReaders:
    return replace(action, readers=(SealedDataKey(Point(element(x), element(y)), element(5)),))


def test_the_points_of_small_order_are_on_the_curve(chain: ConfidentialChain) -> None:
    """So that the refusals above are for the subgroup's sake."""
    x, y = babyjubjub.public_key(8)
    assert babyjubjub.on_curve(babyjubjub.Point(0, SCALAR_FIELD - 1))
    assert babyjubjub.on_curve(babyjubjub.add(babyjubjub.Point(x, y), babyjubjub.Point(0, SCALAR_FIELD - 1)))


def test_a_frozen_sealing_key_seals_no_more(chain: ConfidentialChain, contract: ObjectId, owner: AccountId) -> None:
    chain.register(ONE_KEY, 9, frozen_at=Height(9))
    with pytest.raises(KeyFrozen):
        chain.check(owner, readers(contract, 2, 8))


def test_two_calls_of_a_method_have_one_size_and_one_fee(chain: ConfidentialChain, contract: ObjectId) -> None:
    """Whatever is in them: the fee is a class's, and field elements are 32 bytes wide."""
    small, large = add(chain, contract, 0), add(chain, contract, SCALAR_FIELD - 10)
    assert len(encode(small)) == len(encode(large))
    first = chain.apply(chain.envelope(chain.account(5), small))
    second = chain.apply(chain.envelope(chain.account(6), replace_before(large, version=1, before=0)))
    assert (first.code, second.code) == (OK, OK)
    assert (first.fee, first.work) == (second.fee, second.work)


def replace_before(call: Call, version: int, before: int) -> Call:
    return changed(call, version=Uint(version), before=(element(before),))


def test_what_a_node_answers_survives_json(chain: ConfidentialChain, contract: ObjectId) -> None:
    chain.send(chain.account(5), add(chain, contract))
    view = chain.view(contract)
    assert from_json(ContractView, json.loads(json.dumps(to_json(view)))) == view
