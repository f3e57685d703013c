"""The model that the contract asks, from its file; how a customer's row becomes what a report holds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from compute.confidential.prover import CircuitSource
from compute.dsl.model import Model
from compute.zkml.model_file import read_model
from compute.zkml.provable import Provable
from compute.zkml.prover import KEY_NAME

FILE: Final = Path(__file__).parent / "model.msgpack"
MODEL: Final[Provable] = read_model(FILE)
SCORING: Final = Model(MODEL)
THRESHOLD: Final = 4_967  # of the score: odds of 7 to 3 that a loan is paid back, in the model's units

# Of the model's own proofs, whose key is registered with it. The contract's circuits are others, with these weights.
INFERENCE: Final = CircuitSource(KEY_NAME, MODEL.statement.constrain)


def score(features: Sequence[int]) -> int:
    """What the model says of a report's features: the higher, the better."""
    return MODEL.model.logits(features)[0]


def best() -> list[int]:
    """The features of the best customer that there could be."""
    nobody = [0] * SCORING.features
    rising = (score([255 * (place == raised) for place in range(len(nobody))]) for raised in range(len(nobody)))
    return [255 if raised > score(nobody) else 0 for raised in rising]
