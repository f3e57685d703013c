"""Proofs on processes: each keeps the keys of what it has proven, so that a proof waits for a key once.

Processes are spawned when there is work and end after some idle time. A job goes to a process that has its prover
loaded, if one is idle. A process that dies (the kernel takes it when memory runs out, a fault in native code) concerns
its own job only: that is tried once more in a new process, then fails with ProverCrashed. Why processes and what they
cost: docs/decisions/proving-processes.md.
"""

import asyncio
import multiprocessing
import pickle
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from compute.errors import ProverCrashed, ProvingPoolClosed, ProvingPoolFull
from compute.prover_process import Answer, Job, ProverSpec, serve

IDLE_SECONDS: Final = 300.0
MAX_WAITING: Final = 256
_ATTEMPTS: Final = 2
_EXIT_SECONDS: Final = 5.0

A = TypeVar("A")
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """A process of the pool: what it keeps loaded, and the most memory it has taken."""

    pid: int
    kept: tuple[str, ...]
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class _Running:
    process: SpawnProcess
    connection: Connection
    pid: int


@dataclass(slots=True)
class _Waiting:
    spec: ProverSpec
    job: bytes
    future: "Future[Any]"


class ProvingPool:
    """At most `processes` at work, each with at most `memory_bytes` of provers kept. Thread-safe; close it."""

    def __init__(
        self,
        processes: int,
        memory_bytes: int,
        *,
        max_waiting: int = MAX_WAITING,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._memory_bytes, self._max_waiting, self._idle_seconds = memory_bytes, max_waiting, idle_seconds
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting] = deque()
        self._closing = False
        self._seats = [_Seat(self, number) for number in range(processes)]
        for seat in self._seats:
            seat.thread.start()

    def submit(
        self, spec: ProverSpec, function: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> "Future[T]":
        """function(prover, *args) in a process, the function being one of a module. Raises ProvingPoolFull,
        ProvingPoolClosed; the future raises those ClusterErrors that the function or the loading does, ProverCrashed,
        ProvingPoolClosed."""
        if kwargs:
            raise TypeError("arguments of a job are given by position")
        waiting = _Waiting(spec, pickle.dumps(Job(spec, function, args)), Future())
        with self._changed:
            if self._closing:
                raise ProvingPoolClosed
            if len(self._waiting) >= self._max_waiting:
                raise ProvingPoolFull(self._max_waiting)
            self._waiting.append(waiting)
            self._changed.notify_all()
        return waiting.future

    async def run(
        self, spec: ProverSpec, function: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`submit`, awaited."""
        return await asyncio.wrap_future(self.submit(spec, function, *args, **kwargs))

    def map(self, spec: ProverSpec, function: Callable[[Any, A], T], items: Iterable[A]) -> Iterator[T]:
        """function(prover, item) for each item, in their order, as many at once as there are processes. Any number of
        items: no more are handed over than may wait. Raises as the futures of `submit`; then the rest is cancelled."""
        running: deque[Future[T]] = deque()
        try:
            for item in items:
                if len(running) >= min(2 * len(self._seats), self._max_waiting):
                    yield running.popleft().result()
                running.append(self.submit(spec, function, item))
            while running:
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()

    def status(self) -> list[ProcessStatus]:
        """The processes that run now."""
        return [status for seat in self._seats if (status := seat.status()) is not None]

    def close(self, seconds: float = 0.0) -> None:
        """Take no more; jobs that wait are cancelled, those at work get so many seconds, then their processes end."""
        with self._changed:
            self._closing = True
            for waiting in self._waiting:
                waiting.future.cancel()
            self._waiting.clear()
            self._changed.notify_all()
        for seat in self._seats:
            seat.end(seconds)

    def __enter__(self) -> "ProvingPool":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def next_for(self, seat: "_Seat") -> _Waiting | None:
        """For a seat: its next job, or None when it has been idle for long or the pool closes."""
        with self._changed:
            seat.idle = True
            self._changed.notify_all()  # a job may have been left to a seat that is busy again
            self._changed.wait_for(lambda: self._closing or self._choice(seat), seat.patience(self._idle_seconds))
            chosen = None if self._closing else self._choice(seat)
            if chosen is not None:
                self._waiting.remove(chosen)
                seat.idle = False
            return chosen

    def _choice(self, seat: "_Seat") -> _Waiting | None:
        """A job whose prover the seat keeps, else the first that no other idle seat keeps the prover of."""
        mine = (waiting for waiting in self._waiting if waiting.spec in seat.kept)
        others = {spec for other in self._seats if other.idle and other is not seat for spec in other.kept}
        free = (waiting for waiting in self._waiting if waiting.spec not in others)
        return next(mine, None) or next(free, None)

    @property
    def closing(self) -> bool:
        return self._closing

    @property
    def memory_bytes(self) -> int:
        return self._memory_bytes


class _Seat:
    """A thread with at most one process: it hands over jobs and waits for the answers."""

    def __init__(self, pool: ProvingPool, number: int) -> None:
        self.kept: frozenset[ProverSpec] = frozenset()
        self.idle = False
        self._pool = pool
        self._running: _Running | None = None
        self._peak_bytes = 0
        self.thread = threading.Thread(target=self._work, name=f"prover-{number}", daemon=True)

    def patience(self, idle_seconds: float) -> float | None:
        """How long to wait for a job: without a process, for ever."""
        return idle_seconds if self._running else None

    def status(self) -> ProcessStatus | None:
        running = self._running
        if running is None:
            return None
        return ProcessStatus(running.pid, tuple(spec.name for spec in self.kept), self._peak_bytes)

    def end(self, seconds: float) -> None:
        """For the closing pool: waits so long for the present job, then ends the process."""
        self.thread.join(seconds)
        running = self._running
        if running is not None:
            with suppress(ValueError):  # it has just ended by itself
                running.process.kill()
        self.thread.join(_EXIT_SECONDS)

    def _work(self) -> None:
        while not self._pool.closing:
            waiting = self._pool.next_for(self)
            if waiting is None:
                self._discard()
            elif waiting.future.set_running_or_notify_cancel():
                self._settle(waiting)
        self._discard()

    def _settle(self, waiting: _Waiting) -> None:
        exit_code = None
        for _ in range(_ATTEMPTS):
            try:
                answer = self._ask(waiting.job)
            except (EOFError, OSError):
                exit_code = self._discard()
                if self._pool.closing:
                    waiting.future.set_exception(ProvingPoolClosed())
                    return
            else:
                self.kept, self._peak_bytes = frozenset(answer.kept), answer.peak_bytes
                if answer.error is not None:
                    waiting.future.set_exception(answer.error)
                else:
                    waiting.future.set_result(answer.value)
                return
        waiting.future.set_exception(ProverCrashed(waiting.spec.name, exit_code))

    def _ask(self, job: bytes) -> Answer:
        """Raises EOFError or OSError when the process is dead."""
        if self._running is None or not self._running.process.is_alive():
            self._discard()
            self._running = self._spawn()
        connection = self._running.connection
        connection.send_bytes(job)
        answer: Answer = connection.recv()
        return answer

    def _spawn(self) -> _Running:
        context = multiprocessing.get_context("spawn")  # fork would copy locks that other threads hold
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, self._pool.memory_bytes), daemon=True)
        process.start()
        theirs.close()  # else its end would never be seen
        return _Running(process, ours, process.pid or 0)

    def _discard(self) -> int | None:
        """Ends the process, if there is one; its exit code."""
        running, self._running, self.kept = self._running, None, frozenset()
        if running is None:
            return None
        process = running.process
        with suppress(OSError):
            running.connection.close()  # an idle process ends by this
        process.join(_EXIT_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        exit_code = process.exitcode
        process.close()
        return exit_code
