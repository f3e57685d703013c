"""Ids of what actions create: from (sender, nonce, action index), never from proof bytes, which are malleable."""

from chain.codec import encode
from chain.types.scalars import AccountId, Nonce, ObjectId
from crypto import domains
from crypto.hashing import tagged_hash


def object_id(sender: AccountId, nonce: Nonce, index: int) -> ObjectId:
    """The id of the object (task, contract, model) that the action at `index` of that transaction creates."""
    return ObjectId(tagged_hash(domains.OBJECT_ID, encode([1, sender, nonce, index])))
