"""The memory of gossip is bounded in number and in time."""

from p2p.seen import SeenCache
from tests.support.p2p_nodes import ManualClock


def cache(clock: ManualClock, capacity: int = 100, key: bytes = bytes(32)) -> SeenCache:
    return SeenCache(capacity, seconds=60, key=key, clock=clock)


def test_what_was_added_is_remembered_for_half_the_time_at_least() -> None:
    clock = ManualClock()
    seen = cache(clock)
    digest = seen.digest(1, b"payload")
    assert digest not in seen
    seen.add(digest)
    clock.now += 30
    assert digest in seen


def test_what_is_older_than_the_whole_time_is_forgotten() -> None:
    clock = ManualClock()
    seen = cache(clock)
    seen.add(seen.digest(1, b"payload"))
    clock.now += 61
    assert seen.digest(1, b"payload") not in seen
    clock.now += 61
    assert seen.digest(1, b"payload") not in seen
    assert len(seen) == 0


def test_a_flood_pushes_out_the_oldest_and_memory_stays_bounded() -> None:
    seen = cache(ManualClock(), capacity=100)
    for number in range(1000):
        seen.add(seen.digest(1, number.to_bytes(4, "big")))
        assert len(seen) <= 101
    assert seen.digest(1, (999).to_bytes(4, "big")) in seen
    assert seen.digest(1, (960).to_bytes(4, "big")) in seen
    assert seen.digest(1, (0).to_bytes(4, "big")) not in seen


def test_the_topic_is_part_of_what_is_remembered() -> None:
    seen = cache(ManualClock())
    assert seen.digest(1, b"payload") != seen.digest(2, b"payload")
    assert seen.digest(1, b"\x00x") != seen.digest(0x0100, b"x")


def test_digests_of_two_processes_differ() -> None:
    clock = ManualClock()
    assert cache(clock, key=b"a" * 32).digest(1, b"x") != cache(clock, key=b"b" * 32).digest(1, b"x")
