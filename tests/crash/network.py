"""Four validators under load; one after the other dies at every point that a running node comes to, and comes back."""

import asyncio
import signal
import time
from pathlib import Path
from random import Random
from typing import Final

from node.crash_points import RUNNING, names
from node.durable import Subject
from tests.crash.deaths import COMMAND, DEATH_SECONDS, Death, Tally, deaths, signed
from tests.nemesis.__main__ import START_SECONDS, Story, judge
from tests.nemesis.load import Load
from tests.nemesis.plan import NetworkPlan
from tests.nemesis.running import Running

VALIDATORS: Final = 4
RECOVER_SECONDS: Final = 20.0
BLOCKS_MORE: Final = 2
HITS: Final = 3
NOT_OF_EVERY_HEIGHT: Final = (Subject.ADDRESSES, Subject.EVIDENCE)
OF_EVERY_HEIGHT: Final = tuple(point for point in names(RUNNING) if not point.startswith(NOT_OF_EVERY_HEIGHT))


class Mortal(Running):
    """A network whose nodes die when they are told to."""

    def command(self, name: str) -> list[str]:
        return [*COMMAND, str(self.order_of(name))]

    def order_of(self, name: str) -> Path:
        return self.root / f"{name}.order"


async def kill_everywhere(root: Path, times: int, points: tuple[str, ...] = OF_EVERY_HEIGHT) -> tuple[Tally, Story]:
    """What came of the deaths, and of the eleven checks afterwards."""
    plan = NetworkPlan(1, VALIDATORS, 0, 0, ())
    network, tally, story = Mortal(root, plan), Tally(), Story(plan)
    load, random = Load(network), Random(1)
    paying: asyncio.Task[None] | None = None
    try:
        await network.connect()
        for index in range(VALIDATORS):
            network.start(index)
        if not await network.reach(2, START_SECONDS):
            tally.failed.append("it did not start: " + " | ".join(network.died()))
            return tally, story
        paying = asyncio.create_task(load.run())
        for death in deaths(points, times, HITS):
            await _die(network, random.randrange(VALIDATORS), death, tally)
        paying.cancel()
        await asyncio.gather(paying, return_exceptions=True)
        await judge(network, load, story)
        story.payments = len(load.final)
    finally:
        if paying is not None:
            paying.cancel()
            await asyncio.gather(paying, return_exceptions=True)
        await network.close()
    return tally, story


async def _die(network: Mortal, index: int, death: Death, tally: Tally) -> None:
    home, before = network.home(index), await network.height(index)
    position = signed(home)
    death.order(network.order_of(f"node{index}"))
    try:
        async with asyncio.timeout(DEATH_SECONDS):
            status = await asyncio.to_thread(network.children[index].wait)
    except TimeoutError:
        tally.require(False, death, f"node{index} never came there")
        network.order_of(f"node{index}").unlink(missing_ok=True)
        return
    tally.killed(death)
    tally.require(status == -signal.SIGKILL, death, f"node{index} ended with {status}")
    found = signed(home)
    tally.require(found >= position, death, f"node{index} had signed {position}, its state says {found}")
    network.start(index)
    await _come_back(network, index, before, death, tally)


async def _come_back(network: Mortal, index: int, before: int, death: Death, tally: Tally) -> None:
    started = time.monotonic()
    target = max((await network.heights()).values(), default=0) + BLOCKS_MORE
    first = -1
    while time.monotonic() < started + RECOVER_SECONDS:
        height = await network.height(index)
        if first < 0 <= height:
            first = height
            tally.require(first >= before, death, f"node{index} had block {before} and came back with {first}")
        if height >= target:
            tally.recovered += 1
            tally.slowest = max(tally.slowest, time.monotonic() - started)
            return
        await asyncio.sleep(0.1)
    tally.require(False, death, f"node{index} did not reach {target} in {RECOVER_SECONDS} s: {network.died()}")
    await network.reach(target, 3 * RECOVER_SECONDS)
