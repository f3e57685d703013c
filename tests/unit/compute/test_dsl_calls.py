"""Contracts of the language on a chain: keys, drafts, proofs, and validators that know nothing of the language."""

from dataclasses import replace

import pytest

from chain.execution.statement import id_element
from chain.types.scalars import FieldElement
from compute.confidential.prover import Prover
from compute.dev_keys import DevKeys
from compute.dsl.calls import AnotherContract, DataKeyMissing, draft_call
from compute.dsl.deployment import WrongCircuitKeys, deploy
from compute.dsl.refusals import RequirementFailed
from contracts.confidential.errors import OutsidePeriod
from contracts.confidential.signals import call_size
from tests.support.confidential_chain import HEIGHT
from tests.support.dsl_chain import Deployed
from tests.support.dsl_contracts import Counter


@pytest.fixture(scope="module")
def prover(dev_keys: DevKeys) -> Prover:
    return Prover(dev_keys)


@pytest.fixture(scope="module")
def counter(prover: Prover) -> Deployed:
    deployed = Deployed(prover, Counter.compiled)
    deployed.call("increment", 40)
    deployed.call("increment", amount=2)
    return deployed


def test_calls_step_registers(counter: Deployed) -> None:
    assert counter.values()["count"] == (42,)
    assert counter.values()["calls"] == (2,)
    assert counter.values()["owner"] == (id_element(counter.owner),)


def test_a_result_becomes_public(counter: Deployed) -> None:
    receipt = counter.call("reveal", 40)
    assert receipt.events[0].arguments == (FieldElement(40), FieldElement(42))  # type: ignore[attr-defined]


def test_what_a_method_refuses_cannot_be_drafted(counter: Deployed) -> None:
    with pytest.raises(RequirementFailed, match="not so many yet"):
        counter.draft("reveal", 43)
    with pytest.raises(RequirementFailed, match="only the owner"):
        counter.draft("freeze", period=(HEIGHT, HEIGHT))
    with pytest.raises(DataKeyMissing):
        counter.draft("increment", 1, keys=None)


def test_caller_and_period_are_the_chains(prover: Prover) -> None:
    counter = Deployed(prover, Counter.compiled)
    late = counter.draft("freeze", sender=counter.owner, period=(HEIGHT + 1, HEIGHT + 9))
    with pytest.raises(OutsidePeriod):
        counter.chain.check(counter.owner, late.action)
    counter.call("freeze", sender=counter.owner, period=(HEIGHT, HEIGHT))
    assert counter.values()["frozen"] == (1,)
    with pytest.raises(RequirementFailed, match="frozen"):
        counter.draft("increment", 1)


def test_the_circuits_have_the_public_inputs_that_the_chain_builds(counter: Deployed) -> None:
    record = counter.view.record
    for method, spec in zip(Counter.compiled.methods, record.methods, strict=True):
        assert method.circuit.public_count == call_size(spec, record.registers)


def test_a_class_does_not_draft_for_another_contract(counter: Deployed, prover: Prover) -> None:
    keys = {method.name: prover.keys(method.source) for method in Counter.compiled.methods}
    with pytest.raises(WrongCircuitKeys):
        deploy(Counter.compiled, keys | {"reveal": keys["freeze"]}, {})
    view = counter.view
    methods = tuple(replace(spec, caller=not spec.caller) for spec in view.record.methods)
    another = replace(view, record=replace(view.record, methods=methods))
    with pytest.raises(AnotherContract):
        draft_call(Counter.compiled, another, "increment", {})
