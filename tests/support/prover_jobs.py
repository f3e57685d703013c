"""Provers and jobs for a proving pool's processes: they count what they were asked, wait, refuse and die."""

import os
import signal
import sys
import time
from pathlib import Path

from compute.errors import ProvingPoolFull
from compute.prover_process import ProverSpec
from compute.proving_pool import ProvingPool


class Counting:
    """A prover that says who it is, and knows how often it was used since it was loaded."""

    def __init__(self, name: str) -> None:
        self.name, self.used = name, 0


def spec(name: str, memory_bytes: int = 1) -> ProverSpec:
    return ProverSpec(name, Counting, (name,), memory_bytes)


def refuses_to_load(limit: int) -> Counting:
    raise ProvingPoolFull(limit)


def use(prover: Counting) -> tuple[str, int, int]:
    """Its name, how often it was used, and the process."""
    prover.used += 1
    return prover.name, prover.used, os.getpid()


def use_when_told(prover: Counting, started: Path, told: Path) -> tuple[str, int, int]:
    started.touch()
    while not told.exists():
        time.sleep(0.005)
    return use(prover)


def square(prover: Counting, number: int) -> tuple[int, int]:
    """The square, and the process that found it. 13 is refused."""
    if number == 13:
        refuse(prover, number)
    time.sleep(0.002)
    return number * number, os.getpid()


def refuse(prover: Counting, limit: int) -> None:
    raise ProvingPoolFull(limit)


def die_at_first(prover: Counting, mark: Path) -> tuple[str, int, int]:
    """As a process does that the kernel ends for want of memory; the second time all is well."""
    if not mark.exists():
        mark.touch()
        die(prover)
    return use(prover)


def die(prover: Counting) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fault(prover: Counting) -> None:
    raise ZeroDivisionError("a fault of ours")


def orphan() -> None:
    """Starts a process of a pool, says its number, and dies without any chance to end it."""
    pool = ProvingPool(1, 10)
    print(pool.submit(spec("a"), use).result()[2], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__" and sys.argv[1:] == ["orphan"]:
    orphan()
