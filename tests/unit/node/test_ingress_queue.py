"""The one door beside the queue: what senders have promised already, races at the door, false proofs without end."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chain.execution.accounts import InsufficientBalance
from chain.execution.action import GROTH16, Claim
from chain.execution.transaction import CannotPayFee, FeeLimitTooLow, WrongNumberOfActions
from chain.execution.verifier import FalseEvidence
from chain.mempool import AlreadyQueued, NonceGap, ReplacementUnderpriced
from chain.types.scalars import Amount, Nonce
from chain.types.transaction import Transaction
from contracts.token.actions import Transfer
from node.failures import BLOCKS_OF_WORK, MAX_FAILURES, PeerSpentItsWork, TooManyFalseProofs
from node.hub import TransactionAdmitted
from node.ingress import Ingress
from tests.support.driver_scene import FUNDS, DriverScene
from tests.support.small_chain import SmallChain, account


class Door(DriverScene):
    """A ledger with its ingress and pool."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, None)
        self.ingress = Ingress(self.ledger, self.mempool, self.verifier, self.hub)

    def pay(self, person: int = 1, nonce: int = 0, **changes: object) -> bytes:
        envelope = SmallChain().envelope(person, Transfer(account(9), Amount(5)))
        own = {"chain_id": self.genesis.chain_id, "genesis_hash": self.genesis.hash(), "fee_limit": Amount(10**9)}
        return SmallChain().sign(person, replace(envelope, **(own | {"nonce": Nonce(nonce)} | changes))).raw  # type: ignore[arg-type]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.close()


async def test_what_is_admitted_waits_is_announced_and_says_its_price(door: Door) -> None:
    subscription = door.hub.subscribe(TransactionAdmitted)
    admission = await door.ingress.admit(door.pay(), None)
    assert admission.fee == admission.work * 100  # the first base fee
    assert admission.transaction.hash in door.mempool
    news = await subscription.next()
    assert isinstance(news, TransactionAdmitted)
    assert news.transaction is admission.transaction


async def test_simulating_checks_everything_and_takes_nothing(door: Door) -> None:
    assert (await door.ingress.simulate(door.pay())).fee > 0
    assert len(door.mempool) == 0
    with pytest.raises(NonceGap):
        await door.ingress.simulate(door.pay(nonce=1))


async def test_fee_limits_of_waiting_transactions_count_as_spent(door: Door) -> None:
    """Else one balance could fill the pool with transactions of which it can pay only the first."""
    most = Amount(FUNDS - 10)
    await door.ingress.admit(door.pay(nonce=0, fee_limit=most), None)
    with pytest.raises(CannotPayFee):
        await door.ingress.admit(door.pay(nonce=1), None)
    await door.ingress.admit(door.pay(nonce=0, fee_limit=Amount(10**9), tip=Amount(1)), None)
    await door.ingress.admit(door.pay(nonce=1), None)


async def test_the_same_transaction_at_the_door_twice_at_once_is_taken_once(door: Door) -> None:
    raw = door.pay()
    results = await asyncio.gather(*(door.ingress.admit(raw, None) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, AlreadyQueued) for result in results) == 4
    assert len(door.mempool) == 1


