"""A pool of proving processes: keys stay loaded, what breaks is made anew, and nothing outlives the pool."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

import pytest

from compute.errors import ProverCrashed, ProvingPoolClosed, ProvingPoolFull
from compute.prover_process import ProverSpec
from compute.proving_pool import ProvingPool
from tests.support.prover_jobs import (
    die,
    die_at_first,
    fault,
    refuse,
    refuses_to_load,
    spec,
    square,
    use,
    use_when_told,
)
from tests.support.rooms import ROOT


@pytest.fixture(scope="module")
def pool() -> Iterator[ProvingPool]:
    """One process that keeps 100 bytes of provers."""
    with ProvingPool(1, 100, max_waiting=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def pair() -> Iterator[ProvingPool]:
    with ProvingPool(2, 100) as opened:
        yield opened


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def at_work(pool: ProvingPool, folder: Path, name: str = "a") -> tuple["Future[Any]", Path]:
    """A job that has started, and the file that lets it end."""
    started, told = folder / f"started-{name}", folder / f"told-{name}"
    future = pool.submit(spec(name), use_when_told, started, told)
    until(started.exists)
    return future, told


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    try:
        return "State:\tZ" not in status.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_prover_stays_loaded_in_a_process_of_its_own(pool: ProvingPool) -> None:
    first = pool.submit(spec("kept"), use).result()
    second = asyncio.run(pool.run(spec("kept"), use))
    assert (first[:2], second[:2]) == (("kept", 1), ("kept", 2))
    assert first[2] == second[2] != os.getpid()
    (status,) = pool.status()
    assert (status.pid, "kept" in status.kept) == (first[2], True)
    assert 5 * 2**20 < status.peak_bytes < 500 * 2**20


def test_the_prover_used_longest_ago_makes_room(pool: ProvingPool) -> None:
    for name in ("x", "y", "x", "z"):
        pool.submit(spec(name, 45), use).result()
    assert pool.status()[0].kept[-2:] == ("x", "z") or set(pool.status()[0].kept) == {"x", "z"}
    assert pool.submit(spec("x", 45), use).result()[1] == 3
    assert pool.submit(spec("larger than all", 1_000), use).result()[1] == 1
    assert pool.status()[0].kept == ("larger than all",)


def test_a_refusal_comes_back_as_it_was_and_harms_nothing(pool: ProvingPool) -> None:
    process = pool.submit(spec("a"), use).result()[2]
    with pytest.raises(ProvingPoolFull, match="17 jobs wait") as refused:
        pool.submit(spec("a"), refuse, 17).result()
    assert refused.value.fields == {"limit": 17}
    with pytest.raises(ProvingPoolFull):
        pool.submit(ProverSpec("broken", refuses_to_load, (3,), 1), use).result()
    assert pool.submit(spec("a"), use).result()[1:] == (2, process)
    assert "broken" not in pool.status()[0].kept


def test_a_job_whose_process_dies_is_done_by_another(pool: ProvingPool, tmp_path: Path) -> None:
    before = pool.submit(spec("a"), use).result()[2]
    assert pool.submit(spec("a"), die_at_first, tmp_path / "mark").result()[2] != before


@pytest.mark.parametrize(("job", "exit_code"), [(die, -signal.SIGKILL), (fault, 1)])
def test_a_job_that_ends_two_processes_fails_alone(
    pool: ProvingPool, job: Callable[[Any], None], exit_code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ProverCrashed) as crashed:
        pool.submit(spec("a"), job).result()
    assert (crashed.value.prover, crashed.value.exit_code) == ("a", exit_code)
    assert ("a fault of ours" in capfd.readouterr().err) == (exit_code == 1)
    assert pool.submit(spec("a"), use).result()[:2] == ("a", 1)


def test_what_waits_is_bounded(pool: ProvingPool, tmp_path: Path) -> None:
    working, told = at_work(pool, tmp_path)
    waiting = pool.submit(spec("a"), use)
    with pytest.raises(ProvingPoolFull):
        pool.submit(spec("a"), use)
    told.touch()
    assert (working.result()[0], waiting.result()[0]) == ("a", "a")


def test_a_process_told_to_end_finishes_its_job_first(pool: ProvingPool, tmp_path: Path) -> None:
    working, told = at_work(pool, tmp_path)
    pid = pool.status()[0].pid
    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGTERM)
    told.touch()
    assert working.result()[2] == pid
    assert pool.submit(spec("a"), use).result()[2] != pid


def test_jobs_go_where_their_prover_is(pair: ProvingPool, tmp_path: Path) -> None:
    (one, told_one), (two, told_two) = at_work(pair, tmp_path, "one"), at_work(pair, tmp_path, "two")
    for told in (told_one, told_two):
        told.touch()
    homes = {"one": one.result()[2], "two": two.result()[2]}
    assert homes["one"] != homes["two"]
    for count in (2, 3):
        for name in ("two", "one"):
            assert pair.submit(spec(name), use).result() == (name, count, homes[name])


def test_rows_spread_over_all_processes_and_come_back_in_order(pair: ProvingPool) -> None:
    found = list(pair.map(spec("rows"), square, iter(range(14, 60))))
    assert [value for value, _ in found] == [number * number for number in range(14, 60)]
    assert len({process for _, process in found}) == 2
    mapped, before = pair.map(spec("rows"), square, range(10, 60)), []
    with pytest.raises(ProvingPoolFull):
        before.extend(value for value, _ in mapped)
    assert before == [100, 121, 144]
    assert [value for value, _ in pair.map(spec("rows"), square, [3])] == [9]


def test_a_process_without_work_ends(tmp_path: Path) -> None:
    with ProvingPool(1, 10, idle_seconds=0.02) as pool:
        pid = pool.submit(spec("a"), use).result()[2]
        until(lambda: not pool.status() and not alive(pid))
        assert pool.submit(spec("a"), use).result()[1] == 1


def test_closing_ends_what_works_and_cancels_what_waits(tmp_path: Path) -> None:
    pool = ProvingPool(1, 10)
    working, _ = at_work(pool, tmp_path)
    waiting = pool.submit(spec("a"), use)
    pid = pool.status()[0].pid
    pool.close()
    with pytest.raises(ProvingPoolClosed):
        working.result(5)
    with pytest.raises(CancelledError):
        waiting.result(5)
    with pytest.raises(ProvingPoolClosed):
        pool.submit(spec("a"), use)
    assert not alive(pid)
    pool.close()


def test_processes_end_when_the_pools_own_is_killed() -> None:
    killed = subprocess.run(
        [sys.executable, "-m", "tests.support.prover_jobs", "orphan"], cwd=ROOT, capture_output=True, text=True
    )
    assert killed.returncode == -signal.SIGKILL
    until(lambda: not alive(int(killed.stdout)))
