"""One network for a long time: load, faults and restarts together; what a node needs must not grow.

    make soak MINUTES=30
    python -m tests.nemesis.soak --minutes 30 --samples soak.jsonl

Four validators. Two of them are hit by faults, one after the other; the other two are only watched: their resident
memory, open files, and how long they take to answer and to make a payment final. The last line is JSON: medians of the
second quarter of the time and of the last, and whether all stayed flat. The first quarter fills caches.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any, Final

from client.errors import ClientError
from tests.nemesis import plan as kinds
from tests.nemesis.__main__ import Story, apply, judge
from tests.nemesis.load import Load
from tests.nemesis.plan import Fault, NetworkPlan
from tests.nemesis.running import Running, clocks_can_jump

MINUTES: Final = 30.0
EVERY_SECONDS: Final = 2.0
BETWEEN_FAULTS: Final = 20.0
WATCHED: Final = (0, 1)
HIT: Final = (2, 3)
START_SECONDS: Final = 60.0
GROWTH: Final = {"rss_mb": 1.10, "files": 1.10, "answer_ms": 1.5, "final_s": 1.5}  # of medians; above is not flat
SLACK: Final = {"rss_mb": 8.0, "files": 8.0, "answer_ms": 5.0, "final_s": 0.5}  # noise, whatever the median


@dataclass(frozen=True, slots=True)
class Sample:
    """Of one watched node. at: seconds since the start; final_s: None while no payment became final."""

    at: float
    node: int
    rss_mb: float
    files: int
    answer_ms: float
    final_s: float | None


async def soak(minutes: float, root: Path, samples: list[Sample]) -> dict[str, Any]:
    """Run it; the last line's fields."""
    plan = NetworkPlan(0, 4, 0, 0, ())
    network, story = Running(root, plan), Story(plan)
    load = Load(network)
    tasks: list[asyncio.Task[None]] = []
    started = time.monotonic()
    try:
        await network.connect()
        for index in range(plan.nodes):
            network.start(index)
        if not await network.reach(2, START_SECONDS):
            raise SystemExit("the network did not start: " + " | ".join(network.died()))
        tasks = [
            asyncio.create_task(load.run()),
            asyncio.create_task(_watch(network, load, started, samples)),
            asyncio.create_task(_hit(network, story)),
        ]
        done, _ = await asyncio.wait(tasks, timeout=60 * minutes, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
        await _end(tasks)
        network.links.heal()
        for index in HIT:
            await _bring_back(network, index)
        await network.reach(max((await network.heights()).values(), default=0) + 2, START_SECONDS)
        await judge(network, load, story)
    finally:
        await _end(tasks)
        await network.close()
    return {"minutes": round((time.monotonic() - started) / 60, 1), **summary(samples), **_told(story, load)}


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _bring_back(network: Running, index: int) -> None:
    if index in network.paused:
        network.go_on(index)
    if network.children[index].poll() is not None:
        network.start(index)


async def _hit(network: Running, story: Story) -> None:
    random = Random(1)
    choice = [*kinds.ONE_NODE, *([kinds.CLOCK] if clocks_can_jump() else [])]
    while True:
        await asyncio.sleep(BETWEEN_FAULTS)
        ahead = random.choice((-5, 5)) if clocks_can_jump() else 0
        await apply(network, Fault(random.choice(choice), random.choice(HIT), random.uniform(2, 6), ahead))
        story.faults += 1
        target = max((await network.heights()).values(), default=0) + 2
        if await network.reach(target, BETWEEN_FAULTS):
            story.recovered += 1


async def _watch(network: Running, load: Load, started: float, samples: list[Sample]) -> None:
    while True:
        for index in WATCHED:
            pid = network.children[index].pid
            with suppress(ClientError):
                asked = time.monotonic()
                await network.ask(index, "chain_status")
                answer = 1000 * (time.monotonic() - asked)
                final = load.seconds[-1] if load.seconds else None
                at = time.monotonic() - started
                samples.append(Sample(at, index, _resident_mb(pid), _open_files(pid), answer, final))
        await asyncio.sleep(EVERY_SECONDS)


def summary(samples: list[Sample]) -> dict[str, Any]:
    """Medians of the second quarter and of the last, the slowest answers, and whether all stayed flat."""
    if not samples:
        return {"flat": False, "grew": ["nothing was seen"]}
    whole = max(sample.at for sample in samples)
    early = [sample for sample in samples if whole / 4 <= sample.at < whole / 2]
    late = [sample for sample in samples if sample.at >= 3 * whole / 4]
    row: dict[str, Any] = {"samples": len(samples)}
    grew = []
    for name in GROWTH:
        before, after = _median(early, name), _median(late, name)
        row[name] = [before, after]
        if before is None or after is None or (after > before * GROWTH[name] and after > before + SLACK[name]):
            grew.append(name)
    answers = [sample.answer_ms for sample in samples]
    row["answer_ms_p99"] = round(quantiles(answers, n=100)[-1], 1) if len(answers) > 1 else None
    return {**row, "flat": not grew, "grew": grew}


def _median(samples: list[Sample], name: str) -> float | None:
    values = [value for sample in samples if (value := getattr(sample, name)) is not None]
    return round(median(values), 2) if values else None


def _told(story: Story, load: Load) -> dict[str, Any]:
    row = story.row()
    return {name: row[name] for name in ("faults", "recovered", "checks", "failed", "lost", "height")} | {
        "payments": len(load.final)
    }


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--samples", type=Path, help="write every sample here, one JSON line each")
    options = parser.parse_args(arguments)
    samples = list[Sample]()
    with tempfile.TemporaryDirectory() as root:
        row = asyncio.run(soak(options.minutes, Path(root, "network"), samples))
    if options.samples is not None:
        lines = (json.dumps({name: getattr(sample, name) for name in Sample.__slots__}) for sample in samples)
        options.samples.write_text("\n".join(lines) + "\n")
    print(json.dumps(row))
    return 0 if row["flat"] and not row["failed"] and not row["lost"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
