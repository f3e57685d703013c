"""Receipts: what became of a transaction. Code, fee and typed events enter the root; message texts never do."""

from dataclasses import dataclass
from typing import Final

from chain.codec import encode, wire
from chain.execution.action import Event
from chain.types.scalars import Amount, Hash, Uint, WorkUnits
from crypto.merkle import merkle_root

OK: Final = Uint(0)


@wire()
@dataclass(frozen=True, slots=True)
class Receipt:
    """code 0: all actions applied; else the code of the rule that failed, with the actions undone and the fee kept."""

    code: Uint
    fee: Amount  # what was paid: the tip, and what was burnt
    work: WorkUnits
    events: tuple[Event, ...]


def receipts_root(receipts: tuple[Receipt, ...]) -> Hash:
    """Merkle root (RFC 6962 shape) over the encoded receipts, in block order."""
    return Hash(merkle_root([encode(receipt) for receipt in receipts]))
