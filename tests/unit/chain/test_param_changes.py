"""Parameters by vote: their bounds, when they act, and what does not change however many vote for it."""

from dataclasses import replace

import pytest

from chain.execution.param_changes import (
    FIXED,
    RANGES,
    NotChangeable,
    NothingChanges,
    ParamChange,
    ParameterOutOfRange,
    ParametersContradict,
    ParameterTwice,
    change_params,
    param_names,
)
from chain.execution.transaction import required_work
from chain.params import DEVNET, MAINNET, Params, read_params
from chain.types.scalars import Height, Name, Uint, WorkUnits
from contracts.governance.actions import Propose, Vote
from contracts.governance.decisions import SetParameters
from contracts.governance.events import ParametersChanged, ParametersKept, ProposalPassed
from tests.support.small_chain import SmallChain, operator
from tests.support.votes import decide, proposal_of


def changes(**values: int) -> tuple[ParamChange, ...]:
    return tuple(ParamChange(Name(name.replace("__", ".")), Uint(value)) for name, value in values.items())


def test_every_parameter_has_bounds_or_is_fixed() -> None:
    """A new parameter needs a line in one of the two."""
    assert sorted((*RANGES, *FIXED)) == sorted(param_names(DEVNET))


@pytest.mark.parametrize("params", [DEVNET, MAINNET], ids=["devnet", "mainnet"])
def test_the_templates_lie_within_the_bounds(params: Params) -> None:
    """But for keys of one party's setup, which a vote only forbids."""
    for name, (low, high) in RANGES.items():
        value: object = params
        for part in name.split("."):
            value = getattr(value, part)
        assert low <= int(value) <= high or name == "allow_insecure_keys"  # type: ignore[call-overload]


@pytest.mark.parametrize("name", RANGES)
def test_a_value_outside_of_its_bounds_is_refused(name: str) -> None:
    low, high = RANGES[name]
    for value in (low - 1, high + 1):
        if value >= 0:
            with pytest.raises(ParameterOutOfRange) as refused:
                change_params(DEVNET, (ParamChange(Name(name), Uint(value)),))
            assert (refused.value.parameter, refused.value.value) == (name, value)


@pytest.mark.parametrize("name", [*FIXED, "prices", "prices.", "prices.hope", "hash", "", "prices.write.real"])
def test_what_no_vote_changes_is_refused(name: str) -> None:
    with pytest.raises(NotChangeable):
        change_params(DEVNET, (ParamChange(Name(name), Uint(1)),))


def test_no_change_and_the_same_one_twice_are_refused() -> None:
    with pytest.raises(NothingChanges):
        change_params(DEVNET, ())
    with pytest.raises(ParameterTwice):
        change_params(DEVNET, changes(max_expiry=200) * 2)


def test_values_that_contradict_one_another_are_refused_and_together_may_be_right() -> None:
    more = changes(target_block_work=500_000)
    with pytest.raises(ParametersContradict):
        change_params(DEVNET, more)
    assert change_params(DEVNET, (*more, *changes(max_block_work=500_000))).target_block_work == 500_000


def test_only_what_is_named_changes_in_its_own_type() -> None:
    changed = change_params(DEVNET, changes(prices__write=200, allow_insecure_keys=0))
    assert changed == replace(DEVNET, prices=replace(DEVNET.prices, write=WorkUnits(200)), allow_insecure_keys=False)
    assert changed.allow_insecure_keys is False


def test_a_vote_always_fits_into_a_block_and_can_be_paid() -> None:
    """At the dearest parameters that a vote may set, the next vote still has room: there is a way back."""
    dearest = {name: high for name, (_, high) in RANGES.items() if name.startswith("prices.")}
    least = {"max_block_work": RANGES["max_block_work"][0], "target_block_work": RANGES["target_block_work"][0]}
    worst = tuple(ParamChange(Name(name), Uint(value)) for name, value in {**dearest, **least}.items())
    params = change_params(DEVNET, worst)
    chain = SmallChain(**{name: getattr(params, name) for name in ("prices", "max_block_work", "target_block_work")})
    undo = SetParameters(changes(prices__write=150, max_block_work=400_000), Height(chain.height + 20))
    propose, vote = proposal_of(chain, undo), Vote(Uint(1), True)
    for transaction in (chain.transaction(operator(0), propose), chain.transaction(operator(0), vote)):
        assert required_work(transaction, params) <= params.max_block_work
    assert chain.do(operator(0), propose).events[-1] == ProposalPassed(Uint(1))


def test_a_change_acts_from_its_height_on_and_not_before() -> None:
    chain = SmallChain()
    effective = Height(chain.height + 20)
    decide(chain, SetParameters(changes(prices__write=200), effective))
    chain.pass_to(effective - 2)
    assert chain.params == DEVNET
    chain.block()
    expected = replace(DEVNET, prices=replace(DEVNET.prices, write=WorkUnits(200)))
    assert chain.closing_events == (ParametersChanged(changes(prices__write=200), expected.hash()),)
    assert read_params(chain.view) == expected  # committed with block effective - 1, in the header of effective
    assert chain.next_block.height == effective
    assert chain.next_block.params == expected


def test_changes_that_passed_apart_and_contradict_one_another_do_not_both_happen() -> None:
    chain = SmallChain()
    first, second = changes(max_block_work=250_000), changes(target_block_work=300_000)
    decide(chain, SetParameters(second, Height(40)))
    decide(chain, SetParameters(first, Height(30)))
    chain.pass_to(29)
    assert [type(event) for event in chain.closing_events] == [ParametersChanged]
    chain.pass_to(39)
    assert chain.closing_events == (ParametersKept(second, Uint(ParametersContradict.code)),)
    assert (chain.params.max_block_work, chain.params.target_block_work) == (250_000, DEVNET.target_block_work)
    chain.block()
    assert chain.closing_events == ()


def test_two_changes_at_one_height_happen_in_the_order_in_which_they_passed() -> None:
    chain = SmallChain()
    for value in (200, 300):
        decide(chain, SetParameters(changes(max_expiry=value), Height(30)))
    chain.pass_to(29)
    assert [event.changes[0].value for event in chain.closing_events] == [200, 300]  # type: ignore[attr-defined]
    assert chain.params.max_expiry == 300


def test_a_proposal_has_the_shape_that_chain_getTransaction_shows() -> None:
    chain = SmallChain()
    sent = chain.transaction(operator(0), proposal_of(chain, SetParameters(changes(max_expiry=200), Height(30))))
    (action,) = sent.envelope.actions
    assert isinstance(action, Propose)
    assert action.decision == SetParameters(changes(max_expiry=200), Height(30))
