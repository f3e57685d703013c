"""Directed schedules for whole nodes: what is done to the machines and when, as JSON.

    {"twin": 1, "liar": [2, "historian"], "acts": [[0.5, "groups", [0, 1, 2], [3]], [3.0, "power", 0, 1]]}

An act is when (seconds from the start, at full load), what, and with whom: `groups` that hear each other only, the
`only` ones that hear anything, machines that lose `power` or that somebody does `kill`, the `return` of all that are
down, and `mend` of all links. Every schedule ends in health.
"""

import json
from random import Random
from typing import Any

from tests.simulation.stack_lives import pay, settle
from tests.support.simulated_network import Faults
from tests.support.simulated_stack import SimulatedStack
from tests.support.stack_liars import LIARS


def play(text: str) -> str:
    """Run it, heal, and ask for progress; the digest. Raises the BrokenPromise."""
    told = json.loads(text)
    liar = told.get("liar")
    stack = SimulatedStack(
        powers=told.get("powers", (1, 1, 1, 1)),
        twins=[told["twin"]] if "twin" in told else [],
        liars={} if liar is None else {liar[0]: LIARS[liar[1]]},
        faults=Faults(2, 10, drop=told.get("drop", 0.0)),
    )
    rng = Random(0)
    try:
        stack.start()
        for at, what, *whom in told["acts"]:
            while stack.loop.time() < at - 1e-6:
                pay(stack, rng)
                stack.run(min(0.1, at - stack.loop.time()))
            _act(stack, what, whom)
        settle(stack, rng)
        return stack.digest()
    finally:
        stack.close()


def _act(stack: SimulatedStack, what: str, whom: list[Any]) -> None:
    match what:
        case "groups":
            stack.block(
                f"groups {whom}",
                lambda sender, to: not any(sender in group and to in group for group in whom),
                links_fall=False,
            )
        case "only":
            stack.block(f"only {whom} hear", lambda _sender, to: to not in whom, links_fall=False)
        case "power":
            stack.cut_power(*whom)
        case "kill":
            stack.kill(*whom)
        case "return":
            stack.start()
        case "mend":
            stack.heal_links()
        case _:
            raise ValueError(f"{what} is no act of a schedule")
