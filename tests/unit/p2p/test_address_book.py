"""The address book: what gets in, what stays, and that one party with however many addresses cannot fill it."""

import pytest

from crypto.keys import PublicKey
from p2p.address import Address, NodeId, PeerAddress
from p2p.address_book import (
    BUCKET_SIZE,
    MAX_FAILURES,
    MAX_SHARED,
    NEW_BUCKETS,
    NEW_PER_GROUP,
    NEW_PER_SOURCE,
    RETRY_S,
    TRIED_PER_GROUP,
    AddressBook,
    Known,
    address_of,
    group_of,
)
from tests.support.p2p_nodes import CountedEntropy, ManualClock

ME = NodeId(PublicKey(b"\xee" * 32))


def node(number: int) -> NodeId:
    return NodeId(PublicKey(number.to_bytes(32, "big")))


def peer(number: int, host: str | None = None, port: int = 26656) -> PeerAddress:
    """A node in a group of its own, unless the host says otherwise."""
    host = host or f"{20 + number % 60}.{number // 60 % 250}.1.{1 + number % 200}"
    return PeerAddress(Address(host, port), node(number))


def book(clock: ManualClock | None = None, *, private: bool = False) -> AddressBook:
    return AddressBook(ME, b"k" * 32, CountedEntropy("book"), clock or ManualClock(), private)


# What gets in


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "127.0.0.1", "192.168.3.4", "169.254.1.1", "::1", "fe80::1", "fd00::1", "100.64.0.1"]
)
def test_private_addresses_are_neither_learned_nor_told_on_a_public_network(host: str) -> None:
    public = book()
    assert not public.add(peer(1, host), "8.8.0.0/16")
    public.good(peer(1, host))
    assert (len(public), public.share()) == (0, [])
    assert book(private=True).add(peer(1, host), "local")


@pytest.mark.parametrize("host", ["0.0.0.0", "224.0.0.1", "evil.example.org", "::"])
def test_what_is_no_address_of_a_node_is_never_learned(host: str) -> None:
    assert not book(private=True).add(peer(1, host), "local")


def test_a_nodes_own_identity_and_addresses_without_one_are_not_learned() -> None:
    mine = book()
    assert not mine.add(PeerAddress(Address("8.8.8.8", 1), ME), "source")
    assert not mine.add(PeerAddress(Address("8.8.8.8", 1)), "source")


def test_hearsay_does_not_move_a_node_that_is_known() -> None:
    known = book()
    known.good(peer(1))
    assert known.add(peer(1, "66.6.6.6"), "66.6.0.0/16")
    assert [entry.peer for entry in known.known()] == [peer(1)]


# What one party can do


def test_one_source_fills_its_few_buckets_however_much_it_tells() -> None:
    mine = book()
    for number in range(4_000):
        mine.add(peer(number), "66.6.0.0/16")
    assert len(mine) <= NEW_PER_SOURCE * BUCKET_SIZE
    buckets = {place[1] for place in mine._places}
    assert len(buckets) <= NEW_PER_SOURCE < NEW_BUCKETS


def test_who_was_told_by_others_stays_when_one_source_floods() -> None:
    mine = book()
    honest = [peer(number) for number in range(40)]
    for number, there in enumerate(honest):
        mine.add(there, f"{number}.7.0.0/16")
    before = {known.peer for known in mine.known()}
    for number in range(1_000, 5_000):
        mine.add(peer(number), "66.6.0.0/16")
    assert before <= {known.peer for known in mine.known()}


def test_one_address_group_fills_few_tried_buckets_and_pushes_nobody_out() -> None:
    mine = book()
    honest = [peer(number) for number in range(30)]
    for there in honest:
        mine.good(there)
    kept = {known.peer for known in mine.known() if known.tried}
    for number in range(1_500):
        mine.good(peer(10_000 + number, f"66.6.{number % 250}.{1 + number // 250}"))
    tried = {known.peer for known in mine.known() if known.tried}
    assert kept <= tried
    assert len(tried - kept) <= TRIED_PER_GROUP * BUCKET_SIZE


