"""Shielded transfers with real proofs: money enters, moves unseen and leaves; nobody else can do any of it."""

from dataclasses import replace

import pytest

from chain.codec import encode
from chain.execution import accounts
from chain.execution.action import Claim
from chain.execution.verifier import FalseEvidence
from chain.types.receipt import OK
from chain.types.scalars import Amount, AssetId, ChainId, FieldElement, Hash
from chain.types.transaction import Envelope
from client.notes.hints import open_outgoing
from compute.confidential.errors import DraftMissing, StatementFalse
from compute.confidential.prover import Prover
from compute.shielded.errors import NoRoomForChange, NoteOfAnotherAsset, NotesDoNotCover, StaleWitness, TooManyNotes
from compute.shielded.prover import Order, Payment, draft_transfer
from contracts.notes.errors import NoteSpent
from contracts.shielded.actions import TRANSFER_BYTES, Transfer
from contracts.shielded.state import totals_of
from crypto.babyjubjub import Point
from crypto.field import SCALAR_FIELD
from crypto.note_errors import MemoTooLong, NoteValueOutOfRange
from tests.support.proven_pool import ALICE, BOB, FUNDED, ONE_TIME, ProvenPool
from tests.support.small_chain import CLU, account

FEE = Amount(CLU // 10)
CLUNKS = Amount(5 * CLU)


@pytest.fixture(scope="module")
def shielded(prover: Prover) -> ProvenPool:
    """A pool into which Alice has put 5 CLU. Tests only look at it."""
    pool = ProvenPool(prover)
    receipt = pool.send(FUNDED, pool.from_account(FUNDED, pool.draft(ALICE, taken=CLUNKS)))
    assert receipt.code == OK, receipt
    return pool


@pytest.fixture(scope="module")
def paid(shielded: ProvenPool) -> tuple[ProvenPool, Envelope]:
    """The pool, and an envelope that is paid by its own proof and gives 2 CLU to Bob; not sent."""
    payment = Payment(BOB.full_view().incoming.address(3), 2 * CLU, b"for the ferry")
    return shielded, shielded.from_proof(shielded.draft(ALICE, payment, fee=FEE))


def transfer_of(envelope: Envelope) -> Transfer:
    (action,) = envelope.actions
    assert isinstance(action, Transfer)
    return action


def claim_of(envelope: Envelope) -> Claim:
    (claim,) = transfer_of(envelope).claims(envelope, 0)
    return claim


def test_what_entered_is_a_note_of_its_owner_and_of_nobody_else(shielded: ProvenPool) -> None:
    assert shielded.values(ALICE) == [CLUNKS]
    assert shielded.values(BOB) == []
    assert accounts.holding(shielded.chain.view, shielded.pool) == CLUNKS
    assert len(shielded.records) == 2


def test_notes_move_and_leave_under_real_proofs(paid: tuple[ProvenPool, Envelope]) -> None:
    pool, sent = paid[0].fork(), paid[1]
    receipt = pool.send(ONE_TIME, sent)
    assert (receipt.code, receipt.fee) == (OK, FEE)
    assert pool.values(ALICE) == [3 * CLU - FEE]
    (coin,) = pool.coins(BOB)
    assert (coin.note.value, coin.note.memo.rstrip(b"\0"), coin.address) == (2 * CLU, b"for the ferry", 3)
    with pytest.raises(NoteSpent):
        pool.chain.check(FUNDED, transfer_of(sent))
    before = pool.chain.balance(3)
    left = pool.from_proof(pool.draft(BOB, paid=Amount(2 * CLU - FEE), recipient=account(3), fee=FEE))
    assert pool.send(ONE_TIME, left).code == OK
    assert pool.chain.balance(3) == before + 2 * CLU - FEE
    assert pool.values(BOB) == []
    totals = totals_of(pool.chain.view, pool.pool, AssetId(bytes(32)))
    assert (totals.entered, totals.left) == (CLUNKS, 2 * CLU + FEE)
    assert accounts.holding(pool.chain.view, pool.pool) == CLUNKS - 2 * CLU - FEE


def test_the_proof_verifies_in_its_own_transaction_only(paid: tuple[ProvenPool, Envelope]) -> None:
    pool, envelope = paid
    pool.chain.verifier.require([claim_of(envelope)])
    action = transfer_of(envelope)
    elsewhere = {
        "another signer": replace(envelope, fee_source=replace(envelope.fee_source, signer=account(3))),
        "another chain": replace(envelope, chain_id=ChainId("test-2")),
        "another genesis": replace(envelope, genesis_hash=Hash(b"g" * 32)),
        "another fork": replace(envelope, fork_id=Hash(b"f" * 32)),
        "another hint": replace(envelope, actions=(with_hint_of(action, 1),)),
        "a part of the fee to oneself": replace(
            envelope, actions=(replace(action, fee=Amount(FEE - 1), paid=Amount(1), recipient=account(3)),)
        ),
    }
    for where, other in elsewhere.items():
        with pytest.raises(FalseEvidence):
            pool.chain.verifier.require([claim_of(other)])
            pytest.fail(f"the proof was accepted for {where}")


def with_hint_of(action: Transfer, index: int) -> Transfer:
    """The transfer whose first output carries another's hint: its owner would not find it by its tag."""
    first, *rest = action.outputs
    return replace(action, outputs=(replace(first, hint=action.outputs[index].hint), *rest))


def test_every_public_input_is_bound(paid: tuple[ProvenPool, Envelope]) -> None:
    pool, envelope = paid
    claim = claim_of(envelope)
    for position, value in enumerate(claim.inputs):
        for other in ((value + 1) % SCALAR_FIELD, value + SCALAR_FIELD):
            inputs = (*claim.inputs[:position], FieldElement(other), *claim.inputs[position + 1 :])
            with pytest.raises(FalseEvidence):
                pool.chain.verifier.require([replace(claim, inputs=inputs)])


def test_a_forged_ciphertext_makes_the_transaction_unfit_for_a_block(paid: tuple[ProvenPool, Envelope]) -> None:
    pool, envelope = paid
    first, second = transfer_of(envelope).outputs
    forged = replace(first, ciphertext=(FieldElement(1), *first.ciphertext[1:]))
    action = replace(transfer_of(envelope), outputs=(forged, second))
    with pytest.raises(FalseEvidence):
        pool.send(ONE_TIME, replace(envelope, actions=(action,)))


def test_all_transfers_have_one_size(paid: tuple[ProvenPool, Envelope], shielded: ProvenPool) -> None:
    transfers = [
        transfer_of(paid[1]),
        shielded.draft(ALICE, taken=CLUNKS).action,
        shielded.draft(ALICE, coins=()).action,
    ]
    assert {len(encode(action)) for action in transfers} == {TRANSFER_BYTES}


def test_what_cannot_be_drafted_is_refused(shielded: ProvenPool) -> None:
    to_bob = Payment(BOB.full_view().incoming.address(0), CLU)
    (coin,) = shielded.coins(ALICE)
    with pytest.raises(NotesDoNotCover):
        shielded.draft(ALICE, replace(to_bob, value=CLUNKS + 1))
    with pytest.raises(NoRoomForChange):
        shielded.draft(ALICE, to_bob, to_bob)
    with pytest.raises(TooManyNotes):
        shielded.draft(ALICE, to_bob, to_bob, to_bob)
    with pytest.raises(TooManyNotes):
        shielded.draft(ALICE, coins=(coin,) * 3)
    with pytest.raises(NoteOfAnotherAsset):
        shielded.draft(ALICE, to_bob, asset=AssetId(b"\x07" * 32))
    with pytest.raises(StaleWitness) as refused:
        shielded.draft(ALICE, to_bob, coins=(replace(coin, position=coin.position ^ 1),))
    assert refused.value.fields == {"position": coin.position ^ 1}
    with pytest.raises(StaleWitness):
        shielded.draft(BOB, to_bob, coins=(coin,))
    with pytest.raises(MemoTooLong):
        shielded.draft(ALICE, replace(to_bob, memo=bytes(63)))
    with pytest.raises(NoteValueOutOfRange):
        shielded.draft(ALICE, replace(to_bob, value=-1))


def test_a_draft_is_proven_only_as_it_was_made(shielded: ProvenPool) -> None:
    draft = shielded.draft(ALICE, taken=CLUNKS)
    with pytest.raises(DraftMissing):
        shielded.prover.complete(shielded.chain.envelope(FUNDED), [draft])
    altered = replace(draft, action=replace(draft.action, taken=Amount(CLUNKS + 1)))
    with pytest.raises(StatementFalse):
        shielded.from_account(FUNDED, altered)


def test_nothing_tells_two_transfers_apart_but_what_is_open(shielded: ProvenPool) -> None:
    """A payment and a transfer of nothing: no element of one stands in the other, and neither shows an amount."""
    first = shielded.draft(ALICE, Payment(BOB.full_view().incoming.address(0), CLU))
    second = shielded.draft(ALICE, coins=())
    actions = [transfer for draft in (first, second) if isinstance(transfer := draft.action, Transfer)]
    assert {(each.asset, each.taken, each.paid, each.fee) for each in actions} == {(AssetId(bytes(32)), 0, 0, 0)}
    seen = [
        {*each.nullifiers, each.ephemeral.x, *(o.commitment for o in each.outputs), *each.outputs[0].ciphertext}
        for each in actions
    ]
    assert seen[0] & seen[1] == set()
    assert str(CLU) not in repr(first)


def test_a_sender_may_leave_no_memory(shielded: ProvenPool) -> None:
    order = Order(shielded.pool, shielded.vk_id, FieldElement(1), taken=Amount(1))
    kept, forgotten = (draft_transfer(order, ALICE, shielded.entropy, remember=flag).action for flag in (True, False))
    found = []
    for action in (kept, forgotten):
        assert isinstance(action, Transfer)
        output, ephemeral = action.outputs[0], Point(action.ephemeral.x, action.ephemeral.y)
        outgoing = ALICE.full_view().outgoing
        found.append(open_outgoing(outgoing, output.commitment, ephemeral, output.hint.outgoing) is not None)
    assert found == [True, False]
