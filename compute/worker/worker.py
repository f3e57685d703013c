"""The provider daemon: watch, judge, check the input, lock, run, prove, submit; and rescue what others let expire.

All of its memory is on chain: a worker that was killed asks for its locked tasks when it comes back, and goes on. News
only wake it up; what is to be done is read from state each time, so nothing depends on having heard every event.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from chain.types.scalars import ObjectId
from client.errors import NotAnRpc, RpcFailed, Unreachable
from client.market import TaskState, list_tasks
from client.provider import provider_encryption_key
from client.results import chain_status
from client.rpc import RpcClient
from client.subscription import News, subscribe
from client.wallet import Wallet
from compute.proving_pool import ProvingPool
from compute.worker.events import Report, WorkerEvent
from compute.worker.job import Bench, load_model, patiently, work_on
from compute.worker.judge import Market, Objection, objection_to_terms
from compute.worker.pace import Pace
from compute.worker.registration import ensure_registered
from compute.worker.settings import WorkerSettings
from compute.worker.shelf import Clock, Shelf
from contracts.tasks.events import LockForfeited, TaskOpened
from contracts.tasks.state import LOCK_EXPIRED, LOCKED, OPEN
from crypto.errors import ClusterError
from crypto.keys import SecretKey

MAX_LISTED: Final = 200
MAX_REMEMBERED: Final = 10_000
OWN_LOCKS_SECONDS: Final = 20.0  # how often our locks are looked through for one that no job works on
NEWS_PAUSE_SECONDS: Final = 5.0
REST_SECONDS: Final = 2.0  # a task that failed for a passing reason is left alone for so long

T = TypeVar("T")
NewsSource = Callable[[], AsyncIterator[News]]


class Worker:
    """One provider account at work. `run` goes on until `stop`; then it finishes what it has locked."""

    def __init__(
        self,
        secret: SecretKey,
        rpc: RpcClient,
        settings: WorkerSettings,
        models: Path,
        *,
        inputs: Path,
        report: Report = lambda event: None,
        news: NewsSource | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        """`models` is the folder of model files, `inputs` that of requesters' files of rows.

        `news` gives the topic "tasks", by default from the node itself.
        """
        self._secret, self._rpc, self._settings = secret, rpc, settings
        self._models, self._inputs = models, inputs
        self._report, self._clock = report, clock
        self._news: NewsSource = partial(subscribe, rpc.url, "tasks") if news is None else news
        self._wake, self._stopping = asyncio.Event(), asyncio.Event()
        self._jobs: dict[ObjectId, asyncio.Task[None]] = {}
        self._left: OrderedDict[ObjectId, tuple[Objection, float]] = OrderedDict()
        self._looked_for_own = float("-inf")

    def stop(self) -> None:
        """Lock nothing more; `run` ends when the present jobs are done, or after drain_seconds."""
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        """Register if need be, then work. Raises RpcFailed, TransactionFailed when the account cannot be registered."""
        count, memory = self._settings.provers, self._settings.prover_memory_mb * 2**20
        pool = ThreadPoolExecutor(count, thread_name_prefix="prover")
        provers = ProvingPool(count, memory) if count > 1 else None
        try:
            bench = await self._unless_stopped(self._prepare(pool, provers))
            if bench is not None:
                await self._work(bench)
        finally:
            if provers is not None:
                provers.close()
            pool.shutdown(cancel_futures=True)
        self._report(WorkerEvent("stopped"))

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """The result of the work, or None if the worker is stopped before."""
        working, stopped = asyncio.create_task(work), asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            working.cancel()
            stopped.cancel()

    async def _work(self, bench: Bench) -> None:
        async with asyncio.TaskGroup() as group:
            background = [group.create_task(self._listen(bench)), group.create_task(self._preload(bench))]
            await self._scan_until_stopped(bench, group)
            for task in background:
                task.cancel()
            await self._drain()

    async def _prepare(self, pool: ThreadPoolExecutor, provers: ProvingPool | None) -> Bench:
        wallet = await patiently(partial(Wallet.open, self._secret, self._rpc))
        await ensure_registered(wallet, self._secret, self._settings, self._report)
        params = (await patiently(partial(chain_status, self._rpc))).params
        pace = Pace(params.block_time_ms / 1000)
        shelf = Shelf(self._rpc, self._models, pool, self._clock, provers)
        key = provider_encryption_key(self._secret)
        self._report(WorkerEvent("started", details={"address": wallet.address, "rpc": self._rpc.url}))
        return Bench(wallet, key, self._settings, shelf, self._inputs, pool, pace, self._clock, self._report)

    async def _preload(self, bench: Bench) -> None:
        """Load what there are files for, so that the first task does not wait. Each task asks again."""
        for program in bench.shelf.programs():
            try:
                await patiently(partial(load_model, bench, program))
            except ClusterError as error:
                reason = f"{type(error).__name__}: {error}"
                self._report(WorkerEvent("model", details={"program": "0x" + program.hex(), "unusable": reason}))

    async def _listen(self, bench: Bench) -> None:
        """Wake up when a task is opened for us, or when somebody forfeited one. Without news, polling goes on."""
        while True:
            try:
                async for news in self._news():
                    event = news.data
                    ours = event.get("type") == TaskOpened.name and bench.wallet.address in event.get("recipients", ())
                    if news.gap or ours or event.get("type") == LockForfeited.name:
                        self._wake.set()
            except (NotAnRpc, RpcFailed) as error:
                self._report(WorkerEvent("unreachable", details={"reason": str(error)}))
            await asyncio.sleep(NEWS_PAUSE_SECONDS)

    async def _scan_until_stopped(self, bench: Bench, group: asyncio.TaskGroup) -> None:
        reachable = True
        while not self._stopping.is_set():
            try:
                await self._scan(bench, group)
                reachable = True
            except (Unreachable, NotAnRpc, RpcFailed) as error:
                if reachable:
                    self._report(WorkerEvent("unreachable", details={"reason": str(error)}))
                reachable, self._looked_for_own = False, float("-inf")
            try:
                async with asyncio.timeout(self._settings.poll_ms / 1000):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    async def _scan(self, bench: Bench, group: asyncio.TaskGroup) -> None:
        """Look at what the chain holds for this provider, and start jobs."""
        status = await chain_status(self._rpc)
        market = Market(status.height, status.base_fee, status.params)
        for state in await self._own_locks(bench):
            self._start(bench, state, group)
        slots = min(self._settings.max_locks, status.params.max_locks_per_provider)
        for state in await self._offers(bench):
            if len(self._jobs) >= slots:
                break
            objection = objection_to_terms(state.task, market, self._settings) if state.phase == OPEN else None
            if objection is not None:
                self._leave(state.task.id, objection)
            elif self._worth_a_look(state.task.id):
                self._start(bench, state, group)

    async def _own_locks(self, bench: Bench) -> list[TaskState]:
        """Tasks that this account has locked: after a start, after a lost connection, and now and then."""
        if self._clock() < self._looked_for_own + OWN_LOCKS_SECONDS:
            return []
        listed = await list_tasks(self._rpc, state=LOCKED, provider=bench.wallet.address, limit=MAX_LISTED)
        self._looked_for_own = self._clock()
        return [state for state in listed if bench.mine(state)]

    async def _offers(self, bench: Bench) -> list[TaskState]:
        """Tasks whose input is sealed to this account: those that others let expire first, then open ones."""
        states = (LOCK_EXPIRED, OPEN) if self._settings.rescue else (OPEN,)
        offers: list[TaskState] = []
        for state in states:
            address = bench.wallet.address
            offers += await list_tasks(self._rpc, state=state, recipient=address, limit=MAX_LISTED)
        return offers

    def _start(self, bench: Bench, state: TaskState, group: asyncio.TaskGroup) -> None:
        task = state.task.id
        if task not in self._jobs:
            self._jobs[task] = group.create_task(self._job(bench, task))

    async def _job(self, bench: Bench, task: ObjectId) -> None:
        """One task, from here to its end. What goes wrong with it concerns no other task."""
        try:
            objection = await work_on(bench, task)
            if objection is not None:
                self._leave(task, objection)
        except ClusterError as error:
            bench.tell("lost", task, reason=f"{type(error).__name__}: {error}")
            self._remember(task, Objection(str(error), final=False))
        finally:
            del self._jobs[task]
            self._wake.set()

    def _worth_a_look(self, task: ObjectId) -> bool:
        left = self._left.get(task)
        return left is None or (not left[0].final and self._clock() >= left[1] + REST_SECONDS)

    def _leave(self, task: ObjectId, objection: Objection) -> None:
        """Leave a task alone, and say so once for each reason."""
        known = self._left.get(task)
        self._remember(task, objection)
        if known is None or known[0].final != objection.final:
            self._report(WorkerEvent("skipped", task, {"reason": objection.reason, "final": objection.final}))

    def _remember(self, task: ObjectId, objection: Objection) -> None:
        self._left[task] = (objection, self._clock())
        self._left.move_to_end(task)
        if len(self._left) > MAX_REMEMBERED:
            self._left.popitem(last=False)

    async def _drain(self) -> None:
        jobs = set(self._jobs.values())
        if not jobs:
            return
        self._report(WorkerEvent("draining", details={"jobs": len(jobs)}))
        _, late = await asyncio.wait(jobs, timeout=self._settings.drain_seconds)
        for job in late:
            job.cancel()
