"""Ids of what actions create: from what stands in one transaction only, never from proof bytes, which are malleable."""

from chain.codec import encode
from chain.types.scalars import AccountId, Nonce, ObjectId
from crypto import domains
from crypto.hashing import tagged_hash


def object_id(sender: AccountId, nonce: Nonce, index: int) -> ObjectId:
    """The id of the object (task, contract, model) that the action at `index` of that transaction creates."""
    return ObjectId(tagged_hash(domains.OBJECT_ID, encode([1, sender, nonce, index])))


def proof_paid_object_id(unique: bytes, index: int) -> ObjectId:
    """The same for a transaction that is paid by a proof; `unique` is the first nullifier of the action that pays."""
    return ObjectId(tagged_hash(domains.OBJECT_ID, encode([2, unique, index])))
