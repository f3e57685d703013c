"""Whether a task is worth its lock, from what the chain says of it alone; the input is looked at afterwards."""

from dataclasses import dataclass
from typing import Final

from chain.execution.fees import ENVELOPE_WRITES
from chain.params import Params
from chain.types.scalars import Amount, Height
from compute.worker.pace import Pace
from compute.worker.settings import WorkerSettings
from contracts.registry.state import Program
from contracts.registry.statement import INFERENCE, public_inputs
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
    fees = fee_work(market.params, program.outputs) * market.base_fee
    if paid <= fees:
        return Objection(f"pays {paid} after burn and royalty, fees are {fees}", final=False)
    return None


def objection_to_time(
    task: Task, market: Market, pace: Pace, queued_seconds: float, settings: WorkerSettings
) -> Objection | None:
    """A lock whose proof may come too late costs its collateral. queued_seconds: of proofs that come first."""
    own = pace.proof_seconds(task.terms.program)
    needed = pace.heights_needed(own + queued_seconds / settings.provers) + settings.safety_heights
    left = task.terms.lock_deadline - market.height
    if left < needed:
        return Objection(f"{left} heights left to the lock's deadline, {needed} needed", final=queued_seconds == 0)
    return None


def fee_work(params: Params, outputs: int) -> int:
    """Work units of a lock and a settlement with so many outputs, each as a transaction of its own."""
    prices = params.prices
    writes = Lock.writes + Settle.writes + 2 * ENVELOPE_WRITES
    inputs = public_inputs(INFERENCE, outputs, bound=True)
    work = writes * prices.write + 2 * prices.signature + _BUCKETS * prices.bytes_bucket
    return work + Lock.work + Settle.work + prices.groth16 + inputs * prices.groth16_input
