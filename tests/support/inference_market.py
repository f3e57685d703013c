"""A market in this process: a chain with real proofs, a published small model, a requester, and workers to come."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chain.types.scalars import Amount, ObjectId
from client.inference import PrivateInput, open_input
from client.market import TaskState, get_task
from client.provider import provider_encryption_key, registration
from client.wallet import Wallet
from compute.dev_keys import CircuitKeys
from compute.worker.events import Report, WorkerEvent
from compute.worker.settings import WorkerSettings
from compute.worker.worker import NewsSource, Worker
from compute.zkml.buyer import Buyer, Offer
from compute.zkml.prover import InferenceProver, prove_result
from compute.zkml.publish import Listing, Published, publish
from compute.zkml.receipt import Receipt
from contracts.tasks.actions import Lock, Settle
from tests.support.chain_rpc import ChainRpc
from tests.support.small_chain import CLU, secret
from tests.support.small_models import SMALL

REQUESTER, OWNER, PROVIDER, OTHER = 1, 2, 3, 4
NAME = "small"
ROW = (0.0, 3.5, 7.5)
OFFER = Offer(Amount(10_000_000), Amount(20_000_000), ramp=5, lock_within=50, end_within=100)
SETTINGS = WorkerSettings(bond=10 * CLU, min_price=1_000, poll_ms=50, safety_heights=0, drain_seconds=5)


@dataclass
class Market:
    """Its people are numbered as on a SmallChain."""

    rpc: ChainRpc
    models: Path
    keys: CircuitKeys
    published: Published
    events: list[WorkerEvent] = field(default_factory=list)

    async def buyer(self, receipts: Path | None = None) -> Buyer:
        return Buyer(await self.rpc.wallet(REQUESTER), receipts=receipts)

    async def post(self, row: tuple[float, ...] = ROW, offer: Offer = OFFER) -> Receipt:
        """The requester asks for a row, sealed to whoever is bonded."""
        buyer = await self.buyer()
        return await buyer.post(await buyer.order(NAME, offer), row)

    async def bond(self, person: int) -> Wallet:
        wallet = await self.rpc.wallet(person)
        await wallet.submit([registration(secret(person), Amount(10 * CLU), Amount(1))])
        return wallet

    async def lock(self, wallet: Wallet, task: ObjectId) -> TaskState:
        await wallet.submit([Lock(task)])
        return await get_task(self.rpc, task)

    def open(self, state: TaskState, person: int) -> PrivateInput:
        assert state.input is not None
        key, manifest = provider_encryption_key(secret(person)), SMALL.manifest
        account = secret(person).public
        return open_input(state.task, state.input, account, key, manifest.features, manifest.input_bits)  # type: ignore[arg-type]

    def prove(self, wallet: Wallet, state: TaskState, person: int) -> Settle:
        prover = InferenceProver(SMALL, self.keys)
        return prove_result(prover, wallet, state.task, self.open(state, person))

    def make_worker(
        self, person: int = PROVIDER, report: Report | None = None, news: NewsSource | None = None, **changes: Any
    ) -> Worker:
        """A worker by whose clock a block takes a second, however fast this machine is."""
        return Worker(
            secret(person),
            self.rpc,
            replace(SETTINGS, **changes),
            self.models,
            inputs=self.inputs,
            report=report or self.events.append,
            news=news or self.rpc.news,
            clock=lambda: float(self.rpc.chain.height),
        )

    @asynccontextmanager
    async def worker(self, person: int = PROVIDER, **options: Any) -> AsyncIterator[Worker]:
        """A worker that runs while the body does, then drains."""
        worker = self.make_worker(person, **options)
        running = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            worker.stop()
            await running

    async def until(self, kind: str, count: int = 1) -> WorkerEvent:
        """The count-th event of a kind, once it has happened."""
        return await eventually(lambda: next(iter(self.told(kind)[count - 1 : count]), None))

    @property
    def inputs(self) -> Path:
        """Where a worker looks for files of rows."""
        return self.models.parent / "inputs"

    def told(self, kind: str) -> list[WorkerEvent]:
        return [event for event in self.events if event.kind == kind]


@asynccontextmanager
async def open_market(models: Path, keys: CircuitKeys, **params: object) -> AsyncIterator[Market]:
    """A running chain on which the model is published and its key active."""
    rpc = ChainRpc(**params)
    async with rpc.running():
        listing = Listing(NAME, "1", "three features")
        published = await publish(await rpc.wallet(OWNER), SMALL, keys, listing, models)
        yield Market(rpc, models, keys, published)


async def eventually(look: Callable[[], Any], seconds: float = 60) -> Any:
    """What `look` sees, once it sees something."""
    async with asyncio.timeout(seconds):
        while True:
            if found := look():
                return found
            await asyncio.sleep(0.005)
