"""What is killed where: the points of node/crash_points.py, each as often as is asked for, at its moments in turn."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from node.home import Home
from node.remote_signer.home import SignerHome
from node.signer_state import read_state
from tests.support.crashing_node import AFTER, AMID, BEFORE

DEATH_SECONDS: Final = 60.0
COMMAND: Final = ("-m", "tests.support.crashing_node")


@dataclass(frozen=True, slots=True)
class Death:
    """A point, a moment, and the how manieth time that it is come to."""

    point: str
    moment: str
    hit: int

    def order(self, file: Path) -> None:
        """Tell the process that looks at this file."""
        written = file.with_suffix(".tmp")
        written.write_text(json.dumps([self.point, self.moment, self.hit]))
        written.replace(file)


def deaths(points: tuple[str, ...], times: int, hits: int = 1) -> Iterator[Death]:
    """Each point so many times; hit 1 to `hits` in turn."""
    for point in points:
        moments = (BEFORE, AMID, AFTER) if point.endswith(".write") else (BEFORE, AFTER)
        for number in range(times):
            yield Death(point, moments[number % len(moments)], 1 + number // len(moments) % hits)


@dataclass
class Tally:
    """What came of it. failed holds a sentence for each broken promise."""

    kills: dict[str, int] = field(default_factory=dict)
    recovered: int = 0
    slowest: float = 0.0
    failed: list[str] = field(default_factory=list)

    def killed(self, death: Death) -> None:
        self.kills[death.point] = self.kills.get(death.point, 0) + 1

    def require(self, holds: bool, death: Death, sentence: str) -> None:
        if not holds:
            self.failed.append(f"{death.point} ({death.moment}, {death.hit}): {sentence}")

    def row(self) -> dict[str, Any]:
        return {
            "points": len(self.kills),
            "kills": sum(self.kills.values()),
            "fewest": min(self.kills.values(), default=0),
            "recovered": self.recovered,
            "slowest_recovery_s": round(self.slowest, 1),
            "failed": self.failed,
        }


def run(order: Path, log: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """`cluster ARGUMENTS`, obeying the order."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, *COMMAND, str(order), *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )


def died(process: subprocess.Popen[bytes]) -> bool:
    """Whether it ends by SIGKILL. False also while it lives on."""
    try:
        return process.wait(DEATH_SECONDS) == -signal.SIGKILL
    except subprocess.TimeoutExpired:
        return False


def signed(home: Home | SignerHome) -> tuple[int, int, int]:
    """The position that the signer's state on disk has. Raises SignerStateCorrupt."""
    return read_state(home.signer_state).position


def wait_for(holds: Any, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def ended(process: subprocess.Popen[bytes]) -> None:
    """Away with it, whatever it does."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
