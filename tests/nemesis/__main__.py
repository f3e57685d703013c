"""Real networks under load, with faults: each must recover within 20 seconds, and be well afterwards.

    make nemesis                       # 24 generated networks, most of an hour
    make nemesis NETWORKS=2 FIRST=7    # two of them
    python -m tests.nemesis --seed 7 --keep DIR    # one, whose homes and logs stay

One JSON line per network; the last one is the sum: networks, faults, recovered, checks, failed, lost.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from crypto.errors import ClusterError
from tests.nemesis import plan as kinds
from tests.nemesis.checks import CHECKS, Seen, Unwell, look, lost_payments
from tests.nemesis.links import around, from_one, halves, ring
from tests.nemesis.load import Load
from tests.nemesis.plan import Fault, NetworkPlan, draw
from tests.nemesis.running import Running, clocks_can_jump

NETWORKS: Final = 24
RECOVER_SECONDS: Final = 20.0
START_SECONDS: Final = 60.0
QUIET_SECONDS: Final = 2.0  # between a recovery and the next fault
BLOCKS_MORE: Final = 2  # that every node must have after a fault


@dataclass
class Story:
    """What became of one network."""

    plan: NetworkPlan
    faults: int = 0
    recovered: int = 0
    checks: int = 0
    failed: list[str] = field(default_factory=list)
    lost: int = 0
    height: int = 0
    payments: int = 0
    slowest: float = 0.0
    seconds: float = 0.0

    def row(self) -> dict[str, Any]:
        plan = self.plan
        return {
            "network": plan.seed,
            "validators": plan.validators,
            "full": plan.full,
            "late": plan.late,
            "faults": self.faults,
            "recovered": self.recovered,
            "checks": self.checks,
            "failed": self.failed,
            "lost": self.lost,
            "height": self.height,
            "payments": self.payments,
            "slowest_recovery_s": round(self.slowest, 1),
            "seconds": round(self.seconds, 1),
        }


async def play(plan: NetworkPlan, root: Path) -> Story:
    """Start, break, heal, look."""
    story, started = Story(plan), time.monotonic()
    network = Running(root, plan)
    load = Load(network)
    paying: asyncio.Task[None] | None = None
    try:
        await network.connect()
        for index in range(plan.first_late):
            network.start(index)
        if not await network.reach(2, START_SECONDS):
            story.failed.append("it did not start: " + " | ".join(network.died()))
            return story
        paying = asyncio.create_task(load.run())
        for number, fault in enumerate(plan.faults):
            if number == len(plan.faults) // 2:
                for index in range(plan.first_late, plan.nodes):
                    network.start(index)
            await _one(network, fault, story)
        paying.cancel()
        await asyncio.gather(paying, return_exceptions=True)
        await judge(network, load, story)
    finally:
        if paying is not None:
            paying.cancel()
            await asyncio.gather(paying, return_exceptions=True)
        await network.close()
        story.payments, story.seconds = len(load.final), time.monotonic() - started
    return story


async def _one(network: Running, fault: Fault, story: Story) -> None:
    story.faults += 1
    print(f"network {network.plan.seed}: {fault} for {fault.seconds} s", file=sys.stderr, flush=True)
    await apply(network, fault)
    healed = time.monotonic()
    target = max((await network.heights()).values(), default=0) + BLOCKS_MORE
    if await network.reach(target, RECOVER_SECONDS):
        story.recovered += 1
        story.slowest = max(story.slowest, time.monotonic() - healed)
    else:
        heights = await network.heights()
        story.failed.append(f"no recovery from {fault}: {heights}, wanted {target} " + " | ".join(network.died()))
        await network.reach(target, 3 * RECOVER_SECONDS)  # late is bad enough; what follows is judged by itself
    await asyncio.sleep(QUIET_SECONDS)


async def apply(network: Running, fault: Fault) -> None:
    """Do it, wait, undo it."""
    nodes, node = network.plan.first_late, fault.node
    match fault.kind:
        case kinds.KILL:
            network.kill(node)
            await asyncio.sleep(fault.seconds)
            network.start(node)
        case kinds.RESTART:
            await asyncio.to_thread(network.stop, node)
            network.start(node)
        case kinds.PAUSE:
            network.pause(node)
            await asyncio.sleep(fault.seconds)
            network.go_on(node)
        case kinds.CLOCK:
            network.set_clock(node, fault.ahead)
            await asyncio.sleep(fault.seconds)
            network.set_clock(node, 0)
        case kinds.TWIN:
            await network.start_twin(node)
            await asyncio.sleep(fault.seconds)
            network.stop_twin()
        case _:
            whole = network.plan.nodes
            cuts = {
                kinds.HALVES: halves(nodes),
                kinds.RING: ring(nodes),
                kinds.DISCONNECT: around(node, whole),
                kinds.ONE_WAY: from_one(node, whole),
            }
            network.links.cut(cuts[fault.kind])
            await asyncio.sleep(fault.seconds)
            network.links.heal()


async def judge(network: Running, load: Load, story: Story) -> None:
    """All checks, on the network as it is when nothing is done to it any more."""
    await asyncio.sleep(QUIET_SECONDS)
    story.height = max(min((await network.heights()).values(), default=0), 0)
    story.failed += [f"a node ended by itself: {text}" for text in network.died()]
    if story.height < max(load.final.values(), default=0):
        await network.reach(max(load.final.values()), RECOVER_SECONDS)
        story.height = max(min((await network.heights()).values(), default=0), 0)
    seen: Seen = await look(network, load, story.height)
    story.lost = len(lost_payments(seen))
    for check in CHECKS:
        story.checks += 1
        try:
            await check(seen)
        except (Unwell, ClusterError) as unwell:
            story.failed.append(f"{check.__name__}: {unwell}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=NETWORKS)
    parser.add_argument("--first", type=int, default=1, help="the first network's seed")
    parser.add_argument("--seed", type=int, help="one network alone")
    parser.add_argument("--faults", type=int, default=kinds.FAULTS)
    parser.add_argument("--keep", type=Path, help="a folder that keeps homes and logs")
    options = parser.parse_args(arguments)
    seeds = [options.seed] if options.seed is not None else range(options.first, options.first + options.networks)
    stories = []
    for seed in seeds:
        plan = draw(seed, clocks=clocks_can_jump(), faults=options.faults)
        with tempfile.TemporaryDirectory() as scratch:
            root = Path(scratch if options.keep is None else options.keep, f"network-{seed}")
            stories.append(asyncio.run(play(plan, root)))
        print(json.dumps(stories[-1].row()), flush=True)
    print(json.dumps(total(stories)))
    return 1 if any(story.failed or story.lost for story in stories) else 0


def total(stories: list[Story]) -> dict[str, int]:
    """The last line."""
    return {
        "networks": len(stories),
        "faults": sum(story.faults for story in stories),
        "recovered": sum(story.recovered for story in stories),
        "checks": sum(story.checks for story in stories),
        "failed": sum(len(story.failed) for story in stories),
        "lost": sum(story.lost for story in stories),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
