"""Real Groth16 verification of results: a proof pays its maker, for this task and lock, on this chain, once.

The proofs are simulated with the key's trapdoor: they verify for exactly the inputs that they were made for.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain.codec import encode
from chain.errors import WrongShape
from chain.execution.action import Action
from chain.execution.statement import context_element
from chain.execution.verifier import BadSignature, FalseEvidence
from chain.types.receipt import OK
from chain.types.scalars import Amount, ChainId, FieldElement, Hash, ObjectId, ProofBytes, Uint, VkId
from chain.types.transaction import Envelope, Transaction
from contracts.registry.state import key_bytes
from contracts.tasks import state
from contracts.tasks.actions import Settle, SettleUnbound
from contracts.tasks.statement import settle_inputs
from contracts.token.actions import Transfer
from crypto.field import SCALAR_FIELD
from crypto.groth16.encoding import compress_proof
from tests.support.direct_verifier import DirectVerifier
from tests.support.programs import trapdoor
from tests.support.small_chain import account
from tests.support.task_chain import OTHER, OUTPUTS, PROVIDER, RESCUER, TaskChain

BOUND_INPUTS = 3 + len(OUTPUTS)


@pytest.fixture
def chain() -> TaskChain:
    return verifying(TaskChain())


def verifying(chain: TaskChain) -> TaskChain:
    chain.verifier = DirectVerifier(lambda vk_id: key_bytes(chain.view, vk_id))
    return chain


def prove(envelope: Envelope, index: int = 0) -> ProofBytes:
    """The proof of the result at `index`, for exactly the inputs that its envelope asks for."""
    action = envelope.actions[index]
    (claim,) = action.claims(envelope, index)
    return ProofBytes(compress_proof(trapdoor(len(claim.inputs)).prove(claim.inputs, seed=index + 1)))


def proven(envelope: Envelope) -> Envelope:
    """The envelope with a true proof in every result."""
    actions = tuple(
        replace(action, proof=prove(envelope, index)) if isinstance(action, Settle | SettleUnbound) else action
        for index, action in enumerate(envelope.actions)
    )
    return replace(envelope, actions=actions)


def submit(chain: TaskChain, person: int, envelope: Envelope) -> int:
    return chain.block(chain.sign(person, envelope))[0].code


def false(chain: TaskChain, person: int, envelope: Envelope) -> None:
    """The transaction makes its block invalid, and changes nothing."""
    before = chain.money(), chain.nonce(person)
    with pytest.raises(FalseEvidence):
        chain.block(chain.sign(person, envelope))
    assert (chain.money(), chain.nonce(person)) == before


def test_a_proven_result_is_paid(chain: TaskChain) -> None:
    task = chain.locked()
    assert submit(chain, PROVIDER, proven(chain.envelope(PROVIDER, chain.result(task)))) == OK
    assert chain.state_of(task) == state.SETTLED


def test_a_wrong_output_is_false_evidence(chain: TaskChain) -> None:
    task = chain.locked()
    honest = proven(chain.envelope(PROVIDER, chain.result(task)))
    (result,) = honest.actions
    assert isinstance(result, Settle)
    forged = replace(result, outputs=(FieldElement(result.outputs[0] + 1), *result.outputs[1:]))
    false(chain, PROVIDER, replace(honest, actions=(forged,)))


def test_a_proof_copied_from_the_mempool_pays_nobody_but_its_maker(chain: TaskChain) -> None:
    task = chain.locked()
    chain.pass_to(chain.task(task).terms.lock_deadline)  # so that the copier may settle
    honest = proven(chain.envelope(PROVIDER, chain.result(task)))
    false(chain, RESCUER, chain.envelope(RESCUER, *honest.actions))
    assert submit(chain, PROVIDER, honest) == OK


def test_a_proof_works_for_one_task_only(chain: TaskChain) -> None:
    first, second = chain.locked(), chain.locked()
    (result,) = proven(chain.envelope(PROVIDER, chain.result(first))).actions
    assert isinstance(result, Settle)
    false(chain, PROVIDER, chain.envelope(PROVIDER, replace(result, task=second)))


def test_a_replayed_result_finds_its_task_settled(chain: TaskChain) -> None:
    task = chain.locked()
    envelope = proven(chain.envelope(PROVIDER, chain.result(task)))
    assert submit(chain, PROVIDER, envelope) == OK
    again = chain.envelope(PROVIDER, *envelope.actions)
    receipt = chain.block(chain.sign(PROVIDER, again))[0]
    assert receipt.code == 4102


def test_the_other_form_of_a_proof_settles_the_same_task_once(chain: TaskChain) -> None:
    """(-A, -B, C) verifies too: nothing may hang on a proof's bytes."""
    task = chain.locked()
    envelope = proven(chain.envelope(PROVIDER, chain.result(task)))
    (result,) = envelope.actions
    assert isinstance(result, Settle)
    negated = bytearray(result.proof)
    negated[0] ^= 0x40  # the flag bits 10 and 11 say which of the two y
    negated[32] ^= 0x40
    twin = replace(envelope, actions=(replace(result, proof=ProofBytes(bytes(negated))),))
    assert twin != envelope
    assert submit(chain, PROVIDER, twin) == OK
    assert chain.state_of(task) == state.SETTLED


