"""The escrow on a chain of its own: how a deal ends, what is refused, who sees what."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from chain.execution.accounts import InsufficientBalance
from chain.execution.statement import account_element
from chain.types.scalars import AccountId
from compute.confidential.errors import NotAReader, StatementFalse
from compute.confidential.keys import DataKeys, readers_of
from compute.confidential.permits import open_permit
from compute.confidential.reader_changes import draft_set_readers
from compute.dsl.calls import ReadersNotFixed
from compute.dsl.refusals import CallRefused
from compute.sandbox import CLU, Deployed, Person, Sandbox, Sent
from compute.sandbox.local_chain import Snapshot
from contracts.confidential.call import Call
from contracts.confidential.errors import OutsidePeriod, ReadersFixed, StaleRegister
from crypto.poseidon import poseidon
from examples.contracts.escrow.contract import DELIVERED, EMPTY, FUNDED, SETTLED, Escrow
from examples.contracts.escrow.walkthrough import story
from examples.contracts.stage import Teller

PRICE, DEPOSIT = 0x0A1B6E8F4D, 50 * CLU  # a price that no other number looks like
KEY, GOODS = 0x1F2E3D4C5B6A798897A6B5C4D3E2F1, 77
LOCK = poseidon([KEY])
NOBODY = bytes(32)
DELIVERY, DISPUTES = 20, 40  # heights


class Deal:
    """A buyer's escrow with a seller; the arbiter is named in it and is no reader."""

    def __init__(self, chain: Sandbox) -> None:
        self.chain = chain
        self.buyer, self.seller, self.arbiter = (chain.person(name) for name in ("buyer", "seller", "arbiter"))
        self.stranger = chain.person("stranger")
        self.deliver_by, self.disputes_until = chain.height + DELIVERY, chain.height + DISPUTES
        self.escrow: Deployed = chain.deploy(Escrow, self.buyer, readers=[self.buyer, self.seller], counts=())

    def open(self, **changed: object) -> Sent:
        terms = {"seller": self.seller, "arbiter": self.arbiter, "price": PRICE, "deposit": DEPOSIT, "goods": GOODS}
        terms |= {"lock": LOCK, "deliver_by": self.deliver_by, "disputes_until": self.disputes_until}
        return self.escrow.call("open", sender=self.buyer, **(terms | changed))

    def deliver(self, key: int = KEY) -> Sent:
        return self.escrow.deliver(key, sender=self.seller, period=(1, self.deliver_by))

    def shown(self, giver: Person, auditor: Person) -> DataKeys:
        """What an auditor can open with a permit of a reader's."""
        return open_permit(self.escrow.permit(giver, auditor), auditor.reader, self.chain.identity)

    def split(self, share: int) -> Sent:
        """The arbiter, to whom the seller gave a permit, decides."""
        return self.escrow.split(share, sender=self.arbiter, keys=self.shown(self.seller, self.arbiter))

    def gains(self, step: Callable[[], Sent]) -> tuple[int, int]:
        """What buyer and seller get by a step, fees left out."""
        people = (self.buyer, self.seller)
        before = [self.chain.balance(each) for each in people]
        sent = step()
        fees = [sent.fee if sent.transaction.sender == each.id else 0 for each in people]
        changes = [self.chain.balance(each) + fee - old for each, fee, old in zip(people, fees, before, strict=True)]
        assert self.escrow.holding() == 0
        return changes[0], changes[1]

    @property
    def stage(self) -> int:
        return int(self.escrow.read().stage)


class Stages:
    """One deal at each of its stages."""

    def __init__(self, chain: Sandbox) -> None:
        self.deal, self.saved = Deal(chain), dict[int, Snapshot]()
        for stage, step in ((EMPTY, None), (FUNDED, self.deal.open), (DELIVERED, self.deal.deliver)):
            if step is not None:
                step()
            assert self.deal.stage == stage
            self.saved[stage] = chain.save()

    def at(self, stage: int) -> Deal:
        self.deal.chain.restore(self.saved[stage])
        return self.deal


@pytest.fixture(scope="module")
def stages() -> Iterator[Stages]:
    with Sandbox() as chain:
        yield Stages(chain)


