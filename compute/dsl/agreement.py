"""A call put to both forms of its method: plain integers and circuit must say the same.

What this finds would be a mistake of the language's own; tests and every plain call look for it.
"""

from typing import Final

from compute.dsl.compiled import CompiledMethod
from compute.dsl.errors import DslError
from compute.dsl.execution import Numbers, Outcome, Situation, circuit_inputs, execute, signals
from compute.dsl.refusals import ArgumentRefused, CallRefused
from crypto.r1cs.errors import CircuitError

CTX: Final = 1  # any


class Disagreement(DslError):
    """A circuit does not say what the plain execution of its method says."""

    code = 6432

    def __init__(self, method: str, problem: str) -> None:
        super().__init__(f"{method}: {problem}. This is a mistake in the language; please report the contract.")
        self.method, self.problem = method, problem


def run(method: CompiledMethod, situation: Situation, *, checked: bool = True) -> Outcome:
    """The call in plain integers and, if checked, in the circuit.

    Raises a CallRefused, ArgumentRefused, and Disagreement.
    """
    try:
        outcome = execute(method, situation)
    except (CallRefused, ArgumentRefused):
        if checked and proven_signals(method, situation) is not None:
            raise Disagreement(method.name, "the circuit accepts what plain execution refuses") from None
        raise
    if checked:
        computed = proven_signals(method, situation)
        if computed is None:
            raise Disagreement(method.name, "the circuit refuses what plain execution accepts")
        if computed != signals(method, situation, outcome, CTX):
            raise Disagreement(method.name, "circuit and plain execution make different values public")
    return outcome


def proven_signals(method: CompiledMethod, situation: Situation) -> Numbers | None:
    """The public signals that the circuit computes for a call, None if it has no witness."""
    try:
        witness = method.circuit.solve(circuit_inputs(method, situation, CTX))
        method.circuit.check(witness)
    except CircuitError:
        return None
    return witness.public
