"""Validator sets: quorum in integers, proposers in proportion to power, and changes that act two heights later."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.execution.validator_schedule import DELAY, set_validators, validators_at
from chain.state.overlay import Overlay
from chain.state.store import MemoryStore
from chain.state.view import StateView
from chain.types.scalars import Height, Power, Round, ValidatorId, VrfKey
from chain.types.validators import MAX_SCHEDULE, Validator, ValidatorSet, proportional_schedule


def validators(*powers: int) -> ValidatorSet:
    """Validators whose keys are their places."""
    return ValidatorSet(
        tuple(
            Validator(ValidatorId(bytes([place]) * 32), VrfKey(bytes(32)), Power(power))
            for place, power in enumerate(powers)
        )
    )


@pytest.mark.parametrize(
    ("power", "quorum", "third"),
    [(0, False, False), (10, False, False), (11, False, True), (20, False, True), (21, True, True), (30, True, True)],
)
def test_quorum_is_strictly_more_than_two_thirds(power: int, quorum: bool, third: bool) -> None:
    group = validators(10, 10, 10)
    assert group.is_quorum(power) is quorum
    assert group.exceeds_third(power) is third


@given(st.integers(1, 2**60), st.integers(0, 2**60))
def test_two_quorums_share_more_than_a_third(total: int, power: int) -> None:
    group = validators(total)
    if power <= total and group.is_quorum(power):
        assert group.exceeds_third(2 * power - total)


def test_a_stranger_has_no_power() -> None:
    assert validators(10).power(ValidatorId(b"\xff" * 32)) == 0


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_everybody_proposes_in_proportion_to_power(powers: list[int]) -> None:
    schedule = proportional_schedule(tuple(powers))
    assert Counter(schedule) == Counter(dict(enumerate(powers)))
    group = validators(*powers)
    turns = [group.proposer(Height(height), Round(0)) for height in range(sum(powers))]
    assert Counter(turns) == Counter({ValidatorId(bytes([place]) * 32): power for place, power in enumerate(powers)})


@given(st.lists(st.integers(1, 2**60), min_size=1, max_size=8))
def test_large_powers_make_no_large_schedule_and_forget_nobody(powers: list[int]) -> None:
    schedule = proportional_schedule(tuple(powers))
    assert len(schedule) <= MAX_SCHEDULE + len(powers)
    assert set(schedule) == set(range(len(powers)))


def test_turns_are_spread_evenly() -> None:
    schedule = proportional_schedule((5, 1, 1))
    assert "".join(map(str, schedule)) == "0010200"


def test_a_new_round_is_the_next_proposers() -> None:
    group = validators(1, 1, 1)
    assert group.proposer(Height(5), Round(1)) == group.proposer(Height(6), Round(0))
    assert len({group.proposer(Height(5), Round(round_)) for round_ in range(3)}) == 3


# The schedule in state


@pytest.fixture
def state() -> Overlay:
    overlay = Overlay(StateView(MemoryStore(), Height(0)))
    set_validators(overlay, validators(1), Height(0), Height(0))
    return overlay


def test_a_set_acts_until_the_next_one(state: Overlay) -> None:
    later = validators(1, 2)
    set_validators(state, later, Height(5 + DELAY), Height(5))
    assert validators_at(state, Height(6)) == validators(1)
    assert validators_at(state, Height(7)) == later
    assert validators_at(state, Height(10**9)) == later


def test_two_changes_for_one_height_leave_the_last(state: Overlay) -> None:
    set_validators(state, validators(1, 2), Height(7), Height(5))
    set_validators(state, validators(1, 3), Height(7), Height(5))
    assert validators_at(state, Height(7)) == validators(1, 3)


def test_the_sets_that_a_block_still_needs_are_kept(state: Overlay) -> None:
    """Block h checks the commit of h - 1, and names the sets of h and h + 1."""
    for height in range(1, 50):
        set_validators(state, validators(*range(1, height % 5 + 2)), Height(height + DELAY), Height(height))
        for needed in (height - 1, height, height + 1, height + 2):
            expected = needed - DELAY
            if expected >= 1:
                assert validators_at(state, Height(needed)) == validators(*range(1, expected % 5 + 2))


def test_old_sets_are_forgotten(state: Overlay) -> None:
    for height in range(1, 20):
        set_validators(state, validators(height), Height(height + DELAY), Height(height))
    with pytest.raises(LookupError):
        validators_at(state, Height(5))


def test_state_without_genesis_has_no_validators() -> None:
    with pytest.raises(LookupError):
        validators_at(StateView(MemoryStore(), Height(0)), Height(0))
