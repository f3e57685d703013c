"""What an auditor does with a permit: opens every run of the epochs that it covers, and adds up.

That each note holds what its slip says is proven by the run itself; who it belongs to says the address that an employee
shows. What is left to check is that no run is missing, and what the sums are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from chain.execution.action import Action
from client.notes.address import Address
from compute.confidential.keys import DataKeys
from compute.dsl.reading import written_values
from contracts.confidential.call import Call
from contracts.confidential.queries import ContractView
from examples.contracts.payroll.contract import Payroll


class RunMissing(Exception):
    """The runs that were shown do not follow each other."""

    def __init__(self, after: int, found: int) -> None:
        super().__init__(f"after run {after} comes run {found}; read all blocks of the time, and in order.")
        self.after, self.found = after, found


@dataclass(frozen=True, slots=True)
class Run:
    """One run. salaries: by owner, as notes name them; paid: all salaries since the contract began."""

    number: int
    month: int
    salaries: tuple[tuple[int, int], ...]
    paid: int

    @property
    def total(self) -> int:
        return sum(amount for _, amount in self.salaries)


def runs(keys: DataKeys, payroll: ContractView, actions: Iterable[Action]) -> list[Run]:
    """The runs among actions of final blocks, in their order. `payroll` must show their epochs.

    Raises RunMissing, and OutsidePermit for a run of an epoch that the permit does not cover.
    """
    found: list[Run] = []
    for action in actions:
        if isinstance(action, Call) and action.contract == payroll.contract and action.method == "run":
            books: Any = written_values(Payroll.compiled, keys, payroll, action)["books"]
            salaries = tuple(zip(books["owners"], books["amounts"], strict=True))
            found.append(Run(books["runs"], books["month"], salaries, books["paid"]))
    for before, after in pairwise(found):
        if (after.number, after.paid) != (before.number + 1, before.paid + after.total):
            raise RunMissing(before.number, after.number)
    return found


def earned(found: Iterable[Run], employee: Address) -> int:
    """What an employee got in these runs, all to the address that he shows."""
    return sum(amount for run in found for owner, amount in run.salaries if owner == employee.owner)
