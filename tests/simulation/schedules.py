"""Schedules in the manner of Bano et al., "Twins" (arXiv 2004.10617): round by round, who hears whom.

A schedule is plain data and can be written as JSON: drawn by chance for the campaign, and kept beside each mutant as
the shortest one known to kill it. Every schedule ends in health, and then the chain has to go on.
"""

import json
from dataclasses import asdict, dataclass
from random import Random
from typing import Final

from chain.types.vote import PREVOTE, Vote
from tests.support import byzantine_nodes
from tests.support.byzantine_nodes import ByzantineNode
from tests.support.simulated_network import Faults, SimulatedNetwork
from tests.support.simulated_node import Final as FinalBlock
from tests.support.simulated_node import Message, Offered, Value
from tests.support.story import Story

KINDS: Final = ("proposal", "prevote", "precommit")
TIMINGS: Final = 4
LIARS: Final = (
    "DoubleProposer",
    "Equivocator",
    "FalseProver",
    "FalseHistorian",
    "Runaway",
    "InvalidProposer",
    "FutureProposer",
    "Mute",
)


@dataclass(frozen=True, slots=True)
class RoundPlan:
    """One round of each height: who hears whom, and who is deaf to what. An address that no group has hears nobody."""

    groups: tuple[tuple[int, ...], ...]
    deaf: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Crash:
    """After so many milliseconds a node loses power, and comes back `down` later, perhaps without its log."""

    after: int
    address: int
    down: int
    forgets: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """Validators by power; one of them may run twice (its twin's address is the next free one) or lie."""

    powers: tuple[int, ...] = (1, 1, 1, 1)
    twin: int | None = None
    liar: tuple[int, str] | None = None
    rounds: tuple[RoundPlan, ...] = ()
    crashes: tuple[Crash, ...] = ()
    milliseconds: int = 3_000
    duplicate: float = 0.0
    heals: bool = True  # False where a third lies and nothing is promised of progress

    def text(self) -> str:
        """As JSON, without what is as usual."""
        usual = asdict(Schedule())
        return json.dumps({key: value for key, value in asdict(self).items() if value != usual[key]})

    @classmethod
    def read(cls, text: str) -> "Schedule":
        """From JSON."""
        fields = json.loads(text)
        rounds = tuple(
            RoundPlan(tuple(map(tuple, plan["groups"])), tuple((who, kind) for who, kind in plan["deaf"]))
            for plan in fields.pop("rounds", ())
        )
        crashes = tuple(Crash(**crash) for crash in fields.pop("crashes", ()))
        for name in ("powers", "liar"):
            if fields.get(name) is not None:
                fields[name] = tuple(fields[name])
        return cls(rounds=rounds, crashes=crashes, **fields)


def play(text: str) -> None:
    """Run a schedule that is given as JSON, with a few timings of its messages. Raises the BrokenPromise."""
    for seed in range(TIMINGS):
        perform(Schedule.read(text), seed)


def perform(schedule: Schedule, seed: int = 0, story: Story | None = None, faults: Faults | None = None) -> str:
    """Run it, heal, and ask for progress; the digest. Raises the BrokenPromise."""
    liars: dict[int, type[ByzantineNode]] = {}
    if schedule.liar is not None:
        liars[schedule.liar[0]] = getattr(byzantine_nodes, schedule.liar[1])
    network = SimulatedNetwork(
        seed,
        powers=schedule.powers,
        faults=faults or Faults(5, 20, duplicate=schedule.duplicate),
        classes=dict(liars),
        twins=[] if schedule.twin is None else [schedule.twin],
        disks=bool(schedule.crashes),
        story=story,
    )
    network.note(f"schedule {schedule.text()}")
    network.blocked = lambda sender, to, message: _is_blocked(schedule.rounds, sender, to, message)
    network.start()
    _crash_and_return(network, schedule)
    if schedule.heals:
        network.settle(1)
    return network.digest()


def _crash_and_return(network: SimulatedNetwork, schedule: Schedule) -> None:
    begin, events = network.now, []
    for crash in schedule.crashes:
        events.append((crash.after, crash, True))
        events.append((crash.after + crash.down, crash, False))
    for at, crash, goes in sorted(events, key=lambda event: (event[0], event[1].address, event[2])):
        network.run(max(0, begin + at - network.now))
        if goes:
            network.crash(crash.address)
        elif not network.nodes[crash.address].running:
            if crash.forgets:
                network.note(f"node {crash.address} has lost its log")
                network.nodes[crash.address].lose_log()
            network.start(crash.address)
    network.run(max(0, begin + schedule.milliseconds - network.now))


def _is_blocked(rounds: tuple[RoundPlan, ...], sender: int, to: int, message: Message) -> bool:
    if isinstance(message, FinalBlock | Value):
        return True
    if isinstance(message, Vote):
        kind, round_ = ("prevote" if message.type == PREVOTE else "precommit"), message.round
    elif isinstance(message, Offered):
        kind, round_ = "proposal", message.proposal.round
    else:
        return False
    if round_ >= len(rounds):
        return False
    plan = rounds[round_]
    return (to, kind) in plan.deaf or not any(sender in group and to in group for group in plan.groups)


def random_schedule(rng: Random) -> Schedule:
    """Small numbers of everything: what breaks a protocol of four nodes needs few rounds and faults."""
    faulty = rng.choice(["nobody", "twin", "twin", "twin", "liar"])
    chosen, size = rng.randrange(4), 5 if faulty == "twin" else 4
    crashes = tuple(_random_crash(rng, size) for _ in range(rng.choice([0, 0, 0, 1, 2, 3])))
    if crashes and faulty == "nobody" and rng.random() < 0.6:
        crashes = (*crashes, Crash(rng.randint(20, 1_500), chosen, rng.randint(10, 300), forgets=True))
    return Schedule(
        twin=chosen if faulty == "twin" else None,
        liar=(chosen, rng.choice(LIARS)) if faulty == "liar" else None,
        rounds=tuple(_random_plan(rng, size) for _ in range(rng.randint(1, 3))),
        crashes=crashes,
        milliseconds=rng.randint(1_000, 2_500),
        duplicate=rng.choice([0, 0, 0.3]),
    )


def _random_crash(rng: Random, size: int) -> Crash:
    return Crash(rng.choice([rng.randint(5, 120), rng.randint(5, 1_500)]), rng.randrange(size), rng.randint(10, 400))


def _random_plan(rng: Random, size: int) -> RoundPlan:
    parts = rng.choice([1, 1, 2, 2, 3])
    group_of = [rng.randrange(parts) for _ in range(size)]
    groups = [tuple(address for address in range(size) if group_of[address] == part) for part in range(parts)]
    share = rng.choice([0.0, 0.15, 0.35])
    deaf = tuple((address, kind) for address in range(size) for kind in KINDS if rng.random() < share)
    return RoundPlan(tuple(group for group in groups if group), deaf)
