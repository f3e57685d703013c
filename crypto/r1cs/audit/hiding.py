"""Part of test 1: what a salt must hide is not the same under another salt.

An output that stays as it is when nothing but the salt changes could be guessed and compared. Two that move together
share a pad: their difference says how what they hide differs.
"""

from collections.abc import Sequence
from itertools import combinations

from crypto.field import SCALAR_FIELD
from crypto.r1cs.audit.subject import AuditSubject
from crypto.r1cs.circuit import Inputs, Witness


def shown(subject: AuditSubject, inputs: Inputs) -> list[tuple[str, int]]:
    """What the salts do not hide in this case: a sentence and the output cell. Raises what solving raises."""
    before = subject.circuit.solve(inputs)
    after = subject.circuit.solve({name: _other(v) if name in subject.salts else v for name, v in inputs.items()})
    names = subject.hidden or tuple(subject.circuit.outputs)
    signals = [(cell, f"{name}[{i}]") for name in names for i, cell in enumerate(subject.circuit.outputs[name])]
    moved = {cell: _moved(before, after, cell) for cell, _ in signals}
    found = [(f"output {name} is the same under another salt", cell) for cell, name in signals if not moved[cell]]
    for (left, left_name), (right, right_name) in combinations(signals, 2):
        if moved[left] and moved[left] == moved[right]:
            found.append((f"outputs {left_name} and {right_name} are hidden by the same pad", right))
    return found


def _moved(before: Witness, after: Witness, cell: int) -> int:
    return (after.cells[cell] - before.cells[cell]) % SCALAR_FIELD


def _other(salt: int | Sequence[int]) -> int | list[int]:
    """Another salt: any that is not this one would do."""
    return (salt + 1) % SCALAR_FIELD if isinstance(salt, int) else [(value + 1) % SCALAR_FIELD for value in salt]
