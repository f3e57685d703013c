"""Nodes that die at every point at which they change the disk, in real processes and on simulated disks.

    make crash                 # each point 10 times by SIGKILL, 1,000 times with a power cut: most of an hour
    make crash TIMES=2 CUTS=50

One JSON line per part; the last one is the sum.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tests.crash.alone import Alone
from tests.crash.commands import ONCE, TWICE, Commands
from tests.crash.network import kill_everywhere
from tests.crash.power import cut_everywhere

TIMES: Final = 10
CUTS: Final = 1_000


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=TIMES, help="kills of real processes at each point")
    parser.add_argument("--cuts", type=int, default=CUTS, help="power cuts on simulated disks at each point")
    options = parser.parse_args(arguments)
    started, rows = time.monotonic(), []
    if options.cuts:
        rows.append({"part": "power cuts", **cut_everywhere(options.cuts).row()})
        print(json.dumps(rows[-1]), flush=True)
    if options.times:
        with tempfile.TemporaryDirectory() as scratch:
            rows.append({"part": "alone", **Alone(Path(scratch, "alone")).kill_everywhere(options.times).row()})
            print(json.dumps(rows[-1]), flush=True)
            commands = Commands(Path(scratch, "commands"))
            commands.kill_everywhere(options.times, ONCE)
            commands.kill_everywhere(options.times, TWICE, hits=2)
            rows.append({"part": "commands", **commands.tally.row()})
            print(json.dumps(rows[-1]), flush=True)
            tally, story = asyncio.run(kill_everywhere(Path(scratch, "network"), options.times))
        checks = {"checks": story.checks, "payments": story.payments, "height": story.height, "lost": story.lost}
        rows.append({"part": "network", **tally.row(), **checks})
        rows[-1]["failed"] = tally.failed + story.failed
        print(json.dumps(rows[-1]), flush=True)
    total = summed(rows, round(time.monotonic() - started))
    print(json.dumps(total))
    return 1 if total["failed"] or not rows else 0


def summed(rows: list[dict[str, Any]], seconds: int) -> dict[str, Any]:
    killed = [row for row in rows if row["part"] != "power cuts"]
    return {
        "points": sum(row["points"] for row in killed),
        "kills": sum(row["kills"] for row in killed),
        "power_cuts": sum(row["kills"] for row in rows) - sum(row["kills"] for row in killed),
        "failed": sum(len(row["failed"]) for row in rows),
        "seconds": seconds,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
