"""Fees: per class, never per content. The base fee moves with block fullness and is burnt; the tip is the proposer's.

Source: protocol.md, "Transactions, fees"; EIP-1559 for the movement of the base fee.
"""

from collections.abc import Sequence
from typing import Final

from chain import amount
from chain.codec import decode, encode
from chain.execution.accounts import Holding
from chain.execution.action import GROTH16, Claim
from chain.params import Params
from chain.state import keys
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Amount, WorkUnits
from chain.types.transaction import Transaction

BUCKET_BYTES: Final = 256
BASE_FEE_CHANGE_DENOMINATOR: Final = 8
ENVELOPE_WRITES: Final = 1  # the sender's account: nonce and fee


def transaction_work(transaction: Transaction, params: Params) -> WorkUnits:
    """Work units of a transaction, from its size and its actions' classes, before anything is verified."""
    prices = params.prices
    buckets = -(-len(transaction.raw) // BUCKET_BYTES)
    writes = ENVELOPE_WRITES + sum(action.state_writes() for action in transaction.envelope.actions)
    work = buckets * prices.bytes_bucket + prices.signature + writes * prices.write
    work += sum(action.extra_work() for action in transaction.envelope.actions)
    return WorkUnits(work + sum(evidence_work(claims, params) for claims in transaction.claims))


def evidence_work(claims: Sequence[Claim], params: Params) -> WorkUnits:
    """Work units of verifying what claims carry."""
    prices = params.prices
    proofs = [claim for claim in claims if claim.kind == GROTH16]
    return WorkUnits(sum(prices.groth16 + len(claim.inputs) * prices.groth16_input for claim in proofs))


def read_base_fee(view: View) -> Amount:
    """nano-CLU per work unit in the block being built or executed."""
    raw = view.get(keys.BASE_FEE)
    if raw is None:
        raise LookupError("state holds no base fee: genesis was not applied")
    return decode(Holding, raw).balance


def write_base_fee(overlay: Overlay, base_fee: Amount) -> None:
    overlay.put(keys.BASE_FEE, encode(Holding(base_fee)))


def next_base_fee(base_fee: Amount, work: WorkUnits, params: Params) -> Amount:
    """The base fee after a block of `work`: up or down by at most 1/8, at least one step when off target (EIP-1559)."""
    target = params.target_block_work
    if work == target:
        return base_fee
    if work > target:
        rise = base_fee * (work - target) // target // BASE_FEE_CHANGE_DENOMINATOR
        return amount.add(base_fee, Amount(max(rise, 1)))
    fall = base_fee * (target - work) // target // BASE_FEE_CHANGE_DENOMINATOR
    return Amount(max(base_fee - fall, params.min_base_fee))


def base_cost(work: WorkUnits, base_fee: Amount) -> int:
    """What a transaction of `work` burns, in nano-CLU; no amount yet, as nobody may have so much."""
    return work * base_fee