def test_an_eclipse_by_one_group_gets_one_of_the_links() -> None:
    """An attacker with a /16 tells of itself through everybody; a node still picks others."""
    mine = book()
    for number in range(2_000):
        mine.add(peer(10_000 + number, f"66.6.{number % 250}.{1 + number // 250}"), f"{number % 50}.9.0.0/16")
    for number in range(12):
        mine.add(peer(number), f"{number}.7.0.0/16")
    groups: set[str] = set()
    found: set[NodeId] = set()
    for _ in range(8):
        there = mine.pick(found, groups)
        assert there is not None and there.node_id is not None
        groups.add(group_of(there.address.host))
        found.add(there.node_id)
    assert len(groups) == 8


def test_one_address_group_has_few_new_places_whoever_tells_of_it() -> None:
    mine = book()
    for number in range(2_000):
        mine.add(peer(number, f"66.6.{number % 250}.{1 + number // 250}"), f"{number % 200}.9.0.0/16")
    assert 0 < len(mine) <= NEW_PER_GROUP
    for known in mine.known():
        for _ in range(MAX_FAILURES):
            mine.failed(known.peer.node_id or ME)
    assert mine.add(peer(9_999, "66.6.1.1"), "1.9.0.0/16")  # places that are free again are given again


def test_places_depend_on_a_secret() -> None:
    one = book()
    other = AddressBook(ME, b"o" * 32, CountedEntropy("book"), ManualClock())
    for number in range(20):
        one.add(peer(number), "1.2.0.0/16")
        other.add(peer(number), "1.2.0.0/16")
    assert set(one._places) != set(other._places)


# What becomes of addresses


def test_a_failed_address_is_left_alone_for_ever_longer_and_then_dropped() -> None:
    clock = ManualClock()
    mine = book(clock)
    mine.add(peer(1), "source")
    for failures in range(MAX_FAILURES - 1):
        assert mine.pick((), ()) == peer(1)
        mine.failed(node(1))
        assert mine.pick((), ()) is None
        clock.now += RETRY_S * 2**failures
    mine.failed(node(1))
    assert len(mine) == 0


def test_who_answered_once_is_given_twice_as_many_chances() -> None:
    clock = ManualClock()
    mine = book(clock)
    mine.good(peer(1))
    for _ in range(2 * MAX_FAILURES - 1):
        mine.failed(node(1))
    assert len(mine) == 1
    mine.good(peer(1))
    assert mine.known() == (Known(peer(1), group_of(peer(1).address.host), tried=True),)
    for _ in range(2 * MAX_FAILURES):
        mine.failed(node(1))
    assert len(mine) == 0


def test_new_ones_have_the_same_chance_as_those_that_answered() -> None:
    mine = book()
    for number in range(30):
        mine.add(peer(number), f"{number}.7.0.0/16")
    mine.good(peer(100))
    picked = [mine.pick((), ()) for _ in range(200)]
    assert 60 < picked.count(peer(100)) < 140


def test_nobody_learns_the_whole_book() -> None:
    mine = book()
    for number in range(400):
        mine.add(peer(number), f"{number % 90}.7.0.0/16")
    told = mine.share()
    assert len(told) == min(MAX_SHARED, len(mine) // 4)
    assert len(set(told)) == len(told)
    assert set(told) != set(mine.share())


def test_what_failed_is_not_told() -> None:
    mine = book()
    mine.add(peer(1), "source")
    mine.failed(node(1))
    assert mine.share() == []


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("8.8.4.4", "8.8.0.0/16"),
        ("2a00:1450:4001::5", "2a00:1450::/32"),
        ("10.1.2.3", "local"),
        ("name.example", "name name.example"),
    ],
)
def test_groups(host: str, group: str) -> None:
    assert group_of(host) == group


def test_where_a_peer_listens_is_where_its_link_comes_from() -> None:
    assert address_of("8.8.4.4:51234", 26656, node(1)) == PeerAddress(Address("8.8.4.4", 26656), node(1))
    assert address_of("[2a00::5]:51234", 26656, node(1)) == PeerAddress(Address("2a00::5", 26656), node(1))
    assert address_of("dialler", 26656, node(1)) is None
