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
from compute.zkml.inference import Private, Public
from compute.zkml.provable import Provable
from contracts.tasks.actions import Settle
from contracts.tasks.state import Task
from contracts.tasks.statement import settle_inputs
from crypto.groth16 import PreparedKey, compress_proof, verify
from crypto.r1cs.circuit import Witness
from crypto.r1cs.wtns_file import write_wtns

KEY_NAME: Final = "inference"
NO_PROOF: Final = ProofBytes(bytes(128))


@dataclass(frozen=True, slots=True)
class Proven:
    """A result's elements, the compressed proof (128 bytes) that they are right, and all its public inputs."""

    outputs: tuple[FieldElement, ...]
    proof: ProofBytes
    signals: tuple[int, ...]


class InferenceProver:
    """A model with its circuit's keys."""

    def __init__(self, provable: Provable, keys: CircuitKeys) -> None:
        """Raises what preparing a verifying key raises (a Groth16Error)."""
        self.provable, self.keys = provable, keys
        self._verifying = PreparedKey(keys.verifying)

    @property
    def commitment(self) -> FieldElement | None:
        """Of a committed model's weights."""
        return self.provable.commitment

    def outputs(self, task_element: int, rows: Sequence[int], salt: int) -> tuple[FieldElement, ...]:
        """What a proof will make public of these rows, by the integer reference. Raises as `Inference.compute`."""
        public = self.provable.statement.compute(0, task_element, Private(tuple(rows), salt))
        return tuple(FieldElement(element) for element in public.outputs)

    def prove(self, ctx: int, task_element: int, rows: Sequence[int], salt: int) -> Proven:
        """A proof for one task, verified here before it is given out; rows are encoded, one after the other.

        Raises ReferenceMismatch, a CircuitError for a row that cannot be proven, a Groth16Error.
        """
        public, witness = self._solve(ctx, task_element, rows, salt)
        proof = compress_proof(self.keys.proving.prove(write_wtns(witness)))
        verify(self._verifying, proof, public.signals())
        return Proven(tuple(map(FieldElement, public.outputs)), ProofBytes(proof), public.signals())

    def require_provable(self, task_element: int, rows: Sequence[int], salt: int) -> None:
        """Finds a witness, and no proof. Raises ReferenceMismatch, WrongRowLength, a CircuitError where none is."""
        self._solve(0, task_element, rows, salt)

    @property
    def elements(self) -> int:
        """Field elements of a result."""
        return self.provable.statement.elements

    def _solve(self, ctx: int, task_element: int, rows: Sequence[int], salt: int) -> tuple[Public, Witness]:
        statement, private = self.provable.statement, Private(tuple(rows), salt)
        public = statement.compute(ctx, task_element, private, self.provable.weights)
        witness = self.keys.circuit.solve(statement.inputs(public, private, self.provable.weights))
        for position, (said, computed) in enumerate(zip(public.signals(), witness.public, strict=True)):
            if said != computed:
                raise ReferenceMismatch(position)
        return public, witness


class ResultProver(Protocol):
    """What a result needs of a prover, in this process or in another: see InferenceProver."""

    @property
    def commitment(self) -> FieldElement | None: ...

    def outputs(self, task_element: int, rows: Sequence[int], salt: int) -> tuple[FieldElement, ...]: ...

    def require_provable(self, task_element: int, rows: Sequence[int], salt: int) -> None: ...

    def prove(self, ctx: int, task_element: int, rows: Sequence[int], salt: int) -> Proven: ...


def prove_result(prover: ResultProver, signing: Signing, task: Task, secret: PrivateInput) -> Settle:
    """The action that settles a task locked at its present lock epoch, proven for the account that signs.

    It must be sent as the only action of its transaction, whose nonce, expiry and fees may still be chosen: ctx names
    neither. Raises as `InferenceProver.prove`.
    """
    element, model = id_element(task.id), prover.commitment
    outputs = prover.outputs(element, secret.row, secret.salt)
    draft = Settle(task.id, task.vk_id, task.lock_epoch, task.terms.input_commitment, model, outputs, NO_PROOF)
    ctx = settle_inputs(signing.envelope([draft], nonce=0, expiry_height=0, fee_limit=0), draft)[0]
    return replace(draft, proof=prover.prove(ctx, element, secret.row, secret.salt).proof)
