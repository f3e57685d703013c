"""Tokens of contracts: what a call takes comes from its sender, what it pays from what the contract holds, no more."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import WrongShape
from chain.execution import accounts
from chain.execution.accounts import InsufficientBalance, InsufficientHolding, PaidToNobody
from chain.execution.verifier import FalseEvidence
from chain.state import keys
from chain.state.overlay import Overlay
from chain.types.receipt import OK
from chain.types.scalars import MAX_UINT, NATIVE, NOBODY, AccountId, Amount, AssetId, FieldElement, ObjectId, Uint
from contracts.confidential.call import Call, Pay, Take
from contracts.confidential.errors import WrongLength
from contracts.confidential.events import Called, Paid, Taken
from tests.support.confidential_chain import ConfidentialChain
from tests.support.contract_calls import call_of, deployment, method
from tests.support.contract_chain import ALICE, BOB, CAROL, ContractChain
from tests.support.small_chain import account

MOVE = method("move", (), takes=Uint(2), pays=Uint(2))
IN, OUT = method("put", (), takes=Uint(1)), method("get", (), pays=Uint(1))
ASSET = AssetId(b"a" * 32)


@pytest.fixture
def chain() -> ContractChain:
    return ContractChain((), (MOVE, IN, OUT))


def take(amount: int, asset: AssetId = NATIVE) -> Take:
    return Take(asset, Amount(amount))


def pay(person: int, amount: int, asset: AssetId = NATIVE) -> Pay:
    return Pay(account(person), asset, Amount(amount))


def holding(chain: ContractChain, asset: AssetId = NATIVE) -> int:
    return accounts.holding(chain.view, chain.contract, asset)


def test_money_comes_in_and_goes_out(chain: ContractChain) -> None:
    before = chain.balance(BOB)
    receipt = chain.send(ALICE, chain.call("put", takes=(take(1_000),)))
    assert receipt.events[1:] == (Taken(chain.contract, account(ALICE), NATIVE, Amount(1_000)),)
    assert holding(chain) == 1_000
    receipt = chain.send(CAROL, chain.call("get", pays=(pay(BOB, 400),)))
    assert receipt.events[1:] == (Paid(chain.contract, account(BOB), NATIVE, Amount(400)),)
    assert (holding(chain), chain.balance(BOB)) == (600, before + 400)
    assert chain.money() == chain.supply()


def test_an_issued_asset_moves_like_the_native_token(chain: ContractChain) -> None:
    overlay = Overlay(chain.view)
    accounts.mint(overlay, account(ALICE), Amount(100), ASSET)
    chain.store.apply(overlay.changes())
    assert chain.send(ALICE, chain.call("put", takes=(take(70, ASSET),))).code == OK
    assert (holding(chain, ASSET), holding(chain)) == (70, 0)
    assert chain.send(ALICE, chain.call("get", pays=(pay(BOB, 50, ASSET),))).code == OK
    assert accounts.balance(chain.view, account(BOB), ASSET) == 50
    with pytest.raises(InsufficientHolding) as refused:
        chain.check(ALICE, chain.call("get", pays=(pay(BOB, 21, ASSET),)))
    assert (refused.value.balance, refused.value.asset) == (20, ASSET)


def test_a_contract_pays_no_more_than_it_holds(chain: ContractChain) -> None:
    chain.send(ALICE, chain.call("put", takes=(take(1_000),)))
    too_much = chain.call("move", takes=(take(0), take(0)), pays=(pay(BOB, 600), pay(CAROL, 401)))
    with pytest.raises(InsufficientHolding) as refused:
        chain.check(BOB, too_much)
    assert (refused.value.object, refused.value.balance, refused.value.needed) == (chain.contract, 1_000, 1_001)
    assert chain.send(BOB, too_much).code == InsufficientHolding.code
    assert holding(chain) == 1_000


def test_a_contract_does_not_pay_out_of_what_another_holds(chain: ContractChain) -> None:
    other = chain.deployed()
    chain.send(ALICE, chain.call("put", other, takes=(take(1_000),)))
    assert chain.send(BOB, chain.call("get", pays=(pay(BOB, 1),))).code == InsufficientHolding.code


def test_a_call_may_pay_out_of_what_it_takes(chain: ContractChain) -> None:
    passed_on = chain.call("move", takes=(take(5), take(6)), pays=(pay(BOB, 11), pay(CAROL, 0)))
    assert chain.send(ALICE, passed_on).code == OK
    assert holding(chain) == 0
    with pytest.raises(InsufficientHolding):
        chain.check(ALICE, chain.call("move", takes=(take(5), take(5)), pays=(pay(BOB, 11), pay(CAROL, 0))))


def test_who_has_too_little_is_refused_for_the_sum_of_what_is_taken(chain: ContractChain) -> None:
    has = chain.balance(ALICE)
    for amounts in ((has, 1), (has // 2 + 1, has // 2 + 1), (MAX_UINT, MAX_UINT)):
        with pytest.raises(InsufficientBalance) as refused:
            chain.check(ALICE, chain.call("move", takes=tuple(map(take, amounts))))
        assert refused.value.needed == sum(amounts)
    with pytest.raises(InsufficientBalance):
        chain.check(ALICE, chain.call("put", takes=(take(1, ASSET),)))


def test_amounts_beyond_the_wires_range_do_not_exist(chain: ContractChain) -> None:
    with pytest.raises(WrongShape):
        chain.call("put", takes=(take(MAX_UINT + 1),))


def test_nothing_is_taken_or_paid_that_the_method_does_not_name(chain: ContractChain) -> None:
    call = chain.call("put")
    cases = [
        replace(call, takes=()),
        replace(call, takes=(take(1), take(1))),
        replace(call, pays=(pay(BOB, 1),)),
    ]
    for bad in cases:
        with pytest.raises(WrongLength):
            chain.check(ALICE, bad)


def test_an_amount_of_zero_moves_nothing_and_makes_no_account(chain: ContractChain) -> None:
    stranger = AccountId(b"s" * 32)
    receipt = chain.send(ALICE, chain.call("get", pays=(Pay(stranger, NATIVE, Amount(0)),)))
    assert receipt.events == (Called(chain.contract, OUT.name, Uint(0), ()),)
    assert chain.view.get(keys.account(stranger)) is None


def test_nobody_is_not_paid(chain: ContractChain) -> None:
    """A register that was never set holds Address 0: a proof can pay it, and the money would be gone."""
    chain.send(ALICE, chain.call("put", takes=(take(1_000),)))
    with pytest.raises(PaidToNobody):
        chain.check(ALICE, chain.call("get", pays=(Pay(NOBODY, NATIVE, Amount(1)),)))
    with pytest.raises(PaidToNobody):
        chain.check(ALICE, chain.call("get", pays=(Pay(NOBODY, ASSET, Amount(1)),)))
    assert chain.send(ALICE, chain.call("get", pays=(Pay(NOBODY, NATIVE, Amount(0)),))).code == OK


def test_every_part_of_a_payment_is_bound_by_the_proof(chain: ContractChain) -> None:
    """Also the last byte of an id."""
    chain.send(ALICE, chain.call("put", takes=(take(1_000),)))
    call = chain.call("get", pays=(pay(BOB, 400),))
    envelope = chain.proven(chain.envelope(ALICE, call))
    (proven,) = envelope.actions
    assert isinstance(proven, Call)
    (honest,) = proven.pays
    last_byte = AccountId(honest.recipient[:31] + bytes([honest.recipient[31] ^ 1]))
    for other in (
        replace(honest, recipient=account(CAROL)),
        replace(honest, recipient=last_byte),
        replace(honest, amount=Amount(401)),
    ):
        with pytest.raises(FalseEvidence):
            chain.submit(ALICE, replace(envelope, actions=(replace(proven, pays=(other,)),)))
    assert chain.submit(ALICE, envelope).code == OK


@pytest.mark.parametrize("byte", range(32))
def test_whoever_proves_a_payment_chooses_no_byte_of_the_recipient(chain: ContractChain, byte: int) -> None:
    """The circuit knows one element of him. Were it 31 bytes of the key, he could be made one of 256, all but one
    nobody's.
    """
    other = bytearray(account(BOB))
    other[byte] ^= 0x80
    paid = [Pay(each, NATIVE, Amount(400)) for each in (account(BOB), AccountId(bytes(other)))]
    first, second = (chain.call("get", pays=(each,)) for each in paid)
    inputs = [call.claims(chain.envelope(ALICE, call), 0)[0].inputs[1:] for call in (first, second)]
    assert inputs[0][0] == inputs[1][0] and inputs[0][2:] == inputs[1][2:]
    assert inputs[0][1] != inputs[1][1]


def test_the_last_byte_of_an_asset_is_bound_by_the_proof(chain: ContractChain) -> None:
    """An asset whose id begins like the native token's would else be the native token to the circuit."""
    twin = AssetId(bytes(31) + b"\x01")
    envelope = chain.proven(chain.envelope(ALICE, chain.call("put", takes=(take(0, twin),))))
    (proven,) = envelope.actions
    assert isinstance(proven, Call)
    with pytest.raises(FalseEvidence):
        chain.submit(ALICE, replace(envelope, actions=(replace(proven, takes=(take(0),)),)))


