"""A validator on a simulated disk loses power at every point; of what was not synced any part survives."""

from contextlib import suppress
from random import Random
from typing import Final

from crypto.errors import ClusterError
from node.crash_points import RUNNING, STARTING, names
from node.durable import Subject
from tests.crash.deaths import Death, Tally, deaths
from tests.support.crashing_node import AFTER
from tests.support.lone_machine import LOG, Broken, LoneMachine
from tests.support.simulated_disk import Crash, Folder, Inode, Stopped

HITS: Final = 6
MORE_BLOCKS: Final = 2
MOST_BLOCKS: Final = 40
NEVER: Final = (Subject.MIGRATION, Subject.ADDRESSES, Subject.EVIDENCE)  # of old databases, peers, liars: it has none
SIGNER_MADE: Final = tuple(f"{Subject.NEW_SIGNER}.{call}" for call in ("open", "write", "sync", "sync_folder"))
EVERYWHERE: Final = SIGNER_MADE + tuple(
    point
    for point in names(STARTING) + names(RUNNING)
    if not point.startswith(NEVER)
    and point not in ("log-folder.make_folder", "new-database.make_folder", "new-database.remove_folder")
)


def cut_everywhere(times: int, points: tuple[str, ...] = EVERYWHERE) -> Tally:
    """So many power cuts at each point, each with another luck; the machine lives on for two blocks each time."""
    tally = Tally()
    for number, death in enumerate(deaths(points, times, HITS)):
        try:
            _die_and_live_on(death, Random(f"{death} {number}"), tally)
        except (Broken, ClusterError) as broken:
            tally.require(False, death, f"number {number}: {broken}")
    return tally


def _die_and_live_on(death: Death, random: Random, tally: Tally) -> None:
    machine = LoneMachine()
    if death.point.startswith((*RUNNING, Subject.TORN_LOG, Subject.DATABASE + ".")):
        machine.live(random.randint(0, 3))
    if death.point.startswith(Subject.TORN_LOG):
        _tear(machine)
    _die(machine, death, random, tally)
    machine.disk.cut_power(random)
    for _ in range(random.choice((0, 0, 1, 2))):  # and once more, while it comes up again
        _die_early(machine, random)
    machine.live(max(machine.final, default=0) + MORE_BLOCKS)
    machine.require_whole()
    tally.recovered += 1


def _die(machine: LoneMachine, death: Death, random: Random, tally: Tally) -> None:
    once = death.point.startswith((*STARTING, Subject.NEW_SIGNER))
    machine.disk.crash = Crash(death.point, 1 if once else death.hit, death.moment == AFTER)
    try:
        machine.live(max(machine.final, default=0) + MOST_BLOCKS)
    except Stopped:
        tally.killed(death)
    else:
        tally.require(False, death, "it never came there")


def _die_early(machine: LoneMachine, random: Random) -> None:
    machine.disk.stop_at = machine.disk.steps + random.randint(1, 12)
    with suppress(Stopped):
        machine.live(max(machine.final, default=0) + MORE_BLOCKS)
    machine.disk.stop_at = None
    machine.disk.cut_power(random)


def _tear(machine: LoneMachine) -> None:
    """Half a record at the end of the log of the height that is next, as an earlier death leaves it."""
    folder = machine.disk.folders.setdefault(LOG, Folder())
    name = f"{max(machine.final, default=0) + 1:020d}.log"
    if name not in folder.names:
        folder.change((name, Inode()))
    folder.names[name].data += b"CLS\x01half a record"
