"""Who misses too many blocks is jailed and may come back; who signs twice loses stake, and its place for ever."""

from dataclasses import replace

import pytest

from chain.execution import accounts
from chain.execution.header import UnacceptedEvidence
from chain.execution.verifier import BadSignature
from chain.params import write_params
from chain.types.scalars import Amount, Height, Signature, Uint
from chain.types.vote import DuplicateVote
from client.stake import validator_address
from contracts.staking.actions import ReportDoubleVote, Unjail
from contracts.staking.delegation_actions import Delegate, Release, Unbond, Withdraw
from contracts.staking.errors import (
    EvidenceTooOld,
    NoSuchValidator,
    NotJailed,
    NotTheOperator,
    SelfBondTooLow,
    StillJailed,
    Tombstoned,
)
from contracts.staking.events import DoubleSignerPunished, ValidatorJailed
from contracts.staking.liveness import ALWAYS_THERE, MISSED
from contracts.staking.state import BONDED, JAILED, TOMBSTONED, UNBONDING_STAKE
from tests.support.small_chain import CLU, account, operator
from tests.support.stake_chain import EPOCH, StakeChain, double_vote, on_its_way, validator_id

V0, V2 = validator_id(0), validator_id(2)
MISSES = 3  # that are forgiven in a window of 6


def missing(chain: StakeChain, *heights: int) -> None:
    """Blocks up to the one that shows who signed the last of these; validator 2 signs none of them."""
    while chain.height <= max(heights):
        chain.absent = {2} if chain.height in heights else set()
        chain.block()
    chain.absent = set()


# Jail


def test_more_misses_than_the_window_forgives_jail() -> None:
    chain = StakeChain()
    missing(chain, 1, 2, 3)
    assert (chain.liveness(2).missed, chain.record(2).jailed_until) == (MISSES, None)
    missing(chain, 4)
    until = chain.height + chain.params.staking.jail_heights
    assert chain.closing_events[0] == ValidatorJailed(V2, Uint(MISSES + 1), Height(until))
    assert chain.record(2).status(votes=True, bonded=True) == JAILED
    assert chain.ranks() == [index for index in chain.ranks() if index != 2]
    assert chain.powers(EPOCH + 1) == {0: 100, 1: 100, 2: 100}  # until the epoch is over
    assert chain.powers(EPOCH + 2) == {0: 100, 1: 100}
    assert chain.tokens(2) == 100 * CLU  # jail costs no stake


def test_misses_that_lie_before_the_window_are_forgotten() -> None:
    chain = StakeChain()
    missing(chain, 1, 2, 3, 8)
    assert chain.liveness(2).missed == 2  # 3 and 8 of the window 3 ... 8
    chain.pass_to(30)
    assert chain.liveness(2) == ALWAYS_THERE
    assert list(chain.view.iterate(MISSED.scan())) == []
    assert chain.record(2).jailed_until is None


def test_who_is_jailed_misses_nothing_and_comes_back_with_a_clean_slate() -> None:
    chain = StakeChain()
    missing(chain, 1, 2, 3, 4, 5, 6)
    assert chain.liveness(2).missed == 0
    chain.pass_to(4 + 1 + chain.params.staking.jail_heights)
    chain.do(operator(2), Unjail(V2))
    assert chain.record(2).jailed_until is None
    chain.next_epoch()
    assert chain.powers()[2] == 99  # less than half of the others' at first
    chain.block()
    missing(chain, chain.height)
    assert chain.liveness(2).missed == 1


def test_a_shorter_window_forgets_what_has_left_it() -> None:
    chain = StakeChain(liveness_window=Uint(40), max_missed=Uint(20))
    missing(chain, *range(1, 16))
    assert chain.liveness(2).missed == 15
    staking = replace(chain.params.staking, liveness_window=Uint(6), max_missed=Uint(6), max_validators=Uint(2))
    with chain.amended() as overlay:
        write_params(overlay, replace(chain.params, staking=staking))
    chain.block()
    assert chain.liveness(2).missed == 7  # 8 of 1 ... 10 are forgotten: a block does not forget more
    chain.block()
    assert chain.liveness(2).missed == 4  # 12 ... 15


