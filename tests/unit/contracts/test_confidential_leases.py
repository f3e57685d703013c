"""Leases of registers: one writes at a time, and who blocks a register without writing pays for it."""

from dataclasses import replace

import pytest

from chain.execution.accounts import InsufficientBalance, holding
from chain.types.identifiers import object_id
from chain.types.receipt import OK
from chain.types.scalars import NATIVE, Amount, ObjectId, Uint
from contracts.confidential import lease_state
from contracts.confidential.errors import StaleRegister, UnknownContract
from contracts.confidential.events import LeaseEnded, RegisterLeasedTo
from contracts.confidential.lease_actions import Lease
from contracts.confidential.lease_errors import (
    LeaseCooldown,
    NoSuchRegister,
    NotLeasable,
    NotLeaseHolder,
    RegisterLeased,
)
from contracts.confidential.lease_state import COOLDOWN, LEASE_BOND, LEASE_HEIGHTS
from contracts.confidential.specs import LEASE, PUBLIC
from contracts.token.actions import Transfer
from tests.support.contract_calls import method, register
from tests.support.contract_chain import ALICE, BOB, ContractChain
from tests.support.small_chain import FUNDS, account

TURNS, FREE = 0, 1
REGISTERS = (register("turns", PUBLIC, LEASE), register("free", PUBLIC))
METHODS = (
    method("write", REGISTERS, writes=(Uint(TURNS),)),
    method("look", REGISTERS, reads=(Uint(TURNS),)),
    method("both", REGISTERS, writes=(Uint(FREE), Uint(TURNS))),
)


@pytest.fixture
def chain() -> ContractChain:
    return ContractChain(REGISTERS, METHODS)


def lease(chain: ContractChain, register: int = TURNS) -> Lease:
    return Lease(chain.contract, Uint(register))


def leased(chain: ContractChain, person: int) -> int:
    """A lease of the person, in the next block; the last height at which he may write."""
    assert chain.do(person, lease(chain)).code == OK
    return chain.height + LEASE_HEIGHTS


def test_the_holder_writes_and_gets_the_bond_back(chain: ContractChain) -> None:
    supply = chain.supply()
    receipt = chain.do(ALICE, lease(chain))
    until = chain.height + LEASE_HEIGHTS
    assert receipt.events == (RegisterLeasedTo(chain.contract, Uint(TURNS), account(ALICE), until),)  # type: ignore[arg-type]
    bond = object_id(account(ALICE), chain.nonce(ALICE) - 1, 0)  # type: ignore[arg-type]
    assert holding(chain.view, bond) == LEASE_BOND
    written = chain.send(ALICE, chain.call("write"))
    assert written.events[-1] == LeaseEnded(chain.contract, Uint(TURNS), account(ALICE), Amount(0))
    assert chain.register_now(TURNS).version == 1
    assert holding(chain.view, bond) == 0
    assert chain.balance(ALICE) == FUNDS - receipt.fee - written.fee
    assert chain.money() == chain.supply() == supply - receipt.fee - written.fee


def test_nobody_writes_without_the_lease(chain: ContractChain) -> None:
    call = chain.call("write")
    with pytest.raises(NotLeaseHolder) as refused:
        chain.check(BOB, call)
    assert refused.value.holder is None
    leased(chain, ALICE)
    assert chain.send(BOB, call).code == NotLeaseHolder.code
    with pytest.raises(NotLeaseHolder) as refused:
        chain.check(BOB, chain.call("both"))
    assert refused.value.holder == account(ALICE)
    assert chain.register_now(TURNS).version == 0
    chain.check(ALICE, call)


def test_anybody_reads_a_leased_register(chain: ContractChain) -> None:
    leased(chain, ALICE)
    assert chain.send(BOB, chain.call("look")).code == OK


def test_a_lease_serves_one_write(chain: ContractChain) -> None:
    leased(chain, ALICE)
    assert chain.send(ALICE, chain.call("both")).code == OK
    with pytest.raises(NotLeaseHolder):
        chain.check(ALICE, chain.call("write"))


def test_lease_and_write_in_one_transaction(chain: ContractChain) -> None:
    assert chain.send(ALICE, lease(chain), chain.call("write")).code == OK
    assert chain.register_now(TURNS).version == 1


def test_a_failed_transaction_takes_no_bond(chain: ContractChain) -> None:
    stale = chain.call("write")
    chain.send(ALICE, lease(chain), chain.call("write"))
    before = chain.balance(BOB)
    receipt = chain.send(BOB, lease(chain), stale)
    assert receipt.code == StaleRegister.code
    assert chain.balance(BOB) == before - receipt.fee
    assert lease_state.find_lease(chain.view, chain.contract, TURNS) is None


def test_a_register_has_one_lease_at_a_time(chain: ContractChain) -> None:
    until = leased(chain, ALICE)
    for person in (ALICE, BOB):
        with pytest.raises(RegisterLeased) as refused:
            chain.check(person, lease(chain))
        assert (refused.value.holder, refused.value.until) == (account(ALICE), until)


