"""The statement "training step": a committed minibatch takes committed weights to other committed weights.

Public:  ctx, task, batch commitment, commitment of the weights before, commitment of the weights after.
Private: rows, labels and salt of the minibatch; weights before; both salts.
Model, learning rate, decay and all widths are constants of the circuit. Which minibatch it had to be follows from
public values outside of the circuit (`DatasetRecord.batch_index`): a verifier passes the commitment that the beacon
picks. On the chain the batch commitment is the task's input commitment. Source: zkml.md, training step.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from compute.zkml.training.commitments import (
    batch_inputs,
    commit_weights,
    constrain_batch,
    constrain_weights,
    constrain_weights_commitment,
)
from compute.zkml.training.dataset import Batch
from compute.zkml.training.errors import TrainingError
from compute.zkml.training.linear import Linear
from compute.zkml.training.network import Network
from compute.zkml.training.perceptron import Perceptron
from compute.zkml.training.spec import StepSpec
from compute.zkml.training.update import updates
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Inputs


@dataclass(frozen=True, slots=True)
class StepPublic:
    """The public inputs, in order."""

    ctx: int
    task: int
    batch: int
    before: int
    after: int

    def signals(self) -> tuple[int, ...]:
        return (self.ctx, self.task, self.batch, self.before, self.after)


@dataclass(frozen=True, slots=True)
class StepPrivate:
    """The witness: a minibatch with its salt, and the weights before with the salts of both their commitments."""

    batch: Batch
    weights: tuple[int, ...]
    salt_before: int
    salt_after: int


class SgdStep:
    """The statement for one specification, written twice: `check` in plain integers, `constrain` as a circuit."""

    def __init__(self, spec: StepSpec) -> None:
        """Raises PiecewiseShape."""
        self.spec = spec
        if spec.hidden:
            self.network: Network = Perceptron(spec)
        else:
            table = spec.sigmoid.table(spec.weights.fraction + spec.data.input_fraction)
            self.network = Linear(spec.data, spec.weights, table)
        self._updates = updates(spec, self.network.gradient_fractions)

    def next_weights(self, weights: Sequence[int], batch: Batch) -> tuple[int, ...]:
        """The weights after a step. Raises WrongCount, NumberRefused, WeightLeavesRange."""
        batch.require(self.spec.data, self.spec.data.batch)
        self.spec.weights.require_all(weights, self.network.weight_count)
        gradient = self.network.gradient(weights, batch.rows, batch.labels)
        triples = zip(self._updates, weights, gradient, strict=True)
        return tuple(update.apply(place, w, g) for place, (update, w, g) in enumerate(triples))

    def compute(self, ctx: int, task: int, private: StepPrivate) -> StepPublic:
        """What a proof about `private` makes public. Raises WrongCount, NumberRefused, WeightLeavesRange."""
        shape = self.spec.weights
        after = self.next_weights(private.weights, private.batch)
        return StepPublic(
            ctx,
            task,
            private.batch.commitment(self.spec.data),
            commit_weights(shape, private.weights, private.salt_before),
            commit_weights(shape, after, private.salt_after),
        )

    def check(self, public: StepPublic, private: StepPrivate) -> bool:
        """Whether `public` follows from `private`. True of any ctx and task."""
        try:
            return public == self.compute(public.ctx, public.task, private)
        except TrainingError:
            return False

    def constrain(self) -> Circuit:
        """The same statement as a circuit; the three commitments are its outputs."""
        spec, cs = self.spec, Builder()
        ctx, task = cs.public("ctx"), cs.public("task")
        outputs = [cs.output(name) for name in ("batch", "before", "after")]
        cs.bind(ctx)
        cs.bind(task)
        batch = constrain_batch(cs, spec.data, spec.data.batch)
        salts = [cs.private("salt before"), cs.private("salt after")]
        with cs.scope("weights"):
            weights = constrain_weights(cs, spec.weights, self.network.weight_count)
        gradient = self.network.constrain(cs, weights, batch.rows, batch.labels)
        with cs.scope("update"):
            triples = zip(self._updates, weights, gradient, strict=True)
            after = [update.constrain(cs, w, g) for update, w, g in triples]
        with cs.scope("commit"):
            commitments = [batch.commitment]
            for vector, salt in zip((weights, after), salts, strict=True):
                commitments.append(constrain_weights_commitment(cs, spec.weights, vector, salt))
            for output, commitment in zip(outputs, commitments, strict=True):
                cs.define(output, commitment)
        return cs.build()

    @staticmethod
    def inputs(ctx: int, task: int, private: StepPrivate) -> Inputs:
        """What the circuit's solver is given."""
        return {
            "ctx": ctx,
            "task": task,
            **batch_inputs(private.batch),
            "weights": private.weights,
            "salt before": private.salt_before,
            "salt after": private.salt_after,
        }
