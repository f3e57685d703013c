"""Methods that take transactions and show the mempool."""

import asyncio

from chain.types.transaction import transaction_hash
from node.hub import BlockFinal
from node.ingress import Admission
from node.parts import Node
from node.rpc.errors import InvalidParams, NotCommittedInTime
from node.rpc.method import Declared, HexBytes, Json, Text
from node.rpc.shapes import receipt_json

ADMITTED = Text("admitted")


class TransactionMethods:
    """tx_* and mempool_*"""

    def __init__(self, node: Node) -> None:
        self._node = node

    def table(self) -> dict[str, Declared]:
        return {
            "tx_submit": self.submit,
            "tx_simulate": self.simulate,
            "mempool_status": self.mempool_status,
        }

    async def submit(self, transaction: HexBytes, wait: Text = ADMITTED) -> Json:
        """Submit a signed transaction; wait "admitted" answers after all checks, "committed" with its receipt."""
        if wait not in ("admitted", "committed"):
            raise InvalidParams("wait", '"admitted" or "committed"', repr(wait))
        hash_ = transaction_hash(transaction)
        with self._node.hub.awaiting(hash_) as final:
            admission = await self._node.ingress.admit(transaction, None)
            self._node.relay.publish_transaction(transaction)
            if wait == "admitted":
                return _admitted(admission)
            seconds = self._node.config.rpc.wait_committed_seconds
            try:
                async with asyncio.timeout(seconds):
                    news, index = await final
            except TimeoutError:
                raise NotCommittedInTime("0x" + hash_.hex(), seconds) from None
        return {**_admitted(admission), **_outcome(news, index)}

    async def simulate(self, transaction: HexBytes) -> Json:
        """Run every check of tx_submit on a signed transaction without submitting it; what it would cost now."""
        return _admitted(await self._node.ingress.simulate(transaction))

    async def mempool_status(self) -> Json:
        """How many transactions wait here, and their bytes."""
        return {"count": len(self._node.mempool), "bytes": self._node.mempool.bytes}


def _admitted(admission: Admission) -> dict[str, Json]:
    hash_ = "0x" + admission.transaction.hash.hex()
    return {"hash": hash_, "work": admission.work, "fee": str(admission.fee)}


def _outcome(news: BlockFinal, index: int) -> dict[str, Json]:
    return {"height": news.block.height, "index": index, "receipt": receipt_json(news.receipts[index])}
