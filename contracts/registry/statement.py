"""The kinds of statement that a program may prove, and how many public inputs each has."""

from typing import Final

from chain.types.scalars import FieldElement, Name
from contracts.registry.errors import ModelCommitmentMissing, ModelCommitmentUnexpected, StatementUnknown

INFERENCE: Final = Name("inference")  # the model's numbers are constants of the circuit
INFERENCE_COMMITTED_MODEL: Final = Name("inference-committed-model")  # they are witness, behind a public commitment
STATEMENTS: Final = (INFERENCE, INFERENCE_COMMITTED_MODEL)

_BOUND_INPUTS: Final = 3  # ctx, task, input commitment; contracts/tasks/statement.py builds them
_UNBOUND_INPUTS: Final = 1  # input commitment


def public_inputs(statement: Name, outputs: int, bound: bool) -> int:
    """The number of public inputs: what the statement leads with, then the outputs. Raises StatementUnknown."""
    if statement not in STATEMENTS:
        raise StatementUnknown(statement, STATEMENTS)
    committed = statement == INFERENCE_COMMITTED_MODEL  # one more input, after the input commitment
    return (_BOUND_INPUTS if bound else _UNBOUND_INPUTS) + committed + outputs


def check_model(statement: Name, model: FieldElement | None) -> None:
    """A program names its model's commitment if and only if its statement has one.

    Raises ModelCommitmentMissing or ModelCommitmentUnexpected.
    """
    if statement == INFERENCE_COMMITTED_MODEL and model is None:
        raise ModelCommitmentMissing(statement)
    if statement != INFERENCE_COMMITTED_MODEL and model is not None:
        raise ModelCommitmentUnexpected(statement, INFERENCE_COMMITTED_MODEL)
