"""An escrow whose terms only its parties know: the buyer's tokens wait on the chain until the deal is done or undone.

Proof of delivery is a key whose Poseidon hash stands in the terms: the key of an encrypted file, or a code that whoever
receives the goods hands over. The seller shows it to the contract, sealed: the buyer reads it, the chain does not.
"""

from compute.dsl import (
    Address,
    Contract,
    Field,
    Private,
    Public,
    Register,
    Sealed,
    Struct,
    contract,
    method,
    poseidon,
    require,
    u8,
    u64,
)
from compute.dsl.plain import Plain
from crypto import poseidon as hashing

EMPTY, FUNDED, DELIVERED, SETTLED = range(4)  # what `stage` says


class Terms(Struct):
    """The deal. goods: hash of what was agreed in writing; lock: Poseidon hash of the key that proves delivery.

    The deposit may be more than the price, which then stays hidden until the seller is paid, or for ever. Heights:
    delivery up to `deliver_by`; after `disputes_until` the seller of what was delivered waits for nobody. An arbiter 0
    is none.
    """

    buyer: Address
    seller: Address
    arbiter: Address
    price: u64
    deposit: u64
    deliver_by: u64
    disputes_until: u64
    goods: Field
    lock: Field


@contract
class Escrow(Contract):
    """One deal between a buyer and a seller, and an arbiter whom they may name. The two read it, for ever."""

    fixed_readers = True  # who can be taken off the list can neither deliver nor release

    terms = Sealed(Terms)
    key = Sealed(Field)
    stage = Register(u8)

    @method
    def open(
        self,
        seller: Private[Address],
        arbiter: Private[Address],
        price: Private[u64],
        deposit: Public[u64],
        goods: Private[Field],
        lock: Private[Field],
        deliver_by: Private[u64],
        disputes_until: Private[u64],
    ) -> None:
        """The buyer writes the terms down and leaves the deposit."""
        require(self.stage == EMPTY, "the escrow has its terms")
        require(price <= deposit, "the deposit does not cover the price")
        require(deliver_by <= disputes_until, "disputes would end before the delivery is due")
        self.take(deposit)
        self.terms = Terms(
            buyer=self.caller,
            seller=seller,
            arbiter=arbiter,
            price=price,
            deposit=deposit,
            deliver_by=deliver_by,
            disputes_until=disputes_until,
            goods=goods,
            lock=lock,
        )
        self.stage = u8(FUNDED)

    @method
    def deliver(self, key: Private[Field]) -> None:
        """The seller proves the delivery, in time. The key is sealed to the readers, so the buyer has it."""
        require(self.stage == FUNDED, "nothing is waiting to be delivered")
        require(self.caller == self.terms.seller, "only the seller delivers")
        require(self.before <= self.terms.deliver_by, "too late to deliver")
        require(poseidon(key) == self.terms.lock, "this is not the key that was agreed on")
        self.key = key
        self.stage = u8(DELIVERED)

    @method
    def release(self) -> None:
        """The seller is paid: by the buyer at any time, or by himself when he delivered and disputes are over."""
        terms = self.terms
        overdue = (self.stage == DELIVERED) & (self.after > terms.disputes_until)
        own = (self.caller == terms.seller) & overdue
        require((self.caller == terms.buyer) | own, "the buyer releases, or the seller once disputes are over")
        self._settle(terms, terms.price)

    @method
    def refund(self) -> None:
        """The buyer is paid back: by the seller at any time, or by himself when nothing was delivered in time."""
        terms = self.terms
        overdue = (self.stage == FUNDED) & (self.after > terms.deliver_by)
        own = (self.caller == terms.buyer) & overdue
        require((self.caller == terms.seller) | own, "the seller refunds, or the buyer once delivery is overdue")
        self._end()
        self.pay(terms.buyer, terms.deposit)

    @method
    def split(self, share: Public[u64]) -> None:
        """The arbiter decides a dispute: the seller gets a share of the price, the buyer the rest."""
        terms = self.terms
        require(terms.arbiter != 0, "there is no arbiter")
        require(self.caller == terms.arbiter, "only the arbiter decides")
        require(share <= terms.price, "the share is above the price")
        self._settle(terms, share)

    def _settle(self, terms: Terms, share: u64) -> None:
        self._end()
        self.pay(terms.seller, share)
        self.pay(terms.buyer, terms.deposit - share)

    def _end(self) -> None:
        require((self.stage == FUNDED) | (self.stage == DELIVERED), "no tokens are waiting here")
        self.stage = u8(SETTLED)

    @classmethod
    def examples(cls) -> list[Plain]:
        """Deals that end in every way: for audits."""
        buyer, seller, arbiter, key = bytes([1] * 32), bytes([2] * 32), bytes([3] * 32), 2**200
        terms = {"seller": seller, "arbiter": arbiter, "price": 7, "deposit": 9, "goods": 5}
        terms |= {"lock": hashing.poseidon([key]), "deliver_by": 10, "disputes_until": 20}
        deals = [cls.plain() for _ in range(5)]
        for number, deal in enumerate(deals):
            deal.open(**terms, sender=buyer)
            if number % 2:
                deal.deliver(key, sender=seller, height=10)
        early, late, undone, overdue, disputed = (deals[number] for number in (0, 1, 3, 2, 4))
        early.release(sender=buyer, height=5)
        late.release(sender=seller, height=21)
        undone.refund(sender=seller, height=5)
        overdue.refund(sender=buyer, height=11)
        disputed.split(3, sender=arbiter)
        return deals
