"""Calls paid by a shielded transfer: a one-time key signs, a proof pays, and no account is named."""

from dataclasses import replace

import pytest

from chain.execution import accounts
from chain.execution.fee_source import ProofPaidFailure
from chain.execution.statement import account_element
from chain.execution.verifier import FalseEvidence
from chain.types.receipt import OK
from chain.types.scalars import NATIVE, AccountId, Amount, Nonce, ObjectId, Uint
from chain.types.transaction import FROM_PROOF, Envelope, FeeSource
from contracts.confidential import state
from contracts.confidential.call import Call, Take
from contracts.confidential.lease_actions import Lease
from contracts.confidential.specs import LEASE, PUBLIC
from contracts.shielded.actions import Transfer
from tests.support.contract_calls import method, register
from tests.support.contract_chain import ALICE, BOB, ContractChain
from tests.support.shielded_pool import PoolChain, prove
from tests.support.small_chain import account

FEE = 10**7
ONE_TIME, ANOTHER = 90, 91  # keys without an account
REGISTERS = (register("open", PUBLIC), register("turns", PUBLIC, LEASE))
METHODS = (
    method("mine", REGISTERS, caller=True, writes=(Uint(0),)),
    method("put", REGISTERS, takes=Uint(1)),
)


class PaidChain(ContractChain, PoolChain):
    """A contract and a pool with money in it."""


@pytest.fixture
def chain() -> PaidChain:
    chain = PaidChain(REGISTERS, METHODS)
    paid_in = chain.envelope(ALICE, chain.transfer(taken=10 * FEE))
    assert chain.submit(ALICE, with_proofs(chain, paid_in)).code == OK
    return chain


def unlinked(chain: PaidChain, key: int, *actions: Call | Lease) -> Envelope:
    """What `key` signs once: a transfer that offers the fee, then the actions; all proven."""
    payment = chain.transfer(fee=Amount(FEE))
    source = FeeSource(FROM_PROOF, account(key))
    plain = chain.envelope(key, payment, *actions, fee_source=source, nonce=Nonce(0), fee_limit=Amount(FEE))
    return with_proofs(chain, plain)


def with_proofs(chain: PaidChain, envelope: Envelope) -> Envelope:
    first, *rest = chain.proven(envelope).actions
    assert isinstance(first, Transfer)
    return replace(envelope, actions=(prove(first, envelope), *rest))


def test_a_call_is_paid_by_a_proof_and_its_caller_is_a_key_without_an_account(chain: PaidChain) -> None:
    envelope = unlinked(chain, ONE_TIME, chain.call("mine"))
    (claim,) = envelope.actions[1].claims(envelope, 1)
    assert claim.inputs[2] == account_element(account(ONE_TIME))
    receipt = chain.submit(ONE_TIME, envelope)
    assert (receipt.code, receipt.fee) == (OK, FEE)
    assert chain.register_now(0).version == 1
    assert accounts.read_account(chain.view, account(ONE_TIME)) == accounts.EMPTY


def test_a_call_is_not_taken_out_of_a_transaction_that_a_proof_pays(chain: PaidChain) -> None:
    envelope = unlinked(chain, ONE_TIME, chain.call("mine"))
    with pytest.raises(FalseEvidence):
        chain.submit(BOB, chain.envelope(BOB, envelope.actions[1]))


def test_a_call_that_fails_keeps_a_proof_paid_transaction_out_of_blocks(chain: PaidChain) -> None:
    stale = chain.call("mine")
    chain.send(BOB, chain.call("mine"))
    held = accounts.holding(chain.view, chain.pool)
    with pytest.raises(ProofPaidFailure) as refused:
        chain.submit(ONE_TIME, unlinked(chain, ONE_TIME, stale))
    assert refused.value.index == 1
    assert accounts.holding(chain.view, chain.pool) == held


def test_a_key_without_an_account_gives_nothing_and_leases_nothing(chain: PaidChain) -> None:
    put = chain.call("put", takes=(Take(NATIVE, Amount(1)),))
    for action in (put, Lease(chain.contract, Uint(1))):
        with pytest.raises(ProofPaidFailure, match="holds 0 CLU"):
            chain.submit(ONE_TIME, unlinked(chain, ONE_TIME, action))


def test_one_key_deploys_as_often_as_it_pays(chain: PaidChain) -> None:
    """Its nonce is always 0; what it deploys has ids of its own all the same."""
    found: list[ObjectId] = []
    for _ in range(2):
        payment = chain.transfer(fee=Amount(FEE))
        source = FeeSource(FROM_PROOF, AccountId(account(ANOTHER)))
        plain = chain.envelope(
            ANOTHER, payment, chain.deployment, fee_source=source, nonce=Nonce(0), fee_limit=Amount(FEE)
        )
        envelope = with_proofs(chain, plain)
        found.append(envelope.object_id(1))
        assert chain.submit(ANOTHER, envelope).code == OK
    assert found[0] != found[1]
    assert all(state.require_contract(chain.view, each).owner == account(ANOTHER) for each in found)
