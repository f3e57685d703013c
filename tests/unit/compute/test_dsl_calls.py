"""Contracts of the language on a chain: drafts, proofs, and validators that know nothing of the language."""

from dataclasses import replace

import pytest

from chain.execution.statement import id_element
from chain.types.scalars import FieldElement
from compute.confidential.prover import Prover
from compute.dev_keys import DevKeys
from compute.dsl.caller import Caller, CallLacks
from compute.dsl.calls import AnotherContract, draft_call
from compute.dsl.compiled import Compiled
from compute.dsl.deployment import WrongCircuitKeys, deploy
from compute.dsl.plain import wallet
from compute.dsl.refusals import RequirementFailed
from contracts.confidential.errors import OutsidePeriod
from contracts.confidential.signals import call_size
from contracts.notes.errors import NoteSpent
from tests.support.dsl_chain import OWNER, STRANGER, Deployed, ReceiptRefused
from tests.support.dsl_contracts import Auction, Counter
from tests.support.small_chain import account


@pytest.fixture
def counter() -> Deployed:
    deployed = Deployed(Counter.compiled, owner=account(OWNER))
    deployed.call("increment", 40)
    deployed.call("increment", amount=2)
    return deployed


def test_calls_with_real_proofs(dev_keys: DevKeys) -> None:
    counter = Deployed(Counter.compiled, Prover(dev_keys), owner=account(OWNER))
    counter.call("increment", 40)
    receipt = counter.call("reveal", 39)
    assert receipt.events[0].arguments == (FieldElement(39), FieldElement(40))  # type: ignore[attr-defined]
    counter.call("freeze", person=OWNER)
    assert counter.values == {"count": 40, "calls": 1, "owner": id_element(account(OWNER)), "frozen": True}


def test_calls_step_registers(counter: Deployed) -> None:
    assert (counter.values["count"], counter.values["calls"]) == (42, 2)


def test_what_a_method_refuses_cannot_be_drafted(counter: Deployed) -> None:
    with pytest.raises(RequirementFailed, match="not so many yet"):
        counter.draft("reveal", 43)
    with pytest.raises(RequirementFailed, match="only the owner"):
        counter.draft("freeze")


def test_caller_and_period_are_the_chains(counter: Deployed) -> None:
    height = counter.chain.height
    late = counter.draft("freeze", person=OWNER, period=(height + 2, height + 9))
    with pytest.raises(OutsidePeriod):
        counter.chain.check(OWNER, late.action)
    counter.call("freeze", person=OWNER)
    with pytest.raises(RequirementFailed, match="frozen"):
        counter.draft("increment", 1)


@pytest.mark.parametrize("compiled", [Counter.compiled, Auction.compiled], ids=lambda compiled: compiled.name)
def test_the_circuits_have_the_public_inputs_that_the_chain_builds(compiled: Compiled) -> None:
    initial = {"owner": account(OWNER)} if compiled is Counter.compiled else {}
    record = Deployed(compiled, **initial).view.record
    for method, spec in zip(compiled.methods, record.methods, strict=True):
        assert method.circuit.public_count == call_size(spec, record.registers)


def test_a_class_does_not_draft_for_another_contract(counter: Deployed) -> None:
    view = counter.view
    methods = tuple(replace(spec, caller=not spec.caller) for spec in view.record.methods)
    another = replace(view, record=replace(view.record, methods=methods))
    with pytest.raises(AnotherContract):
        draft_call(Counter.compiled, another, "increment", {"amount": 1}, Caller(reader=counter.reader))


def test_keys_of_another_circuit_do_not_deploy() -> None:
    deployed = Deployed(Counter.compiled)
    keys = {method.name: deployed._key(method.source) for method in Counter.compiled.methods}
    with pytest.raises(WrongCircuitKeys):
        deploy(Counter.compiled, keys | {"reveal": keys["freeze"]}, {})
    with pytest.raises(WrongCircuitKeys):
        deploy(Counter.compiled, {"reveal": keys["reveal"]}, {})


def test_what_a_caller_lacks_is_told() -> None:
    deployed = Deployed(Auction.compiled, seller=wallet("seller"), closes=20)
    view, full = deployed.view, Caller(account(2), deployed.reader, wallet("seller"))
    address = wallet("seller").full_view().incoming.address()
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
    known = replace(full, spending=None, addresses=(address,))
    assert draft_call(Auction.compiled, view, "place", {"amount": 1}, known, period=(1, 2)).action is not None


@pytest.fixture(scope="module")
def auction() -> Deployed:
    """Bids of 50, 80 and 70 were folded; the auction is closed."""
    deployed = Deployed(Auction.compiled, seller=wallet("seller"), closes=20)
    for person, amount in ((2, 50), (STRANGER, 80), (4, 70)):
        deployed.call("place", amount, person=person, addresses=["seller"])
    deployed.chain.pass_to(20)
    for note in deployed.notes_of("seller"):
        deployed.call("fold", note, spender="seller", person=OWNER)
    return deployed


def test_notes_are_posted_found_and_folded(auction: Deployed) -> None:
    assert auction.notes_of("seller") == []
    standing = auction.values["standing"]
    assert standing == {"best": 80, "second": 70, "winner": id_element(account(STRANGER)), "folded": 3}


def test_an_inbox_closes_when_all_is_folded_and_tokens_move(auction: Deployed) -> None:
    receipt = auction.call("close")
    assert receipt.events[0].arguments == (id_element(account(STRANGER)),)  # type: ignore[attr-defined]
    assert auction.values["price"] == 70
    before = auction.chain.balance(5)
    auction.call("settle", account(STRANGER), account(5), True, person=STRANGER)
    assert auction.chain.balance(5) - before == 35
    assert auction.now.holding == 35
    with pytest.raises(ReceiptRefused) as refused:
        auction.call("settle", account(STRANGER), account(5), False, person=STRANGER)
    assert refused.value.code == NoteSpent.code


def test_an_inbox_does_not_close_before_that() -> None:
    deployed = Deployed(Auction.compiled, seller=wallet("seller"), closes=20)
    deployed.call("place", 5, addresses=["seller"])
    with pytest.raises(RequirementFailed, match="bids are left"):
        deployed.draft("close")
