"""Train on private data, prove every step, and let somebody who sees commitments only check the whole run.

python examples/proven_training.py                           # logistic regression on breast cancer, 12 proven steps
python examples/proven_training.py --hidden 8 --batch 8      # a perceptron 30-8-1
python examples/proven_training.py --steps 40 --unproven 28  # the first 28 steps are only computed

Three parties in one process: the owner has rows and weights; a beacon comes after the owner's commitments; the verifier
has the commitments, the beacon, the claims, and the verifying key. Nothing here needs a node.
"""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from compute.dev_keys import DevKeys
from compute.zkml.training import floats, tumours
from compute.zkml.training.dataset import Dataset
from compute.zkml.training.prover import TrainingProver
from compute.zkml.training.run import TrainingRun, verify_run
from compute.zkml.training.shape import DataShape
from compute.zkml.training.spec import StepSpec
from compute.zkml.training.step import SgdStep

CTX, TASK = 0, 0  # on a chain ctx binds each proof to its transaction, and task to its task


@dataclass(frozen=True, slots=True)
class Outcome:
    """Held-out loss and accuracy before and after, and of the same training in floating point."""

    loss_before: float
    loss_after: float
    loss_float: float
    accuracy: float
    accuracy_float: float
    proof_bytes: int


def train(spec: StepSpec, steps: int, unproven: int, home: Path) -> Outcome:
    """Commits, trains, proves and verifies; prints what each party sees."""
    rows, held_out = tumours.split_tables()
    statement = SgdStep(spec)
    data = Dataset.of(spec.data, rows.quantised(spec.data), rows.labels.tolist())
    first = tumours.initial_weights(spec.hidden, spec.weights)
    start = perf_counter()
    prover = TrainingProver(DevKeys(home).get("sgd-step", statement.constrain))
    print(f"a step has {len(prover.keys.circuit.constraints)} constraints; setup took {perf_counter() - start:.1f} s")

    beacon = os.urandom(32)  # on a chain it is the chain's, and comes after the commitments
    run = TrainingRun(statement, data, beacon, first)
    print(f"the owner commits to {run.record.rows} rows in {len(run.record.batches)} minibatches: {run.record.root:#x}")
    for _ in range(unproven):
        run.advance(run.private())
    committed, claims = run.commitment, []
    for step in range(unproven, steps):
        start = perf_counter()
        claims.append(run.prove(prover, CTX, TASK))
        print(f"step {step}: proven in {perf_counter() - start:.2f} s, loss {_loss(spec, run.weights, held_out):.4f}")

    end = verify_run(statement, prover.verifying, run.record, beacon, committed, claims, unproven)
    print(f"the verifier: {len(claims)} steps lead from weights {committed:#x} to {end:#x}")
    real = floats.real_weights(first, spec.weights.fraction)
    exact = floats.train(spec, run.record, beacon, (rows.rows, rows.labels), steps, real)
    logits = floats.scores(spec.hidden, exact, held_out.rows)
    return Outcome(
        loss_before=_loss(spec, first, held_out),
        loss_after=_loss(spec, run.weights, held_out),
        loss_float=floats.log_loss(logits, held_out.labels),
        accuracy=floats.accuracy(statement.network.scores(run.weights, held_out.quantised(spec.data)), held_out.labels),
        accuracy_float=floats.accuracy(logits, held_out.labels),
        proof_bytes=sum(len(claim.proof) for claim in claims),
    )


def _loss(spec: StepSpec, weights: tuple[int, ...], table: tumours.Table) -> float:
    """Log-loss of integer weights, which only the owner can compute."""
    real = floats.real_weights(weights, spec.weights.fraction)
    return floats.log_loss(floats.scores(spec.hidden, real, table.rows), table.labels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--unproven", type=int, default=0, help="steps that are computed without a proof first")
    parser.add_argument("--batch", type=int, default=32, help="rows of a minibatch, a power of two")
    parser.add_argument("--hidden", type=int, default=0, help="ReLU units; 0 is logistic regression")
    arguments = parser.parse_args()
    spec = StepSpec(DataShape(tumours.FEATURES, arguments.batch), arguments.hidden)
    with TemporaryDirectory() as home:
        outcome = train(spec, arguments.steps, arguments.unproven, Path(home))
    print(f"held-out loss {outcome.loss_before:.4f} -> {outcome.loss_after:.4f} (float {outcome.loss_float:.4f})")
    print(f"held-out accuracy {outcome.accuracy:.3f} (float {outcome.accuracy_float:.3f})")
    print(f"proofs: {outcome.proof_bytes} bytes")


if __name__ == "__main__":
    main()
