"""Scores have reasons, bans expire, and nobody is banned for relaying."""

import pytest

from p2p.scores import BAN_AT, FLOOR, REMEMBERED_NODES, REMEMBERED_REASONS, Offence, ScoreBook
from tests.support.p2p_nodes import ManualClock, key

ALICE, BOB = key("alice").public, key("bob").public


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def book(clock: ManualClock) -> ScoreBook:
    return ScoreBook(clock, ban_seconds=600)


def test_a_stranger_is_blameless(book: ScoreBook) -> None:
    assert (book.score(ALICE), book.reasons(ALICE), book.banned(ALICE)) == (0, (), None)


def test_one_malformed_batch_bans_with_its_reason(book: ScoreBook, clock: ManualClock) -> None:
    ban = book.charge(ALICE, Offence.MALFORMED, "kind 9 is unknown")
    assert ban is not None
    assert (ban.node, ban.reason, ban.until) == (ALICE, "kind 9 is unknown", clock.now + 600)
    assert book.bans() == (ban,)
    assert book.banned(BOB) is None


def test_a_ban_expires_and_is_forgiven(book: ScoreBook, clock: ManualClock) -> None:
    book.charge(ALICE, Offence.MALFORMED, "bad")
    clock.now += 599.9
    assert book.banned(ALICE)
    clock.now += 0.1
    assert book.banned(ALICE) is None
    assert book.bans() == ()
    assert book.score(ALICE) == 0
    assert book.charge(ALICE, Offence.TOO_FAST, "fast") is None


def test_a_ban_by_hand_holds_whatever_the_score_and_takes_the_place_of_another(
    book: ScoreBook, clock: ManualClock
) -> None:
    book.charge(ALICE, Offence.MALFORMED, "bad")
    book.ban(ALICE, "by hand", 5)
    book.ban(BOB, "by hand", 2_000)
    assert {(ban.node, ban.reason, ban.until - clock.now) for ban in book.bans()} == {
        (ALICE, "by hand", 5),
        (BOB, "by hand", 2_000),
    }
    clock.now += 5
    assert book.banned(ALICE) is None and book.banned(BOB)


def test_who_is_forgiven_begins_anew(book: ScoreBook) -> None:
    book.charge(ALICE, Offence.MALFORMED, "bad")
    assert book.forgive(ALICE) and book.banned(ALICE) is None
    assert book.score(ALICE) == 0
    assert not book.forgive(ALICE) and not book.forgive(BOB)


def test_offences_during_a_ban_do_not_prolong_it(book: ScoreBook, clock: ManualClock) -> None:
    first = book.charge(ALICE, Offence.MALFORMED, "bad")
    clock.now += 300
    assert book.charge(ALICE, Offence.MALFORMED, "worse") == first


def test_direct_messages_that_are_invalid_ban_after_the_fifth(book: ScoreBook) -> None:
    bans = [book.charge(ALICE, Offence.INVALID_DIRECT, "signature") for _ in range(5)]
    assert bans[:4] == [None] * 4
    assert bans[4] is not None
    assert book.score(ALICE) == BAN_AT


@pytest.mark.parametrize("offence", [Offence.INVALID_GOSSIP, Offence.TOO_FAST])
def test_no_amount_of_relaying_bans(book: ScoreBook, offence: Offence) -> None:
    assert [book.charge(ALICE, offence, "relayed") for _ in range(1000)] == [None] * 1000
    assert book.score(ALICE) == FLOOR


def test_relaying_does_not_lift_a_score_that_is_below_its_floor(book: ScoreBook) -> None:
    for _ in range(4):
        book.charge(ALICE, Offence.INVALID_DIRECT, "signature")
    book.charge(ALICE, Offence.TOO_FAST, "fast")
    assert book.score(ALICE) == -80


def test_time_heals(book: ScoreBook, clock: ManualClock) -> None:
    book.charge(ALICE, Offence.INVALID_DIRECT, "signature")
    clock.now += 60
    assert book.score(ALICE) == pytest.approx(-10)
    clock.now += 3600
    assert book.score(ALICE) == 0


def test_the_last_reasons_are_kept_without_repeats(book: ScoreBook) -> None:
    for number in range(20):
        book.charge(ALICE, Offence.TOO_FAST, f"reason {number}")
        book.charge(ALICE, Offence.TOO_FAST, f"reason {number}")
    assert book.reasons(ALICE) == tuple(f"reason {number}" for number in range(20 - REMEMBERED_REASONS, 20))


def test_memory_is_bounded_and_inventing_identities_lifts_no_ban(book: ScoreBook) -> None:
    book.charge(ALICE, Offence.MALFORMED, "bad")
    for number in range(2 * REMEMBERED_NODES):
        book.charge(key(str(number)).public, Offence.TOO_FAST, "sybil")
    assert book.banned(ALICE)
    assert len(book._records) == REMEMBERED_NODES
