"""Validators: who operates them, how they are bonded, edited and chosen, and what genesis stakes."""

from dataclasses import replace

import pytest

from chain.codec import encode
from chain.execution import accounts
from chain.execution.genesis import UnusableGenesis, apply_genesis
from chain.execution.validator_schedule import validators_at
from chain.state.store import MemoryStore
from chain.types.genesis import Genesis, GenesisSection
from chain.types.scalars import Amount, Blob, Height, Name, Signature, Uint, ValidatorId, VrfKey
from compute.sandbox.local_chain import LocalChain
from contracts.application import build_application
from contracts.staking.actions import EditValidator
from contracts.staking.delegation_actions import Delegate, Unbond
from contracts.staking.delegations import staked
from contracts.staking.epochs import next_powers
from contracts.staking.errors import (
    CommissionTooHigh,
    KeyNotHeld,
    NoSuchValidator,
    NothingToChange,
    NotTheOperator,
    SelfBondTooLow,
    ValidatorExists,
)
from contracts.staking.events import SetChanged
from contracts.staking.genesis import GenesisDelegation, GenesisStake, StakingGenesis
from contracts.staking.state import (
    ACTIVE,
    INACTIVE,
    WAITING,
    active_validators,
    read_stake,
    read_validator,
    validators_of,
)
from crypto.vrf import VrfKeyInvalid
from tests.support.direct_verifier import ClaimTable
from tests.support.small_chain import CLU, FUNDS, SmallChain, account, consensus_key, operator, small_genesis
from tests.support.stake_chain import EPOCH, StakeChain, validator_id

VALIDATOR_0 = ValidatorId(consensus_key(0).public)


def test_genesis_records_operators_and_monikers() -> None:
    chain = SmallChain(powers=(10, 20))
    shown = active_validators(chain.view, Height(1))
    assert [entry.validator for entry in shown] == sorted(consensus_key(index).public for index in range(2))
    assert {entry.moniker: entry.power for entry in shown} == {"validator-0": 10, "validator-1": 20}
    assert {entry.moniker: entry.stake for entry in shown} == {"validator-0": 10 * CLU, "validator-1": 20 * CLU}
    assert {(entry.status, entry.commission_bps) for entry in shown} == {(ACTIVE, 1_000)}
    assert {entry.moniker: entry.operator for entry in shown} == {
        "validator-0": account(operator(0)),
        "validator-1": account(operator(1)),
    }


def test_an_operator_speaks_for_its_validators_only() -> None:
    chain = SmallChain(powers=(10, 20))
    assert validators_of(chain.view, account(operator(1))) == (consensus_key(1).public,)
    assert validators_of(chain.view, account(1)) == ()


def test_a_stranger_is_no_validator() -> None:
    with pytest.raises(NoSuchValidator):
        read_validator(SmallChain().view, ValidatorId(bytes(32)))


# Genesis


def staked_genesis(*stakes: GenesisStake, data: bytes | None = None) -> Genesis:
    """Two validators of powers 10 and 20, in the order of their keys, and a section of these stakes."""
    section = encode(StakingGenesis(stakes)) if data is None else data
    return replace(small_genesis((10, 20)), sections=(GenesisSection(Name("staking"), Blob(section)),))


def stake(index: int, *clu: int, commission: int = 500, extra: int = 0) -> GenesisStake:
    """Stake of people 1, 2, ... with the validator of this index."""
    own = tuple(
        GenesisDelegation(account(person), Amount(each * CLU + extra)) for person, each in enumerate(clu, start=1)
    )
    return GenesisStake(validator_id(index), Uint(commission), own)


def in_order(*stakes: GenesisStake) -> tuple[GenesisStake, ...]:
    return tuple(sorted(stakes, key=lambda each: each.validator))


def test_a_section_says_who_staked_at_genesis_and_the_supply_counts_it() -> None:
    genesis = staked_genesis(*in_order(stake(0, 4, 6), stake(1, 20, extra=1)))
    chain = LocalChain(genesis, ClaimTable())
    assert chain.money() == accounts.supply(chain.view) == FUNDS * len(genesis.accounts) + 30 * CLU + 1
    assert read_stake(chain.view, validator_id(0)).pool.tokens == 10 * CLU
    assert staked(chain.view, validator_id(0), account(2)) == 6 * CLU
    assert read_validator(chain.view, validator_id(1)).commission.at(Height(1)) == 500


