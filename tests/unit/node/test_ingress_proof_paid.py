"""The door and what a proof pays: a key that signs once costs nothing, so nothing is computed for it early."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import sleep
from types import SimpleNamespace
from typing import cast

import pytest

from chain.execution.action import Action, Claim
from chain.execution.fee_source import FeeSourceError, OneTimeNonce
from chain.execution.transaction import FeeLimitTooLow
from chain.execution.verifier import BadSignature, FalseEvidence
from chain.mempool import Mempool, UniqueWaiting
from chain.types.receipt import OK
from chain.types.scalars import NATIVE, Amount, Nonce
from chain.types.transaction import Transaction
from contracts.token.actions import Transfer
from contracts.token.errors import NothingToTransfer
from node.failures import MAX_FAILURES, TooManyFalseProofs
from node.hub import Hub, TransactionAdmitted
from node.ingress import Ingress
from node.ledger import Ledger
from node.relay import TIMELESS
from node.verifier import NodeVerifier
from tests.support.purse import Fill, Make, NoteUsed, Purse, Spend, UnknownPurseRoot, spend
from tests.support.small_chain import CLU, GENESIS_TIME, SmallChain, account

OFFER = CLU
FALSE = b"\x01" * 128  # a proof that does not hold; all others do
PEER = "peer 01"
ZERO = Transfer(account(2), Amount(0))


class Door:
    """Ingress over a small chain whose purse holds money, with the node's verifier down to the proofs themselves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.chain = SmallChain(components=(Purse(),))
        assert self.chain.do(1, Fill(Amount(100 * CLU), NATIVE)).code == OK
        self.threads = ThreadPoolExecutor(4)
        self.looked_at: list[Claim] = []
        self.most_at_once = self._at_once = 0
        self._lock = Lock()
        monkeypatch.setattr(NodeVerifier, "_verify", lambda _self, claim: self._verify(claim))
        verifier = NodeVerifier(lambda vk_id: b"", self.threads, self.threads)
        chain = self.chain
        tip = SimpleNamespace(height=chain.height, time=GENESIS_TIME)
        ledger = SimpleNamespace(
            view=chain.view, chain=chain.chain, params=chain.params, tip=tip, next_block=chain.next_block
        )
        self.mempool, self.hub = Mempool(), Hub()
        self.ingress = Ingress(cast(Ledger, ledger), self.mempool, verifier, self.hub)

    def _verify(self, claim: Claim) -> None:
        with self._lock:
            self.looked_at.append(claim)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        sleep(0.005)
        with self._lock:
            self._at_once -= 1
        if claim.evidence == FALSE:
            raise FalseEvidence(claim, "it does not hold.")

    def paid(self, *actions: Action, key: int = 50, tip: int = 0, **changes: object) -> bytes:
        return self.chain.proof_paid(key, *actions, tip=tip, **changes).raw

    async def refuses(self, error: type[Exception], raw: bytes, source: str | None = None) -> Exception:
        waited = len(self.mempool)
        with pytest.raises(error) as refused:
            await self.ingress.admit(raw, source)
        assert len(self.mempool) == waited
        return refused.value


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    made = Door(monkeypatch)
    yield made
    made.threads.shutdown()


async def test_it_needs_no_account_and_costs_what_it_offers(door: Door) -> None:
    subscription = door.hub.subscribe(TransactionAdmitted)
    admission = await door.ingress.admit(door.paid(spend(1, offer=OFFER), key=60), None)
    assert admission.fee == OFFER
    assert admission.transaction.hash in door.mempool
    assert len(door.looked_at) == 1
    news = await subscription.next()
    assert isinstance(news, TransactionAdmitted)


async def test_simulating_takes_nothing(door: Door) -> None:
    assert (await door.ingress.simulate(door.paid(spend(1, offer=OFFER)))).fee == OFFER
    assert len(door.mempool) == 0
    with pytest.raises(FalseEvidence):
        await door.ingress.simulate(door.paid(spend(2, offer=OFFER, proof=FALSE)))


