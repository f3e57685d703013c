"""Aliases of field elements: a transaction with the field order added to one element, signed as if it were right.

x and x + r are the same element to a sloppy decoder, and a second spelling of a nullifier or commitment to a ledger.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any, Final, get_args, get_origin, get_type_hints

from chain.codec import decode_plain, encode
from chain.types.scalars import FieldElement
from chain.types.transaction import Transaction
from crypto import domains
from crypto.field import SCALAR_FIELD
from crypto.hashing import tagged_hash
from crypto.keys import SecretKey

Path = tuple[int, ...]
_ENVELOPE: Final = 1  # place of the envelope in a signed transaction
_SIGNATURE: Final = 2
_ACTIONS: Final = 9  # place of the actions in an envelope, after its version
_HEAD: Final = 2  # tag and version before an action's fields


def with_field_order_added(transaction: Transaction, secret: SecretKey) -> Iterator[tuple[Path, bytes]]:
    """For each field element of each action: its path, and the signed bytes in which it stands as x + r."""
    for number, action in enumerate(transaction.envelope.actions):
        for path in field_paths(action, _HEAD):
            place = (_ENVELOPE, _ACTIONS, number, *path)
            yield place, _resigned(transaction.raw, place, secret)


def field_paths(struct: Any, head: int = 1) -> Iterator[Path]:
    """Where field elements stand in the plain form of a wire struct; `head` entries come before its fields."""
    hints = get_type_hints(type(struct))
    for index, entry in enumerate(dataclasses.fields(struct)):
        for path in _within(hints[entry.name], getattr(struct, entry.name)):
            yield (head + index, *path)


def _within(hint: Any, value: Any) -> Iterator[Path]:
    if hint is FieldElement:
        yield ()
    elif get_origin(hint) is tuple:
        for index, item in enumerate(value):
            for path in _within(get_args(hint)[0], item):
                yield (index, *path)
    elif dataclasses.is_dataclass(value):
        yield from field_paths(value)


def _resigned(raw: bytes, place: Path, secret: SecretKey) -> bytes:
    plain = decode_plain(raw)
    holder = plain
    for index in place[:-1]:
        holder = holder[index]
    holder[place[-1]] = (int.from_bytes(holder[place[-1]], "big") + SCALAR_FIELD).to_bytes(32, "big")
    plain[_SIGNATURE] = bytes(secret.sign(tagged_hash(domains.TRANSACTION, encode(plain[_ENVELOPE]))))
    return encode(plain)
