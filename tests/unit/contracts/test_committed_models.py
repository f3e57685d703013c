"""Programs whose model is committed: one key serves many models of a shape, and each program proves its own only.

The last tests prove for real, with a circuit of the shape output = weight * row: the weight stands behind a public
commitment (here its square), so that one key serves every weight.
"""

from dataclasses import replace

import pytest

from chain.execution.verifier import FalseEvidence
from chain.types.receipt import OK
from chain.types.scalars import Blob, FieldElement, Hash, Name, ObjectId, ProofBytes, Uint
from chain.types.transaction import Envelope
from contracts.registry.actions import RegisterKey, RegisterProgram
from contracts.registry.errors import (
    InputCountMismatch,
    ModelCommitmentMissing,
    ModelCommitmentUnexpected,
    ProgramAlreadyRegistered,
    StatementUnknown,
)
from contracts.registry.state import key_bytes, require_program
from contracts.registry.statement import INFERENCE, INFERENCE_COMMITTED_MODEL, public_inputs
from contracts.tasks import state
from contracts.tasks.actions import Settle
from contracts.tasks.errors import InputCommitmentReused, WrongModel
from contracts.tasks.statement import settle_inputs
from crypto.groth16 import compress_proof
from crypto.groth16.encoding import compress_key, key_id
from crypto.groth16.native import ProvingKey, setup
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.r1cs_file import write_r1cs
from crypto.r1cs.wtns_file import write_wtns
from tests.support.direct_verifier import DirectVerifier
from tests.support.programs import NO_PROOF, compressed_key, program_of
from tests.support.small_chain import SmallChain, account
from tests.support.task_chain import OTHER, OWNER, PROVIDER, REQUESTER, TaskChain

MODEL, OTHER_MODEL = FieldElement(11), FieldElement(12)
INPUTS = public_inputs(INFERENCE_COMMITTED_MODEL, 2, True)


@pytest.fixture
def chain() -> TaskChain:
    return TaskChain(model=MODEL)


# Registration


def test_a_committed_model_is_one_more_public_input() -> None:
    for bound in (True, False):
        assert public_inputs(INFERENCE_COMMITTED_MODEL, 2, bound) == public_inputs(INFERENCE, 2, bound) + 1


def test_a_program_says_which_model_it_is(chain: TaskChain) -> None:
    record = require_program(chain.view, chain.program)
    assert (record.statement, record.model, record.outputs) == (INFERENCE_COMMITTED_MODEL, MODEL, 2)
    assert (chain.program, record.id) == (record.parts.id, record.parts.id)
    assert chain.program != replace(record.parts, model=OTHER_MODEL).id


def test_one_key_serves_many_models_each_by_an_id_of_its_own(chain: TaskChain) -> None:
    other = program_of(2, model=OTHER_MODEL)
    assert other.program != chain.program
    assert chain.do(OTHER, other).code == OK
    records = [require_program(chain.view, program) for program in (chain.program, other.program)]
    assert [(record.owner, record.model) for record in records] == [
        (account(OWNER), MODEL),
        (account(OTHER), OTHER_MODEL),
    ]
    assert records[0].vk_id == records[1].vk_id


def test_nobody_registers_a_program_again_under_another_commitment(chain: TaskChain) -> None:
    """The id covers the commitment: the same id is the same model, and that is taken."""
    with pytest.raises(ProgramAlreadyRegistered) as refused:
        chain.check(OTHER, program_of(2, model=MODEL))
    assert refused.value.owner == account(OWNER)


def test_a_committed_model_is_named_if_and_only_if_its_statement_has_one() -> None:
    chain = SmallChain()
    chain.do(1, RegisterKey(compressed_key(INPUTS), None))
    action = program_of(2, model=MODEL)
    chain.check(1, action)
    with pytest.raises(ModelCommitmentMissing):
        chain.check(1, replace(action, model=None))
    with pytest.raises(ModelCommitmentUnexpected):
        chain.check(1, replace(action, statement=INFERENCE, outputs=Uint(3)))
    with pytest.raises(InputCountMismatch):
        chain.check(1, replace(action, outputs=Uint(3)))