PEOPLE = (2, 3, 4)
START = 10_000
ASSETS = (NATIVE, ASSET)
AMOUNTS = st.integers(0, 6_000)
TAKING = st.tuples(*[st.tuples(st.sampled_from(ASSETS), AMOUNTS)] * 2)
PAYING = st.tuples(*[st.tuples(st.sampled_from(ASSETS), st.sampled_from(PEOPLE), AMOUNTS)] * 2)
Taking = Sequence[tuple[AssetId, int]]
Paying = Sequence[tuple[AssetId, int, int]]


class Ledger:
    """What everybody should hold, by plain arithmetic; None stands for the contract."""

    def __init__(self, chain: ConfidentialChain, contract: ObjectId) -> None:
        self.chain, self.contract = chain, contract
        self.held: dict[tuple[int | None, AssetId], int] = dict.fromkeys(product((*PEOPLE, None), ASSETS), 0)
        for person in PEOPLE:
            accounts.mint(chain.overlay, chain.account(person), Amount(START), ASSET)
            for asset in ASSETS:
                self.held[person, asset] = accounts.balance(chain.overlay, chain.account(person), asset)

    def moved(self, sender: int, taken: Taking, paid: Paying) -> bool:
        """Do what a call says, if sender and contract can; else nothing."""
        after = dict(self.held)
        for asset, amount in taken:
            after[sender, asset] -= amount
            after[None, asset] += amount
        possible = min(after.values()) >= 0
        for asset, person, amount in paid:
            after[None, asset] -= amount
            after[person, asset] += amount
        possible = possible and min(after.values()) >= 0
        self.held = after if possible else self.held
        return possible

    def matches(self) -> bool:
        return all(amount == self._found(who, asset) for (who, asset), amount in self.held.items())

    def _found(self, who: int | None, asset: AssetId) -> int:
        if who is None:
            return accounts.holding(self.chain.overlay, self.contract, asset)
        return accounts.balance(self.chain.overlay, self.chain.account(who), asset)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(PEOPLE), TAKING, PAYING), max_size=8))
def test_no_call_makes_or_loses_money(moves: list[tuple[int, Taking, Paying]]) -> None:
    """A call goes through exactly if sender and contract can pay, and moves what it says."""
    chain = ConfidentialChain()
    chain.register(MOVE.vk_id, 12)
    contract = chain.send(chain.account(1), deployment((), (MOVE,)))
    ledger = Ledger(chain, contract)
    for sender, taken, paid in moves:
        takes = tuple(Take(asset, Amount(amount)) for asset, amount in taken)
        pays = tuple(Pay(chain.account(person), asset, Amount(amount)) for asset, person, amount in paid)
        call = call_of(chain.overlay, contract, "move", lambda: FieldElement(0), takes=takes, pays=pays)
        receipt = chain.apply(chain.envelope(chain.account(sender), call))
        ledger.held[sender, NATIVE] -= receipt.fee
        assert (receipt.code == OK) == ledger.moved(sender, taken, paid)
        assert ledger.matches()
