"""At most one link per node, both ends agreeing on which; strangers are bounded, banned nodes stay out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.address import NodeId
from p2p.connections import Callbacks, Connections, newer_survives
from p2p.errors import DuplicateConnection, PeerBanned, TooManyPeers
from p2p.scores import Offence, ScoreBook
from tests.support.p2p_nodes import ManualClock, key

LOW, HIGH = sorted(NodeId(key(name).public) for name in ("one", "two"))


class Line:
    """Stands where a Peer stands."""

    def __init__(self, node: NodeId, outbound: bool) -> None:
        self.node_id, self.outbound = node, outbound
        self.ended: Exception | None = None
        self.probed = False
        self.is_gone = False
        self.gone: Any = self

    def set(self) -> None:
        self.is_gone = True

    def disconnect(self, reason: Exception) -> None:
        self.ended = reason

    def probe(self) -> None:
        self.probed = True


class Table(Connections):
    def __init__(self, me: NodeId, max_inbound: int = 2) -> None:
        self.events: list[str] = []
        self.clock = ManualClock()
        self.book = ScoreBook(self.clock, ban_seconds=600)
        callbacks = Callbacks(lambda peer: self.events.append("up"), lambda peer, reason: self.events.append("down"))
        super().__init__(me, max_inbound, self.book, self.clock, callbacks)


def inbound(node: NodeId) -> Any:
    return Line(node, outbound=False)


def outbound(node: NodeId) -> Any:
    return Line(node, outbound=True)


@pytest.mark.parametrize("low_sees_own_first", [True, False])
@pytest.mark.parametrize("high_sees_own_first", [True, False])
def test_nodes_that_dial_each_other_at_once_keep_the_same_link(
    low_sees_own_first: bool, high_sees_own_first: bool
) -> None:
    survivors = []
    for me, other, own_first in ((LOW, HIGH, low_sees_own_first), (HIGH, LOW, high_sees_own_first)):
        table = Table(me)
        links = [outbound(other), inbound(other)] if own_first else [inbound(other), outbound(other)]
        table.admit(links[0])
        try:
            table.admit(links[1])
        except DuplicateConnection:
            assert links[0].probed
        else:
            assert isinstance(links[0].ended, DuplicateConnection)
        kept = table.live[other]
        survivors.append(me if kept.outbound else other)
    assert survivors[0] == survivors[1] == LOW


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_of_two_initiators_exactly_one_wins_whichever_came_first(one: Any, two: Any) -> None:
    if one != two:
        assert newer_survives(one, two) != newer_survives(two, one)
    else:
        assert newer_survives(one, two)


def test_a_peer_that_lost_its_link_may_dial_again() -> None:
    table = Table(LOW)
    stale, fresh = inbound(HIGH), inbound(HIGH)
    table.admit(stale)
    table.admit(fresh)
    assert table.live == {HIGH: fresh}
    assert stale.is_gone
    assert table.events == ["up", "down", "up"]
    table.remove(stale, "closed")
    assert table.live == {HIGH: fresh}
    assert table.events == ["up", "down", "up"]


def test_a_link_that_is_closing_gives_way_to_any_other() -> None:
    table = Table(LOW)
    closing, fresh = outbound(HIGH), inbound(HIGH)
    table.admit(closing)
    closing.ended = DuplicateConnection(HIGH)
    table.admit(fresh)
    assert table.live == {HIGH: fresh}


def test_a_node_does_not_prove_itself_to_a_peer_that_it_has_or_is_about_to_have() -> None:
    table = Table(LOW)
    table.consider(HIGH)
    with pytest.raises(DuplicateConnection):
        table.consider(HIGH)
    table.considered([HIGH])
    table.consider(HIGH)
    table.considered([HIGH])
    table.admit(inbound(HIGH))
    with pytest.raises(DuplicateConnection) as caught:
        table.consider(HIGH)
    assert caught.value.node == HIGH


def test_banned_nodes_are_neither_dialled_nor_admitted_until_the_ban_expires() -> None:
    table = Table(LOW)
    table.book.charge(HIGH, Offence.MALFORMED, "kind 9 is unknown")
    table.clock.now += 100
    with pytest.raises(PeerBanned) as caught:
        table.admit(inbound(HIGH))
    assert (caught.value.reason, caught.value.seconds) == ("kind 9 is unknown", 500)
    with pytest.raises(PeerBanned):
        table.consider(HIGH)
    table.clock.now += 500
    table.consider(HIGH)
    table.admit(inbound(HIGH))


def test_strangers_are_bounded_and_configured_peers_always_find_a_place() -> None:
    table = Table(LOW, max_inbound=2)
    strangers = [inbound(NodeId(key(f"stranger {number}").public)) for number in range(3)]
    table.admit(strangers[0])
    table.admit(strangers[1])
    with pytest.raises(TooManyPeers) as caught:
        table.admit(strangers[2])
    assert caught.value.limit == 2
    table.friends.add(HIGH)
    table.admit(inbound(HIGH))
    table.admit(outbound(NodeId(key("dialled").public)))
    table.remove(strangers[0], "closed")
    table.admit(strangers[2])


def test_a_full_house_still_lets_a_peer_replace_its_own_link() -> None:
    table = Table(LOW, max_inbound=1)
    table.admit(inbound(HIGH))
    fresh = inbound(HIGH)
    table.admit(fresh)
    assert table.live == {HIGH: fresh}
