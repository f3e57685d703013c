"""Attacks on confidential contracts, each valid in everything but one thing, each stopped by its own rule.

Proofs are real: they verify for exactly the statement that they were made for.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain.execution.statement import account_element, id_element
from chain.execution.transaction import WrongChain, WrongFork, WrongGenesis
from chain.execution.verifier import FalseEvidence
from chain.state.overlay import Overlay
from chain.types.receipt import OK
from chain.types.scalars import MAX_UINT, ChainId, FieldElement, Hash, Height, Name, ObjectId, Uint
from chain.types.transaction import Envelope
from contracts.confidential import state
from contracts.confidential.call import Call
from contracts.confidential.errors import (
    ContractExists,
    NoReaders,
    OutsidePeriod,
    StaleRegister,
    UnknownMethod,
    WrongEpoch,
    WrongMethodKey,
    WrongPadding,
    WrongParts,
    WrongRegisters,
    WrongSort,
)
from contracts.confidential.specs import PUBLIC
from tests.support.contract_calls import method, register
from tests.support.contract_chain import ALICE, BOB, DEPLOYER, ContractChain
from tests.support.small_chain import account

SECRET, OPEN = 0, 1
REGISTERS = (register("secret"), register("open", PUBLIC, values=2, initial=(5, 6)))
METHODS = (
    method("add", REGISTERS, writes=(Uint(SECRET),)),
    method("take", REGISTERS, writes=(Uint(SECRET),)),
    method("look", REGISTERS, reads=(Uint(SECRET),), arguments=Uint(1)),
    method("set", REGISTERS, reads=(), writes=(Uint(OPEN),)),
    method("see", REGISTERS, reads=(Uint(OPEN),)),
    method("mine", REGISTERS, caller=True, writes=(Uint(OPEN),)),
    method("timed", REGISTERS, period=True, writes=(Uint(OPEN),)),
)


@pytest.fixture
def chain() -> ContractChain:
    return ContractChain(REGISTERS, METHODS)


def proven(chain: ContractChain, name: str, person: int = ALICE, **changes: object) -> tuple[Envelope, Call]:
    """A person's next envelope with one proven call, and that call."""
    envelope = chain.proven(chain.envelope(person, chain.call(name, **changes)))
    (call,) = envelope.actions
    assert isinstance(call, Call)
    return envelope, call


def false(chain: ContractChain, person: int, envelope: Envelope) -> None:
    """The transaction makes its block invalid."""
    with pytest.raises(FalseEvidence):
        chain.submit(person, envelope)


# A proof works in one place


def test_an_honest_call_goes_through(chain: ContractChain) -> None:
    for name in ("add", "look", "set", "see", "mine", "timed"):
        envelope, _ = proven(chain, name)
        assert chain.submit(ALICE, envelope).code == OK
    assert [chain.register_now(index).version for index in (SECRET, OPEN)] == [1, 3]


def test_a_proof_is_false_for_another_contract_with_the_same_circuits(chain: ContractChain) -> None:
    other = chain.deployed()
    envelope, call = proven(chain, "set")
    false(chain, ALICE, replace(envelope, actions=(replace(call, contract=other),)))
    assert chain.submit(ALICE, envelope).code == OK


def test_a_proof_is_false_for_another_method_with_the_same_circuit(chain: ContractChain) -> None:
    """`add` and `take` have one key here: nothing but ctx tells them apart. Their names are of other lengths, too."""
    envelope, call = proven(chain, "add")
    other = chain.call("take", moves=call.moves, proof=call.proof)
    assert other.vk_id == call.vk_id
    false(chain, ALICE, replace(envelope, actions=(other,)))
    with pytest.raises(UnknownMethod):
        chain.check(ALICE, replace(call, method=Name("sub")))


def test_a_proof_is_false_under_another_key(chain: ContractChain) -> None:
    _, call = proven(chain, "add")
    with pytest.raises(WrongMethodKey):
        chain.check(ALICE, replace(call, vk_id=METHODS[2].vk_id))


