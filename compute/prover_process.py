"""What runs in a process of a proving pool: load what a job needs, keep it while memory allows, do the job, answer.

The process ends when its pool does (the pipe closes), also when that was killed. A terminal's interrupt is the pool's
business; a SIGTERM, which a service manager sends to every process of a service, waits until the present job is done.
"""

import pickle
import resource
import signal
import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any, Final

from crypto.errors import ClusterError

_STATUS: Final = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class ProverSpec:
    """How a process comes by a prover: load(*arguments), a function of a module and values that can be pickled.

    Equal specs are one prover, so arguments are hashable. memory_bytes is what it is expected to take while it is kept.
    """

    name: str
    load: Callable[..., Any]
    arguments: tuple[Any, ...]
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Job:
    """function(prover, *arguments), the function being one of a module."""

    spec: ProverSpec
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a job, what the process now keeps loaded, and the most memory that it has taken."""

    value: Any
    error: ClusterError | None
    kept: tuple[ProverSpec, ...]
    peak_bytes: int


class Service:
    """The loop of one process."""

    def __init__(self, connection: Connection, memory_bytes: int) -> None:
        self._connection, self._memory_bytes = connection, memory_bytes
        self._kept: OrderedDict[ProverSpec, Any] = OrderedDict()
        self._busy = self._leaving = False

    def run(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._terminated)
        while not self._leaving:
            try:
                job: Job = pickle.loads(self._connection.recv_bytes())  # from our own parent, over its pipe
                self._busy = True
                self._connection.send(self._answer(job))
                self._busy = False
            except (EOFError, BrokenPipeError, ConnectionResetError):
                return  # the pool is gone

    def _terminated(self, number: int, frame: FrameType | None) -> None:
        self._leaving = True
        if not self._busy:
            sys.exit(0)

    def _answer(self, job: Job) -> Answer:
        """A typed refusal is an answer; anything else is a fault and ends the process, its traceback on stderr."""
        value, error = None, None
        try:
            value = job.function(self._prover(job.spec), *job.arguments)
        except ClusterError as refused:
            error = refused
        return Answer(value, error, tuple(self._kept), peak_bytes())

    def _prover(self, spec: ProverSpec) -> Any:
        """The prover, loaded now if need be; those used longest ago make room for it."""
        if spec not in self._kept:
            while self._kept and self._taken() + spec.memory_bytes > self._memory_bytes:
                self._kept.popitem(last=False)
            self._kept[spec] = spec.load(*spec.arguments)
        self._kept.move_to_end(spec)
        return self._kept[spec]

    def _taken(self) -> int:
        return sum(spec.memory_bytes for spec in self._kept)


def serve(connection: Connection, memory_bytes: int) -> None:
    """Where a spawned process starts."""
    Service(connection, memory_bytes).run()


def peak_bytes() -> int:
    """The most memory that this process has had resident so far."""
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS: bytes
