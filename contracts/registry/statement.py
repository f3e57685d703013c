"""The kinds of statement that a program may prove, and how many public inputs each has."""

from typing import Final

from chain.types.scalars import Name
from contracts.registry.errors import StatementUnknown

INFERENCE: Final = Name("inference")
STATEMENTS: Final = (INFERENCE,)

_BOUND_INPUTS: Final = 3  # ctx, task, input commitment; contracts/tasks/statement.py builds them
_UNBOUND_INPUTS: Final = 1  # input commitment


def public_inputs(statement: Name, outputs: int, bound: bool) -> int:
    """The number of public inputs: what the statement leads with, then the outputs. Raises StatementUnknown."""
    if statement not in STATEMENTS:
        raise StatementUnknown(statement, STATEMENTS)
    return (_BOUND_INPUTS if bound else _UNBOUND_INPUTS) + outputs
