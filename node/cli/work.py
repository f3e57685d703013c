"""Work that takes a while, in a thread, with a bar that says how far it is."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from compute.zkml.compiled import Compiled
from crypto.r1cs.circuit import Circuit
from node.cli.screen import Step

Made = TypeVar("Made")

POLL_SECONDS = 0.2
MOST = 0.99  # of what is only estimated; the rest is done when it is done


async def watched(step: Step, text: str, work: Callable[[], Made], share: Callable[[], float] | None = None) -> Made:
    """What `work` gives, run in a thread. share: says how much of it is done; None where nobody knows."""
    step.restart(text, known=share is not None)
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        while not (await asyncio.wait([task], timeout=POLL_SECONDS))[0]:
            if share is not None:
                step.reach(share())
    finally:
        task.cancel()
    return task.result()


async def estimated(step: Step, text: str, seconds: float, work: Callable[[], Made]) -> Made:
    """As `watched`, for work that cannot say how far it is: by the seconds that it should take."""
    start = monotonic()
    return await watched(step, text, work, lambda: min(MOST, (monotonic() - start) / max(seconds, POLL_SECONDS)))


async def built(step: Step, compiled: Compiled) -> Circuit:
    """The circuit of a model, made now unless it was already."""
    constraints = compiled.cost.constraints
    text = f"building {constraints:,} constraints"
    return await watched(step, text, lambda: compiled.circuit, lambda: compiled.built / constraints)
