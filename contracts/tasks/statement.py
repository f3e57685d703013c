"""What a result's proof says: the public inputs of the statement "inference", from the action and its envelope alone.

Bound:   ctx, task, input commitment, outputs. The circuit constrains ctx and task, so the proof pays its maker alone.
Unbound: input commitment, outputs. The circuit was made elsewhere and knows no ctx.
Source: protocol.md, "Statements: what a proof says is decided by the node".
"""

from typing import TYPE_CHECKING, Final, Union

from chain.execution.action import GROTH16, Claim, Effect
from chain.execution.statement import context_element, id_element
from chain.types.scalars import FieldElement

if TYPE_CHECKING:
    from chain.types.transaction import Envelope
    from contracts.tasks.actions import Settle, SettleUnbound

COMPONENT: Final = "tasks"
SETTLE: Final = "settle"
SETTLE_UNBOUND: Final = "settle_unbound"


def settle_inputs(envelope: "Envelope", action: "Settle") -> tuple[FieldElement, ...]:
    """The public inputs of a bound result. They depend on all of the envelope but not on any proof in it."""
    ctx = context_element(envelope, COMPONENT, action.task, SETTLE, action.vk_id, (action.lock_epoch,))
    return (ctx, id_element(action.task), action.input_commitment, *action.outputs)


def settle_claim(envelope: "Envelope", action: "Settle") -> Claim:
    return Claim(GROTH16, action.vk_id, settle_inputs(envelope, action), action.proof)


def unbound_claim(action: "SettleUnbound") -> Claim:
    return Claim(GROTH16, action.vk_id, (action.input_commitment, *action.outputs), action.proof)


def effect(action: Union["Settle", "SettleUnbound"], method: str) -> Effect:
    """What other proofs of the same transaction are bound to: this result, without its ctx."""
    fields = (id_element(action.task), action.input_commitment, *action.outputs)
    return Effect(action.task, method, action.vk_id, fields, b"")
