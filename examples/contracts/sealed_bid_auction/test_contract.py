"""The auction on a chain of its own: what it does, what it refuses, what it never shows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chain.execution.accounts import InsufficientBalance
from chain.execution.statement import account_element
from chain.types.scalars import Uint
from compute.confidential.errors import NotAReader
from compute.dsl.caller import Caller, WalletNote
from compute.dsl.calls import draft_call
from compute.dsl.plain import Plain, PlainNote, wallet
from compute.dsl.refusals import CallRefused
from compute.sandbox import CLU, Person, Sandbox, Sent
from compute.sandbox.local_chain import Snapshot
from contracts.confidential.errors import OutsidePeriod, StaleCount
from contracts.notes.errors import NoteSpent, UnknownRoot
from examples.contracts.sealed_bid_auction.contract import SealedBidAuction
from examples.contracts.sealed_bid_auction.walkthrough import story
from examples.contracts.stage import Teller

DEPOSIT, RESERVE = 100 * CLU, 10 * CLU
BIDS = {"ann": 40 * CLU, "ben": 75 * CLU}
BIDDING, CLOSING = 20, 30  # heights that bids and the result are accepted for


class Sale:
    """An auction of a seller's, run by an auctioneer."""

    def __init__(self, chain: Sandbox) -> None:
        self.chain = chain
        self.seller, self.auctioneer = chain.person("seller"), chain.person("auctioneer")
        self.closes = chain.height + BIDDING
        self.expires = self.closes + CLOSING
        terms = {"seller": self.seller, "reserve": RESERVE, "deposit": DEPOSIT}
        terms |= {"closes": self.closes, "expires": self.expires}
        self.auction = chain.deploy(
            SealedBidAuction, self.auctioneer, counts=(), initial={"terms": terms, "auctioneer": self.auctioneer}
        )

    def bid(self, name: str, amount: int, until: int | None = None) -> Sent:
        """The person of that name bids, good until a height."""
        bidder = self.chain.person(name)
        period = (self.chain.height + 1, until or self.closes)
        return self.auction.place(amount, bidder, sender=bidder, period=period)

    @property
    def bids(self) -> list[WalletNote]:
        """Those that are left to fold."""
        return self.auction.notes_of(self.auctioneer)

    def fold(self, bids: Sequence[WalletNote] | None = None) -> list[Sent]:
        """Bidding ends, and the auctioneer folds these bids, or all that are left."""
        self.chain.mine_to(max(self.chain.height, self.closes))
        return [self.auction.fold(bid, sender=self.auctioneer) for bid in (self.bids if bids is None else bids)]

    def close(self) -> Sent:
        return self.auction.close(sender=self.auctioneer)

    def receipt(self, name: str) -> WalletNote:
        (receipt,) = self.auction.notes_of(self.chain.person(name))
        return receipt

    def refund(self, name: str, **said: Any) -> Sent:
        """The person spends the receipt and has the deposit sent to the own account."""
        person = self.chain.person(name)
        return self.auction.refund(self.receipt(name), person, sender=person, **said)

    @property
    def outcome(self) -> dict[str, object]:
        return dict(self.auction.read().outcome)


def known_as(person: Person) -> int:
    """An account as proofs name it."""
    return account_element(person.id)


class Stages:
    """One auction with two bids, at each of its stages."""

    def __init__(self, chain: Sandbox) -> None:
        self.sale, self.saved = Sale(chain), list[Snapshot]()
        steps = (lambda: None, self._place, self.sale.fold, self.sale.close)
        for step in steps:
            step()
            self.saved.append(chain.save())

    def _place(self) -> None:
        for name, amount in BIDS.items():
            self.sale.bid(name, amount)

    def at(self, stage: int) -> Sale:
        self.sale.chain.restore(self.saved[stage])
        return self.sale


@pytest.fixture(scope="module")
def stages() -> Iterator[Stages]:
    with Sandbox() as chain:
        yield Stages(chain)


