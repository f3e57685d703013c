"""A buyer and a seller who do not know each other trade a file; then a second deal goes wrong and an arbiter decides.

python -m examples.contracts.escrow.walkthrough [--rpc http://127.0.0.1:8645]
"""

import secrets

from compute.confidential.permits import open_permit
from compute.sandbox import CLU, Deployed, Person, Sent
from crypto.field import SCALAR_FIELD
from crypto.poseidon import poseidon
from examples.contracts.escrow.contract import Escrow
from examples.contracts.stage import Chain, Teller, clu, later, play

PRICE, DEPOSIT = 7 * CLU, 10 * CLU
DELIVERY, DISPUTES = 40, 80  # heights


def story(chain: Chain, tell: Teller) -> None:
    """All of it, on any chain."""
    tell.chapter("A deal")
    tell("keys of its circuits are made and registered, the first time on a machine")
    chain.register(Escrow, counts=(2,))
    buyer, seller, arbiter = (chain.person(name) for name in ("buyer", "seller", "arbiter"))
    key = secrets.randbelow(SCALAR_FIELD)  # of the file, which the seller has sent encrypted
    escrow = opened(chain, (buyer, seller, arbiter), key, tell)
    terms = escrow.read(seller).terms
    tell(f"the seller reads: price {clu(terms['price'])}, delivery by height {terms['deliver_by']}")
    tell.refused("the arbiter, who is no reader, reads", lambda: escrow.read(arbiter).terms)
    tell.refused("the buyer, whose contract it is, shuts the seller out", lambda: escrow.remove_reader(seller))
    tell.refused("the seller delivers something else", lambda: escrow.deliver(key - 1, sender=seller))
    tell("the seller delivers the file's key, sealed", deliver(escrow, key, seller))
    tell(f"the buyer reads the key: {'it is right' if escrow.read(buyer).key == key else 'it is wrong'}")
    before = chain.balance(seller)
    tell("the buyer releases the price", escrow.release(sender=buyer))
    tell(f"the seller was paid {clu(chain.balance(seller) - before)}, which everybody sees now, and the buyer the rest")
    tell.refused("the seller is paid again", lambda: escrow.release(sender=seller))

    tell.chapter("A dispute")
    key = secrets.randbelow(SCALAR_FIELD)
    escrow = opened(chain, (buyer, seller, arbiter), key, tell)
    tell("the seller delivers", deliver(escrow, key, seller))
    tell.refused("the buyer, who is not content, takes all back", lambda: escrow.refund(sender=buyer))
    permit = escrow.permit(buyer, arbiter)
    shown = open_permit(permit, arbiter.reader, chain.identity)
    tell(f"the buyer gives the arbiter a permit; now he reads the price, {clu(escrow.read(shown).terms['price'])}")
    tell("the arbiter gives the seller a third", escrow.split(PRICE // 3, sender=arbiter, keys=shown))
    tell(f"the escrow holds {clu(escrow.holding())}; what the deal was about is not known to anybody else")


def opened(chain: Chain, parties: tuple[Person, Person, Person], key: int, tell: Teller) -> Deployed:
    """An escrow with its terms and its deposit."""
    buyer, seller, arbiter = parties
    escrow = chain.deploy(Escrow, buyer, readers=[buyer, seller], counts=(2,))
    sent = escrow.open(
        seller=seller,
        arbiter=arbiter,
        price=PRICE,
        deposit=DEPOSIT,
        goods=1_001,  # in earnest: a hash of what was agreed in writing
        lock=poseidon([key]),
        deliver_by=later(chain, DELIVERY),
        disputes_until=later(chain, DISPUTES),
        sender=buyer,
    )
    tell(f"the buyer writes the terms down, sealed, and leaves {clu(DEPOSIT)}: the chain sees that, and no price", sent)
    return escrow


def deliver(escrow: Deployed, key: int, seller: Person) -> Sent:
    """In time."""
    return escrow.deliver(key, sender=seller, period=(1, escrow.read(seller).terms["deliver_by"]))


if __name__ == "__main__":
    play(story, __doc__)