WRONG_SECTIONS = {
    "cannot be read": b"\x90",
    "name the validators": encode(StakingGenesis((stake(0, 10),))),
    "in their order": encode(StakingGenesis(in_order(stake(0, 10), stake(1, 20))[::-1])),
    "stands for": encode(StakingGenesis(in_order(stake(0, 9), stake(1, 20)))),
    "above 10,000": encode(StakingGenesis(in_order(stake(0, 10), stake(1, 20, commission=10_001)))),
    "of nothing": encode(StakingGenesis(in_order(stake(0, 10, 0), stake(1, 20)))),
}


@pytest.mark.parametrize("reason", WRONG_SECTIONS)
def test_a_section_that_contradicts_the_genesis_is_refused(reason: str) -> None:
    with pytest.raises(UnusableGenesis, match=reason):
        apply_genesis(staked_genesis(data=WRONG_SECTIONS[reason]), MemoryStore(), build_application())


@pytest.mark.parametrize("component", ["token", "registry", "tasks"])
def test_a_genesis_section_that_its_component_does_not_take_is_refused(component: str) -> None:
    genesis = replace(small_genesis(), sections=(GenesisSection(Name(component), Blob(b"\x90")),))
    with pytest.raises(UnusableGenesis, match=component):
        apply_genesis(genesis, MemoryStore(), build_application())


# Bonding


def test_who_bonds_enough_votes_two_heights_after_the_epochs_end() -> None:
    chain = StakeChain()
    assert chain.do(1, chain.bond_of(9, 1, clu=50)).code == 0
    assert (chain.tokens(9), chain.staked(9, 1)) == (50 * CLU, 50 * CLU)
    assert 9 not in chain.powers(EPOCH + 1)
    chain.pass_to(EPOCH)
    assert chain.closing_events == (SetChanged(Height(EPOCH + 2), Uint(4), 350),)  # type: ignore[arg-type]
    assert 9 not in chain.powers(EPOCH + 1)
    assert chain.powers(EPOCH + 2) == {0: 100, 1: 100, 2: 100, 9: 50}
    assert validators_at(chain.view, Height(EPOCH + 2)).by_key[validator_id(9)].vrf_key == consensus_key(9).public
    assert chain.money() == chain.supply()


def test_an_epoch_without_changes_writes_no_set() -> None:
    chain = StakeChain()
    chain.pass_to(3 * EPOCH)
    assert chain.closing_events == ()


def test_bonds_that_break_a_rule() -> None:
    chain = StakeChain()
    good = chain.bond_of(9, 1)
    chain.do(1, chain.bond_of(8, 1))
    cases = [
        (1, replace(good, amount=Amount(10 * CLU - 1)), SelfBondTooLow),
        (1, replace(good, commission_bps=Uint(10_001)), CommissionTooHigh),
        (1, chain.bond_of(8, 1), ValidatorExists),
        (1, chain.bond_of(0, 1), ValidatorExists),
        (1, replace(good, vrf_key=VrfKey(bytes(32))), VrfKeyInvalid),
        (2, good, KeyNotHeld),  # copied from somebody else's transaction
        (1, replace(good, possession=Signature(bytes(64))), KeyNotHeld),
        (1, replace(good, vrf_key=VrfKey(consensus_key(7).public)), KeyNotHeld),
    ]
    for person, action, error in cases:
        with pytest.raises(error):
            chain.check(person, action)
    chain.check(1, good)


def test_a_possession_signature_holds_on_its_own_chain_only() -> None:
    chain, other = StakeChain(), StakeChain(powers=(100, 100))
    with pytest.raises(KeyNotHeld):
        other.check(1, chain.bond_of(9, 1))


# Editing