@pytest.fixture
def opened(stages: Stages) -> Sale:
    """Nobody has bid."""
    return stages.at(0)


@pytest.fixture
def placed(stages: Stages) -> Sale:
    """The bids are there."""
    return stages.at(1)


@pytest.fixture
def folded(stages: Stages) -> Sale:
    """Bidding is over, all bids are folded."""
    return stages.at(2)


@pytest.fixture
def closed(stages: Stages) -> Sale:
    """Seller and winner have theirs."""
    return stages.at(3)


# What it does


def test_the_best_bid_wins_at_the_second_price_and_everybody_gets_what_is_due(opened: Sale) -> None:
    chain, sale = opened.chain, opened
    people = {name: chain.person(name) for name in ("ann", "ben", "cem")}
    before = {name: chain.balance(person) for name, person in people.items()}
    sent = {name: sale.bid(name, amount * CLU).fee for name, amount in (("ann", 40), ("ben", 75), ("cem", 60))}
    assert sale.auction.holding() == 3 * DEPOSIT
    sale.fold()
    earned = chain.balance(sale.seller)
    sale.close()
    assert sale.outcome == {"closed": True, "winner": known_as(people["ben"]), "price": 60 * CLU}
    assert chain.balance(sale.seller) - earned == 60 * CLU
    fees = {name: fee + (sale.refund(name).fee if name != "ben" else 0) for name, fee in sent.items()}
    paid = {name: before[name] - chain.balance(person) - fees[name] for name, person in people.items()}
    assert paid == {"ann": 0, "ben": 60 * CLU, "cem": 0}
    assert sale.auction.holding() == 0


def test_a_single_bidder_pays_the_reserve_price(opened: Sale) -> None:
    opened.bid("ann", DEPOSIT)
    opened.fold()
    opened.close()
    assert opened.outcome == {"closed": True, "winner": known_as(opened.chain.person("ann")), "price": RESERVE}


def test_a_deposit_goes_back_to_any_account(closed: Sale) -> None:
    savings = closed.chain.person("savings", funds=0)
    closed.auction.refund(closed.receipt("ann"), savings, sender=closed.chain.person("ann"))
    assert closed.chain.balance(savings) == DEPOSIT


def test_if_the_auctioneer_vanishes_everybody_takes_the_deposit_back(placed: Sale) -> None:
    placed.fold(placed.bids[:1])  # and is never heard of again
    placed.chain.mine_to(placed.expires)
    for name in BIDS:
        placed.refund(name)
    assert placed.auction.holding() == 0


SELLER, AUCTIONEER = bytes([9] * 32), wallet("auctioneer")


def plain_auction() -> Plain:
    """The same on plain integers, with bids up to height 10."""
    terms = {"seller": SELLER, "reserve": 1, "deposit": 10, "closes": 10, "expires": 20}
    plain = SealedBidAuction.plain(terms=terms, auctioneer=AUCTIONEER)
    plain.checked = False  # by the circuits: they are, in all other tests
    return plain


def folded_in(order: Sequence[int], bids: Sequence[tuple[int, int]]) -> tuple[int, int, int]:
    """Number of the winner, best and second bid; the bids: amount and the height until which they were good."""
    plain, senders = plain_auction(), [bytes([number + 1] * 32) for number in range(len(bids))]
    for sender, (amount, until) in zip(senders, bids, strict=True):
        plain.place(amount, wallet("bidder"), sender=sender, period=(1, until))
    notes: list[PlainNote] = plain.notes_of(AUCTIONEER)
    for place in order:
        plain.fold(notes[place], height=11)
    standing = plain.standing
    winner = list(map(account_element, senders)).index(standing["bidder"])
    return winner, standing["best"], standing["second"]


