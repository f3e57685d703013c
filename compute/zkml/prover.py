"""Proves results of one model: the integer reference says what comes out, the circuit proves it, nothing else leaves.

Used from threads: the native library releases the interpreter lock, and keys are loaded once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from chain.execution.statement import id_element
from chain.types.scalars import FieldElement, ProofBytes
from client.inference import PrivateInput
from client.wallet import Signing
from compute.dev_keys import CircuitKeys
from compute.zkml.errors import ReferenceMismatch
from compute.zkml.inference import Inference, Private, circuit_inputs
from compute.zkml.model import QuantisedModel
from contracts.tasks.actions import Settle
from contracts.tasks.state import Task
from contracts.tasks.statement import settle_inputs
from crypto.groth16 import PreparedKey, compress_proof, verify
from crypto.r1cs.wtns_file import write_wtns

KEY_NAME: Final = "inference"
NO_PROOF: Final = ProofBytes(bytes(128))


@dataclass(frozen=True, slots=True)
class Proven:
    """A result's elements, encrypted for the requester, and the compressed proof (128 bytes) that they are right."""

    outputs: tuple[FieldElement, ...]
    proof: ProofBytes


class InferenceProver:
    """A model with its circuit's keys."""

    def __init__(self, model: QuantisedModel, keys: CircuitKeys) -> None:
        """Raises what preparing a verifying key raises (a Groth16Error)."""
        self.model, self.keys = model, keys
        self._statement = Inference(model)
        self._verifying = PreparedKey(keys.verifying)

    def outputs(self, task_element: int, row: Sequence[int], salt: int) -> tuple[FieldElement, ...]:
        """What a proof will make public of this row, by the integer reference. Raises WrongRowLength, ValueTooWide."""
        public = self._statement.compute(0, task_element, Private(tuple(row), salt))
        return tuple(FieldElement(element) for element in public.ciphertext)

    def prove(self, ctx: int, task_element: int, row: Sequence[int], salt: int) -> Proven:
        """A proof for one task, verified here before it is given out.

        Raises ReferenceMismatch, a CircuitError for a row that cannot be proven, a Groth16Error.
        """
        expected = self._statement.compute(ctx, task_element, Private(tuple(row), salt)).signals()
        witness = self.keys.circuit.solve(circuit_inputs(ctx, task_element, row, salt))
        for position, (said, computed) in enumerate(zip(expected, witness.public, strict=True)):
            if said != computed:
                raise ReferenceMismatch(position)
        proof = compress_proof(self.keys.proving.prove(write_wtns(witness)))
        verify(self._verifying, proof, expected)
        outputs = tuple(FieldElement(element) for element in expected[-self.elements :])
        return Proven(outputs, ProofBytes(proof))

    @property
    def elements(self) -> int:
        """Field elements of a result."""
        return len(self.keys.circuit.outputs["ct"])


class ResultProver(Protocol):
    """What a result needs of a prover, in this process or in another: see InferenceProver."""

    def outputs(self, task_element: int, row: Sequence[int], salt: int) -> tuple[FieldElement, ...]: ...

    def prove(self, ctx: int, task_element: int, row: Sequence[int], salt: int) -> Proven: ...


def prove_result(prover: ResultProver, signing: Signing, task: Task, secret: PrivateInput) -> Settle:
    """The action that settles a task locked at its present lock epoch, proven for the account that signs.

    It must be sent as the only action of its transaction, whose nonce, expiry and fees may still be chosen: ctx names
    neither. Raises as `InferenceProver.prove`.
    """
    element = id_element(task.id)
    outputs = prover.outputs(element, secret.row, secret.salt)
    draft = Settle(task.id, task.vk_id, task.lock_epoch, task.terms.input_commitment, None, outputs, NO_PROOF)
    ctx = settle_inputs(signing.envelope([draft], nonce=0, expiry_height=0, fee_limit=0), draft)[0]
    return replace(draft, proof=prover.prove(ctx, element, secret.row, secret.salt).proof)
