"""Readers that are fixed when a contract is deployed: they are there from its first block on, and for ever."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from chain.execution.action import Action
from chain.types.identifiers import object_id
from chain.types.receipt import OK, Receipt
from chain.types.scalars import ObjectId, Uint
from contracts.confidential import state
from contracts.confidential.errors import ConfidentialError, NotOwner, ReadersFixed, ReadersMissing, WrongEpoch
from contracts.confidential.queries import contract_abi, contract_view
from tests.support.contract_calls import deployment, method, register
from tests.support.contract_chain import ALICE, DEPLOYER, ContractChain
from tests.support.direct_verifier import ClaimTable
from tests.support.small_chain import account

REGISTERS = (register("value"),)
METHODS = (method("write", REGISTERS, writes=(Uint(0),)),)
FIXED = deployment(REGISTERS, METHODS, fixed_readers=True)


@pytest.fixture
def chain() -> ContractChain:
    """Where DEPLOYER has a contract with readers of his own choosing already."""
    return ContractChain(REGISTERS, METHODS)


def next_id(chain: ContractChain, person: int = DEPLOYER) -> ObjectId:
    """Of what the first action of the person's next transaction creates."""
    return object_id(account(person), chain.nonce(person), 0)


def deployed(chain: ContractChain) -> ObjectId:
    contract = next_id(chain)
    assert chain.send(DEPLOYER, FIXED, chain.set_readers(contract)).code == OK
    return contract


def epochs_of(chain: ContractChain, contract: ObjectId) -> list[state.Epoch | None]:
    return [state.read_epoch(chain.view, contract, number) for number in (1, 2)]


def test_one_transaction_brings_the_contract_and_its_readers(chain: ContractChain) -> None:
    contract = deployed(chain)
    record = state.require_contract(chain.view, contract)
    assert (record.fixed_readers, record.epoch) == (True, 1)
    assert chain.send(ALICE, chain.call("write", contract)).code == OK


def test_nobody_changes_fixed_readers(chain: ContractChain) -> None:
    contract = deployed(chain)
    before = epochs_of(chain, contract)
    for person in (DEPLOYER, ALICE):
        with pytest.raises(ReadersFixed, match="nobody changes them"):
            chain.check(person, chain.set_readers(contract))
    receipt = chain.send(DEPLOYER, chain.set_readers(contract, secret=8))
    assert (receipt.code, receipt.events) == (ReadersFixed.code, ())
    assert chain.send(DEPLOYER, replace(chain.set_readers(contract), epoch=Uint(1))).code == ReadersFixed.code
    assert epochs_of(chain, contract) == before and before[1] is None


def test_a_call_drawn_up_before_the_owner_tried_is_still_good(chain: ContractChain) -> None:
    """What a new epoch in every block would do to everybody else's calls."""
    contract = deployed(chain)
    call = chain.call("write", contract)
    chain.send(DEPLOYER, chain.set_readers(contract))
    assert chain.send(ALICE, call).code == OK
    kept = chain.call("write")
    chain.send(DEPLOYER, chain.set_readers(chain.contract))
    assert chain.send(ALICE, kept).code == WrongEpoch.code


def test_without_it_the_owner_changes_readers_and_nobody_else(chain: ContractChain) -> None:
    assert not state.require_contract(chain.view, chain.contract).fixed_readers
    with pytest.raises(NotOwner):
        chain.check(ALICE, chain.set_readers(chain.contract))
    assert chain.send(DEPLOYER, chain.set_readers(chain.contract)).code == OK


def test_a_node_shows_it(chain: ContractChain) -> None:
    fixed, kept = deployed(chain), chain.contract
    assert [contract_view(chain.view, each).record.fixed_readers for each in (fixed, kept)] == [True, False]
    assert [contract_abi(chain.view, each).fixed_readers for each in (fixed, kept)] == [True, False]


def test_another_contract_of_the_same_transaction_lends_no_readers(chain: ContractChain) -> None:
    """Two contracts, one change of readers: whichever it is for, the other has none, and there is neither."""
    for index in (0, 1):
        whose = object_id(account(DEPLOYER), chain.nonce(DEPLOYER), index)
        receipt = chain.send(DEPLOYER, FIXED, FIXED, chain.set_readers(whose))
        assert receipt.code == ReadersMissing.code
    first, second = (object_id(account(DEPLOYER), chain.nonce(DEPLOYER), index) for index in (0, 1))
    both = (chain.set_readers(first), chain.set_readers(second))
    assert chain.send(DEPLOYER, FIXED, FIXED, *both).code == OK


def test_whoever_deploys_sets_them_and_no_later_transaction_does(chain: ContractChain) -> None:
    contract = next_id(chain)
    assert chain.send(DEPLOYER, FIXED).code == ReadersMissing.code
    assert state.read_contract(chain.view, contract) is None
    with pytest.raises(ConfidentialError, match="no confidential contract"):
        chain.check(DEPLOYER, chain.set_readers(contract))


Step = Callable[[ContractChain, ObjectId], Action]
STEPS: dict[str, Step] = {
    "deploy": lambda chain, contract: FIXED,
    "first": lambda chain, contract: replace(chain.set_readers(contract), epoch=Uint(1)),
    "second": lambda chain, contract: replace(chain.set_readers(contract, secret=8), epoch=Uint(2)),
    "other": lambda chain, contract: chain.set_readers(chain.contract),
}


def test_whatever_a_transaction_is_made_of_no_contract_stands_without_its_one_epoch(chain: ContractChain) -> None:
    """All transactions of up to three such steps: those that make a contract are those that set its readers once."""
    chain.verifier = ClaimTable(credulous=True)
    made = []
    with chain.snapshot():
        for length in (1, 2, 3):
            for names in product(STEPS, repeat=length):
                contract = next_id(chain)
                receipt: Receipt = chain.do(DEPLOYER, *(STEPS[name](chain, contract) for name in names))
                record = state.read_contract(chain.view, contract)
                if record is not None:
                    made.append(names)
                    assert receipt.code == OK and (record.epoch, record.fixed_readers) == (1, True)
                    assert epochs_of(chain, contract)[0] is not None and epochs_of(chain, contract)[1] is None
    assert made == [
        ("deploy", "first"),
        ("deploy", "first", "other"),
        ("deploy", "other", "first"),
    ]
