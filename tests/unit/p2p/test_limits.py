"""Token buckets under a clock set by hand."""

from hypothesis import given
from hypothesis import strategies as st

from p2p.limits import TokenBucket


def test_a_burst_passes_and_then_only_the_rate() -> None:
    bucket = TokenBucket(rate=2, burst=5, now=0)
    assert [bucket.take(0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert not bucket.take(0.4)
    assert bucket.take(0.5)
    assert not bucket.take(0.5)


def test_rest_earns_no_more_than_a_burst() -> None:
    bucket = TokenBucket(rate=2, burst=5, now=0)
    assert [bucket.take(1_000_000) for _ in range(6)] == [True] * 5 + [False]


def test_a_charge_below_zero_must_be_earned_back() -> None:
    bucket = TokenBucket(rate=8, burst=20, now=0)
    assert bucket.charge(20, now=0) == 0
    assert bucket.charge(4, now=0) == 0.5
    assert not bucket.take(0.5)
    assert bucket.take(0.625)


def test_no_debt_lasts_longer_than_a_burst() -> None:
    bucket = TokenBucket(rate=10, burst=20, now=0)
    assert bucket.charge(10**9, now=0) == 2.0


@given(st.lists(st.floats(0, 100), max_size=200))
def test_never_more_than_burst_plus_rate_times_time(moments: list[float]) -> None:
    bucket = TokenBucket(rate=3, burst=4, now=0)
    passed = sum(bucket.take(now) for now in sorted(moments))
    assert passed <= 4 + 3 * max(moments, default=0) + 1e-6