@pytest.fixture
def empty(stages: Stages) -> Deal:
    """There are no terms yet."""
    return stages.at(EMPTY)


@pytest.fixture
def funded(stages: Stages) -> Deal:
    """The deposit is there."""
    return stages.at(FUNDED)


@pytest.fixture
def delivered(stages: Stages) -> Deal:
    """The seller has shown the key."""
    return stages.at(DELIVERED)


@pytest.fixture(params=[FUNDED, DELIVERED], ids=["funded", "delivered"])
def waiting(stages: Stages, request: pytest.FixtureRequest) -> Deal:
    """The deposit is there, before and after delivery."""
    return stages.at(request.param)


# How a deal ends


def test_the_buyer_releases_at_any_time(waiting: Deal) -> None:
    assert waiting.gains(lambda: waiting.escrow.release(sender=waiting.buyer)) == (DEPOSIT - PRICE, PRICE)
    assert waiting.stage == SETTLED


def test_the_seller_refunds_at_any_time(waiting: Deal) -> None:
    assert waiting.gains(lambda: waiting.escrow.refund(sender=waiting.seller)) == (DEPOSIT, 0)
    assert waiting.stage == SETTLED


def test_the_buyer_takes_back_what_was_not_delivered_in_time(funded: Deal) -> None:
    with pytest.raises(CallRefused, match="once delivery is overdue"):
        funded.escrow.refund(sender=funded.buyer, period=(funded.deliver_by, funded.deliver_by + 9))
    funded.chain.mine_to(funded.deliver_by)
    assert funded.gains(lambda: funded.escrow.refund(sender=funded.buyer)) == (DEPOSIT, 0)


def test_the_seller_who_delivered_is_paid_when_the_buyer_is_silent(delivered: Deal) -> None:
    until = delivered.disputes_until
    with pytest.raises(CallRefused, match="once disputes are over"):
        delivered.escrow.release(sender=delivered.seller, period=(until, until + 9))
    delivered.chain.mine_to(until)
    assert delivered.gains(lambda: delivered.escrow.release(sender=delivered.seller)) == (DEPOSIT - PRICE, PRICE)


