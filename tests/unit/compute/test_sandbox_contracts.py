"""Contracts of the language in the sandbox: deployed, called, read, with notes, tokens, periods, readers, permits."""

from collections.abc import Iterator

import pytest

from chain.execution.accounts import InsufficientBalance
from chain.execution.statement import account_element
from compute.confidential.errors import NotAReader
from compute.confidential.permit_errors import OutsidePermit
from compute.confidential.permits import open_permit
from compute.dsl.caller import CallLacks
from compute.dsl.refusals import CallRefused, WrongArguments
from compute.sandbox import CLU, Deployed, Person, Sandbox
from contracts.confidential.errors import StaleRegister
from contracts.notes.errors import NoteSpent
from tests.support.dsl_contracts import Auction, Counter

PRICE = 2 * CLU


class Scene:
    """A counter that its owner and alice read, and that counted 5."""

    def __init__(self, chain: Sandbox) -> None:
        self.chain = chain
        self.owner, self.alice, self.bob = (chain.person(name) for name in ("owner", "alice", "bob"))
        self.counter = chain.deploy(
            Counter, self.owner, readers=[self.owner, self.alice], initial={"owner": self.owner}
        )
        self.counter.increment(5, sender=self.alice)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with Sandbox() as chain:
        yield Scene(chain)


def test_methods_are_called_and_registers_read_by_their_names(scene: Scene) -> None:
    seen = scene.counter.read(scene.alice)
    assert (seen.count, seen.calls, seen.frozen) == (5, 1, False)
    assert scene.counter.read().calls == 1
    for outsider in (scene.bob, None):
        with pytest.raises(NotAReader):
            _ = scene.counter.read(outsider).count
    with pytest.raises(AttributeError, match="sum"):
        _ = seen.sum
    with pytest.raises(AttributeError, match="decrement"):
        _ = scene.counter.decrement


def test_what_a_method_returns_is_in_what_came_of_the_call(scene: Scene) -> None:
    assert scene.counter.reveal(3, sender=scene.owner).result == 5
    assert scene.counter.increment(1, sender=scene.alice).result is None


def test_a_contracts_own_rules_are_told_with_their_line(scene: Scene) -> None:
    with pytest.raises(CallRefused, match="nothing to add"):
        scene.counter.increment(0, sender=scene.alice)
    with pytest.raises(CallRefused, match="only the owner freezes"):
        scene.counter.freeze(sender=scene.alice)
    scene.counter.freeze(sender=scene.owner)
    with pytest.raises(CallRefused, match="frozen"):
        scene.counter.increment(1, sender=scene.alice)
    with pytest.raises(WrongArguments):
        scene.counter.increment(sender=scene.alice)


def test_a_method_that_looks_at_heights_finds_those_of_the_chain(scene: Scene) -> None:
    scene.chain.mine_to(1_000)
    with pytest.raises(CallRefused, match="too late"):
        scene.counter.freeze(sender=scene.owner)


def test_two_calls_work_together_or_not_at_all(scene: Scene) -> None:
    other = scene.chain.deploy(Counter, scene.owner, readers=[scene.alice])
    drafts = [contract.draft("increment", 2, sender=scene.alice) for contract in (scene.counter, other)]
    scene.chain.send(scene.alice, *drafts)
    assert (scene.counter.read(scene.alice).count, other.read(scene.alice).count) == (7, 2)
    stale = [contract.draft("increment", 2, sender=scene.alice) for contract in (scene.counter, other)]
    other.increment(1, sender=scene.alice)
    with pytest.raises(StaleRegister):
        scene.chain.send(scene.alice, *stale)
    assert (scene.counter.read(scene.alice).count, other.read(scene.alice).count) == (7, 3)


def test_readers_come_and_go(scene: Scene) -> None:
    counter = scene.counter
    counter.remove_reader(scene.alice)
    assert counter.readers == [scene.owner]
    counter.increment(1, sender=scene.owner)
    with pytest.raises(NotAReader):
        _ = counter.read(scene.alice).count
    with pytest.raises(NotAReader):
        counter.increment(1, sender=scene.alice)
    counter.add_reader(scene.bob)
    counter.increment(1, sender=scene.bob, keys=scene.owner.reader)
    assert counter.read(scene.bob).count == 7


def test_an_auditor_reads_with_a_permit_and_only_what_it_gives(scene: Scene) -> None:
    counter, chain = scene.counter, scene.chain
    auditor = chain.person("auditor")
    opened = open_permit(counter.permit(scene.owner, auditor), auditor.reader, chain.identity)
    assert counter.read(opened).count == 5
    counter.set_readers(scene.owner)
    assert counter.read(opened).count == 5  # written before
    counter.increment(1, sender=scene.owner)
    with pytest.raises(OutsidePermit):
        _ = counter.read(opened).count
    both = open_permit(counter.permit(scene.owner, auditor, range(1, 3)), auditor.reader, chain.identity)
    assert counter.read(both).count == 6


def bidding(chain: Sandbox) -> tuple[Deployed, Person, Person]:
    """An auction with two bids, its seller, and who bid most."""
    seller, high, low = (chain.person(name) for name in ("seller", "high", "low"))
    auction = chain.deploy(Auction, seller, initial={"seller": seller, "closes": chain.height + 10})
    for bidder, amount in ((high, 3 * CLU), (low, PRICE)):
        auction.place(amount, sender=bidder, period=(chain.height + 1, chain.height + 3))
    return auction, seller, high


def test_notes_are_made_found_and_spent_and_tokens_move() -> None:
    with Sandbox() as chain:
        auction, seller, high = bidding(chain)
        bids = auction.notes_of(seller)
        assert len(bids) == 2 and auction.notes_of(high) == []
        chain.mine(10)
        for bid in bids:
            auction.fold(bid, sender=seller)
        with pytest.raises(NoteSpent):
            auction.fold(bids[0], sender=seller)
        assert auction.notes_of(seller) == []
        assert auction.read(seller).standing["best"] == 3 * CLU
        winner = auction.close(sender=seller).result
        assert auction.read().price == PRICE
        before = chain.balance(seller)
        auction.settle(high, seller, True, sender=high)
        assert winner == account_element(high.id)
        assert (chain.balance(seller) - before, auction.holding()) == (PRICE // 2, PRICE // 2)


def test_whoever_cannot_pay_is_told_so_by_the_chain() -> None:
    with Sandbox() as chain:
        auction, seller, high = bidding(chain)
        bids = auction.notes_of(seller)
        chain.mine(10)
        for bid in bids:
            auction.fold(bid, sender=seller)
        auction.close(sender=seller)
        with chain.snapshot():
            poor = chain.balance(high) - PRICE // 2
            chain.pay(high, seller, poor)
            with pytest.raises(InsufficientBalance):
                auction.settle(high, seller, False, sender=high)


def test_one_who_is_no_reader_calls_what_needs_no_key(scene: Scene) -> None:
    with pytest.raises((NotAReader, CallLacks)):
        scene.counter.increment(1, sender=scene.bob)
