"""Validators have operators, and the operator of a block's proposer gets its tips."""

from dataclasses import replace

import pytest

from chain.execution.genesis import UnusableGenesis, apply_genesis
from chain.state.store import MemoryStore
from chain.types.genesis import GenesisSection
from chain.types.scalars import Amount, Blob, Height, Name, ValidatorId
from contracts.application import build_application
from contracts.staking.errors import NoSuchValidator
from contracts.staking.events import TipsPaid
from contracts.staking.state import active_validators, read_validator, validators_of
from contracts.token.actions import Transfer
from tests.support.small_chain import FUNDS, SmallChain, account, consensus_key, operator, small_genesis


def test_genesis_records_operators_and_monikers() -> None:
    chain = SmallChain(powers=(10, 20))
    shown = active_validators(chain.view, Height(1))
    assert [entry.validator for entry in shown] == sorted(consensus_key(index).public for index in range(2))
    assert {entry.moniker: entry.power for entry in shown} == {"validator-0": 10, "validator-1": 20}
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


def test_the_proposers_operator_gets_the_tips_of_the_block() -> None:
    chain = SmallChain(powers=(10, 20))
    chain.proposer = ValidatorId(consensus_key(1).public)
    first = chain.transaction(1, Transfer(account(3), Amount(1)), tip=700)
    second = chain.transaction(2, Transfer(account(3), Amount(1)), tip=55)
    chain.block(first, second)
    assert chain.balance(operator(1)) == FUNDS + 755
    assert chain.balance(operator(0)) == FUNDS
    assert chain.closing_events == (TipsPaid(chain.proposer, account(operator(1)), Amount(755)),)
    assert chain.money() == chain.supply()


def test_the_tip_of_a_failed_transaction_is_paid_too() -> None:
    chain = SmallChain()
    receipt = chain.do(1, Transfer(account(3), Amount(0)), tip=9)
    assert receipt.code != 0
    assert chain.balance(operator(0)) == FUNDS + 9


def test_a_block_without_tips_pays_nobody() -> None:
    chain = SmallChain()
    chain.do(1, Transfer(account(3), Amount(1)))
    assert chain.closing_events == ()


@pytest.mark.parametrize("component", ["token", "registry", "tasks", "staking"])
def test_a_genesis_section_that_its_component_does_not_take_is_refused(component: str) -> None:
    genesis = replace(small_genesis(), sections=(GenesisSection(Name(component), Blob(b"\x90")),))
    with pytest.raises(UnusableGenesis, match=component):
        apply_genesis(genesis, MemoryStore(), build_application())
