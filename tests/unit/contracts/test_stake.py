"""Stake: delegated, earning by the share, on its way back for a while; nothing of it is lost or made."""

from dataclasses import replace

import pytest

from chain.execution import accounts
from chain.params import write_params
from chain.types.scalars import Amount, Uint, ValidatorId
from contracts.staking.delegation_actions import Delegate, Release, Unbond, Withdraw
from contracts.staking.delegations import MAX_UNBONDINGS, staked_with
from contracts.staking.errors import (
    NoDelegation,
    NoSuchValidator,
    NothingEarned,
    NothingToStake,
    NothingUnbonding,
    StakeStillHeld,
    TooManyUnbondings,
    UnbondsTooMuch,
)
from contracts.staking.events import TipsPaid, Unbonded
from contracts.staking.pools import SCALE
from contracts.staking.state import REWARDS, read_stake
from contracts.token.actions import Transfer
from tests.support.small_chain import CLU, FUNDS, SmallChain, account, consensus_key, operator
from tests.support.stake_chain import EPOCH, StakeChain, on_its_way, validator_id

V0 = validator_id(0)
NOBODY = ValidatorId(bytes(32))


def test_the_proposers_operator_gets_its_commission_and_the_stakers_the_rest() -> None:
    chain = SmallChain(powers=(10, 20))
    chain.proposer = ValidatorId(consensus_key(1).public)
    first = chain.transaction(1, Transfer(account(3), Amount(1)), tip=700)
    second = chain.transaction(2, Transfer(account(3), Amount(1)), tip=55)
    chain.block(first, second)
    assert chain.balance(operator(1)) == FUNDS + 75
    assert chain.closing_events == (TipsPaid(chain.proposer, account(operator(1)), Amount(75), Amount(680)),)
    chain.do(operator(1), Withdraw(chain.proposer))
    assert chain.money() == chain.supply()
    assert accounts.holding(chain.view, REWARDS) == 0


def test_the_tip_of_a_failed_transaction_is_paid_too() -> None:
    chain = SmallChain()
    receipt = chain.do(1, Transfer(account(3), Amount(0)), tip=10)
    assert receipt.code != 0
    assert chain.balance(operator(0)) == FUNDS + 1
    assert accounts.holding(chain.view, REWARDS) == 9


def test_a_block_without_tips_pays_nobody() -> None:
    chain = SmallChain()
    chain.do(1, Transfer(account(3), Amount(1)))
    assert chain.closing_events == ()


def test_a_proposer_without_stake_keeps_all_tips() -> None:
    chain = StakeChain(powers=(100, 100))
    chain.do(operator(0), Unbond(V0, Amount(100 * CLU)))
    before = chain.balance(operator(0))
    chain.reward(0, tip=1_000)
    assert chain.balance(operator(0)) == before + 1_000


def test_rewards_are_shared_by_stake_from_when_it_is_there() -> None:
    chain = StakeChain(powers=(100, 100))
    chain.reward(0, tip=1_000)
    chain.do(1, Delegate(V0, Amount(300 * CLU)))
    chain.reward(0, tip=1_000)
    assert (chain.earned(0, operator(0)), chain.earned(0, 1)) == (900 + 225, 675)
    assert chain.earned(1, operator(1)) == 0


def test_what_one_share_cannot_have_is_carried_for_all() -> None:
    chain = StakeChain(powers=(100, 100))
    chain.do(1, Delegate(V0, Amount(200 * CLU)))
    for _ in range(2):
        chain.reward(0, tip=1)
    assert (chain.earned(0, operator(0)), chain.earned(0, 1)) == (0, 1)  # 0.67 and 1.33
    chain.do(1, Withdraw(V0))
    assert 0 < read_stake(chain.view, V0).carry.scaled < SCALE
    assert accounts.holding(chain.view, REWARDS) == 1
    chain.reward(0, tip=1)
    assert (chain.earned(0, operator(0)), chain.earned(0, 1)) == (1, 0)  # 0.67 + 0.44 and 0.89
    chain.do(operator(0), Unbond(V0, Amount(100 * CLU)))
    chain.do(1, Unbond(V0, Amount(200 * CLU)))
    assert accounts.holding(chain.view, REWARDS) * SCALE == read_stake(chain.view, V0).carry.scaled


def test_delegating_and_unbonding_pay_what_was_earned() -> None:
    chain = StakeChain(powers=(100, 100))
    chain.do(1, Delegate(V0, Amount(100 * CLU)))
    chain.reward(0, tip=2_000)
    assert chain.do(1, Delegate(V0, Amount(100 * CLU))).events[0].rewards == 900  # type: ignore[attr-defined]
    chain.reward(0, tip=2_000)
    assert chain.do(1, Unbond(V0, Amount(1))).events[0].rewards == 1_200  # type: ignore[attr-defined]