@pytest.mark.parametrize("amounts", [(7, 9, 8), (9, 8, 7), (8, 7, 9), (9, 9, 7), (7, 9, 9), (9, 9, 9)])
def test_the_order_in_which_bids_are_folded_decides_nothing(amounts: tuple[int, ...]) -> None:
    bids = [(amount, 5 + place) for place, amount in enumerate(amounts)]  # the earlier, the lower its number
    best, second = sorted(amounts, reverse=True)[:2]
    orders = ((0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1))
    assert {folded_in(order, bids) for order in orders} == {(amounts.index(best), best, second)}


def test_equal_bids_of_equal_heights_go_to_the_first_folded() -> None:
    bids = [(9, 5), (9, 5)]
    assert folded_in((0, 1), bids) == (0, 9, 9)
    assert folded_in((1, 0), bids) == (1, 9, 9)


# What it refuses


def test_nobody_bids_when_bidding_is_over(opened: Sale) -> None:
    with pytest.raises(CallRefused, match="bidding is over"):
        opened.bid("ann", RESERVE, until=opened.closes + 1)
    ann = opened.chain.person("ann")
    late = opened.auction.draft("place", RESERVE, ann, sender=ann, period=(1, opened.closes))
    opened.chain.mine_to(opened.closes)
    with pytest.raises(OutsidePeriod):
        opened.chain.send(ann, late)


def test_bids_lie_between_reserve_and_deposit(opened: Sale) -> None:
    for amount, why in ((DEPOSIT + 1, "above the deposit"), (RESERVE - 1, "below the reserve"), (0, "of nothing")):
        with pytest.raises(CallRefused, match=why):
            opened.bid("ann", amount)
    opened.bid("ann", RESERVE)
    opened.bid("ben", DEPOSIT)


def test_an_account_bids_once(placed: Sale) -> None:
    with pytest.raises(NoteSpent):
        placed.bid("ann", 60 * CLU)


def test_a_bid_needs_its_deposit(opened: Sale) -> None:
    opened.chain.person("poor", funds=DEPOSIT - 1)
    with pytest.raises(InsufficientBalance):
        opened.bid("poor", RESERVE)


def test_nothing_is_folded_or_closed_while_bidding_goes_on(placed: Sale) -> None:
    period = (placed.closes, placed.closes + 9)
    with pytest.raises(CallRefused, match="bidding goes on"):
        placed.auction.fold(placed.bids[0], sender=placed.auctioneer, period=period)
    with pytest.raises(CallRefused, match="bidding goes on"):
        placed.auction.close(sender=placed.auctioneer, period=period)


def test_a_bid_is_folded_once_and_only_by_the_auctioneer(placed: Sale) -> None:
    bid = placed.bids[0]
    placed.chain.mine_to(placed.closes)
    with pytest.raises(UnknownRoot):  # under which the bid would be the seller's
        placed.auction.fold(bid, sender=placed.seller, keys=placed.auctioneer.reader)
    placed.fold([bid])
    with pytest.raises(NoteSpent):
        placed.fold([bid])
    assert placed.auction.read(placed.auctioneer).standing["folded"] == 1


def test_the_auctioneer_cannot_leave_a_bid_out(placed: Sale) -> None:
    placed.fold(placed.bids[:1])
    with pytest.raises(CallRefused, match="bids are left to fold"):
        placed.close()
    auction, auctioneer = placed.auction, placed.auctioneer
    caller = Caller(auctioneer.id, auctioneer.reader, accounts=tuple(each.id for each in placed.chain.people))
    fewer = tuple(replace(each, posted=Uint(min(each.posted, 1))) for each in auction.now.registers)
    height = placed.chain.height
    lie = draft_call(
        auction.compiled,
        auction.view,
        "close",
        {},
        caller,
        now=replace(auction.now, registers=fewer),
        period=(height, height + 9),
    )
    with pytest.raises(StaleCount):
        placed.chain.send(auctioneer, lie)


