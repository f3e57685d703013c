"""The sandbox: a chain of one's own whose rules are the real ones, on the hand-written counter."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import cast

import pytest

from chain.execution.accounts import InsufficientBalance
from chain.execution.transaction import CannotPayFee, InvalidTransaction, NonceMismatch
from chain.execution.verifier import FalseEvidence
from chain.types.scalars import Amount, FieldElement, ObjectId
from compute.confidential.counter_calls import INCREMENT, deploy_counter, draft_increment
from compute.confidential.errors import NotAReader, StatementFalse
from compute.confidential.permits import make_permit, open_permit
from compute.confidential.prover import CircuitSource, Draft
from compute.confidential.reader import open_contract
from compute.confidential.reader_changes import draft_set_readers, sealing_circuit
from compute.dev_keys import DevKeys
from compute.sandbox import CLU, Person, Sandbox, Sent
from compute.sandbox.errors import AnotherSandbox, Backwards, EventMissing, SandboxClosed
from contracts.confidential.call import Call
from contracts.confidential.errors import NotOwner, StaleRegister, WrongKeyCommitment
from contracts.confidential.events import Called, ReadersSet, RegisterWritten
from contracts.token.actions import Transfer
from crypto.groth16.encoding import decompress_proof
from crypto.groth16.errors import Groth16Error
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.wire import Wire


class Counted:
    """A counter in a sandbox, with the words that the tests use."""

    def __init__(self, chain: Sandbox, counts: Sequence[int] = (1, 2)) -> None:
        self.chain = chain
        self.owner, self.alice = chain.person("owner"), chain.person("alice")
        action = deploy_counter(
            chain.circuit(INCREMENT), {count: chain.circuit(sealing_circuit(count)) for count in counts}
        )
        self.contract: ObjectId = chain.send(self.owner, action).created()
        self.set_readers(self.owner, self.alice)

    def set_readers(self, *readers: Person, sender: Person | None = None) -> Sent:
        keys = [reader.reader.public for reader in readers]
        draft = draft_set_readers(self.chain.contract(self.contract), keys, self.chain.entropy)
        return self.chain.send(sender or self.owner, draft)

    def draft(self, amount: int, reader: Person) -> Draft:
        return draft_increment(self.chain.contract(self.contract), reader.reader, amount, self.chain.entropy)

    def add(self, amount: int, reader: Person | None = None) -> Sent:
        return self.chain.send(self.alice, self.draft(amount, reader or self.alice))

    def count(self, reader: Person) -> int:
        return open_contract(reader.reader, self.chain.contract(self.contract))[0].values[0]


@pytest.fixture
def counted() -> Iterator[Counted]:
    with Sandbox() as chain:
        yield Counted(chain)


def test_a_contract_is_deployed_called_and_read(counted: Counted) -> None:
    counted.add(5)
    counted.add(7)
    assert counted.count(counted.alice) == counted.count(counted.owner) == 12
    with pytest.raises(NotAReader):
        counted.count(counted.chain.person("stranger"))


def test_a_call_says_what_it_did_and_cost(counted: Counted) -> None:
    before = counted.chain.balance(counted.alice)
    sent = counted.add(5)
    assert sent.applied and sent.height == counted.chain.height
    assert [type(event) for event in sent.events] == [Called, RegisterWritten]
    assert sent.event(RegisterWritten).version == 1
    assert before - counted.chain.balance(counted.alice) == sent.fee == sent.receipt.fee
    assert sent.work > 3_000 and sent.size > 512
    with pytest.raises(EventMissing, match=r"confidential.called, confidential.register_written"):
        sent.event(ReadersSet)


def test_all_calls_of_a_method_cost_the_same(counted: Counted) -> None:
    calls = [counted.add(amount) for amount in (0, 5, 2**32 - 1)]
    assert len({(call.work, call.size // 256) for call in calls}) == 1


def test_a_rule_that_is_broken_raises_its_own_error(counted: Counted) -> None:
    draft = counted.draft(5, counted.alice)
    counted.add(1)
    with pytest.raises(StaleRegister):
        counted.chain.send(counted.alice, draft)
    with pytest.raises(NotOwner):
        counted.set_readers(counted.alice, sender=counted.alice)
    with pytest.raises(InsufficientBalance):
        counted.chain.send(counted.alice, Transfer(counted.owner.id, Amount(10**15)))
    assert counted.count(counted.alice) == 1


def test_a_rule_that_fails_in_the_block_makes_a_receipt_and_costs_the_fee(counted: Counted) -> None:
    chain, bob = counted.chain, counted.chain.person("bob")
    first = chain.transaction(counted.alice, counted.draft(5, counted.alice))
    second = chain.transaction(bob, counted.draft(6, counted.alice))
    won, lost = chain.block(first, second)
    assert won.applied and not lost.applied
    assert (lost.receipt.code, lost.events) == (StaleRegister.code, ())
    assert chain.balance(bob) == 1_000 * CLU - lost.fee
    assert counted.count(counted.alice) == 5


def test_a_statement_that_is_false_is_not_shown(counted: Counted) -> None:
    """Without proofs, too: the circuit is solved, and what it computes is held against the action."""
    draft = counted.draft(5, counted.alice)
    call = cast(Call, draft.action)
    lie = replace(call, moves=(replace(call.moves[0], after=(FieldElement(1),)),))
    with pytest.raises(StatementFalse):
        counted.chain.transaction(counted.alice, replace(draft, action=lie))


def test_an_action_that_nobody_showed_to_be_true_is_false_evidence(counted: Counted) -> None:
    draft = counted.draft(5, counted.alice)
    with pytest.raises(FalseEvidence):
        counted.chain.send(counted.alice, draft.action)
    shown = counted.chain.transaction(counted.alice, draft).envelope.actions[0]
    with pytest.raises(FalseEvidence):
        counted.chain.send(counted.owner, shown)  # under another sender it is another statement


def test_what_stands_for_a_proof_is_none_anywhere_else(counted: Counted) -> None:
    (action,) = counted.chain.transaction(counted.alice, counted.draft(5, counted.alice)).envelope.actions
    with pytest.raises(Groth16Error):
        decompress_proof(cast(Call, action).proof)
    with Sandbox() as other:
        again = Counted(other)
        with pytest.raises(FalseEvidence):
            other.local.verifier.require(action.claims(other.local.envelope_of(again.alice.id, action), 0))


def test_time_passes_only_when_it_is_told_to(counted: Counted) -> None:
    chain = counted.chain
    height, time = chain.height, chain.time
    chain.mine(10)
    assert (chain.height, chain.time) == (height + 10, time + 10_000)
    chain.mine_to(height + 20)
    assert chain.height == height + 20
    with pytest.raises(Backwards):
        chain.mine_to(height)


def test_what_happens_in_a_snapshot_is_undone(counted: Counted) -> None:
    chain, alice = counted.chain, counted.alice
    counted.add(5)
    before = (chain.height, chain.balance(alice), chain.local.nonce_of(alice.id))
    with chain.snapshot():
        counted.add(7)
        counted.set_readers(counted.owner)
        chain.person("new")
        chain.mine(3)
        assert counted.count(counted.owner) == 12
    assert (chain.height, chain.balance(alice), chain.local.nonce_of(alice.id)) == before
    assert counted.count(alice) == 5
    assert chain.balance(chain.person("new")) == 1_000 * CLU
    counted.add(1)
    assert counted.count(alice) == 6


def test_a_snapshot_is_restored_any_number_of_times_also_after_errors(counted: Counted) -> None:
    taken = counted.chain.save()
    for amount in (3, 4):
        counted.add(amount)
        assert counted.count(counted.alice) == amount
        counted.chain.restore(taken)
    with pytest.raises(NotAReader), counted.chain.snapshot():
        counted.add(9)
        counted.count(counted.chain.person("stranger"))
    assert counted.count(counted.alice) == 0
    with Sandbox() as other, pytest.raises(AnotherSandbox):
        other.restore(taken)


def test_money_is_neither_made_nor_lost(counted: Counted) -> None:
    chain = counted.chain
    for funds in (0, 1, 5 * CLU):
        assert chain.balance(chain.person(f"with {funds}", funds)) == funds
    supply = chain.local.money()
    sent = counted.add(5)
    assert chain.local.money() == supply - sent.fee  # the base fee is burnt


def test_assets_are_created_and_sent(counted: Counted) -> None:
    chain, bob = counted.chain, counted.chain.person("bob")
    gold = chain.create_asset(counted.owner, "gold", 100)
    chain.send_asset(counted.owner, bob, gold, 30)
    assert (chain.balance(counted.owner, gold), chain.balance(bob, gold), chain.local.money(gold)) == (70, 30, 100)
    with pytest.raises(InsufficientBalance):
        chain.send_asset(bob, counted.owner, gold, 31)


def test_people_are_the_same_in_every_sandbox() -> None:
    with Sandbox() as first, Sandbox() as second:
        alice, again = first.person("alice"), second.person("alice")
    assert alice == again and alice.reader.public == again.reader.public
    assert alice != first.local.genesis and alice.id != first.identity.genesis_hash
    assert str(alice.reader.secret) not in repr(alice) and alice.secret.seed.hex() not in repr(alice)


def test_two_runs_of_a_test_make_the_same_chain() -> None:
    def run() -> list[bytes]:
        with Sandbox() as chain:
            counted = Counted(chain)
            return [counted.add(amount).transaction.raw for amount in (1, 2)]

    assert run() == run()


def test_transactions_of_one_sandbox_are_worth_nothing_elsewhere(counted: Counted) -> None:
    transaction = counted.chain.transaction(counted.alice, Transfer(counted.owner.id, Amount(1)))
    counted.chain.block(transaction)
    with pytest.raises(NonceMismatch):
        counted.chain.block(transaction)
    poor = counted.chain.person("poor", 1)
    with pytest.raises(CannotPayFee):
        counted.chain.send(poor, Transfer(counted.owner.id, Amount(1)))
    assert issubclass(NonceMismatch, InvalidTransaction)


def test_a_permit_of_the_sandbox_opens_there(counted: Counted) -> None:
    chain, auditor = counted.chain, counted.chain.person("auditor")
    counted.add(5)
    view = chain.contract(counted.contract)
    permit = make_permit(counted.alice.reader, view, range(1, 2), auditor.reader.public, chain.identity, chain.entropy)
    assert open_contract(open_permit(permit, auditor.reader, chain.identity), view)[0].values == (5,)


def test_a_closed_sandbox_says_so() -> None:
    with Sandbox() as chain:
        pass
    with pytest.raises(SandboxClosed):
        chain.circuit(INCREMENT)


def test_with_real_proofs_it_is_the_same(dev_keys: DevKeys) -> None:
    with Sandbox(prove=True, keys=dev_keys) as chain:
        counted = Counted(chain, counts=(2,))
        (proven,) = counted.add(5).transaction.envelope.actions
        proof = cast(Call, proven).proof
        decompress_proof(proof)
        assert counted.count(counted.owner) == 5
        call = cast(Call, counted.draft(1, counted.alice).action)
        with pytest.raises(FalseEvidence):
            chain.send(counted.alice, replace(call, proof=proof))
        with pytest.raises(WrongKeyCommitment):
            chain.send(counted.alice, replace(call, kc=FieldElement(1)))


def power(exponent: int) -> Circuit:
    cs = Builder()
    out, base = cs.output("out"), cs.private("base")
    result: Wire = base
    for _ in range(exponent - 1):
        result = cs.mul(result, base)
    cs.define(out, result)
    return cs.build()


def test_keys_of_its_own_go_with_the_sandbox() -> None:
    with Sandbox(prove=True) as chain:
        assert len({chain.circuit(CircuitSource("power", partial(power, n))).vk_id for n in (2, 3)}) == 2
        folder = chain.keys_folder
        assert folder is not None and len(list(folder.rglob("*.zkey"))) == 2
    assert not folder.exists()
