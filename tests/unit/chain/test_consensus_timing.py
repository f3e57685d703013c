"""Waiting times and believable times, in integers."""

from hypothesis import given
from hypothesis import strategies as st

from chain.consensus.inputs import TIMEOUT_PRECOMMIT, TIMEOUT_PREVOTE, TIMEOUT_PROPOSE
from chain.consensus.timing import DEFAULT_TIMING, Timing, is_timely, timeout_ms
from chain.types.scalars import Round, Timestamp

TIMING = Timing(clock_precision_ms=100, message_delay_ms=1_000)
SENT = Timestamp(1_000_000)


def test_each_kind_has_its_wait_and_each_round_adds_to_it() -> None:
    for kind, wait in ((TIMEOUT_PROPOSE, 3_000), (TIMEOUT_PREVOTE, 1_000), (TIMEOUT_PRECOMMIT, 1_000)):
        assert timeout_ms(kind, Round(0)) == wait
        assert timeout_ms(kind, Round(4)) == wait + 4 * DEFAULT_TIMING.step_ms


def test_a_wait_is_never_longer_than_its_cap() -> None:
    assert timeout_ms(TIMEOUT_PROPOSE, Round(2**31 - 1)) == DEFAULT_TIMING.max_ms


def test_a_proposal_is_timely_within_clock_precision_and_message_delay() -> None:
    for received, timely in ((-101, False), (-100, True), (0, True), (1_100, True), (1_101, False)):
        assert is_timely(SENT, Timestamp(SENT + received), Round(0), TIMING) is timely


def test_the_bounds_widen_with_the_round_on_both_sides() -> None:
    assert not is_timely(SENT, Timestamp(SENT + 2_200), Round(0), TIMING)
    assert is_timely(SENT, Timestamp(SENT + 2_200), Round(1), TIMING)
    assert not is_timely(SENT, Timestamp(SENT - 200), Round(0), TIMING)
    assert is_timely(SENT, Timestamp(SENT - 200), Round(1), TIMING)


@given(st.integers(-(10**6), 10**6), st.integers(0, 1000))
def test_what_is_timely_in_a_round_is_timely_in_all_later_ones(late: int, round_: int) -> None:
    received = Timestamp(SENT + late)
    if is_timely(SENT, received, Round(round_), TIMING):
        assert is_timely(SENT, received, Round(round_ + 1), TIMING)