def test_an_auction_is_closed_once_in_its_time_and_with_bids(opened: Sale) -> None:
    with pytest.raises(CallRefused, match="there are no bids"):
        opened.auction.close(sender=opened.auctioneer, period=(opened.closes + 1, opened.expires))
    with pytest.raises(CallRefused, match="too late"):
        opened.auction.close(sender=opened.auctioneer, period=(opened.closes + 1, opened.expires + 1))


def test_an_auction_is_closed_once(closed: Sale) -> None:
    with pytest.raises(CallRefused, match="the auction is closed"):
        closed.close()


def test_nobody_closes_for_the_auctioneer(folded: Sale) -> None:
    with pytest.raises(NotAReader):
        folded.auction.close(sender=folded.seller)


def test_the_winner_has_no_deposit_to_take_back_not_even_later(closed: Sale) -> None:
    for height in (closed.chain.height, closed.expires):
        closed.chain.mine_to(height)
        with pytest.raises(CallRefused, match="no deposit"):
            closed.refund("ben")


def test_no_deposit_goes_back_before_its_time(placed: Sale) -> None:
    for first in (placed.chain.height, placed.expires):
        with pytest.raises(CallRefused, match="no deposit"):
            placed.refund("ann", period=(first, first + 9))


def test_a_deposit_goes_back_once_and_to_whoever_holds_the_receipt(closed: Sale) -> None:
    receipt, ann = closed.receipt("ann"), closed.chain.person("ann")
    with pytest.raises(UnknownRoot):
        closed.auction.refund(receipt, closed.seller, sender=closed.seller)
    closed.refund("ann")
    with pytest.raises(NoteSpent):
        closed.auction.refund(receipt, ann, sender=ann)


def test_a_receipt_of_another_auction_is_no_receipt(closed: Sale) -> None:
    other, ann = Sale(closed.chain), closed.chain.person("ann")
    other.bid("ann", RESERVE)
    with pytest.raises(UnknownRoot):
        closed.auction.refund(other.receipt("ann"), ann, sender=ann)


# What it never shows

LOSING, WINNING, SECOND = 0x0A1B6E8F4D, 0x15F3C9B5D1, 0x0BD27F3C96  # nano-CLU that nothing else looks like


def auction_of(sale: Sale, amounts: Sequence[int]) -> list[Sent]:
    """All calls up to the closing of an auction with these bids."""
    bids = [sale.bid(name, amount) for name, amount in zip(("ann", "ben", "cem"), amounts, strict=False)]
    return [*bids, *sale.fold(), sale.close()]


def test_no_bid_is_ever_shown_but_as_the_second_price(opened: Sale) -> None:
    *before, closing = (each.transaction.raw for each in auction_of(opened, (LOSING, WINNING, SECOND)))
    assert SECOND.to_bytes(5, "big") in closing  # so the search finds what is there
    assert all(SECOND.to_bytes(5, "big") not in raw for raw in before)
    for never in (LOSING, WINNING):
        assert all(never.to_bytes(5, "big") not in raw for raw in (*before, closing))


def test_calls_look_alike_whatever_is_bid(opened: Sale) -> None:
    with opened.chain.snapshot():
        low = auction_of(opened, (RESERVE, RESERVE + 1))
    high = auction_of(opened, (DEPOSIT, DEPOSIT - 1))
    assert [(each.size, each.work, each.fee) for each in low] == [(each.size, each.work, each.fee) for each in high]


def test_the_standing_is_the_auctioneers_alone(folded: Sale) -> None:
    assert folded.auction.read(folded.auctioneer).standing["best"] == 75 * CLU
    for outsider in (folded.seller, folded.chain.person("ben"), None):
        with pytest.raises(NotAReader):
            _ = folded.auction.read(outsider).standing


@pytest.mark.slow
def test_the_walk_through_tells_it(capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox() as chain:
        story(chain, Teller())
    told = capsys.readouterr().out
    for line in (
        "ben won and pays 9.00 CLU",
        "is spent already",
        "bids are left to fold",
        "the auction holds 0.00 CLU",
    ):
        assert line in told