def test_the_lease_lasts_to_its_last_height_and_not_longer(chain: ContractChain) -> None:
    until = leased(chain, ALICE)
    chain.pass_to(until - 1)
    chain.check(ALICE, chain.call("write"))
    with pytest.raises(RegisterLeased):
        chain.check(BOB, lease(chain))
    chain.pass_to(until)
    with pytest.raises(NotLeaseHolder):
        chain.check(ALICE, chain.call("write"))
    chain.check(BOB, lease(chain))


def test_an_unused_bond_is_burnt(chain: ContractChain) -> None:
    until = leased(chain, ALICE)
    chain.pass_to(until - 1)
    supply, balance = chain.supply(), chain.balance(ALICE)
    chain.block()
    assert chain.closing_events == (LeaseEnded(chain.contract, Uint(TURNS), account(ALICE), LEASE_BOND),)
    assert chain.supply() == chain.money() == supply - LEASE_BOND
    assert chain.balance(ALICE) == balance


@pytest.mark.parametrize("used", [True, False])
def test_the_same_account_waits_before_it_leases_again(chain: ContractChain, used: bool) -> None:
    ended = leased(chain, ALICE)
    if used:
        chain.send(ALICE, chain.call("write"))
        ended = chain.height
    chain.pass_to(ended + COOLDOWN - 1)
    with pytest.raises(LeaseCooldown) as refused:
        chain.check(ALICE, lease(chain))
    assert refused.value.until == ended + COOLDOWN
    chain.check(BOB, lease(chain))
    chain.pass_to(ended + COOLDOWN)
    chain.check(ALICE, lease(chain))


def test_each_turn_in_which_a_register_is_blocked_costs_a_bond(chain: ContractChain) -> None:
    """Griefing by two accounts in turn: every LEASE_HEIGHTS heights burn a bond of theirs."""
    supply, fees = chain.supply(), 0
    for turn in range(4):
        receipt = chain.do((ALICE, BOB)[turn % 2], lease(chain))
        assert receipt.code == OK
        fees += receipt.fee
        chain.pass_to(chain.height + LEASE_HEIGHTS)
    assert chain.supply() == supply - fees - 4 * LEASE_BOND
    assert chain.balance(ALICE) + chain.balance(BOB) == 2 * FUNDS - fees - 4 * LEASE_BOND


def test_nothing_of_a_lease_stays_in_state(chain: ContractChain) -> None:
    until = leased(chain, ALICE)
    chain.pass_to(until + COOLDOWN)
    leased(chain, BOB)
    chain.send(BOB, chain.call("write"))
    chain.pass_to(chain.height + COOLDOWN)
    spaces = (lease_state.LEASED, lease_state.LEASE_DUE, lease_state.COOLING, lease_state.COOLING_DUE)
    assert [key for space in spaces for key, _ in chain.view.iterate(space.scan())] == []


def test_no_rule_waits_for_a_busy_blocks_end() -> None:
    """One expiry a block: what ran out is over, cleared away or not, and its holder waits all the same."""
    chain = ContractChain(REGISTERS, METHODS, max_expiries_per_block=Uint(1))
    first, second = chain.contract, chain.deployed()
    supply = chain.supply()
    fees = chain.do(ALICE, Lease(first, Uint(TURNS)), Lease(second, Uint(TURNS))).fee
    until = chain.height + LEASE_HEIGHTS
    chain.pass_to(until)
    late = [contract for contract in (first, second) if lease_state.find_lease(chain.view, contract, TURNS)]
    assert len(late) == 1
    chain.contract = late[0]
    with pytest.raises(NotLeaseHolder):
        chain.check(ALICE, chain.call("write"))
    with pytest.raises(LeaseCooldown) as refused:
        chain.check(ALICE, lease(chain))
    assert refused.value.until == until + COOLDOWN
    receipt = chain.do(BOB, lease(chain))
    assert receipt.events[0] == LeaseEnded(late[0], Uint(TURNS), account(ALICE), LEASE_BOND)
    assert chain.supply() == chain.money() == supply - fees - receipt.fee - 2 * LEASE_BOND
    chain.pass_to(until + COOLDOWN + 1)
    chain.check(ALICE, Lease(first, Uint(TURNS)))


def test_what_cannot_be_leased_is_refused(chain: ContractChain) -> None:
    cases: list[tuple[Lease, type[Exception]]] = [
        (replace(lease(chain), contract=ObjectId(bytes(32))), UnknownContract),
        (lease(chain, 2), NoSuchRegister),
        (lease(chain, FREE), NotLeasable),
    ]
    for action, rule in cases:
        with pytest.raises(rule):
            chain.check(ALICE, action)


def test_who_cannot_pay_the_bond_leases_nothing(chain: ContractChain) -> None:
    chain.do(ALICE, Transfer(account(BOB), Amount(chain.balance(ALICE) - LEASE_BOND)))
    with pytest.raises(InsufficientBalance) as refused:
        chain.check(ALICE, lease(chain))
    assert (refused.value.needed, refused.value.asset) == (LEASE_BOND, NATIVE)


def test_a_lease_pays_for_all_that_it_will_write(chain: ContractChain) -> None:
    """Taking it, ending it, and forgetting the wait."""
    taken = chain.writes(ALICE, lease(chain))
    leased(chain, ALICE)
    call = chain.call("write")
    ending = chain.writes(ALICE, call) - len(call.moves)
    forgetting = 2  # the wait and its place in the queue
    assert taken + ending + forgetting == Lease.writes
