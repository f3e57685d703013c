"""What anybody sees of a run without reading a byte: sizes and numbers of all that is sent, stored, charged, answered.

JSON writes field elements in decimal, so the digits of a ciphertext say how long it is: an answer's length in bytes is
a matter of what stands in the open on the chain. Here an element counts with all digits that one can have.
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from chain.codec import encode
from chain.state.keys import Key
from chain.state.store import MemoryStore
from chain.types.receipt import Receipt
from chain.types.transaction import Transaction
from client.rpc import Call
from crypto.field import SCALAR_FIELD
from tests.support.chain_rpc import ChainRpc
from tests.support.direct_verifier import ClaimTable

Shape = tuple[Any, ...]

ELEMENT = re.compile(r'"[0-9]{60,77}"')  # of fewer digits are none but by a chance of 10**-16
FULL = f'"{SCALAR_FIELD - 1}"'


class ShapeRpc(ChainRpc):
    """A node whose chain believes every proof, and that notes the shape of all that passes through it."""

    def __init__(self) -> None:
        super().__init__()
        self.chain.verifier = ClaimTable(credulous=True)
        self.chain.store = _Writes(self.chain.store.iterate(Key(b"")))
        self.seen: list[Shape] = []
        self._polled = False

    def block(self) -> list[Receipt]:
        """Transactions as they are gossiped and charged, their events, and all that the block writes."""
        waiting = list(self._waiting)
        receipts = super().block()
        assert isinstance(self.chain.store, _Writes)
        shapes = [_transaction_shape(*pair) for pair in zip(waiting, receipts, strict=True)]
        self.seen.append(("block", *shapes, *self.chain.store.taken()))
        return receipts

    async def call(self, method: str, /, **params: Any) -> Any:
        answer = await super().call(method, **params)
        if not self._polled:
            self.seen.append((method, *sorted(params), len(ELEMENT.sub(FULL, json.dumps(answer)))))
        return answer

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        """How often a wallet asks whether its transaction is final is a matter of time alone."""
        self._polled = True
        try:
            return await super().batch(calls)
        finally:
            self._polled = False


class _Writes(MemoryStore):
    """State that remembers the sizes of what is written."""

    def __init__(self, entries: Iterable[tuple[Key, bytes]]) -> None:
        super().__init__(tuple(entries))
        self._sizes: list[Shape] = []

    def apply(self, changes: Iterable[tuple[Key, bytes | None]]) -> None:
        written = list(changes)
        # by the component's prefix and by sizes: the rest of a key is ids, hashes, nullifiers
        self._sizes = sorted((_prefix(key), len(key), -1 if value is None else len(value)) for key, value in written)
        super().apply(written)

    def taken(self) -> list[Shape]:
        return self._sizes


def _prefix(key: bytes) -> bytes:
    return key.split(b"/", 1)[0]


def _transaction_shape(transaction: Transaction, receipt: Receipt) -> Shape:
    events = tuple((event.name, len(encode(event))) for event in receipt.events)
    inputs = tuple(len(claim.inputs) for claims in transaction.claims for claim in claims)
    return (
        tuple(action.name for action in transaction.envelope.actions),
        len(transaction.raw),
        inputs,
        receipt.work,
        receipt.fee,
        receipt.code,
        len(encode(receipt)),
        events,
    )
