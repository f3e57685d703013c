"""Three people bid for a painting. One wins at the second price, and nobody learns what the losers offered.

python -m examples.contracts.sealed_bid_auction.walkthrough [--rpc http://127.0.0.1:8645]
"""

from chain.execution.statement import account_element
from compute.sandbox import CLU, Deployed, Person
from examples.contracts.sealed_bid_auction.contract import SealedBidAuction
from examples.contracts.stage import Chain, Teller, clu, later, play

DEPOSIT, RESERVE = 20 * CLU, 2 * CLU
BIDDING, CLOSING = 25, 60  # heights
BIDS = {"ann": 7 * CLU, "ben": 12 * CLU, "cem": 9 * CLU}


def story(chain: Chain, tell: Teller) -> None:
    """All of it, on any chain."""
    tell.chapter("An auction is opened")
    tell("keys of its circuits are made and registered, the first time on a machine")
    chain.register(SealedBidAuction, counts=(1,))
    seller, auctioneer = chain.person("seller"), chain.person("auctioneer")
    bidders = {name: chain.person(name) for name in BIDS}
    auction, closes = opened(chain, seller, auctioneer)
    tell(f"the auctioneer runs it for the seller: reserve {clu(RESERVE)}, deposit {clu(DEPOSIT)}, bids up to {closes}")

    tell.chapter("Bids")
    for name, amount in BIDS.items():
        sent = auction.place(amount, bidders[name], sender=bidders[name], period=(1, closes))
        tell(f"{name} bids, and the chain sees a deposit of {clu(DEPOSIT)}", sent)
    again = {"sender": bidders["ann"], "period": (1, closes)}
    tell.refused("ann bids again", lambda: auction.place(RESERVE, bidders["ann"], **again))
    chain.mine_to(closes)

    tell.chapter("The auctioneer at work")
    bids = auction.notes_of(auctioneer)
    for number, bid in enumerate(bids):
        if number == len(bids) - 1:
            tell.refused("the auctioneer leaves the last bid out", lambda: auction.close(sender=auctioneer))
        tell(
            f"bid {number + 1} is folded into what the chain stores as ciphertext", auction.fold(bid, sender=auctioneer)
        )
    standing = auction.read(auctioneer).standing
    tell(f"the auctioneer reads: best {clu(standing['best'])}, second {clu(standing['second'])}")
    tell.refused("ben, who is no reader, reads", lambda: auction.read(bidders["ben"]).standing)
    before = chain.balance(seller)
    tell("it is closed: the proof covers every bid that was posted", auction.close(sender=auctioneer))
    outcome = auction.read().outcome
    winner = next(name for name, each in bidders.items() if account_element(each.id) == outcome["winner"])
    tell(f"everybody reads: {winner} won and pays {clu(outcome['price'])}")
    tell(f"the seller was paid {clu(chain.balance(seller) - before)}")

    tell.chapter("Deposits go back")
    for name in BIDS:
        back(auction, name, bidders[name], winner, tell)
    tell(f"the auction holds {clu(auction.holding())}; that ann and cem bid is known, what they bid is not")


def opened(chain: Chain, seller: Person, auctioneer: Person) -> tuple[Deployed, int]:
    """The auction, and the last height for bids."""
    closes, expires = later(chain, BIDDING), later(chain, BIDDING + CLOSING)
    terms = {"seller": seller, "reserve": RESERVE, "deposit": DEPOSIT, "closes": closes, "expires": expires}
    initial = {"terms": terms, "auctioneer": auctioneer}
    return chain.deploy(SealedBidAuction, auctioneer, counts=(1,), initial=initial), closes


def back(auction: Deployed, name: str, bidder: Person, winner: str, tell: Teller) -> None:
    """A bidder asks for the deposit."""
    (receipt,) = auction.notes_of(bidder)
    if name == winner:
        tell.refused(f"{name} asks, too", lambda: auction.refund(receipt, bidder, sender=bidder))
    else:
        tell(f"{name} spends the receipt and has the deposit back", auction.refund(receipt, bidder, sender=bidder))


if __name__ == "__main__":
    play(story, __doc__)