def test_stake_comes_back_after_the_delay_and_earns_nothing_on_its_way() -> None:
    chain = StakeChain()
    chain.do(1, Delegate(V0, Amount(100 * CLU)))
    receipt = chain.do(1, Unbond(V0, Amount(40 * CLU)))
    release_at = EPOCH + 1 + chain.params.staking.unbonding + 1
    assert receipt.events == (Unbonded(V0, account(1), Amount(40 * CLU), Amount(0), release_at),)  # type: ignore[arg-type]
    assert (chain.staked(0, 1), on_its_way(chain.view, 0, 1)) == (60 * CLU, [(release_at, 40 * CLU)])
    chain.reward(0, tip=1_000)
    assert chain.earned(0, 1) == 900 * 60 // 160
    chain.pass_to(release_at - 2)
    with pytest.raises(StakeStillHeld):
        chain.check(1, Release(V0))
    chain.pass_to(release_at - 1)
    before = chain.balance(1)
    fee = chain.do(1, Release(V0)).fee
    assert chain.balance(1) == before + 40 * CLU - fee
    assert list(staked_with(chain.view, account(1))) == [V0]
    assert chain.money() == chain.supply()


def test_stake_that_was_asked_for_in_one_epoch_comes_back_together() -> None:
    chain = StakeChain()
    chain.do(1, Delegate(V0, Amount(100 * CLU)))
    for _ in range(2):
        chain.do(1, Unbond(V0, Amount(10 * CLU)))
    chain.next_epoch()
    chain.do(1, Unbond(V0, Amount(80 * CLU)))
    assert [worth for _, worth in on_its_way(chain.view, 0, 1)] == [20 * CLU, 80 * CLU]
    chain.pass_to(chain.height + EPOCH + chain.params.staking.unbonding + 2)
    chain.do(1, Release(V0), Release(V0))
    assert (on_its_way(chain.view, 0, 1), list(staked_with(chain.view, account(1)))) == ([], [])


def test_actions_that_break_a_rule() -> None:
    chain = StakeChain()
    chain.do(1, Delegate(V0, Amount(5)))
    cases = [
        (1, Delegate(V0, Amount(0)), NothingToStake),
        (1, Delegate(NOBODY, Amount(1)), NoSuchValidator),
        (1, Delegate(V0, Amount(FUNDS + 1)), accounts.InsufficientBalance),
        (1, Unbond(V0, Amount(0)), NothingToStake),
        (1, Unbond(NOBODY, Amount(1)), NoSuchValidator),
        (2, Unbond(V0, Amount(1)), NoDelegation),
        (1, Unbond(V0, Amount(6)), UnbondsTooMuch),
        (1, Withdraw(NOBODY), NoSuchValidator),
        (2, Withdraw(V0), NoDelegation),
        (1, Withdraw(V0), NothingEarned),
        (1, Release(NOBODY), NoSuchValidator),
        (1, Release(V0), NothingUnbonding),
    ]
    for person, action, error in cases:
        with pytest.raises(error):
            chain.check(person, action)


def test_unbondings_of_one_account_are_bounded() -> None:
    chain = StakeChain(unbonding=Uint(200))
    chain.do(1, Delegate(V0, Amount(100)))
    for _ in range(MAX_UNBONDINGS):
        chain.do(1, Unbond(V0, Amount(1)))
        assert chain.do(1, Unbond(V0, Amount(1))).code == 0  # beside the other of its epoch
        chain.next_epoch()
    assert len(on_its_way(chain.view, 0, 1)) == MAX_UNBONDINGS
    with pytest.raises(TooManyUnbondings):
        chain.check(1, Unbond(V0, Amount(1)))


@pytest.mark.parametrize("unbonding", [10, 40])
def test_a_vote_on_the_delay_shortens_nothing_that_was_asked_for(unbonding: int) -> None:
    chain = StakeChain()
    chain.do(1, Delegate(V0, Amount(100)))
    chain.do(1, Unbond(V0, Amount(1)))
    ((before, _),) = on_its_way(chain.view, 0, 1)
    with chain.amended() as overlay:
        staking = replace(chain.params.staking, unbonding=Uint(unbonding))
        write_params(overlay, replace(chain.params, staking=staking))
    chain.do(1, Unbond(V0, Amount(1)))
    ((after, worth),) = on_its_way(chain.view, 0, 1)
    assert (worth, after) == (2, max(before, EPOCH + 1 + unbonding + 1))