# What costs nothing to say costs nothing to refuse


async def test_no_proof_is_looked_at_of_what_breaks_a_cheaper_rule(door: Door) -> None:
    chain = door.chain
    good = chain.proof_paid(50, spend(1, offer=OFFER))
    other = chain.proof_paid(51, spend(1, offer=OFFER))
    stolen = Transaction(good.envelope, other.signature).raw
    await door.refuses(OneTimeNonce, door.paid(spend(1, offer=OFFER), nonce=Nonce(1)))
    await door.refuses(FeeLimitTooLow, door.paid(spend(1, offer=1)))
    await door.refuses(BadSignature, stolen)
    await door.refuses(UnknownPurseRoot, door.paid(spend(1, offer=OFFER, root=78)))
    assert door.looked_at == []


async def test_no_proof_is_looked_at_of_a_nullifier_that_was_used(door: Door) -> None:
    transaction = door.chain.proof_paid(50, spend(1, offer=OFFER))
    door.chain.block(transaction)
    await door.refuses(NoteUsed, transaction.raw)
    await door.refuses(NoteUsed, door.paid(spend(1, offer=2 * OFFER), key=51))
    assert door.looked_at == []


async def test_no_proof_is_looked_at_of_a_second_one_with_a_nullifier_that_waits(door: Door) -> None:
    await door.ingress.admit(door.paid(spend(1, 2, offer=OFFER), tip=100), None)
    looked_at = list(door.looked_at)
    await door.refuses(UniqueWaiting, door.paid(spend(1, offer=OFFER), key=51, tip=109))
    await door.refuses(UniqueWaiting, door.paid(spend(3, offer=OFFER), spend(2), key=51, tip=100))
    await door.refuses(UniqueWaiting, door.chain.transaction(2, spend(2), tip=100).raw)
    assert door.looked_at == looked_at
    await door.ingress.admit(door.paid(spend(1, offer=OFFER), key=51, tip=110), None)
    assert len(door.mempool) == 1


async def test_at_the_door_at_once_only_one_of_a_nullifier_has_its_proof_looked_at(door: Door) -> None:
    raws = [door.paid(spend(1, number, offer=OFFER), key=number) for number in range(50, 58)]
    results = await asyncio.gather(
        *(door.ingress.admit(raw, f"peer {raw[-1]}") for raw in raws), return_exceptions=True
    )
    assert sum(isinstance(result, UniqueWaiting) for result in results) == 7
    assert len(door.looked_at) == len(door.mempool) == 1


async def test_a_false_proof_with_its_nullifier_keeps_no_good_one_out(door: Door) -> None:
    """Whoever sees a nullifier pass by may copy it."""
    false = [door.paid(spend(1, offer=OFFER, proof=FALSE), key=key) for key in range(50, 54)]
    copiers = [asyncio.create_task(door.ingress.admit(raw, None)) for raw in false]
    admission = await door.ingress.admit(door.paid(spend(1, offer=OFFER), key=60), None)
    results = await asyncio.gather(*copiers, return_exceptions=True)
    assert admission.transaction.hash in door.mempool
    assert all(isinstance(result, FalseEvidence | UniqueWaiting) for result in results)
    await door.refuses(UniqueWaiting, door.paid(spend(1, offer=OFFER), key=61))


async def test_transactions_of_different_notes_do_not_wait_for_each_other(door: Door) -> None:
    raws = [door.paid(spend(number, offer=OFFER), key=number) for number in range(1, 9)]
    await asyncio.gather(*(door.ingress.admit(raw, f"peer {number}") for number, raw in enumerate(raws)))
    assert door.most_at_once > 1
    assert len(door.mempool) == 8
    assert door.ingress._looked_at == {}