def test_unjailing_that_breaks_a_rule() -> None:
    chain = StakeChain()
    missing(chain, 1, 2, 3, 4)
    cases = [
        (1, Unjail(V2), NotTheOperator),
        (operator(0), Unjail(V0), NotJailed),
        (operator(2), Unjail(V2), StillJailed),
    ]
    cases.append((1, Unjail(validator_id(30)), NoSuchValidator))
    for person, action, error in cases:
        with pytest.raises(error):
            chain.check(person, action)
    chain.do(operator(2), Unbond(V2, Amount(95 * CLU)))
    chain.pass_to(4 + 1 + chain.params.staking.jail_heights)
    more = rf"would be 5 CLU; a validator needs 10 CLU\. .*`cluster stake delegate {validator_address(V2)} AMOUNT`"
    with pytest.raises(SelfBondTooLow, match=more):
        chain.check(operator(2), Unjail(V2))
    chain.do(operator(2), Delegate(V2, Amount(5 * CLU)))
    chain.check(operator(2), Unjail(V2))


# Signing twice


@pytest.mark.parametrize("way", ["transaction", "block", "both"])
def test_a_double_signer_loses_a_share_and_never_votes_again(way: str) -> None:
    chain = StakeChain()
    chain.do(1, Delegate(V2, Amount(50 * CLU + 1)))
    supply = chain.supply()
    receipts = []
    if way != "transaction":
        chain.evidence = (double_vote(2, 1),)
    if way == "block":
        chain.block()
    else:
        receipts = chain.block(chain.transaction(5, chain.report(2, 1)))
    burnt = (150 * CLU + 1) // 20 + 1
    assert chain.closing_events == (DoubleSignerPunished(V2, Height(1), Amount(burnt), Amount(0)),)
    assert chain.supply() == supply - burnt - sum(receipt.fee for receipt in receipts)
    assert chain.money() == chain.supply()
    assert chain.tokens(2) == 150 * CLU + 1 - burnt
    assert chain.staked(2, 1) == 95 * (50 * CLU + 1) // 100 - (95 * (50 * CLU + 1) % 100 == 0)
    assert chain.record(2).status(votes=True, bonded=True) == TOMBSTONED
    chain.next_epoch()
    assert chain.powers() == {0: 100, 1: 100}
    chain.pass_to(chain.height + 3 * EPOCH)
    assert chain.powers() == {0: 100, 1: 100}


def test_stake_on_its_way_is_slashed_if_it_stood_behind_the_votes() -> None:
    chain = StakeChain()
    chain.do(1, Delegate(V2, Amount(60 * CLU)))
    chain.do(1, Unbond(V2, Amount(20 * CLU)))  # stands behind votes of 6, no longer of 7
    chain.pass_to(6)
    chain.do(1, Unbond(V2, Amount(20 * CLU)))
    chain.pass_to(9)
    chain.do(5, chain.report(2, 7))
    assert [worth for _, worth in on_its_way(chain.view, 2, 1)] == [20 * CLU, 19 * CLU]
    chain = StakeChain()
    chain.do(1, Delegate(V2, Amount(60 * CLU)))
    chain.do(1, Unbond(V2, Amount(20 * CLU)))
    chain.pass_to(8)
    chain.do(5, chain.report(2, EPOCH + 1))
    assert chain.closing_events[0].burnt_unbonding == CLU  # type: ignore[attr-defined]
    assert [worth for _, worth in on_its_way(chain.view, 2, 1)] == [19 * CLU]
    chain.pass_to(40)
    chain.do(1, Release(V2), Unbond(V2, Amount(chain.staked(2, 1))))
    chain.pass_to(80)
    chain.do(1, Release(V2))
    assert accounts.holding(chain.view, UNBONDING_STAKE) == 0
    assert chain.money() == chain.supply()


def test_whoever_can_still_be_accused_cannot_have_taken_the_stake() -> None:
    """The last block that evidence of a height may stand in comes before the first release of what backed it."""
    chain = StakeChain()
    chain.do(1, Delegate(V2, Amount(50 * CLU)))
    chain.do(1, Unbond(V2, Amount(50 * CLU)))
    ((release_at, _),) = on_its_way(chain.view, 2, 1)
    backed = EPOCH + 1
    chain.pass_to(release_at - 2)
    chain.check(5, chain.report(2, backed))
    chain.pass_to(release_at - 1)
    chain.check(1, Release(V2))
    with pytest.raises(EvidenceTooOld):
        chain.check(5, chain.report(2, backed))


