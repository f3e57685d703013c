"""A model that can be proven: its statement, what is said of it, and a committed model's weights."""

import os
from dataclasses import dataclass, field
from typing import Final

from chain.types.scalars import FieldElement
from client.inference import Entropy, fresh_salt
from compute.zkml.inference import ENCRYPTED, Inference, Weights, model_commitment
from compute.zkml.manifest import Manifest, manifest_of
from compute.zkml.model import QuantisedModel
from compute.zkml.quantise import Quantised

MAX_RESULT_ELEMENTS: Final = 28  # a proof has at most 32 public inputs: ctx, task and two commitments come before


@dataclass(frozen=True, slots=True)
class Provable:
    """Whoever has this can prove the model; of a committed model it is a secret."""

    statement: Inference
    manifest: Manifest
    weights: Weights | None = field(default=None, repr=False)

    @property
    def model(self) -> QuantisedModel:
        return self.statement.model

    @property
    def commitment(self) -> FieldElement | None:
        """What stands on chain of a committed model's weights, None where they stand in the circuit."""
        return None if self.weights is None else FieldElement(model_commitment(self.model, self.weights))


def provable(
    quantised: Quantised,
    *,
    rows: int = 1,
    results: str = ENCRYPTED,
    keyed: bool = False,
    entropy: Entropy = os.urandom,
) -> Provable:
    """A quantised model under a statement: how many rows go into a proof, and what becomes of the results."""
    model = quantised.model
    statement = Inference(model, rows, results, keyed=keyed)
    weights = Weights(tuple(model.secrets.tolist()), fresh_salt(entropy)) if model.committed else None
    return Provable(statement, manifest_of(quantised, statement), weights)