def test_a_lower_commission_acts_at_once_and_a_higher_one_when_all_may_have_left() -> None:
    chain = StakeChain()
    notice = chain.params.staking.unbonding
    chain.do(operator(0), EditValidator(VALIDATOR_0, Name("new name"), Uint(900)))
    assert (chain.record(0).moniker, chain.record(0).commission.at(Height(1))) == ("new name", 900)
    chain.do(operator(0), EditValidator(VALIDATOR_0, Name("new name"), Uint(5_000)))
    risen, commission = chain.height + notice, chain.record(0).commission
    assert (commission.at(Height(risen - 1)), commission.at(Height(risen))) == (900, 5_000)
    chain.do(operator(0), EditValidator(VALIDATOR_0, Name("another"), Uint(5_000)))
    assert chain.record(0).commission == commission  # a new name does not put the rise off
    chain.pass_to(risen)
    chain.do(operator(0), EditValidator(VALIDATOR_0, Name("another"), Uint(6_000)))
    assert chain.record(0).commission.at(Height(chain.height)) == 5_000


def test_edits_that_break_a_rule() -> None:
    chain = StakeChain()
    same = EditValidator(VALIDATOR_0, Name("validator-0"), Uint(1_000))
    cases = [
        (operator(0), replace(same, commission_bps=Uint(10_001)), CommissionTooHigh),
        (operator(0), replace(same, validator=ValidatorId(bytes(32))), NoSuchValidator),
        (operator(1), replace(same, moniker=Name("mine")), NotTheOperator),
        (operator(0), same, NothingToChange),
    ]
    for person, action, error in cases:
        with pytest.raises(error):
            chain.check(person, action)


# Who is chosen


def test_the_largest_stakes_vote_and_a_smaller_one_waits() -> None:
    chain = StakeChain(powers=(100, 100, 40), max_validators=Uint(3))
    chain.do(1, chain.bond_of(9, 1, clu=60))
    chain.next_epoch()
    assert chain.powers() == {0: 100, 1: 100, 9: 60}
    assert chain.record(2).status(votes=False, bonded=True) == WAITING
    chain.do(5, Delegate(validator_id(2), Amount(30 * CLU)))
    chain.next_epoch()
    assert chain.powers() == {0: 100, 1: 100, 2: 70}


def test_who_has_too_little_of_its_own_at_stake_is_not_chosen() -> None:
    chain = StakeChain()
    chain.do(5, Delegate(validator_id(2), Amount(300 * CLU)))
    chain.do(operator(2), Unbond(validator_id(2), Amount(90 * CLU + 1)))
    chain.next_epoch()
    assert chain.powers() == {0: 100, 1: 100}
    assert chain.record(2).status(votes=False, bonded=False) == INACTIVE
    chain.do(operator(2), Delegate(validator_id(2), Amount(1)))
    chain.next_epoch()
    assert chain.powers()[2] > 0


def test_a_large_newcomer_is_let_in_by_parts() -> None:
    """Who stays holds more than 2/3 of every new set."""
    chain = StakeChain(powers=(100, 100, 100))
    chain.do(1, chain.bond_of(9, 1, clu=900))
    seen = []
    for _ in range(4):
        chain.next_epoch()
        seen.append(chain.powers()[9])
    assert seen == [149, 373, 709, 900]


def test_power_counts_whole_units() -> None:
    chain = StakeChain()
    chain.do(5, Delegate(validator_id(0), Amount(CLU - 1)))
    chain.next_epoch()
    assert chain.powers()[0] == 100
    chain.do(5, Delegate(validator_id(0), Amount(1)))
    chain.next_epoch()
    assert chain.powers()[0] == 101


def test_if_nobody_would_stay_the_set_stays() -> None:
    chain = StakeChain(powers=(100, 100))
    for index in range(2):
        chain.do(operator(index), Unbond(validator_id(index), Amount(100 * CLU)))
    chain.next_epoch()
    assert chain.powers() == {0: 100, 1: 100}
    chain.do(1, chain.bond_of(9, 1, clu=80))
    chain.next_epoch()
    assert chain.powers() == {0: 100, 1: 100, 9: 80}
    chain.next_epoch()
    assert chain.powers() == {9: 80}


def test_next_powers_in_numbers() -> None:
    one, two, three = (ValidatorId(bytes([number]) * 32) for number in (1, 2, 3))
    assert next_powers({one: 10, two: 10}, ()) == {one: 10, two: 10}
    assert next_powers({one: 10, two: 10}, ((one, 10),)) == {one: 10}
    assert next_powers({one: 10, two: 10}, ((one, 5), (two, 20))) == {one: 5, two: 17}
    assert next_powers({one: 10}, ((three, 9), (two, 9), (one, 10))) == {one: 10, three: 4}
