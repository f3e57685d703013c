"""A sealed-bid second-price auction (Vickrey 1961): who bids most wins and pays what the next best offered.

The auctioneer learns the bids, and can do nothing with them but what the rules say: he is trusted with secrets, not
with the result. Nobody else ever learns a bid, not even the winner's; the chain shows the winner and the price.
"""

from compute.dsl import (
    Address,
    Bool,
    Contract,
    Field,
    Note,
    Owner,
    Private,
    Public,
    Register,
    Sealed,
    Spend,
    Struct,
    contract,
    maximum,
    method,
    require,
    reveal,
    select,
    u32,
    u64,
)
from compute.dsl.plain import Plain, wallet


class Bid(Note):
    """What the auctioneer gets. until: the last height at which it could be placed, so that it was there by then."""

    amount: u64
    until: u64
    bidder: Address


class Receipt(Note):
    """What the bidder keeps: whoever spends it takes the deposit back, if that bidder did not win."""

    bidder: Address


class Terms(Struct):
    """What is agreed on from the start. Heights: bids up to `closes`, the result up to `expires`."""

    seller: Address
    reserve: u64
    deposit: u64
    closes: u64
    expires: u64


class Standing(Struct):
    """The bids folded so far, as far as they matter."""

    best: u64
    until: u64
    second: u64
    folded: u32
    bidder: Address


class Outcome(Struct):
    """What everybody may know in the end."""

    closed: Bool
    winner: Address
    price: u64


@contract
class SealedBidAuction(Contract):
    """Sealed bids, second price. Losers' bids are never shown, and the auctioneer cannot leave one out."""

    terms = Register(Terms)
    auctioneer = Register(Owner)
    standing = Sealed(Standing, inbox=Bid)
    outcome = Register(Outcome)

    @method
    def place(self, amount: Private[u64], receipts: Private[Owner]) -> None:
        """Bid, once per account. The deposit is the same for all, so it tells nothing about the bid."""
        require(self.before <= self.terms.closes, "bidding is over")
        require(amount > 0, "a bid of nothing")
        require(amount >= self.terms.reserve, "the bid is below the reserve price")
        require(amount <= self.terms.deposit, "the bid is above the deposit")
        self.take(self.terms.deposit)
        self.once(Field(self.caller))
        self.create(Bid(amount=amount, until=self.before, bidder=self.caller), self.auctioneer)
        self.create(Receipt(bidder=self.caller), receipts)

    @method
    def fold(self, bid: Spend[Bid]) -> None:
        """The auctioneer takes one bid into account. Of equal bids the earlier wins, of equally early ones the first
        folded."""
        require(self.after > self.terms.closes, "bidding goes on")
        standing = self.standing
        best, second = standing.best, standing.second
        better = (bid.amount > best) | ((bid.amount == best) & (bid.until < standing.until))
        standing.second = select(better, best, maximum(second, bid.amount))
        standing.best = select(better, bid.amount, best)
        standing.until = select(better, bid.until, standing.until)
        standing.bidder = select(better, bid.bidder, standing.bidder)
        standing.folded += 1

    @method
    def close(self) -> None:
        """Say who won and for how much, once every bid is folded; seller and winner get theirs of the deposit."""
        terms, standing = self.terms, self.standing
        require(self.after > terms.closes, "bidding goes on")
        require(self.before <= terms.expires, "too late: deposits go back")
        require(~self.outcome.closed, "the auction is closed")
        require(standing.folded > 0, "there are no bids")
        require(standing.folded == self.posted(Bid), "bids are left to fold")
        price = maximum(standing.second, terms.reserve)
        self.outcome = reveal(Outcome(closed=True, winner=standing.bidder, price=price))
        self.pay(terms.seller, price)
        self.pay(standing.bidder, terms.deposit - price)

    @method
    def refund(self, receipt: Spend[Receipt], to: Public[Address]) -> None:
        """A loser takes the deposit back, to any account; everybody does, if the auction was not closed in time."""
        outcome = self.outcome
        lost = outcome.closed & (receipt.bidder != outcome.winner)
        abandoned = ~outcome.closed & (self.after > self.terms.expires)
        require(lost | abandoned, "there is no deposit to take back")
        self.pay(to, self.terms.deposit)

    @classmethod
    def examples(cls) -> list[Plain]:
        """A closed auction with bids at both ends and a tie, and one whose auctioneer vanished: for audits."""
        auctioneer, bidders, account = wallet("auctioneer"), wallet("bidders"), bytes([4] * 32)
        terms = {"seller": bytes([9] * 32), "reserve": 2, "deposit": 9, "closes": 10, "expires": 20}
        closed, abandoned = (cls.plain(terms=terms, auctioneer=auctioneer) for _ in range(2))
        for number, (amount, height) in enumerate(((9, 10), (2, 3), (9, 4))):
            closed.place(amount, bidders, sender=bytes([number] * 32), height=height)
        for bid in closed.notes_of(auctioneer):
            closed.fold(bid, height=11)
        closed.close(height=20)
        closed.refund(closed.notes_of(bidders)[0], account, height=12)
        abandoned.place(3, bidders, sender=account, height=1)
        abandoned.refund(abandoned.notes_of(bidders)[0], account, height=21)
        return [closed, abandoned]