# Settlement: the commitment in the action must be the program's. Proofs are believed here.


@pytest.mark.parametrize("model", [OTHER_MODEL, FieldElement(0), None])
def test_a_result_of_another_model_or_of_none_is_refused(chain: TaskChain, model: FieldElement | None) -> None:
    task = chain.locked()
    chain.check(PROVIDER, chain.result(task))
    with pytest.raises(WrongModel) as refused:
        chain.check(PROVIDER, chain.result(task, model=model))
    assert (refused.value.expected, refused.value.got) == (MODEL, model)


def test_a_result_of_a_program_without_a_commitment_names_none() -> None:
    chain = TaskChain()
    with pytest.raises(WrongModel, match="no model commitment"):
        chain.check(PROVIDER, chain.result(chain.locked(), model=MODEL))


def test_an_unbound_program_may_be_of_a_committed_model() -> None:
    chain = TaskChain(bound=False, model=MODEL)
    task = chain.locked()
    result = chain.unbound_result(task)
    assert result.claims(chain.envelope(PROVIDER, result), 0)[0].inputs == (
        result.input_commitment,
        MODEL,
        *result.outputs,
    )
    with pytest.raises(WrongModel):
        chain.check(PROVIDER, replace(result, model=OTHER_MODEL))
    with pytest.raises(WrongModel):
        chain.check(PROVIDER, replace(result, model=None))
    assert chain.do(PROVIDER, result).code == OK
    assert chain.state_of(task) == state.SETTLED


def test_an_input_of_an_unbound_key_is_committed_to_once_whichever_model_is_asked() -> None:
    chain = TaskChain(bound=False, model=MODEL)
    other = program_of(2, bound=False, model=OTHER_MODEL)
    chain.do(OWNER, other)
    chain.open()
    with pytest.raises(InputCommitmentReused):
        chain.check(REQUESTER, chain.offer(program=other.program))


def test_the_model_is_a_public_input_and_in_what_other_proofs_are_bound_to(chain: TaskChain) -> None:
    task = chain.locked()

    def inputs(**changes: object) -> tuple[FieldElement, ...]:
        result = chain.result(task, **changes)
        return settle_inputs(chain.envelope(PROVIDER, result), result)

    mine, other = inputs(), inputs(model=OTHER_MODEL)
    assert mine[3] == MODEL and other[3] == OTHER_MODEL
    assert mine[0] != other[0]  # ctx covers the effects
    shifted = inputs(model=None, outputs=(MODEL, *chain.result(task).outputs))
    assert shifted[1:] == mine[1:]  # the same numbers at the same places ...
    assert shifted[0] != mine[0]  # ... and yet another statement


# Real proofs


def times_weight() -> Circuit:
    """output = weight * row; the commitments are squares, so that the circuit stays tiny."""
    cs = Builder()
    ctx, task = cs.public("ctx"), cs.public("task")
    row_commitment, model = cs.output("row_commitment"), cs.output("model")
    output = cs.output("output")
    row, weight = cs.private("row"), cs.private("weight")
    cs.mul(ctx, ctx)
    cs.mul(task, task)
    cs.define(row_commitment, cs.mul(row, row))
    cs.define(model, cs.mul(weight, weight))
    cs.define(output, cs.mul(weight, row))
    return cs.build()


