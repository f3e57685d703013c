"""Reconnection: delays that grow, spread and start again; attempts that stop when they are pointless."""

import asyncio
import contextlib
from typing import Any

import pytest

from p2p.address import Address, NodeId, PeerAddress
from p2p.dialer import Backoff, Dialer
from p2p.errors import DialFailed, DuplicateConnection, LinkClosed, P2PError, PeerBanned, SelfConnection
from tests.support.p2p_nodes import CountedEntropy, ManualClock, key

OTHER = NodeId(key("other").public)
TARGET = PeerAddress(Address("host", 1))
FAILED = DialFailed("host:1", "refused")


def lowest(length: int) -> bytes:
    return bytes(length)


def highest(length: int) -> bytes:
    return b"\xff" * length


def test_delays_double_up_to_the_longest_and_start_again_after_a_reset() -> None:
    backoff = Backoff(0.25, 10, highest)
    delays = [backoff.delay() for _ in range(8)]
    assert delays == pytest.approx([0.25, 0.5, 1, 2, 4, 8, 10, 10], rel=1e-4)
    backoff.reset()
    assert backoff.delay() == pytest.approx(0.25, rel=1e-4)


def test_the_draw_takes_up_to_half_of_a_delay() -> None:
    assert Backoff(1, 10, lowest).delay() == 0.5
    assert 0.999 < Backoff(1, 10, highest).delay() < 1


def test_nodes_with_other_entropy_spread_out() -> None:
    assert len({Backoff(1, 10, CountedEntropy(str(number))).delay() for number in range(20)}) == 20


class Script:
    """Answers each attempt with the next outcome; sleeps are recorded instead of slept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *outcomes: P2PError) -> None:
        self.outcomes = list(outcomes)
        self.attempts = 0
        self.sleeps: list[float] = []
        self.clock = ManualClock()
        self.lasting = 0.0
        self.live: dict[NodeId, Any] = {}
        monkeypatch.setattr("p2p.dialer.asyncio.sleep", self._sleep)
        self.dialer = Dialer(TARGET, self._connect, self.live, Backoff(1, 8, lowest), self.clock, stable_seconds=10)

    async def _connect(self, target: PeerAddress) -> P2PError:
        if not self.outcomes:
            raise asyncio.CancelledError
        self.attempts += 1
        self.clock.now += self.lasting
        return self.outcomes.pop(0)

    async def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)

    async def play(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await self.dialer.run()


async def test_failures_slow_the_attempts_down(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch, *[FAILED] * 5)
    await script.play()
    assert script.sleeps == [0.5, 1, 2, 4, 4]


async def test_a_link_that_lasted_makes_the_next_delay_short_again(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch, *[LinkClosed("bye")] * 3)
    script.lasting = 10
    await script.play()
    assert script.sleeps == [0.5, 0.5, 0.5]


async def test_a_link_that_ends_at_once_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch, *[LinkClosed("PeerBanned")] * 3)
    script.lasting = 9
    await script.play()
    assert script.sleeps == [0.5, 1, 2]


async def test_ones_own_address_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch, SelfConnection(), FAILED)
    await script.play()
    assert script.attempts == 1


async def test_a_banned_peer_is_left_alone_until_its_ban_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch, PeerBanned("bad", 600))
    await script.play()
    assert script.sleeps == [600]


async def test_a_peer_that_is_connected_otherwise_is_dialled_when_that_link_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = Script(monkeypatch, DuplicateConnection(OTHER), FAILED)

    class Existing:
        gone = asyncio.Event()

    script.live[OTHER] = Existing()
    playing = asyncio.create_task(script.play())
    for _ in range(10):
        await asyncio.wait([playing], timeout=0)
    assert script.attempts == 1
    del script.live[OTHER]
    Existing.gone.set()
    await playing
    assert script.attempts == 2
