"""JSON shapes that several methods share. Everything else is `chain.codec.to_json` of the record itself."""

from typing import Any

from chain.codec import to_json
from chain.types.receipt import Receipt
from chain.types.transaction import Transaction


def transaction_json(transaction: Transaction) -> dict[str, Any]:
    """Hash, envelope with its actions, signature and exact bytes."""
    return {
        "hash": "0x" + transaction.hash.hex(),
        **to_json(transaction.envelope),
        "signature": "0x" + transaction.signature.hex(),
        "raw": "0x" + transaction.raw.hex(),
    }


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """code, fee, work, events; each event led by its type."""
    return to_json(receipt)
