"""What a proof of a shielded transfer says: its public inputs, built by the node from the action and its envelope.

The circuit names its public signals in this order.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chain.codec import encode
from chain.execution.action import GROTH16, Claim, Effect
from chain.execution.statement import context_element, id_element
from chain.types.scalars import Blob, FieldElement, ProofBytes
from crypto.field import FIELD_BYTES
from crypto.groth16.encoding import COMPRESSED_PROOF_BYTES
from crypto.notes import POOL_ELEMENTS

if TYPE_CHECKING:
    from chain.types.transaction import Envelope
    from contracts.shielded.actions import Transfer

COMPONENT: Final = "shielded"
NO_PROOF: Final = ProofBytes(bytes(COMPRESSED_PROOF_BYTES))  # stands where a proof cannot be about itself
TRANSFER: Final = "transfer"
INPUTS: Final = 2  # notes that a transfer spends; one that does not exist has value zero
OUTPUTS: Final = 2  # notes that it makes
TRANSFER_SIZE: Final = 8 + INPUTS + OUTPUTS * (1 + POOL_ELEMENTS)  # public inputs, ctx included: 22


def transfer_inputs(action: "Transfer") -> tuple[FieldElement, ...]:
    """pool, root, nf0, nf1, asset, taken, paid + fee, E.x, E.y, cm0, ct0[5], cm1, ct1[5]: all but ctx.

    asset is 0 for the native token, and when nothing enters or leaves: then it is nobody's business. Amounts are below
    2**63 and paid + fee below 2**64, so no sum of a circuit's 64-bit values with them wraps.
    """
    fields = [
        id_element(action.pool),
        action.root,
        *action.nullifiers,
        id_element(action.asset),
        FieldElement(action.taken),
        FieldElement(action.paid + action.fee),
        action.ephemeral.x,
        action.ephemeral.y,
    ]
    for output in action.outputs:
        fields += [output.commitment, *output.ciphertext]
    return tuple(fields)


def transfer_effect(action: "Transfer") -> Effect:
    """Its data is the whole transfer without its proof and its padding: nothing of it is bound by less."""
    bare = replace(action, padding=Blob(b""), proof=NO_PROOF)
    return Effect(action.pool, TRANSFER, action.vk_id, transfer_inputs(action), encode(bare))


def transfer_claim(action: "Transfer", envelope: "Envelope") -> Claim:
    """The nullifiers guard: a pool takes each once."""
    guard = tuple(nullifier.to_bytes(FIELD_BYTES, "big") for nullifier in action.nullifiers)
    ctx = context_element(envelope, COMPONENT, action.pool, TRANSFER, action.vk_id, guard)
    return Claim(GROTH16, action.vk_id, (ctx, *transfer_inputs(action)), action.proof)