@pytest.mark.parametrize("place", range(2))
def test_the_field_order_cannot_be_added_to_an_output(chain: TaskChain, place: int) -> None:
    task = chain.locked()
    outputs = list(OUTPUTS)
    outputs[place] = FieldElement(outputs[place] + SCALAR_FIELD)
    with pytest.raises(WrongShape, match="canonical field element"):
        chain.sign(PROVIDER, chain.envelope(PROVIDER, chain.result(task, outputs=tuple(outputs))))
    valid = chain.transaction(PROVIDER, chain.result(task)).raw
    canonical = OUTPUTS[place].to_bytes(32, "big")
    raw = valid.replace(canonical, (OUTPUTS[place] + SCALAR_FIELD).to_bytes(32, "big"))
    assert raw != valid
    with pytest.raises(WrongShape, match="below the field order"):
        Transaction.decode(raw, chain.chain.application.unions)


def test_results_of_one_transaction_are_bound_to_each_other(chain: TaskChain) -> None:
    first, second = chain.locked(), chain.locked()
    together = proven(chain.envelope(PROVIDER, chain.result(first), chain.result(second)))
    false(chain, PROVIDER, replace(together, actions=together.actions[:1]))
    assert submit(chain, PROVIDER, together) == OK


def test_other_actions_may_join_a_result(chain: TaskChain) -> None:
    task = chain.locked()
    envelope = proven(chain.envelope(PROVIDER, chain.result(task)))
    joined: tuple[Action, ...] = (*envelope.actions, Transfer(account(OTHER), Amount(1)))
    assert submit(chain, PROVIDER, replace(envelope, actions=joined)) == OK


def test_a_signature_is_required_as_well(chain: TaskChain) -> None:
    task = chain.locked()
    envelope = proven(chain.envelope(PROVIDER, chain.result(task)))
    with pytest.raises(BadSignature):
        chain.block(chain.sign(RESCUER, envelope))


def test_a_result_of_an_unbound_program_is_verified_too() -> None:
    chain = verifying(TaskChain(bound=False))
    task = chain.locked()
    envelope = proven(chain.envelope(PROVIDER, chain.unbound_result(task)))
    (result,) = envelope.actions
    assert isinstance(result, SettleUnbound)
    false(chain, PROVIDER, replace(envelope, actions=(replace(result, outputs=OUTPUTS[::-1]),)))
    assert submit(chain, PROVIDER, envelope) == OK


# ctx: every part of it changes it


def ctx_of(envelope: Envelope) -> int:
    (result,) = envelope.actions
    assert isinstance(result, Settle)
    return settle_inputs(envelope, result)[0]


Change = Callable[[Envelope], Envelope]


def _result(**changes: object) -> Change:
    def change(envelope: Envelope) -> Envelope:
        (result,) = envelope.actions
        return replace(envelope, actions=(replace(result, **changes),))  # type: ignore[type-var]

    return change


CHANGES: dict[str, Change] = {
    "chain": lambda envelope: replace(envelope, chain_id=ChainId("other-1")),
    "genesis": lambda envelope: replace(envelope, genesis_hash=Hash(bytes(32))),
    "fork": lambda envelope: replace(envelope, fork_id=Hash(b"\x01" * 32)),
    "actor": lambda envelope: replace(envelope, fee_source=replace(envelope.fee_source, signer=account(OTHER))),
    "task": _result(task=ObjectId(bytes(32))),
    "key": _result(vk_id=VkId(bytes(32))),
    "epoch": _result(lock_epoch=Uint(9)),
    "input": _result(input_commitment=FieldElement(1)),
    "outputs": _result(outputs=()),
}


@pytest.mark.parametrize("part", CHANGES)
def test_ctx_binds(chain: TaskChain, part: str) -> None:
    envelope = chain.envelope(PROVIDER, chain.result(chain.locked()))
    assert ctx_of(CHANGES[part](envelope)) != ctx_of(envelope)


@pytest.mark.parametrize(
    "change",
    [
        _result(proof=ProofBytes(b"\x07" * 128)),
        lambda envelope: replace(envelope, nonce=99, tip=5, fee_limit=1, expiry_height=7),
    ],
)
def test_ctx_depends_on_no_proof_and_on_no_fee(chain: TaskChain, change: Change) -> None:
    """So a worker computes it before it proves, and raises its fee without proving again."""
    envelope = chain.envelope(PROVIDER, chain.result(chain.locked()))
    assert ctx_of(change(envelope)) == ctx_of(envelope)


def test_ctx_is_a_field_element_of_31_bytes(chain: TaskChain) -> None:
    envelope = chain.envelope(PROVIDER, chain.result(chain.locked()))
    assert 0 <= ctx_of(envelope) < 2**248
    settle = envelope.actions[0]
    assert isinstance(settle, Settle)
    expected = context_element(envelope, "tasks", settle.task, "settle", settle.vk_id, (settle.lock_epoch,))
    assert ctx_of(envelope) == expected
    assert len(encode(envelope)) > 0
