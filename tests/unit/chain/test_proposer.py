"""Building a block: what stands in it, what is left out for now, what for ever, and where filling stops."""

from collections.abc import Sequence

import pytest

from chain.execution.action import Claim
from chain.execution.block import TooMuchWork
from chain.execution.verifier import FalseEvidence
from chain.mempool import Mempool
from chain.proposer import Built, Proposer, build_block
from chain.state.errors import TreeCorrupt
from chain.types.receipt import OK
from chain.types.scalars import Amount, Blob, Height, Nonce, Timestamp, Uint, VoteTarget, WorkUnits
from chain.types.transaction import Transaction
from chain.types.vote import PREVOTE, DuplicateVote
from contracts.registry.actions import RegisterKey
from contracts.token.actions import Transfer
from tests.support.direct_verifier import ClaimTable
from tests.support.sealed_chain import SealedChain, signed_vote, validator_id, with_body
from tests.support.small_chain import FUNDS, account

PAY = Transfer(account(2), Amount(10))


class Failing(ClaimTable):
    """Raises an error of a kind that no rule raises, at the signatures of one person."""

    def __init__(self, person: int, error: Exception) -> None:
        super().__init__(credulous=True)
        self._key, self._error = account(person), error

    def require_signature(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        if public_key == self._key:
            raise self._error


def build(chain: SealedChain, *candidates: Transaction, evidence: tuple[DuplicateVote, ...] = ()) -> Built:
    proposer = Proposer(validator_id(0), *chain.beacon())
    time = Timestamp(chain.tip.time + 1)
    return build_block(
        candidates, chain.tip, chain.view, chain.chain, chain.verifier, proposer, time, chain.last_commit, evidence
    )


def senders(built: Built, chain: SealedChain) -> list[bytes]:
    unions = chain.chain.application.unions
    return [Transaction.decode(raw, unions).sender for raw in built.block.transactions]


def equivocation(height: int, index: int = 0) -> DuplicateVote:
    votes = [signed_vote(index, PREVOTE, Height(height), VoteTarget(bytes([fill]) * 32)) for fill in (1, 2)]
    return DuplicateVote(*votes)


# What stands in it


def test_a_built_block_holds_its_candidates_in_order_and_passes_every_check() -> None:
    chain = SealedChain()
    pays = [chain.transaction(person, PAY) for person in (3, 1, 5)]
    built = build(chain, *pays)
    assert senders(built, chain) == [account(3), account(1), account(5)]
    assert built.refused == ()
    result = chain.append(built.block)
    assert [receipt.code for receipt in result.receipts] == [OK] * 4
    assert result.overlay.changes() == built.result.overlay.changes()
    assert result.receipts == built.result.receipts


def test_an_empty_pool_makes_an_empty_block() -> None:
    chain = SealedChain()
    chain.append(build(chain).block)
    assert chain.height == 1


def test_a_transaction_whose_rule_fails_stands_with_its_receipt() -> None:
    chain = SealedChain()
    overdrawn = chain.transaction(1, Transfer(account(2), Amount(2 * FUNDS)))
    built = build(chain, overdrawn)
    assert built.block.transactions == (Blob(overdrawn.raw),)
    assert built.result.receipts[0].code != OK
    chain.append(built.block)


def test_two_that_share_a_nonce_give_one_in_the_block_and_one_refused() -> None:
    chain = SealedChain()
    first = chain.transaction(1, PAY)
    second = chain.transaction(1, Transfer(account(3), Amount(10)))
    built = build(chain, first, second)
    assert built.block.transactions == (Blob(first.raw),)
    assert built.refused == (second.hash,)


# What is left out for now


def test_what_follows_a_missing_nonce_is_left_out_and_not_given_up() -> None:
    chain = SealedChain()
    built = build(chain, chain.transaction(1, PAY, nonce=Nonce(1)), chain.transaction(2, PAY))
    assert senders(built, chain) == [account(2)]
    assert built.refused == ()


def test_what_the_base_fee_has_outgrown_is_left_out_and_not_given_up() -> None:
    chain = SealedChain()
    built = build(chain, chain.transaction(1, PAY, fee_limit=Amount(1)))
    assert (built.block.transactions, built.refused) == ((), ())


# What can never stand in a block


@pytest.mark.parametrize(
    "changes",
    [{"expiry_height": Height(0)}, {"expiry_height": Height(9_999_999)}, {"actions": ()}, {"genesis_hash": bytes(32)}],
)
def test_what_no_block_may_hold_is_refused_by_name(changes: dict[str, object]) -> None:
    chain = SealedChain()
    bad, good = chain.transaction(1, PAY, **changes), chain.transaction(2, PAY)
    built = build(chain, bad, good)
    assert senders(built, chain) == [account(2)]
    assert built.refused == (bad.hash,)


def test_a_false_proof_and_a_false_signature_are_refused() -> None:
    chain = SealedChain(verifier=NoProofs())
    forged = Transaction(chain.envelope(1, PAY), chain.transaction(2, PAY).signature)
    built = build(chain, forged, chain.transaction(3, PAY))
    assert built.refused == (forged.hash,)
    assert senders(built, chain) == [account(3)]


class NoProofs(ClaimTable):
    def require(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            raise FalseEvidence(claim, "none is believed here.")


def test_an_account_that_cannot_pay_is_refused() -> None:
    chain = SealedChain()
    poor = chain.transaction(50, PAY)
    assert build(chain, poor).refused == (poor.hash,)


@pytest.mark.parametrize(
    "fault", [KeyError("x"), ValueError("x"), OverflowError("x"), RecursionError("x"), TypeError("x")]
)
def test_a_fault_in_a_rule_costs_its_transaction_and_not_the_proposer(fault: Exception) -> None:
    chain = SealedChain(verifier=Failing(1, fault))
    struck, good = chain.transaction(1, PAY), chain.transaction(2, PAY)
    built = build(chain, struck, good)
    assert built.refused == (struck.hash,)
    assert senders(built, chain) == [account(2)]
    chain.append(built.block)


def test_damage_of_the_own_state_is_not_blamed_on_a_transaction() -> None:
    chain = SealedChain(verifier=Failing(1, TreeCorrupt(b"node", "is missing")))
    with pytest.raises(TreeCorrupt):
        build(chain, chain.transaction(1, PAY))


# Where filling stops


def test_filling_stops_at_the_blocks_work() -> None:
    chain = SealedChain()
    work = build(chain, chain.transaction(1, PAY)).result.receipts[0].work
    chain = SealedChain(max_block_work=WorkUnits(3 * work + 1), target_block_work=WorkUnits(work))
    pays = [chain.transaction(person, PAY) for person in range(1, 6)]
    built = build(chain, *pays)
    assert len(built.block.transactions) == 3
    assert built.refused == ()
    chain.append(built.block)


def test_filling_stops_at_the_blocks_bytes_and_comes_close() -> None:
    chain = SealedChain()
    large = [chain.transaction(person, RegisterKey(Blob(bytes(60_000)), None)) for person in range(1, 9)]
    limit = 5 * len(large[0].raw)
    chain = SealedChain(max_block_bytes=Uint(limit))
    large = [chain.transaction(person, RegisterKey(Blob(bytes(60_000)), None)) for person in range(1, 9)]
    built = build(chain, *large)
    assert len(built.block.transactions) == 4
    assert built.refused == ()
    chain.append(built.block)  # checks its size


def test_the_room_for_transactions_is_counted_to_the_last_bytes() -> None:
    """Whatever the sizes, a built block keeps the limit: its own header, lists and evidence are counted."""
    for size in range(60_000, 60_040, 7):
        chain = SealedChain(max_block_bytes=Uint(2**18))
        fill = [chain.transaction(person, RegisterKey(Blob(bytes(size)), None)) for person in range(1, 5)]
        chain.append(build(chain, *fill, chain.transaction(5, PAY), chain.transaction(6, PAY)).block)


def test_what_is_offered_by_a_pool_is_built_in_its_order() -> None:
    chain = SealedChain()
    pool = Mempool()
    for person in range(1, 7):
        for nonce in range(3):
            pay = chain.transaction(person, PAY, nonce=Nonce(nonce), tip=100 * person + nonce)
            pool.add(pay, WorkUnits(500), Nonce(0))
    candidates = list(pool.candidates())
    built = build(chain, *candidates)
    assert built.block.transactions == tuple(Blob(each.raw) for each in candidates)
    pool.after_block([(account(person), Nonce(3)) for person in range(1, 7)], Height(1))
    assert len(pool) == 0


# Evidence


def test_evidence_of_an_earlier_height_is_carried() -> None:
    chain = SealedChain()
    chain.append(build(chain).block)
    built = build(chain, evidence=(equivocation(1),))
    assert built.block.evidence == (equivocation(1),)
    chain.append(built.block)


def test_evidence_of_the_blocks_own_height_is_left_for_a_later_block() -> None:
    """Else the first equivocation of a height would make every honest proposer's block of that height invalid."""
    chain = SealedChain()
    built = build(chain, evidence=(equivocation(1),))
    assert built.block.evidence == ()
    chain.append(built.block)


def test_evidence_that_does_not_hold_is_left_out() -> None:
    chain = SealedChain()
    chain.append(build(chain).block)
    stranger = equivocation(1, index=7)
    unsorted = DuplicateVote(equivocation(1).second, equivocation(1).first)
    built = build(chain, evidence=(stranger, equivocation(1), unsorted))
    assert built.block.evidence == (equivocation(1),)
    chain.append(built.block)


def test_a_block_over_its_work_is_refused_before_any_signature_or_proof_of_it_is_looked_at() -> None:
    chain = SealedChain()
    work = chain.execute(chain.transaction(1, PAY)).receipts[0].work
    chain = SealedChain(max_block_work=WorkUnits(4 * work), target_block_work=WorkUnits(work))
    pays = [chain.transaction(person, PAY) for person in range(1, 6)]
    block = with_body(build(chain, *pays).block, transactions=tuple(Blob(pay.raw) for pay in pays))
    chain.verifier = Failing(1, AssertionError("a signature was looked at"))
    with pytest.raises(TooMuchWork):
        chain.apply(block)