def test_a_copied_proof_is_false_for_who_copies_it(chain: ContractChain) -> None:
    for name in ("add", "set", "mine"):
        _, call = proven(chain, name)
        false(chain, BOB, chain.envelope(BOB, call))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"chain_id": ChainId("small-2")}, WrongChain),
        ({"genesis_hash": Hash(b"g" * 32)}, WrongGenesis),
        ({"fork_id": Hash(b"f" * 32)}, WrongFork),
    ],
)
def test_a_transaction_of_another_chain_or_fork_is_refused_and_its_proof_is_false_here(
    chain: ContractChain, change: dict[str, object], rule: type[Exception]
) -> None:
    elsewhere = chain.proven(chain.envelope(ALICE, chain.call("add"), **change))
    with pytest.raises(rule):
        chain.submit(ALICE, elsewhere)
    false(chain, ALICE, chain.envelope(ALICE, *elsewhere.actions))


def test_a_call_replayed_in_a_later_block_is_stale(chain: ContractChain) -> None:
    for name, index in (("add", SECRET), ("set", OPEN)):
        envelope, call = proven(chain, name)
        assert chain.submit(ALICE, envelope).code == OK
        assert chain.submit(ALICE, chain.envelope(ALICE, call)).code == StaleRegister.code
        now = chain.register_now(index)
        moved_on = replace(call.moves[0], version=now.version, before=now.values)
        false(chain, ALICE, chain.envelope(ALICE, replace(call, moves=(moved_on,))))


def test_a_public_register_that_holds_the_same_again_is_not_written_by_an_old_proof(chain: ContractChain) -> None:
    """Its version is no public input; ctx has it."""
    first = chain.register_now(OPEN).values
    old, call = proven(chain, "set")
    assert chain.submit(ALICE, old).code == OK
    back = replace(chain.call("set").moves[0], after=first)
    assert chain.send(BOB, chain.call("set", moves=(back,))).code == OK
    again = replace(call.moves[0], version=chain.register_now(OPEN).version)
    assert again.before == chain.register_now(OPEN).values
    false(chain, ALICE, chain.envelope(ALICE, replace(call, moves=(again,))))


def test_a_call_that_changes_nothing_works_for_one_nonce(chain: ContractChain) -> None:
    for name in ("look", "see"):
        envelope, call = proven(chain, name)
        assert chain.submit(ALICE, envelope).code == OK
        false(chain, ALICE, chain.envelope(ALICE, call))


def test_a_proof_outlives_its_transaction_where_its_versions_guard_it(chain: ContractChain) -> None:
    """Lost with its nonce, it is sent again under the next one."""
    _, call = proven(chain, "set")
    chain.send(ALICE, chain.call("see"))
    assert chain.submit(ALICE, chain.envelope(ALICE, call)).code == OK


# Registers


def test_of_two_attempts_at_one_version_the_first_in_a_block_wins(chain: ContractChain) -> None:
    for name in ("add", "set"):
        signed = [chain.sign(person, proven(chain, name, person)[0]) for person in (ALICE, BOB)]
        assert [receipt.code for receipt in chain.block(*signed)] == [OK, StaleRegister.code]


def test_what_is_not_in_state_is_stale(chain: ContractChain) -> None:
    move, read = chain.call("set").moves[0], chain.call("see").reads[0]
    other = (FieldElement(1), FieldElement(2))
    for call in (
        chain.call("set", moves=(replace(move, before=other),)),
        chain.call("set", moves=(replace(move, version=Uint(1)),)),
        chain.call("see", reads=(replace(read, values=other),)),
        chain.call("see", reads=(replace(read, version=Uint(1)),)),
    ):
        with pytest.raises(StaleRegister):
            chain.check(ALICE, call)


def test_a_public_register_begins_as_deployed_and_holds_what_is_written(chain: ContractChain) -> None:
    assert chain.register_now(OPEN).values == (5, 6)
    call = chain.call("set")
    chain.send(ALICE, call)
    assert chain.register_now(OPEN) == state.Register(Uint(1), call.moves[0].after, Uint(0), FieldElement(0), ())


