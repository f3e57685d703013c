"""A run of proven steps: each begins with the weights that the last ended with, on the minibatch of the beacon."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from compute.zkml.training.commitments import commit_weights
from compute.zkml.training.dataset import Dataset, DatasetRecord, Entropy, fresh_salt
from compute.zkml.training.errors import RunRefused, SpecUnusable
from compute.zkml.training.prover import TrainingProver
from compute.zkml.training.step import SgdStep, StepPrivate, StepPublic
from crypto.groth16 import FalseProof, PreparedKey, verify


@dataclass(frozen=True, slots=True)
class StepClaim:
    """A proven step as it is published."""

    public: StepPublic
    proof: bytes


class TrainingRun:
    """The owner's side of a run. `weights` are those after `step` steps; `commitment` is theirs."""

    def __init__(
        self, statement: SgdStep, data: Dataset, beacon: bytes, weights: Sequence[int], entropy: Entropy = os.urandom
    ) -> None:
        """Raises SpecUnusable if the data set has another shape than the statement."""
        if data.shape != statement.spec.data:
            raise SpecUnusable("the data set's shape", data.shape, str(statement.spec.data))
        self.statement, self.record, self.weights, self.step = statement, data.record, tuple(weights), 0
        self._data, self._beacon, self._entropy = data, beacon, entropy
        self._salt = fresh_salt(entropy)

    @property
    def commitment(self) -> int:
        """To be published before the beacon is known. Raises NumberRefused."""
        return commit_weights(self.statement.spec.weights, self.weights, self._salt)

    def private(self) -> StepPrivate:
        """The witness of the next step, with a fresh salt for the weights after it. Raises TooFewRows."""
        batch = self._data.batches[self.record.batch_index(self._beacon, self.step)]
        return StepPrivate(batch, self.weights, self._salt, fresh_salt(self._entropy))

    def advance(self, private: StepPrivate) -> None:
        """Takes the step, proven or not. Raises as `SgdStep.next_weights`."""
        self.weights = self.statement.next_weights(private.weights, private.batch)
        self._salt = private.salt_after
        self.step += 1

    def prove(self, prover: TrainingProver, ctx: int, task: int) -> StepClaim:
        """Proves the next step and takes it. Raises as `TrainingProver.prove` and `SgdStep.compute`."""
        private = self.private()
        public = self.statement.compute(ctx, task, private)
        proof = prover.prove(public.signals(), self.statement.inputs(ctx, task, private))
        self.advance(private)
        return StepClaim(public, proof)


def verify_run(
    statement: SgdStep,
    key: PreparedKey,
    record: DatasetRecord,
    beacon: bytes,
    start: int,
    claims: Sequence[StepClaim],
    first: int = 0,
) -> int:
    """The commitment of the weights to which the claimed steps lead from `start`, if all of it is true.

    The claims are of the steps first, first + 1, ... under the beacon. `key` must be the verifying key of the
    statement's circuit, `record` have the root that was published, and `beacon` be younger than that. Whether each
    claim's ctx and task are what they should be is for the caller to compare. Raises RunRefused, TooFewRows.
    """
    if record.shape != statement.spec.data:
        raise RunRefused(0, "the data set has another shape than the statement")
    weights = start
    for step, claim in enumerate(claims, start=first):
        public = claim.public
        if public.batch != record.batches[record.batch_index(beacon, step)]:
            raise RunRefused(step, "its minibatch is not the one that the beacon picks")
        if public.before != weights:
            raise RunRefused(step, "it does not begin with the weights that the step before ended with")
        try:
            verify(key, claim.proof, public.signals())
        except FalseProof as error:
            raise RunRefused(step, "its proof is false") from error
        weights = public.after
    return weights