async def test_two_of_one_nonce_at_once_leave_one(door: Door) -> None:
    raws = [door.pay(person=1), door.pay(person=1, expiry_height=50)]
    results = await asyncio.gather(*(door.ingress.admit(raw, None) for raw in raws), return_exceptions=True)
    assert sum(isinstance(result, ReplacementUnderpriced) for result in results) == 1
    assert len(door.mempool) == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"actions": ()}, WrongNumberOfActions),
        ({"actions": (Transfer(account(9), Amount(5)),) * 17}, WrongNumberOfActions),
        ({"fee_limit": Amount(5)}, FeeLimitTooLow),
        ({"actions": (Transfer(account(9), Amount(2 * FUNDS)),)}, InsufficientBalance),
        ({"actions": (Transfer(account(9), FUNDS), Transfer(account(9), Amount(1)))}, InsufficientBalance),
    ],
)
async def test_a_rule_that_fails_changes_nothing(
    door: Door, changes: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await door.ingress.admit(door.pay(**changes), None)
    assert len(door.mempool) == 0


# False proofs


def unproven(monkeypatch: pytest.MonkeyPatch) -> list[Claim]:
    """Every transfer claims something false; what was looked at."""
    looked_at: list[Claim] = []

    def claims(self: Transfer, envelope: object, _index: int) -> Sequence[Claim]:
        return (Claim(GROTH16, bytes(32), (self.amount, getattr(envelope, "tip")), bytes(128)),)  # noqa: B009

    def verify(_self: object, claim: Claim) -> None:
        looked_at.append(claim)
        raise FalseEvidence(claim, "it does not hold.")

    monkeypatch.setattr(Transfer, "claims", claims)
    monkeypatch.setattr("node.verifier.NodeVerifier._verify", verify)
    return looked_at


async def test_who_sends_false_proofs_has_only_a_few_looked_at(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = unproven(monkeypatch)
    refusals: list[Exception] = []
    for tip in range(3 * MAX_FAILURES):
        with pytest.raises((FalseEvidence, TooManyFalseProofs)) as refused:
            await door.ingress.admit(door.pay(tip=Amount(tip)), "peer 01")
        refusals.append(refused.value)
    assert len(looked_at) == MAX_FAILURES
    assert isinstance(refusals[-1], TooManyFalseProofs)
    with pytest.raises(TooManyFalseProofs):  # another account behind the same peer
        await door.ingress.admit(door.pay(person=2), "peer 01")
    with pytest.raises(FalseEvidence):  # another account over RPC
        await door.ingress.admit(door.pay(person=2), None)
    assert len(door.mempool) == 0


async def test_a_peer_whose_good_proofs_take_too_much_waits_for_blocks(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = unproven(monkeypatch)
    monkeypatch.setattr("node.verifier.NodeVerifier._verify", lambda _self, claim: looked_at.append(claim))
    params = door.ledger.next_block.params
    work = params.prices.groth16 + 2 * params.prices.groth16_input
    door.ingress.work.spend("peer 01", BLOCKS_OF_WORK * params.max_block_work - work)
    await door.ingress.admit(door.pay(), "peer 01")
    with pytest.raises(PeerSpentItsWork):
        await door.ingress.admit(door.pay(person=2, tip=Amount(7)), "peer 01")
    assert len(looked_at) == 1
    await door.ingress.admit(door.pay(person=2, tip=Amount(7)), "peer 02")
    await door.ingress.admit(door.pay(person=3, tip=Amount(7)), None)  # over RPC nobody shares a peer's fate
    assert len(looked_at) == 2  # and the third's claim was known by then
    spent = door.ingress.work.spent("peer 02")
    await door.ingress.admit(door.pay(person=4, tip=Amount(7)), "peer 02")
    assert door.ingress.work.spent("peer 02") == spent == work  # what is known costs nothing


async def test_a_proof_is_not_looked_at_before_the_fee(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = unproven(monkeypatch)
    for changes in ({"fee_limit": Amount(1)}, {"nonce": 3}, {"person": 30}):
        with pytest.raises((FeeLimitTooLow, NonceGap, CannotPayFee)):
            await door.ingress.admit(door.pay(**changes), None)  # type: ignore[arg-type]
    forged = Transaction.decode(door.pay(), door.ledger.chain.application.unions)
    stolen = Transaction(
        forged.envelope, Transaction.decode(door.pay(nonce=1), door.ledger.chain.application.unions).signature
    )
    with pytest.raises(Exception, match="signature"):
        await door.ingress.admit(stolen.raw, None)
    assert looked_at == []