def test_a_public_register_needs_no_reader() -> None:
    chain = ContractChain(REGISTERS[OPEN:], (method("set", REGISTERS[OPEN:], writes=(Uint(0),)),))
    assert chain.deployment.sealing == ()
    assert chain.send(ALICE, chain.call("set")).code == OK


def test_a_sealed_register_is_no_public_one_and_the_other_way_round(chain: ContractChain) -> None:
    look, see, write = chain.call("look"), chain.call("see"), chain.call("set")
    add = chain.call("add")
    cases: list[tuple[Call, type[Exception]]] = [
        (replace(look, reads=(replace(look.reads[0], sealed=False),)), WrongSort),
        (replace(see, reads=(replace(see.reads[0], sealed=True),)), WrongSort),
        (replace(write, moves=(replace(write.moves[0], nonce=FieldElement(1)),)), WrongSort),
        (replace(add, moves=write.moves), WrongRegisters),
        (replace(write, epoch=Uint(1)), WrongParts),
        (replace(write, kc=FieldElement(1)), WrongParts),
        (replace(add, kc=None), WrongParts),
        (replace(add, epoch=Uint(0)), WrongEpoch),
    ]
    for bad, rule in cases:
        with pytest.raises(rule):
            chain.check(ALICE, bad)


# Keys, readers, deployments


def test_a_call_under_a_removed_readers_key_is_refused(chain: ContractChain) -> None:
    envelope, call = proven(chain, "add")
    assert chain.send(DEPLOYER, chain.set_readers(chain.contract, secret=8)).code == OK
    assert chain.submit(ALICE, envelope).code == WrongEpoch.code
    renumbered = replace(call, epoch=Uint(2), kc=state.require_epoch(chain.view, chain.contract, 2).kc)
    false(chain, ALICE, chain.envelope(ALICE, renumbered))


def test_before_readers_are_set_only_public_methods_are_called(chain: ContractChain) -> None:
    contract = chain.envelope(DEPLOYER).object_id(0)
    assert chain.do(DEPLOYER, chain.deployment).code == OK
    assert chain.send(ALICE, chain.call("set", contract)).code == OK
    with pytest.raises(NoReaders):
        chain.check(ALICE, replace(chain.call("add"), contract=contract))


def test_nothing_is_deployed_over_a_contract(chain: ContractChain) -> None:
    record = state.require_contract(chain.view, chain.contract)
    overlay = Overlay(chain.view)
    taken = chain.envelope(BOB, chain.deployment).object_id(0)
    state.write_contract(overlay, taken, record)
    chain.store.apply(overlay.changes())
    with pytest.raises(ContractExists) as refused:
        chain.check(BOB, chain.deployment)
    assert refused.value.contract == taken
    assert chain.do(BOB, chain.deployment).code == ContractExists.code
    assert state.require_contract(chain.view, taken) == record


# Caller and period


def test_who_calls_is_a_public_input(chain: ContractChain) -> None:
    _, call = proven(chain, "mine")
    (claim,) = call.claims(chain.envelope(ALICE, call), 0)
    assert claim.inputs[1:3] == (id_element(chain.contract), account_element(account(ALICE)))
    with pytest.raises(WrongParts):
        chain.check(ALICE, replace(call, caller=False))
    with pytest.raises(WrongParts):
        chain.check(ALICE, replace(chain.call("set"), caller=True))


def period(after: int, before: int) -> dict[str, Height]:
    return {"after": Height(after), "before": Height(before)}


def test_a_call_is_good_in_its_period_and_at_both_its_ends(chain: ContractChain) -> None:
    following = chain.height + 1
    for after, before in ((following, following), (0, following), (following, MAX_UINT)):
        chain.check(ALICE, chain.call("timed", **period(after, before)))
    for after, before in ((following + 1, MAX_UINT), (0, following - 1), (following + 1, following - 1)):
        with pytest.raises(OutsidePeriod) as refused:
            chain.check(ALICE, chain.call("timed", **period(after, before)))
        assert refused.value.height == following


