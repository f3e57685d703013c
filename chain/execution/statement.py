"""ctx: the first public input of every proof, which binds it to one chain, object, method, key, actor and moment.

Source: protocol.md, "Statements: what a proof says is decided by the node".
"""

from typing import TYPE_CHECKING, Final

from chain.codec import encode
from chain.types.scalars import NOBODY, FieldElement, Hash, ObjectId, VkId
from crypto import domains
from crypto.hashing import tagged_hash

if TYPE_CHECKING:
    from chain.types.transaction import Envelope

STATEMENT_VERSION: Final = 1
MAX_PUBLIC_INPUTS: Final = 32


def effects_digest(envelope: "Envelope") -> Hash:
    """SHA-256 over every effect that the transaction's proof-carrying actions say, in order, without their ctx."""
    effects = [
        [effect.object, effect.method, effect.vk_id, [x.to_bytes(32, "big") for x in effect.fields], effect.data]
        for index, action in enumerate(envelope.actions)
        for effect in action.effects(envelope, index)
    ]
    return Hash(tagged_hash(domains.EFFECTS, encode([STATEMENT_VERSION, effects])))


def context_element(
    envelope: "Envelope", component: str, object_: ObjectId, method: str, vk_id: VkId, guard: tuple[int | bytes, ...]
) -> FieldElement:
    """ctx as a field element: 31 bytes of the domain-separated hash, big-endian.

    guard makes the proof work once: a task's lock epoch, a register's versions, the nullifiers of notes (32 bytes
    each, as a number of the guard is below 2**64), else the nonce.
    """
    fields = [
        STATEMENT_VERSION,
        envelope.chain_id,
        envelope.genesis_hash,
        envelope.fork_id,
        component,
        object_,
        method,
        vk_id,
        envelope.sender,
        list(guard),
        envelope.effects_digest,
    ]
    return FieldElement(int.from_bytes(tagged_hash(domains.CONTEXT, encode(fields))[:31], "big"))


def id_element(identifier: bytes) -> FieldElement:
    """A 32-byte id, which is a hash, as a field element: its first 31 bytes, big-endian (248 bits still resist)."""
    return FieldElement(int.from_bytes(identifier[:31], "big"))


def account_element(account: bytes) -> FieldElement:
    """An account as a field element: 31 bytes of a hash of all its 32. The 32 zero bytes, nobody's key, are 0.

    A key is no hash: with its own first 31 bytes whoever proves a payment could choose the last one, and so pay nobody.
    """
    if account == NOBODY:
        return FieldElement(0)
    return FieldElement(int.from_bytes(tagged_hash(domains.ACCOUNT_ELEMENT, account)[:31], "big"))