@pytest.mark.parametrize("share", [0, PRICE // 3, PRICE])
def test_the_arbiter_gives_the_seller_a_share(delivered: Deal, share: int) -> None:
    assert delivered.gains(lambda: delivered.split(share)) == (DEPOSIT - share, share)


def test_an_arbiter_decides_about_what_was_not_delivered_as_well(funded: Deal) -> None:
    assert funded.gains(lambda: funded.split(0)) == (DEPOSIT, 0)


def test_the_buyer_reads_the_key_that_the_seller_delivered(delivered: Deal) -> None:
    assert delivered.escrow.read(delivered.buyer).key == KEY


# What is refused


def test_an_escrow_takes_terms_once(waiting: Deal) -> None:
    with pytest.raises(CallRefused, match="the escrow has its terms"):
        waiting.open()


def test_the_deposit_covers_the_price_and_must_be_there(empty: Deal) -> None:
    with pytest.raises(CallRefused, match="does not cover the price"):
        empty.open(deposit=PRICE - 1)
    with pytest.raises(InsufficientBalance):
        empty.open(deposit=10**6 * CLU)
    empty.open(deposit=PRICE)


def test_disputes_do_not_end_before_the_delivery_is_due(empty: Deal) -> None:
    with pytest.raises(CallRefused, match="disputes would end"):
        empty.open(disputes_until=empty.deliver_by - 1)


def test_only_the_seller_delivers_the_agreed_key_in_time_and_once(funded: Deal) -> None:
    with pytest.raises(CallRefused, match="only the seller"):
        funded.escrow.deliver(KEY, sender=funded.buyer, period=(1, funded.deliver_by))
    with pytest.raises(CallRefused, match="not the key"):
        funded.deliver(KEY + 1)
    with pytest.raises(CallRefused, match="too late to deliver"):
        funded.escrow.deliver(KEY, sender=funded.seller, period=(1, funded.deliver_by + 1))
    late = funded.escrow.draft("deliver", KEY, sender=funded.seller, period=(1, funded.deliver_by))
    with funded.chain.snapshot():
        funded.chain.mine_to(funded.deliver_by)
        with pytest.raises(OutsidePeriod):
            funded.chain.send(funded.seller, late)
    funded.deliver()
    with pytest.raises(CallRefused, match="nothing is waiting"):
        funded.deliver()


def test_what_was_delivered_is_not_overdue(delivered: Deal) -> None:
    delivered.chain.mine_to(delivered.disputes_until)
    with pytest.raises(CallRefused, match="once delivery is overdue"):
        delivered.escrow.refund(sender=delivered.buyer)


def test_what_was_not_delivered_is_not_paid_to_its_seller(funded: Deal) -> None:
    funded.chain.mine_to(funded.disputes_until)
    with pytest.raises(CallRefused, match="once disputes are over"):
        funded.escrow.release(sender=funded.seller)


def test_nobody_else_ends_the_deal(delivered: Deal) -> None:
    """Not even one to whom a party gave all keys."""
    delivered.chain.mine_to(delivered.disputes_until)
    keys = delivered.shown(delivered.buyer, delivered.stranger)
    for method, arguments in (("release", ()), ("refund", ()), ("split", (0,))):
        with pytest.raises(NotAReader):
            delivered.escrow.call(method, *arguments, sender=delivered.stranger)
        with pytest.raises(CallRefused):
            delivered.escrow.call(method, *arguments, sender=delivered.stranger, keys=keys)
    for party in (delivered.buyer, delivered.seller):
        with pytest.raises(CallRefused, match="only the arbiter"):
            delivered.escrow.split(0, sender=party)


def test_a_share_is_not_above_the_price(delivered: Deal) -> None:
    with pytest.raises(CallRefused, match="above the price"):
        delivered.split(PRICE + 1)


def test_without_an_arbiter_nobody_splits(empty: Deal) -> None:
    empty.open(arbiter=NOBODY)
    for person in (empty.buyer, empty.seller):
        with pytest.raises(CallRefused, match="there is no arbiter"):
            empty.escrow.split(0, sender=person)


def test_a_deal_ends_once(waiting: Deal) -> None:
    second = waiting.escrow.draft("release", sender=waiting.buyer)
    waiting.escrow.refund(sender=waiting.seller)
    with pytest.raises(StaleRegister):
        waiting.chain.send(waiting.buyer, second)
    for call in (
        lambda: waiting.escrow.release(sender=waiting.buyer),
        lambda: waiting.escrow.refund(sender=waiting.seller),
        lambda: waiting.split(0),
    ):
        with pytest.raises(CallRefused, match="no tokens are waiting"):
            call()


def test_nothing_ends_before_it_began(empty: Deal) -> None:
    for method in ("release", "refund"):
        for party in (empty.buyer, empty.seller):
            with pytest.raises(CallRefused):
                empty.escrow.call(method, sender=party)


# What the buyer cannot do although the contract is his


def test_the_buyer_cannot_shut_the_seller_out(waiting: Deal) -> None:
    """Neither by his own software nor by a change that he draws up as if readers were not fixed."""
    escrow, view = waiting.escrow, waiting.escrow.view
    with pytest.raises(ReadersFixed):
        escrow.remove_reader(waiting.seller)
    unfixed = replace(view, record=replace(view.record, fixed_readers=False))
    for readers in ([each.reader.public for each in (waiting.buyer, waiting.stranger)], readers_of(view)):
        with pytest.raises(ReadersFixed):
            waiting.chain.send(waiting.buyer, draft_set_readers(unfixed, readers))
    if waiting.stage == FUNDED:
        waiting.deliver()
    waiting.chain.mine_to(waiting.disputes_until)
    assert waiting.gains(lambda: escrow.release(sender=waiting.seller)) == (DEPOSIT - PRICE, PRICE)


class Kept:
    """The escrow's very circuits, deployed by a buyer who means to keep the list of readers."""

    declaration = replace(Escrow.compiled.declaration, fixed_readers=False)
    compiled = replace(Escrow.compiled, declaration=declaration)


def test_the_seller_shows_no_key_to_an_escrow_whose_readers_can_change(empty: Deal) -> None:
    kept = empty.chain.deploy(Kept, empty.buyer, readers=[empty.buyer, empty.seller], counts=(1,))  # type: ignore[arg-type]
    assert kept.view.record.methods == empty.escrow.view.record.methods and not kept.view.record.fixed_readers
    as_the_seller_knows_it = Deployed(empty.chain, Escrow.compiled, kept.id, empty.buyer)
    with pytest.raises(ReadersNotFixed, match="sound only with fixed readers"):
        as_the_seller_knows_it.deliver(KEY, sender=empty.seller)
    kept.remove_reader(empty.seller)
    with pytest.raises(NotAReader):
        kept.deliver(KEY, sender=empty.seller)


# Who sees what


def test_only_the_parties_and_whom_they_show_it_see_the_terms(delivered: Deal) -> None:
    for party in (delivered.buyer, delivered.seller):
        terms = delivered.escrow.read(party).terms
        assert (terms["price"], terms["goods"], terms["lock"]) == (PRICE, GOODS, LOCK)
    for outsider in (delivered.arbiter, delivered.stranger, None):
        with pytest.raises(NotAReader):
            _ = delivered.escrow.read(outsider).terms
    shown = delivered.shown(delivered.seller, delivered.arbiter)
    assert delivered.escrow.read(shown).terms["price"] == PRICE


def test_the_price_is_shown_when_the_seller_is_paid_and_not_before(empty: Deal) -> None:
    price, key = PRICE.to_bytes(5, "big"), KEY.to_bytes(15, "big")
    before = [empty.open(), empty.deliver()]
    with empty.chain.snapshot():
        undone = empty.escrow.refund(sender=empty.seller)
    paid = empty.escrow.release(sender=empty.buyer)
    assert [price in each.transaction.raw for each in (*before, undone, paid)] == [False, False, False, True]
    assert all(key not in each.transaction.raw for each in (*before, undone, paid))


def test_the_other_party_is_not_shown_before_it_acts_or_is_paid(empty: Deal) -> None:
    opened = empty.open()
    empty.chain.mine_to(empty.deliver_by)
    taken_back = empty.escrow.refund(sender=empty.buyer)
    for person in (empty.seller, empty.arbiter):
        known_as = account_element(person.id).to_bytes(32, "big")
        for each in (opened, taken_back):
            assert person.id not in each.transaction.raw and known_as not in each.transaction.raw
    assert empty.buyer.id in taken_back.transaction.raw


def test_calls_look_alike_whatever_is_agreed(empty: Deal) -> None:
    with empty.chain.snapshot():
        small = empty.open(price=0, goods=0, lock=0, arbiter=NOBODY, deliver_by=0, disputes_until=0)
    large = empty.open(price=DEPOSIT)
    assert (small.size, small.work, small.fee) == (large.size, large.work, large.fee)


def test_the_walk_through_tells_it(capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox() as chain:
        story(chain, Teller())
    told = capsys.readouterr().out
    for line in (
        "shuts the seller out: refused",
        "the buyer reads the key: it is right",
        "the seller was paid 7.00 CLU",
        "the escrow holds 0.00 CLU",
    ):
        assert line in told


def test_who_ends_a_deal_cannot_send_the_others_part_to_a_key_that_is_nobodys(delivered: Deal) -> None:
    """The seller proves the payment of both parts, and so writes down who gets them."""
    delivered.chain.mine(DISPUTES)
    draft = delivered.escrow.draft("release", sender=delivered.seller)
    assert isinstance(draft.action, Call)
    own, rest = draft.action.pays
    nobody = AccountId(rest.recipient[:31] + bytes([rest.recipient[31] ^ 1]))
    with pytest.raises(StatementFalse):
        delivered.chain.send(
            delivered.seller, replace(draft, action=replace(draft.action, pays=(own, replace(rest, recipient=nobody))))
        )
    delivered.chain.send(delivered.seller, draft)
    assert delivered.stage == SETTLED