def test_a_late_call_is_refused_and_its_period_cannot_be_moved(chain: ContractChain) -> None:
    envelope, call = proven(chain, "timed", **period(0, chain.height + 1))
    chain.block()
    assert chain.submit(ALICE, envelope).code == OutsidePeriod.code
    longer = chain.call("timed", moves=call.moves, proof=call.proof, **period(0, MAX_UINT))
    false(chain, ALICE, chain.envelope(ALICE, longer))


def test_a_period_stands_where_the_method_uses_one_and_nowhere_else(chain: ContractChain) -> None:
    timed, untimed = chain.call("timed"), chain.call("set")
    for bad in (
        replace(timed, **period(0, 0)),
        replace(untimed, **period(0, MAX_UINT)),
        replace(untimed, **period(1, 0)),
    ):
        with pytest.raises(WrongParts):
            chain.check(ALICE, bad)


def test_a_call_of_another_size_is_refused(chain: ContractChain) -> None:
    call = chain.call("set")
    for padding in (b"", call.padding + b"\0", call.padding[:-1], call.padding[:-1] + b"\1"):
        with pytest.raises(WrongPadding):
            chain.check(ALICE, replace(call, padding=padding))


# Several calls in one transaction


def test_two_calls_apply_together(chain: ContractChain) -> None:
    assert chain.send(ALICE, chain.call("add"), chain.call("set")).code == OK
    assert [chain.register_now(index).version for index in (SECRET, OPEN)] == [1, 1]


@pytest.mark.parametrize("order", [lambda good, bad: (good, bad), lambda good, bad: (bad, good)])
def test_if_one_of_two_calls_fails_nothing_happens(
    chain: ContractChain, order: Callable[[Call, Call], tuple[Call, Call]]
) -> None:
    stale = chain.call("set")
    chain.send(BOB, chain.call("set"))
    receipt = chain.send(ALICE, *order(chain.call("add"), stale))
    assert (receipt.code, receipt.events) == (StaleRegister.code, ())
    assert chain.register_now(SECRET).version == 0


def test_calls_of_one_transaction_are_good_only_together_and_in_their_order(chain: ContractChain) -> None:
    other = chain.deployed()
    envelope = chain.proven(chain.envelope(ALICE, chain.call("add"), chain.call("set", other)))
    first, second = envelope.actions
    assert isinstance(second, Call)
    honest = second.moves[0].after
    altered = replace(second, moves=(replace(second.moves[0], after=honest[::-1]),))
    for actions in ((first,), (second,), (second, first), (first, second, chain.call("see")), (first, altered)):
        false(chain, ALICE, replace(envelope, actions=actions))
    assert chain.submit(ALICE, envelope).code == OK


def test_every_public_input_is_bound(chain: ContractChain) -> None:
    """The claims' inputs, one by one, with everything else as it was."""
    for name in ("add", "mine", "timed"):
        envelope, call = proven(chain, name)
        (claim,) = call.claims(envelope, 0)
        chain.verifier.require([claim])
        for position, value in enumerate(claim.inputs):
            inputs = (*claim.inputs[:position], value ^ 1, *claim.inputs[position + 1 :])
            with pytest.raises(FalseEvidence):
                chain.verifier.require([replace(claim, inputs=inputs)])


def test_whatever_of_a_call_is_no_public_input_is_bound_by_ctx(chain: ContractChain) -> None:
    """Versions of public registers, the full id of the contract: the field elements are the same, ctx is not."""
    envelope, call = proven(chain, "set")
    twin = ObjectId(call.contract[:31] + bytes([call.contract[31] ^ 1]))
    (honest,) = call.claims(envelope, 0)
    for other in (replace(call, contract=twin), replace(call, moves=(replace(call.moves[0], version=Uint(9)),))):
        (claim,) = other.claims(replace(envelope, actions=(other,)), 0)
        assert claim.inputs[1:] == honest.inputs[1:]
        assert claim.inputs[0] != honest.inputs[0]
