"""What a result's proof says: the public inputs of its statement, from the action and its envelope alone.

Bound:   ctx, task, input commitment, outputs. The circuit constrains ctx and task, so the proof pays its maker alone.
Unbound: input commitment, outputs. The circuit was made elsewhere and knows no ctx.
With "inference-committed-model" the model commitment stands between input commitment and outputs.
Source: protocol.md, "Statements: what a proof says is decided by the node".
"""

from typing import TYPE_CHECKING, Final, Union

from chain.execution.action import GROTH16, Claim, Effect
from chain.execution.statement import context_element, id_element
from chain.types.scalars import FieldElement
from crypto.field import FIELD_BYTES

if TYPE_CHECKING:
    from chain.types.transaction import Envelope
    from contracts.tasks.actions import Settle, SettleUnbound

COMPONENT: Final = "tasks"
SETTLE: Final = "settle"
SETTLE_UNBOUND: Final = "settle_unbound"


def settle_inputs(envelope: "Envelope", action: "Settle") -> tuple[FieldElement, ...]:
    """The public inputs of a bound result. They depend on all of the envelope but not on any proof in it."""
    ctx = context_element(envelope, COMPONENT, action.task, SETTLE, action.vk_id, (action.lock_epoch,))
    return (ctx, id_element(action.task), *_about_result(action))


def settle_claim(envelope: "Envelope", action: "Settle") -> Claim:
    return Claim(GROTH16, action.vk_id, settle_inputs(envelope, action), action.proof)


def unbound_claim(action: "SettleUnbound") -> Claim:
    return Claim(GROTH16, action.vk_id, _about_result(action), action.proof)


def effect(action: Union["Settle", "SettleUnbound"], method: str) -> Effect:
    """What other proofs of the same transaction are bound to: this result, without its ctx."""
    fields = (id_element(action.task), action.input_commitment, *action.outputs)
    model = b"" if action.model is None else action.model.to_bytes(FIELD_BYTES, "big")
    return Effect(action.task, method, action.vk_id, fields, model)


def _about_result(action: Union["Settle", "SettleUnbound"]) -> tuple[FieldElement, ...]:
    model = () if action.model is None else (action.model,)
    return (action.input_commitment, *model, *action.outputs)