class WeightChain(TaskChain):
    """The key of `times_weight`, with a program for each of the weights 3 and 5. Results are proven and verified."""

    def __init__(self, circuit: Circuit, proving: ProvingKey, key: bytes) -> None:
        super().__init__()
        self.circuit, self.proving = circuit, proving
        vk_id = RegisterKey(Blob(key), None).vk_id
        self.three, self.five = (
            RegisterProgram(
                vk_id,
                Hash(bytes(32)),
                Blob(b"weight"),
                Uint(0),
                INFERENCE_COMMITTED_MODEL,
                Uint(1),
                bound=True,
                model=FieldElement(weight * weight),
            )
            for weight in (3, 5)
        )
        assert self.do(OWNER, RegisterKey(Blob(key), None), self.three, self.five).code == OK
        self.verifier = DirectVerifier(lambda wanted: key_bytes(self.view, wanted))

    def asked(self, program: RegisterProgram, row: int = 7) -> ObjectId:
        return self.locked(program=program.program, input_commitment=FieldElement(row * row))

    def proven(self, task: ObjectId, weight: int, row: int = 7) -> Envelope:
        """The envelope that says what `weight` makes of the row, with a true proof of that."""
        model, outputs = FieldElement(weight * weight), (FieldElement(weight * row),)
        draft = self.result(task, model=model, outputs=outputs, proof=NO_PROOF)
        inputs = settle_inputs(self.envelope(PROVIDER, draft), draft)
        witness = self.circuit.solve({"ctx": [inputs[0]], "task": [inputs[1]], "row": [row], "weight": [weight]})
        assert witness.public == inputs
        proof = ProofBytes(compress_proof(self.proving.prove(write_wtns(witness))))
        return self.envelope(PROVIDER, replace(draft, proof=proof))

    def submit(self, envelope: Envelope) -> int:
        return self.block(self.sign(PROVIDER, envelope))[0].code


@pytest.fixture(scope="module")
def made() -> tuple[Circuit, ProvingKey, bytes]:
    circuit = times_weight()
    proving, verifying = setup(write_r1cs(circuit))
    return circuit, proving, compress_key(verifying)


@pytest.fixture
def weights(made: tuple[Circuit, ProvingKey, bytes]) -> WeightChain:
    return WeightChain(*made)


def test_one_key_settles_tasks_of_several_models(weights: WeightChain) -> None:
    assert key_id(key_bytes(weights.view, weights.three.vk_id)) == weights.five.vk_id
    for program, weight in ((weights.three, 3), (weights.five, 5)):
        task = weights.asked(program)
        assert weights.submit(weights.proven(task, weight)) == OK
        result = weights.task(task).result
        assert result is not None and result.outputs == (weight * 7,)


def test_a_true_proof_about_another_model_of_the_same_key_pays_nothing(weights: WeightChain) -> None:
    """It verifies, so the block is valid; but the task is not settled, as it asked for another model."""
    task = weights.asked(weights.three)
    assert weights.submit(weights.proven(task, 5)) == WrongModel.code
    assert weights.state_of(task) == state.LOCKED


def test_a_proof_about_another_model_does_not_become_one_about_this_one(weights: WeightChain) -> None:
    task = weights.asked(weights.three)
    envelope = weights.proven(task, 5)
    (result,) = envelope.actions
    assert isinstance(result, Settle)
    relabelled = replace(envelope, actions=(replace(result, model=FieldElement(9)),))
    with pytest.raises(FalseEvidence):
        weights.submit(relabelled)
    assert weights.state_of(task) == state.LOCKED


def test_a_program_cannot_pass_the_model_off_as_an_output(weights: WeightChain) -> None:
    """A program for the same key without a commitment is another program, whose results show which model was run."""
    disguised = replace(
        weights.three, statement=INFERENCE, model=None, outputs=Uint(2), manifest=weights.three.manifest
    )
    assert disguised.program not in (weights.three.program, weights.five.program)
    assert weights.do(OTHER, disguised).code == OK
    task = weights.asked(disguised)
    with pytest.raises(WrongModel):
        weights.check(PROVIDER, weights.result(task, model=FieldElement(9), outputs=(FieldElement(21),)))


def test_a_name_that_is_no_statement_is_refused(chain: TaskChain) -> None:
    with pytest.raises(StatementUnknown, match="inference-committed-model"):
        chain.check(OWNER, replace(program_of(2, model=MODEL), statement=Name("inference-committed")))
