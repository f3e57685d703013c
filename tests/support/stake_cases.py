"""Every action of staking in the situation in which it writes most."""

from collections.abc import Callable

from chain.execution.action import Action
from chain.types.scalars import Amount, Name, Uint
from contracts.staking import delegation_actions as stake
from contracts.staking.actions import EditValidator, Unjail
from tests.support.small_chain import SmallChain, operator
from tests.support.stake_chain import EPOCH, StakeChain, validator_id
from tests.support.task_chain import STRANGER

Case = tuple[SmallChain, int, Action]


def earning() -> StakeChain:
    """STRANGER and operator 0 stake with validator 0, which has earned."""
    chain = StakeChain()
    chain.do(STRANGER, stake.Delegate(validator_id(0), Amount(10**9)))
    chain.reward(0, tip=1_000)
    return chain


def bond() -> Case:
    chain = StakeChain()
    return chain, STRANGER, chain.bond_of(9, STRANGER)


def edit_validator() -> Case:
    return StakeChain(), operator(0), EditValidator(validator_id(0), Name("other"), Uint(2_000))


def delegate() -> Case:
    return earning(), STRANGER, stake.Delegate(validator_id(0), Amount(10**9))


def unbond() -> Case:
    return earning(), STRANGER, stake.Unbond(validator_id(0), Amount(10**8))


def withdraw_rewards() -> Case:
    return earning(), STRANGER, stake.Withdraw(validator_id(0))


def release() -> Case:
    """The last that one had there."""
    chain = earning()
    chain.do(STRANGER, stake.Unbond(validator_id(0), Amount(10**9)))
    chain.pass_to(chain.height + 2 * EPOCH + chain.params.staking.unbonding)
    return chain, STRANGER, stake.Release(validator_id(0))


def unjail() -> Case:
    chain = StakeChain()
    chain.absent = {2}
    chain.pass_to(5)
    chain.absent = set()
    chain.pass_to(5 + chain.params.staking.jail_heights)
    return chain, operator(2), Unjail(validator_id(2))


def report_double_vote() -> Case:
    chain = StakeChain()
    chain.pass_to(2)
    return chain, STRANGER, chain.report(1, 1)


CASES: tuple[Callable[[], Case], ...] = (
    bond,
    edit_validator,
    delegate,
    unbond,
    withdraw_rewards,
    release,
    unjail,
    report_double_vote,
)