def test_reports_that_show_nothing() -> None:
    chain = StakeChain()
    chain.pass_to(30)
    good = double_vote(2, 29)
    forged = replace(good.second, signature=Signature(bytes(64)))
    cases = [
        (ReportDoubleVote(DuplicateVote(good.second, good.first)), UnacceptedEvidence),
        (ReportDoubleVote(DuplicateVote(good.first, good.first)), UnacceptedEvidence),
        (chain.report(2, 31), UnacceptedEvidence),  # of its own height
        (chain.report(30, 29), NoSuchValidator),
        (chain.report(2, 10), EvidenceTooOld),
        (ReportDoubleVote(DuplicateVote(good.first, forged)), BadSignature),
    ]
    for action, error in cases:
        with pytest.raises(error):
            chain.check(5, action)
    chain.check(5, ReportDoubleVote(good))
    chain.check(5, chain.report(2, 11))


def test_nobody_is_punished_twice() -> None:
    chain = StakeChain()
    chain.pass_to(3)
    first, second = (chain.transaction(person, chain.report(2, 1)) for person in (5, 6))
    receipts = chain.block(first, second)
    assert [receipt.code for receipt in receipts] == [0, Tombstoned.code]
    for height in (1, 2):
        with pytest.raises(Tombstoned):
            chain.check(5, chain.report(2, height))
    with pytest.raises(Tombstoned):
        chain.chain.application.require_punishable(
            chain.view, (double_vote(2, 2),), Height(chain.height + 1), chain.params
        )


def test_stake_can_only_leave_a_tombstoned_validator() -> None:
    chain = StakeChain()
    chain.do(1, Delegate(V2, Amount(50 * CLU)))
    chain.reward(2, tip=1_000)
    chain.do(5, chain.report(2, 1))
    with pytest.raises(Tombstoned):
        chain.check(1, Delegate(V2, Amount(1)))
    with pytest.raises(Tombstoned):
        chain.check(operator(2), Unjail(V2))
    assert chain.do(1, Withdraw(V2)).code == 0
    for person in (1, operator(2)):
        amount = chain.staked(2, person)
        assert chain.do(person, Unbond(V2, Amount(amount))).code == 0
        assert [worth for _, worth in on_its_way(chain.view, 2, person)] == [amount]
    assert chain.tokens(2) == 0
    assert accounts.holding(chain.view, BONDED) == 200 * CLU
    assert chain.do(operator(2), chain.bond_of(9, operator(2))).code == 0  # a new key is a new validator


def test_a_jailed_double_signer_is_punished_too() -> None:
    chain = StakeChain()
    missing(chain, 1, 2, 3, 4)
    chain.do(5, chain.report(2, 1))
    assert chain.record(2).status(votes=False, bonded=True) == TOMBSTONED
    assert chain.tokens(2) == 95 * CLU
    assert account(operator(2)) == chain.record(2).operator


def test_slashing_all_of_it_leaves_nothing() -> None:
    chain = StakeChain(slash_bps=Uint(10_000))
    chain.do(operator(2), Unbond(V2, Amount(40 * CLU)))
    chain.do(5, chain.report(2, 1))
    assert chain.tokens(2) == chain.staked(2, operator(2)) == 0
    chain.pass_to(60)
    assert chain.do(operator(2), Release(V2)).events[0].amount == 0  # type: ignore[attr-defined]
    assert chain.money() == chain.supply()


def test_whoever_leaves_after_the_slash_pays_for_nobodys_rounding() -> None:
    """A pool of which a slash has taken stands beside: a share of it is worth less than one nano-CLU."""
    chain = StakeChain()
    chain.do(1, Delegate(V2, Amount(1_000)))
    chain.do(1, Unbond(V2, Amount(100)))
    chain.do(5, chain.report(2, 1))
    chain.do(1, Unbond(V2, Amount(1)))
    assert chain.height < EPOCH
    assert [worth for _, worth in on_its_way(chain.view, 2, 1)] == [95, 1]