async def test_over_rpc_what_nobody_is_behind_takes_one_thread_at_most(door: Door) -> None:
    raws = [door.paid(spend(number, offer=OFFER, proof=FALSE), key=number) for number in range(1, 9)]
    results = await asyncio.gather(*(door.ingress.admit(raw, None) for raw in raws), return_exceptions=True)
    assert all(isinstance(result, FalseEvidence) for result in results)
    assert door.most_at_once == 1
    assert door.ingress._looked_at == {}


async def test_nothing_else_is_computed_before_the_proof_that_pays_holds(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither rules that compute much, nor the proofs of other actions."""
    made = []
    monkeypatch.setattr(Make, "check", lambda *_: made.append(1))
    later = spend(2)
    await door.refuses(FalseEvidence, door.paid(spend(1, offer=OFFER, proof=FALSE), Make(), Make(), later))
    assert made == []
    assert [claim.evidence for claim in door.looked_at] == [FALSE]
    await door.ingress.admit(door.paid(spend(1, offer=OFFER), Make(), Make(), later), None)
    assert len(made) == 2
    assert len(door.looked_at) == 3


async def test_later_actions_are_checked_on_what_earlier_ones_did(door: Door) -> None:
    paid = spend(1, offer=OFFER, paid=30, recipient=account(50))
    await door.refuses(NothingToTransfer, door.paid(paid, ZERO))
    await door.ingress.admit(door.paid(paid, Transfer(account(2), Amount(30))), None)


# Budgets


async def test_a_peer_that_brings_false_proofs_has_a_few_looked_at_whatever_keys_sign_them(door: Door) -> None:
    refusals: list[Exception] = []
    for number in range(1, MAX_FAILURES + 8):
        raw = door.paid(spend(number, offer=OFFER, proof=FALSE), key=number)
        refusals.append(await door.refuses((FalseEvidence, TooManyFalseProofs), raw, PEER))  # type: ignore[arg-type]
    assert len(door.looked_at) == MAX_FAILURES
    assert isinstance(refusals[-1], TooManyFalseProofs)
    await door.refuses(TooManyFalseProofs, door.paid(spend(200, offer=OFFER)), PEER)
    await door.ingress.admit(door.paid(spend(200, offer=OFFER)), "peer 02")


async def test_keys_that_sign_once_push_nobody_out_of_the_budgets(door: Door) -> None:
    for number in range(1, 40):
        await door.refuses(FalseEvidence, door.paid(spend(number, offer=OFFER, proof=FALSE), key=number))
    assert not door.ingress._failures._counts
    await door.refuses(FalseEvidence, door.paid(spend(40, offer=OFFER, proof=FALSE)), PEER)
    assert door.ingress._failures._counts == {PEER: 1}


async def test_a_note_whose_later_actions_fail_again_and_again_is_looked_at_a_few_times(door: Door) -> None:
    """A key costs nothing; a note that a proof has shown does."""
    note = spend(1, offer=OFFER)
    for number in range(MAX_FAILURES):
        await door.refuses(NothingToTransfer, door.paid(note, Make(), ZERO, key=60 + number))
    await door.refuses(TooManyFalseProofs, door.paid(note, Make(), ZERO, key=50))
    await door.refuses(NothingToTransfer, door.paid(spend(2, offer=OFFER), Make(), ZERO, key=51))


async def test_false_proofs_of_later_actions_count_against_the_note(door: Door) -> None:
    for number in range(2, MAX_FAILURES + 2):
        await door.refuses(FalseEvidence, door.paid(spend(1, offer=OFFER), spend(number, proof=FALSE), key=50 + number))
    await door.refuses(TooManyFalseProofs, door.paid(spend(1, offer=OFFER), spend(100, proof=FALSE)))


def test_peers_are_blamed_for_what_no_state_could_make_valid() -> None:
    assert FeeSourceError in TIMELESS
    assert Spend.work == 0  # else these tests would not tell cheap rules from heavy ones
