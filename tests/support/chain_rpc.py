"""An RPC client straight into a SmallChain with real proofs: the node's own methods, without a node or a network.

What is submitted is checked as ingress would, then waits for a block. While `running`, a block is made as soon as
something waits; heights pass by nothing else, so that no deadline depends on how fast a test runs.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

from chain.codec import to_json
from chain.execution import accounts, fees
from chain.execution.context import ExecutionContext
from chain.state.overlay import Overlay
from chain.types.receipt import Receipt
from chain.types.scalars import NATIVE, AccountId, AssetId, TxHash, VkId
from chain.types.transaction import Transaction
from client.errors import RpcFailed
from client.rpc import Call, RpcClient
from client.subscription import News
from client.wallet import Wallet
from contracts.registry.state import key_bytes
from crypto.errors import ClusterError
from node.parts import Node
from node.rpc.asset_methods import AssetMethods
from node.rpc.contract_methods import ContractMethods
from node.rpc.errors import NotFound
from node.rpc.method import AddressBytes, Count, Hex32, HexBytes, MethodTable
from node.rpc.note_methods import NoteMethods
from node.rpc.staking_methods import StakingMethods
from tests.support.direct_verifier import DirectVerifier
from tests.support.small_chain import CHAIN_ID, SmallChain, secret

GATHER_SECONDS = 0.002


class ChainRpc(RpcClient):
    """Speaks to a chain in this process. `refuse` holds errors to raise at the next calls of a method, once each."""

    def __init__(self, **params: object) -> None:
        super().__init__("memory://chain")
        self.chain = SmallChain(verifier=DirectVerifier(lambda vk_id: self._key(vk_id)), **params)
        self.refuse: dict[str, list[Exception]] = {}
        self.submitted: list[Transaction] = []
        self._waiting: list[Transaction] = []
        self._receipts: dict[TxHash, dict[str, Any]] = {}
        self._final: dict[TxHash, Transaction] = {}
        self._listeners: list[asyncio.Queue[Any]] = []
        self._due = asyncio.Event()
        self.on_block: Callable[[], object] = lambda: None
        self._methods = MethodTable({**self._contract_methods(), **self._own_methods()})

    async def wallet(self, person: int) -> Wallet:
        return await Wallet.open(secret(person), self)

    async def call(self, method: str, /, **params: Any) -> Any:
        planned = self.refuse.get(method)
        if planned:
            raise planned.pop(0)
        found = self._methods.find(method)
        given = {name: _json(value) for name, value in params.items() if value is not None}
        try:
            return await found.handler(**found.bind(given))
        except ClusterError as error:
            raise RpcFailed(error.code, str(error), {"code": error.code, "name": type(error).__name__}) from error

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        results: list[Any] = []
        for call in calls:
            try:
                results.append(await self.call(call.method, **call.params))
            except RpcFailed as failed:
                results.append(failed)
        return results

    def block(self) -> list[Receipt]:
        """A block of everything that waits and still passes; listeners hear its task events."""
        chosen, self._waiting = self._waiting, []
        receipts = self.chain.block(*chosen)
        for index, (transaction, receipt) in enumerate(zip(chosen, receipts, strict=True)):
            place = {"height": self.chain.height, "index": index, "receipt": to_json(receipt)}
            self._receipts[transaction.hash] = place
            self._final[transaction.hash] = transaction
        for event in [event for receipt in receipts for event in receipt.events] + list(self.chain.closing_events):
            for listener in self._listeners:
                listener.put_nowait({"height": self.chain.height, "type": event.name, **to_json(event)})
        self.on_block()
        return receipts

    def pass_to(self, height: int) -> None:
        """Blocks until `height` is the last one."""
        while self.chain.height < height:
            self.block()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ChainRpc"]:
        """Blocks with what was submitted come by themselves while the body runs."""
        task = asyncio.create_task(self._tick())
        try:
            yield self
        finally:
            task.cancel()

    async def news(self) -> AsyncIterator[News]:
        """What `subscribe(url, "tasks")` gives."""
        queue: asyncio.Queue[Any] = asyncio.Queue()
        self._listeners.append(queue)
        gap = True
        while True:
            yield News("tasks", await queue.get(), gap)
            gap = False

    async def _tick(self) -> None:
        while True:
            await self._due.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._due.clear()
            self.block()

    def _key(self, vk_id: VkId) -> bytes:
        return key_bytes(self.chain.view, vk_id)

    def _contract_methods(self) -> Mapping[str, Any]:
        chain = self.chain

        class Ledger:
            @property
            def view(self) -> Any:
                return chain.view

        node = cast(Node, SimpleNamespace(ledger=Ledger()))
        methods = (AssetMethods, ContractMethods, NoteMethods, StakingMethods)
        return {name: each for group in methods for name, each in group(node).table().items()}

    def _own_methods(self) -> Mapping[str, Any]:
        return {
            "chain_status": self._status,
            "chain_getAccount": self._account,
            "chain_getReceipt": self._receipt,
            "chain_getBlock": self._block,
            "chain_getTransaction": self._transaction,
            "tx_submit": self._submit,
        }

    async def _status(self) -> Any:
        """As node/rpc/chain_methods.py, what clients read of it."""
        chain = self.chain
        return {
            "chain_id": CHAIN_ID,
            "genesis_hash": "0x" + chain.chain.genesis_hash.hex(),
            "fork_id": "0x" + chain.next_block.fork.id.hex(),
            "height": chain.height,
            "base_fee": str(fees.read_base_fee(chain.view)),
            "params": to_json(chain.params),
        }

    async def _account(self, address: AddressBytes, after: Hex32 | None = None) -> Any:
        """Balance, nonce, next nonce; balances of assets, one a page."""
        account = accounts.read_account(self.chain.view, AccountId(address))
        queued = sum(1 for transaction in self._waiting if transaction.sender == address)
        assets = list(accounts.assets_of(self.chain.view, AccountId(address), AssetId(after or NATIVE)))
        return {
            "balance": str(account.balance),
            "nonce": account.nonce,
            "next_nonce": account.nonce + queued,
            "assets": [{"asset": "0x" + asset.hex(), "balance": str(balance)} for asset, balance in assets[:1]],
            "more_assets": len(assets) > 1,
        }

    async def _receipt(self, hash: Hex32) -> Any:
        """The receipt of a final transaction."""
        found = self._receipts.get(TxHash(hash))
        if found is None:
            raise NotFound("transaction", "0x" + hash.hex())
        return found

    async def _block(self, height: Count) -> Any:
        """Header and transactions of a height."""
        if not 1 <= height <= self.chain.height:
            raise NotFound("block", str(height))
        final = self._receipts.items()
        return {
            "header": to_json(self.chain.headers[height - 1]),
            "transactions": ["0x" + hash_.hex() for hash_, place in final if place["height"] == height],
        }

    async def _transaction(self, hash: Hex32) -> Any:
        """The bytes of a final transaction."""
        return {"raw": "0x" + self._final[TxHash(hash)].raw.hex()}

    async def _submit(self, transaction: HexBytes) -> Any:
        """Admit, as ingress does: rules of state first, then evidence, then the queue."""
        decoded = Transaction.decode(transaction, self.chain.chain.application.unions)
        overlay = Overlay(self.chain.view)
        for index, action in enumerate(decoded.envelope.actions):
            context = ExecutionContext(self.chain.next_block, decoded.envelope, index)
            action.check(overlay, context)
            action.execute(overlay, context)
        self.chain.verifier.require([claim for claims in decoded.claims for claim in claims])
        self.submitted.append(decoded)
        self._waiting.append(decoded)
        self._due.set()
        return {"hash": "0x" + decoded.hash.hex()}


def _json(value: Any) -> Any:
    return "0x" + bytes(value).hex() if isinstance(value, bytes | bytearray) else value
