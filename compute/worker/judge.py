"""Whether a task is worth its lock, from what the chain says of it alone; the input is looked at afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chain.execution.fees import ENVELOPE_WRITES
from chain.params import Params
from chain.types.scalars import MAX_UINT, Amount, Height
from compute.worker.pace import LOCK_HEIGHTS, Pace
from compute.worker.settings import WorkerSettings
from contracts.registry.state import Program
from contracts.registry.statement import public_inputs
from contracts.tasks.actions import Lock, Settle
from contracts.tasks.state import PROOF, Task
from contracts.tasks.transitions import split

_BUCKETS: Final = 8  # a lock has one bucket of bytes, a result of 32 elements seven


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a task is left alone. A final one will hold as long as the task lives; others may pass."""

    reason: str
    final: bool


@dataclass(frozen=True, slots=True)
class Market:
    """The chain as it is now."""

    height: Height
    base_fee: Amount
    params: Params


def objection_to_terms(task: Task, market: Market, settings: WorkerSettings) -> Objection | None:
    """What speaks against a task before its program is known."""
    terms = task.terms
    if terms.evidence_kind != PROOF:
        return Objection(f"evidence kind {terms.evidence_kind}", final=True)
    if terms.collateral > settings.max_collateral:
        return Objection(f"collateral {terms.collateral} above {settings.max_collateral}", final=True)
    price = terms.price_at(task.opened_at, Height(market.height + 1))
    if price < settings.min_price:
        return Objection(f"price {price} below {settings.min_price}", final=terms.price_end < settings.min_price)
    return None


def objection_to_profit(task: Task, program: Program, market: Market) -> Objection | None:
    """What a lock now would pay must be more than the fees for the lock and the result."""
    price = task.terms.price_at(task.opened_at, Height(market.height + 1))
    paid = split(price, market.params.settlement_burn_bps, program.royalty_bps).paid
    fees = fee_work(market.params, program) * market.base_fee
    if paid <= fees:
        return Objection(f"pays {paid} after burn and royalty, fees are {fees}", final=False)
    return None


@dataclass(frozen=True, slots=True)
class Promise:
    """A proof that a lock of ours waits for: what it will take, and the last height for it."""

    seconds: float
    deadline: Height


def lock_by(task: Task, pace: Pace, promised: Sequence[Promise], settings: WorkerSettings) -> Height:
    """The last height for a lock: after it, this proof or one that is promised already might come too late.

    Proofs may be made in any order, so all of them together must fit before the earliest deadline: the longest, and
    what the provers share of the others (Graham's bound for list scheduling).
    """
    proofs = [pace.proof_seconds(task.terms.program), *(promise.seconds for promise in promised)]
    seconds = max(proofs) + (sum(proofs) - max(proofs)) / settings.provers
    deadline = min(task.terms.lock_deadline, *(promise.deadline for promise in promised), MAX_UINT)
    return Height(deadline - pace.heights_to_settle(seconds) - settings.safety_heights)


def objection_to_time(
    task: Task, market: Market, pace: Pace, promised: Sequence[Promise], settings: WorkerSettings
) -> Objection | None:
    """A lock whose proof may come too late costs its collateral."""
    latest = lock_by(task, pace, promised, settings)
    if market.height + LOCK_HEIGHTS > latest:
        reason = f"a lock after height {latest} might miss a deadline, this is {market.height}"
        return Objection(reason, final=not promised)
    return None


def fee_work(params: Params, program: Program) -> int:
    """Work units of a lock and a settlement of a bound program's task, each as a transaction of its own."""
    prices = params.prices
    writes = Lock.writes + Settle.writes + 2 * ENVELOPE_WRITES
    inputs = public_inputs(program.statement, program.outputs, bound=True)
    work = writes * prices.write + 2 * prices.signature + _BUCKETS * prices.bytes_bucket
    return work + Lock.work + Settle.work + prices.groth16 + inputs * prices.groth16_input
