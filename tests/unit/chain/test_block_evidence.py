"""Evidence of double signing in blocks: what may stand there, and what it does."""

from dataclasses import replace

import pytest

from chain.execution.header import UnacceptedEvidence
from chain.execution.validator_schedule import validators_at
from chain.execution.verifier import BadSignature
from chain.types.receipt import OK
from chain.types.scalars import NIL, Amount, Height, Round, Signature, Uint, VoteTarget
from chain.types.vote import PRECOMMIT, DuplicateVote
from contracts.staking.errors import EvidenceTooOld, NoSuchValidator, Tombstoned
from contracts.staking.events import DoubleSignerPunished, SetChanged
from contracts.staking.state import jail
from tests.support.direct_verifier import ClaimTable
from tests.support.sealed_chain import SealedChain, commit_of, signed_vote, validator_id, with_body
from tests.support.stake_chain import EPOCH, QUICK, double_vote

FIRST = EPOCH + 2  # the height of the first set that the chain makes


def chain_of(*powers: int) -> SealedChain:
    return SealedChain(powers, staking=QUICK)


class Untouched(ClaimTable):
    """Looks at no signature."""

    def require_signature(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        raise AssertionError("a signature was looked at")


@pytest.fixture
def three() -> SealedChain:
    chain = SealedChain(powers=(10, 10, 10))
    chain.append(chain.build())
    return chain


def test_two_votes_for_different_blocks_are_evidence(three: SealedChain) -> None:
    assert three.append(three.build(evidence=(double_vote(1, 1),))).receipts[-1].code == OK


def test_what_shows_no_double_vote_is_refused(three: SealedChain) -> None:
    good = double_vote(1, 1)
    swapped = DuplicateVote(good.second, good.first)
    same = DuplicateVote(good.first, good.first)
    rounds = DuplicateVote(good.first, replace(good.second, round=Round(1)))
    future = double_vote(1, 2)
    stranger = DuplicateVote(
        *(signed_vote(9, PRECOMMIT, Height(1), target) for target in (NIL, VoteTarget(b"\x05" * 32)))
    )
    kind = DuplicateVote(*(replace(vote, type=Uint(3)) for vote in (good.first, good.second)))
    for piece in (swapped, same, rounds, future, kind):
        with pytest.raises(UnacceptedEvidence):
            three.apply(with_body(three.build(), evidence=(piece,)))
    with pytest.raises(UnacceptedEvidence, match="twice"):
        three.apply(with_body(three.build(), evidence=(good, good)))
    with pytest.raises(NoSuchValidator):
        three.apply(with_body(three.build(), evidence=(stranger,)))
    forged = replace(good, second=replace(good.second, signature=Signature(bytes(64))))
    with pytest.raises(BadSignature):
        three.apply(with_body(three.build(), evidence=(forged,)))
    three.verifier = Untouched()
    with pytest.raises(NoSuchValidator):  # however many there are, no signature of theirs is looked at
        three.apply(with_body(three.build(), evidence=(stranger,) * 100))


def test_evidence_in_a_block_punishes_and_the_double_signer_leaves_the_set() -> None:
    chain = chain_of(100, 100, 100)
    chain.append(chain.build())
    block = chain.build(evidence=(double_vote(2, 1),))
    assert block.evidence == (double_vote(2, 1),)
    closing = chain.append(block).receipts[-1]
    burnt = Amount(5 * 10**9)
    assert closing.events == (DoubleSignerPunished(validator_id(2), Height(1), burnt, Amount(0)),)
    assert chain.money() == chain.supply()
    assert chain.build(evidence=(double_vote(2, 1),)).evidence == ()  # it is known
    with pytest.raises(Tombstoned):
        chain.apply(with_body(chain.build(), evidence=(double_vote(2, 2),)))
    while chain.height < EPOCH:
        closing = chain.append(chain.build()).receipts[-1]
    assert closing.events == (SetChanged(Height(FIRST), Uint(2), 200),)  # type: ignore[arg-type]
    while chain.height < FIRST:
        chain.append(chain.build())
    chain.signers = (0, 1)
    chain.last_commit = commit_of(Height(FIRST), chain.tip.block_id, (0, 1))
    chain.append(chain.build())
    assert len(validators_at(chain.view, Height(chain.height)).validators) == 2


def test_evidence_against_who_has_left_the_set_still_counts_until_it_is_too_old() -> None:
    chain = chain_of(100, 100, 100)
    chain.append(chain.build())
    with chain.amended() as state:
        jail(state, validator_id(2), Height(1_000))
    while chain.height < FIRST:
        if chain.height == FIRST - 1:
            chain.signers = (0, 1)
        chain.append(chain.build())
    assert validator_id(2) not in validators_at(chain.view, Height(chain.height)).by_key
    assert chain.build(evidence=(double_vote(2, 3),)).evidence == (double_vote(2, 3),)
    while chain.height < 3 + QUICK.unbonding:
        chain.append(chain.build())
    assert chain.build(evidence=(double_vote(2, 3),)).evidence == ()
    with pytest.raises(EvidenceTooOld):
        chain.apply(with_body(chain.build(), evidence=(double_vote(2, 3),)))
