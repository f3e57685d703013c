"""Providers: who may work, with which bond, and when the bond may go."""

from dataclasses import replace

import pytest

from chain.execution.accounts import InsufficientBalance
from chain.types.receipt import OK
from chain.types.scalars import Amount, Name
from contracts.tasks.errors import (
    BondInUse,
    BondTooLow,
    EvidenceKindUnknown,
    NothingToMove,
    ProviderAlreadyRegistered,
    ProviderUnknown,
    WithdrawsTooMuch,
    WrongNumberOfKinds,
)
from contracts.tasks.events import BondChanged, ProviderRegistered
from contracts.tasks.provider_actions import AddBond, RegisterProvider, UpdateProvider, WithdrawBond
from contracts.tasks.provider_state import bond_of, find_provider, providers, require_provider
from contracts.tasks.state import PROOF
from tests.support.programs import BOND, encryption_key, register_providers
from tests.support.small_chain import FUNDS, SmallChain, account
from tests.support.task_chain import PROVIDER, TaskChain

OFFER = RegisterProvider(BOND, encryption_key(1), Amount(5), (PROOF,))


@pytest.fixture
def chain() -> SmallChain:
    return SmallChain()


def bond(chain: SmallChain, person: int) -> int:
    return bond_of(chain.view, require_provider(chain.view, account(person)))


def test_a_provider_bonds_from_its_account(chain: SmallChain) -> None:
    receipt = chain.do(1, OFFER)
    assert receipt.events == (ProviderRegistered(account(1), encryption_key(1), BOND),)
    assert bond(chain, 1) == BOND
    assert chain.balance(1) == FUNDS - BOND - receipt.fee
    provider = require_provider(chain.view, account(1))
    assert (provider.min_price, provider.kinds, provider.locks) == (5, (PROOF,), 0)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"bond": Amount(BOND - 1)}, BondTooLow),
        ({"bond": Amount(FUNDS + 1)}, InsufficientBalance),
        ({"kinds": ()}, WrongNumberOfKinds),
        ({"kinds": (PROOF, PROOF)}, WrongNumberOfKinds),
        ({"kinds": (Name("tea-leaves"),)}, EvidenceKindUnknown),
    ],
)
def test_a_registration_that_breaks_a_rule_is_refused(
    chain: SmallChain, change: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        chain.check(1, replace(OFFER, **change))  # type: ignore[arg-type]


def test_nobody_registers_twice(chain: SmallChain) -> None:
    chain.do(1, OFFER)
    with pytest.raises(ProviderAlreadyRegistered):
        chain.check(1, OFFER)


def test_a_provider_changes_its_offer(chain: SmallChain) -> None:
    with pytest.raises(ProviderUnknown):
        chain.check(1, UpdateProvider(encryption_key(9), Amount(8), (PROOF,)))
    chain.do(1, OFFER)
    chain.do(1, UpdateProvider(encryption_key(9), Amount(8), (PROOF,)))
    provider = require_provider(chain.view, account(1))
    assert (provider.encryption_key, provider.min_price) == (encryption_key(9), 8)
    assert bond(chain, 1) == BOND


def test_a_later_action_of_a_transaction_sees_the_earlier_one(chain: SmallChain) -> None:
    receipt = chain.do(1, OFFER, AddBond(Amount(4)))
    assert receipt.code == OK
    assert bond(chain, 1) == BOND + 4


def test_a_bond_grows(chain: SmallChain) -> None:
    chain.do(1, OFFER)
    receipt = chain.do(1, AddBond(Amount(4)))
    assert receipt.events == (BondChanged(account(1), Amount(BOND + 4)),)
    with pytest.raises(NothingToMove):
        chain.check(1, AddBond(Amount(0)))
    with pytest.raises(InsufficientBalance):
        chain.check(1, AddBond(FUNDS))
    with pytest.raises(ProviderUnknown):
        chain.check(2, AddBond(Amount(1)))


def test_a_bond_is_withdrawn_in_part_or_whole(chain: SmallChain) -> None:
    register_providers(chain, 1, bond=BOND + 10)
    assert chain.do(1, WithdrawBond(Amount(10))).code == OK
    assert bond(chain, 1) == BOND
    with pytest.raises(BondTooLow):
        chain.check(1, WithdrawBond(Amount(1)))
    with pytest.raises(WithdrawsTooMuch):
        chain.check(1, WithdrawBond(Amount(BOND + 1)))
    with pytest.raises(NothingToMove):
        chain.check(1, WithdrawBond(Amount(0)))
    with pytest.raises(ProviderUnknown):
        chain.check(2, WithdrawBond(Amount(1)))
    before = chain.balance(1)
    receipt = chain.do(1, WithdrawBond(BOND))
    assert chain.balance(1) == before + BOND - receipt.fee
    assert find_provider(chain.view, account(1)) is not None  # its history stays
    with pytest.raises(BondTooLow):
        chain.check(1, AddBond(Amount(BOND - 1)))
    assert chain.do(1, AddBond(BOND)).code == OK


def test_a_bond_stays_while_its_provider_holds_a_lock() -> None:
    chain = TaskChain()
    task = chain.locked()
    with pytest.raises(BondInUse) as refused:
        chain.check(PROVIDER, WithdrawBond(BOND))
    assert refused.value.locks == 1
    chain.settle(task)
    assert chain.do(PROVIDER, WithdrawBond(BOND)).code == OK


def test_all_providers_are_listed_by_account(chain: SmallChain) -> None:
    register_providers(chain, 1, 2, 3)
    assert [provider.account for provider in providers(chain.view)] == sorted(account(person) for person in (1, 2, 3))
