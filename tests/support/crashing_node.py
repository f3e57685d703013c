"""`cluster` with a node that dies by SIGKILL at a named point, when a file tells it to: for tests of crashes.

    python -m tests.support.crashing_node ORDER start --home HOME

ORDER holds, as JSON, a point of node/crash_points.py, whether to die "before", "amid" (half of a write is done) or
"after" it, and at the how manieth time. It is read at every change of the disk and removed by who dies of it.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from node.durable import Subject
from tests.support import watched_disk
from tests.support.watched_disk import WatchedDisk

BEFORE, AMID, AFTER = "before", "amid", "after"


class Order:
    """When to die."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._hits = 0

    def carry_out(self, point: str, moment: str) -> None:
        """Ends the process if this is where it was told to die."""
        if self.is_due(point, moment):
            self.die()

    def is_due(self, point: str, moment: str) -> bool:
        try:
            wanted, when, hit = json.loads(self._file.read_text())
        except (FileNotFoundError, ValueError):
            return False
        if (wanted, when) != (point, moment):
            return False
        self._hits += 1
        return self._hits >= int(hit)

    def die(self) -> NoReturn:
        self._file.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
        raise SystemExit  # SIGKILL does not return


class CrashingDisk(WatchedDisk):
    """Half of a write reaches the file before its process dies."""

    order: Order

    def write(self, descriptor: int, data: bytes, *, at: Subject | None = None) -> None:
        if self.order.is_due(f"{at}.write", AMID):
            os.write(descriptor, data[: len(data) // 2])
            self.order.die()
        super().write(descriptor, data, at=at)


def main(arguments: list[str]) -> int:
    order = Order(Path(arguments[0]))
    watched_disk.watch(
        lambda point: order.carry_out(point, BEFORE), lambda point: order.carry_out(point, AFTER), CrashingDisk
    )
    CrashingDisk.order = order
    from node.cli.frame import execute

    return execute(arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
