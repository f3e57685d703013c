"""The demo from its first process to its last table: seven acts on one network of four validators."""

import asyncio
import time
from pathlib import Path
from typing import Any, Final

from node.cli.screen import Screen
from node.demo.attacks import AttackAct
from node.demo.control import ControlAct
from node.demo.counter import CounterAct
from node.demo.market import MarketAct
from node.demo.report import report
from node.demo.resilience import ResilienceAct
from node.demo.stage import Stage
from node.devnet.files import Plan, create_network
from node.devnet.processes import Processes, check_ports

ACTS: Final = 6  # the seventh is the report


async def run_demo(folder: Path, plan: Plan, keep: bool, screen: Screen) -> dict[str, Any]:
    """Play all acts. Raises DemoFailed when a promise did not hold; the network stays up only with `keep`."""
    check_ports(plan)
    started = time.monotonic()
    network = create_network(folder / "network", plan, time.time_ns() // 1_000_000)
    processes = Processes(network)
    stays_up = False
    try:
        async with Stage(network, processes, screen) as stage:
            with screen.progress("starting four validators", ACTS) as stage.step:
                await _start(stage)
                await _play(stage, folder)
            stays_up = keep
            document = await report(stage)
            screen.line(f"The demo took {time.monotonic() - started:.0f} s.")
            if keep:
                _tell_what_stays(stage, folder)
            return document
    finally:
        if not stays_up:
            await asyncio.to_thread(processes.stop_all)


async def _start(stage: Stage) -> None:
    network = stage.network
    stage.say("1. Four validators, each a process with its own home, keys, database and ports")
    for member in network.members:
        stage.processes.start(member, "--record", str(stage.recordings / member.name))
    await stage.processes.ready()
    status = await stage.rpcs[0].call("chain_status")
    stage.facts["supply"] = int(status["supply"])
    running = stage.processes.running()
    stage.check("four validators run from one genesis", len(running) == len(network.members), status["genesis_hash"])
    stage.step.advance()


async def _play(stage: Stage, folder: Path) -> None:
    market = MarketAct(stage, folder)
    resilience = ResilienceAct(stage)
    await market.publish()
    stage.step.advance()
    async with market.worker():
        await market.post()
        await resilience.kill()
        await market.collect()
        stage.step.advance()
        await resilience.bring_back()
    counter = CounterAct(stage, folder / "keys")
    await counter.play()
    await ControlAct(stage, folder).play()
    stage.step.advance()
    await AttackAct(stage, market, counter).play()
    stage.step.advance()
    await resilience.agree()
    stage.step.advance()


def _tell_what_stays(stage: Stage, folder: Path) -> None:
    """Where the network answers, and how to go on with it or to end it."""
    screen, root = stage.screen, stage.network.root
    screen.line(f"The validators still run: {', '.join(stage.network.rpc_urls)}.")
    screen.line(f"Let the provider work on with `cluster worker start --home {folder / 'worker'}`.")
    screen.line(f"Stop the validators with `cluster devnet down --dir {root}`.")
