"""Many proofs at once, on several threads. Why no random linear combination: docs/decisions/groth16-batch.md."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from crypto.groth16.errors import Groth16Error
from crypto.groth16.native import PreparedKey
from crypto.groth16.verify import verify

DEFAULT_THREADS: Final = 2


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One proof with its key and public inputs, as `verify` takes them."""

    key: PreparedKey
    proof: bytes
    inputs: tuple[int, ...]


def verify_batch(items: Sequence[BatchItem], threads: int = DEFAULT_THREADS) -> list[bool]:
    """Whether `verify` accepts each item, in order. Each stands alone; ask `verify` why one was refused."""
    if threads <= 1 or len(items) <= 1:
        return [_holds(item) for item in items]
    with ThreadPoolExecutor(min(threads, len(items)), thread_name_prefix="groth16") as pool:
        return list(pool.map(_holds, items))


def _holds(item: BatchItem) -> bool:
    try:
        verify(item.key, item.proof, item.inputs)
    except Groth16Error:
        return False
    return True
