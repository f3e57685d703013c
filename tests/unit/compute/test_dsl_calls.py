"""Contracts of the language on a chain: drafts, proofs, and validators that know nothing of the language."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chain.execution.context import ExecutionContext
from chain.execution.statement import account_element
from chain.types.scalars import NOBODY, FieldElement
from compute.dev_keys import DevKeys
from compute.dsl.caller import Caller, CallLacks
from compute.dsl.calls import AnotherContract, draft_call
from compute.dsl.contract import Contract
from compute.dsl.deployment import WrongCircuitKeys, deploy
from compute.dsl.refusals import PaidToNobody, RequirementFailed
from compute.sandbox import Deployed, Sandbox
from contracts.confidential.errors import OutsidePeriod
from contracts.confidential.events import Called
from contracts.confidential.signals import call_size
from contracts.notes.errors import NoteSpent
from tests.support.dsl_contracts import Auction, Counter


@pytest.fixture
def chain() -> Iterator[Sandbox]:
    with Sandbox() as chain:
        yield chain


def counter_on(chain: Sandbox) -> Deployed:
    owner, alice = chain.person("owner"), chain.person("alice")
    return chain.deploy(Counter, owner, readers=[owner, alice], counts=(), initial={"owner": owner})


@pytest.fixture
def counter(chain: Sandbox) -> Deployed:
    """Stands at 42, after two calls."""
    deployed = counter_on(chain)
    for amount in (40, 2):
        deployed.increment(amount, sender=chain.person("alice"))
    return deployed


@pytest.mark.slow
def test_calls_with_real_proofs(dev_keys: DevKeys) -> None:
    with Sandbox(prove=True, keys=dev_keys) as chain:
        counter, owner = counter_on(chain), chain.person("owner")
        counter.increment(40, sender=owner)
        revealed = counter.reveal(39, sender=owner)
        assert revealed.event(Called).arguments == (FieldElement(39), FieldElement(40))
        counter.freeze(sender=owner)
        seen = counter.read(owner)
        assert (seen.count, seen.calls, seen.owner, seen.frozen) == (40, 1, account_element(owner.id), True)


def test_calls_step_registers(chain: Sandbox, counter: Deployed) -> None:
    seen = counter.read(chain.person("alice"))
    assert (seen.count, seen.calls) == (42, 2)


def test_what_a_method_refuses_cannot_be_drafted(chain: Sandbox, counter: Deployed) -> None:
    with pytest.raises(RequirementFailed, match="not so many yet"):
        counter.draft("reveal", 43, sender=chain.person("alice"))
    with pytest.raises(RequirementFailed, match="only the owner"):
        counter.draft("freeze", sender=chain.person("alice"))


def test_caller_and_period_are_the_chains(chain: Sandbox, counter: Deployed) -> None:
    owner = chain.person("owner")
    late = counter.draft("freeze", sender=owner, period=(chain.height + 2, chain.height + 9))
    envelope = chain.local.envelope_of(owner.id, late.action)
    with pytest.raises(OutsidePeriod):
        late.action.check(chain.view, ExecutionContext(chain.local.next_block, envelope, 0))
    counter.freeze(sender=owner)
    with pytest.raises(RequirementFailed, match="frozen"):
        counter.draft("increment", 1, sender=owner)


@pytest.mark.parametrize("contract", [Counter, Auction])
def test_the_circuits_have_the_public_inputs_that_the_chain_builds(chain: Sandbox, contract: type[Contract]) -> None:
    record = chain.deploy(contract, chain.person("owner")).view.record
    for method, spec in zip(contract.compiled.methods, record.methods, strict=True):
        assert method.circuit.public_count == call_size(spec, record.registers)


def test_a_class_does_not_draft_for_another_contract(chain: Sandbox, counter: Deployed) -> None:
    view, reader = counter.view, chain.person("alice").reader
    methods = tuple(replace(spec, caller=not spec.caller) for spec in view.record.methods)
    another = replace(view, record=replace(view.record, methods=methods))
    with pytest.raises(AnotherContract):
        draft_call(Counter.compiled, another, "increment", {"amount": 1}, Caller(reader=reader))


def test_keys_of_another_circuit_do_not_deploy(chain: Sandbox) -> None:
    keys = {method.name: chain.circuit(method.source) for method in Counter.compiled.methods}
    with pytest.raises(WrongCircuitKeys):
        deploy(Counter.compiled, keys | {"reveal": keys["freeze"]}, {})
    with pytest.raises(WrongCircuitKeys):
        deploy(Counter.compiled, {"reveal": keys["reveal"]}, {})


def auction_on(chain: Sandbox) -> Deployed:
    """Open until the block before height 20."""
    seller = chain.person("seller")
    return chain.deploy(Auction, seller, initial={"seller": seller, "closes": 20})


def test_what_a_caller_lacks_is_told(chain: Sandbox) -> None:
    deployed, seller = auction_on(chain), chain.person("seller")
    view, full = deployed.view, Caller(chain.person("alice").id, seller.reader, seller.spending)
    cases = [
        ("close", {}, replace(full, reader=None), {"now": deployed.now}, "data key"),
        ("close", {}, full, {}, "inbox counts"),
        ("place", {"amount": 1}, replace(full, account=None), {"period": (1, 2)}, "account that sends"),
        ("place", {"amount": 1}, full, {}, "heights between"),
        ("place", {"amount": 1}, replace(full, spending=None), {"period": (1, 2)}, "address that a note goes to"),
        ("fold", {"bid": None}, replace(full, spending=None), {"period": (20, 20)}, "key that spends"),
    ]
    for name, given, caller, said, lacking in cases:
        with pytest.raises(CallLacks, match=lacking):
            draft_call(Auction.compiled, view, name, given, caller, **said)  # type: ignore[arg-type]
    known = replace(full, spending=None, addresses=(seller.private_address,))
    assert draft_call(Auction.compiled, view, "place", {"amount": 1}, known, period=(1, 2)).action is not None


@pytest.fixture
def auction(chain: Sandbox) -> Deployed:
    """Bids of 50, 80 and 70 were folded."""
    deployed, seller = auction_on(chain), chain.person("seller")
    for name, amount in (("alice", 50), ("bob", 80), ("carol", 70)):
        deployed.place(amount, sender=chain.person(name), period=(chain.height + 1, 19))
    chain.mine_to(20)
    for note in deployed.notes_of(seller):
        deployed.fold(note, sender=seller)
    return deployed


def test_an_inbox_closes_when_all_is_folded_and_tokens_move(chain: Sandbox, auction: Deployed) -> None:
    seller, winner = chain.person("seller"), chain.person("bob")
    assert auction.notes_of(seller) == []
    standing = {"best": 80, "second": 70, "winner": account_element(winner.id), "folded": 3}
    assert auction.read(seller).standing == standing
    assert auction.close(sender=seller).result == account_element(winner.id)
    assert auction.read().price == 70
    payee = chain.person("payee")
    before = chain.balance(payee)
    auction.settle(winner, payee, True, sender=winner)
    assert (chain.balance(payee) - before, auction.holding()) == (35, 35)
    with pytest.raises(NoteSpent):
        auction.settle(winner, payee, False, sender=winner)


def test_an_inbox_does_not_close_before_that(chain: Sandbox) -> None:
    deployed = auction_on(chain)
    deployed.place(5, sender=chain.person("alice"), period=(chain.height + 1, 19))
    with pytest.raises(RequirementFailed, match="bids are left"):
        deployed.draft("close", sender=chain.person("seller"))


def test_a_payment_to_nobody_is_not_drafted(chain: Sandbox, auction: Deployed) -> None:
    seller, winner = chain.person("seller"), chain.person("bob")
    auction.close(sender=seller)
    with pytest.raises(PaidToNobody):
        auction.draft("settle", winner, NOBODY, True, sender=winner)
