"""An event loop whose clock jumps to the next thing to do, and whose threads are turns of its own.

The node's code runs on it unchanged. A call that goes to a thread pool takes as long as its `Life` says, and calls of
one pool follow each other. What is run belongs to the life of one process, which may end at any moment.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import ContextVar, copy_context
from typing import Any

from tests.support.simulated_disk import Stopped


class Life:
    """One process from its start to its end. `seconds_of` says how long a call to a pool of this name takes."""

    def __init__(self, loop: "VirtualLoop", seconds_of: Callable[[str], float], stopped: Callable[[], None]) -> None:
        self._loop, self.seconds_of, self.stopped = loop, seconds_of, stopped
        self.ended = False
        self.free_at: dict[str, float] = {}
        self.tasks: list[asyncio.Task[Any]] = []
        self.faults: list[BaseException] = []

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """A task of this process. If it fails, the process has failed."""
        context = copy_context()
        context.run(_LIFE.set, self)
        task = self._loop.create_task(work, context=context)
        self.tasks.append(task)
        task.add_done_callback(self._done)

    def end(self) -> None:
        """SIGKILL: nothing of it runs on."""
        self.ended = True
        for task in self.tasks:
            task.cancel()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self.tasks.remove(task)
        if not self.ended and not task.cancelled() and task.exception() is not None:
            self.faults.append(task.exception())  # type: ignore[arg-type]


_LIFE: ContextVar[Life] = ContextVar("life")


class VirtualLoop(asyncio.BaseEventLoop):
    """Seconds begin at 0. Raises RuntimeError where everything waits and nothing will ever happen."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._clock_resolution = 1e-9
        self._selector = self  # asked by BaseEventLoop._run_once, which has timers wait here
        self.turns = 0

    def time(self) -> float:
        return self._now

    def select(self, timeout: float | None) -> list[Any]:
        """Instead of waiting, time passes."""
        self.turns += 1
        if timeout is None:
            raise RuntimeError("nothing is left to happen")
        if timeout > 0:
            self._now = max(self._now, self._scheduled[0].when()) if self._scheduled else self._now  # a heap's first
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """No thread waits for this loop."""

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        """`func` runs when its turn in that pool is over, or never if its process ends before."""
        life, name = _LIFE.get(), getattr(executor, "_thread_name_prefix", "default")
        future = self.create_future()
        done_at = max(self._now, life.free_at.get(name, 0.0)) + life.seconds_of(name)
        life.free_at[name] = done_at
        self.call_at(done_at, _call, life, future, func, args)
        return future

    def run_for(self, seconds: float) -> None:
        """Let so much time pass."""
        self.run_until_complete(asyncio.sleep(seconds))


def _call(life: Life, future: "asyncio.Future[Any]", func: Callable[..., Any], args: tuple[Any, ...]) -> None:
    if life.ended or future.cancelled():
        return
    try:
        future.set_result(func(*args))
    except Stopped:
        life.stopped()
    except Exception as error:  # noqa: BLE001 - the boundary of a thread: whoever waits gets it
        future.set_exception(error)
