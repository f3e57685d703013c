"""Many short random lives of a network of `step`: a seed is a life, and the same seed is the same life.

Kinds of life: chaos (lost, doubled and reordered messages, partitions, clocks that are off, slow disks), crashes
(besides: kills, power cuts, power cuts inside a write), deafness (a node never hears some of what others say in a
round, whoever repeats it, so that one sees a polka or a decision and another does not: this finds broken locks),
schedules of rounds (schedules.py), and thirds (a third of the power lies, which may stop the chain and must not split
it). In most lives of the others one validator lies, runs twice or has lost its log. Promises are checked all along, and
at the end progress: see `SimulatedNetwork.settle`.
"""

from collections.abc import Callable
from random import Random
from typing import Final
from zlib import crc32

from chain.types.vote import Vote
from tests.simulation.schedules import LIARS, perform, random_schedule
from tests.support import byzantine_nodes
from tests.support.byzantine_nodes import (
    ByzantineNode,
    DoubleProposer,
    Equivocator,
)
from tests.support.simulated_network import Faults, SimulatedNetwork
from tests.support.simulated_node import Final as FinalBlock
from tests.support.simulated_node import Message, Offered, Value
from tests.support.story import Story

POWERS: Final = ((1, 1, 1, 1),) * 8 + ((3, 2, 2, 2), (5, 4, 3, 3, 1))
PARTITIONS: Final = ("single", "half", "ring", "one-way", "random")


def live(seed: int, story: Story | None = None) -> str:
    """One life; the digest of what came of it. Raises the BrokenPromise of tests/support/promises.py."""
    rng = Random(f"life {seed}")
    kind = rng.choices(
        [live_in_chaos, live_with_crashes, live_deaf, live_by_rounds, live_with_a_third], [3, 3, 4, 4, 1]
    )
    return kind[0](seed, rng, story)


class _Born:
    """Who lives: the network, the addresses that may be faulty, and the one whose log may be lost."""

    def __init__(self, seed: int, rng: Random, faults: Faults, story: Story | None, *, disks: bool) -> None:
        powers = rng.choice(POWERS)
        weak = [index for index, power in enumerate(powers) if 3 * power < sum(powers)]
        kind, chosen = rng.choice(["honest", "liar", "liar", "twin", "twin"]), rng.choice(weak)
        liar = rng.choice(LIARS)
        classes = {chosen: getattr(byzantine_nodes, liar)} if kind == "liar" else {}
        self.network = SimulatedNetwork(
            seed,
            powers=powers,
            faults=faults,
            classes=classes,
            twins=[chosen] if kind == "twin" else [],
            disks=disks,
            story=story,
        )
        self.amnesiac = chosen if kind == "honest" and disks and rng.random() < 0.5 else None
        name = {"liar": liar, "twin": "runs twice"}.get(kind, "")
        self.network.note(f"{len(powers)} validators of power {powers}" + (f", {chosen}: {name}" if name else ""))


def live_in_chaos(seed: int, rng: Random, story: Story | None) -> str:
    """A few seconds of trouble, then health."""
    network = _Born(seed, rng, _bad_links(rng), story, disks=False).network
    network.start()
    for _ in range(rng.randint(2, 4)):
        network.run(rng.randint(50, 900))
        trouble(network, rng)
    network.run(rng.randint(50, 600))
    network.settle(1)
    return network.digest()


def live_with_crashes(seed: int, rng: Random, story: Story | None) -> str:
    """As in chaos, and machines fail."""
    born = _Born(seed, rng, _bad_links(rng), story, disks=True)
    network = born.network
    network.start()
    for _ in range(rng.randint(2, 5)):
        network.run(rng.randint(20, 600))
        if rng.random() < 0.3:
            trouble(network, rng)
        else:
            break_machines(network, rng, born.amnesiac)
    network.run(rng.randint(20, 400))
    network.settle(1)
    return network.digest()


def live_deaf(seed: int, rng: Random, story: Story | None) -> str:
    """What is not heard in the first rounds of height 1 depends on who said it and who would have heard it."""
    network = _Born(seed, rng, Faults(5, rng.choice([20, 100])), story, disks=False).network
    share, rounds = rng.choice([0.15, 0.25, 0.35]), rng.randint(1, 4)

    def unheard(_sender: int, to: int, message: Message) -> bool:
        if isinstance(message, FinalBlock | Value):
            return True
        if not isinstance(message, Vote | Offered):
            return False
        kind, said = (message.type, message) if isinstance(message, Vote) else (0, message.proposal)
        signer = message.validator if isinstance(message, Vote) else message.proposal.proposer
        if said.round >= rounds:
            return False
        return crc32(b"%d %d %d %d " % (seed, to, said.round, kind) + signer) < share * 2**32

    network.blocked = unheard
    network.note(f"of the first {rounds} rounds {share:.0%} of what each says is never heard by each other")
    network.start()
    network.run(rng.randint(1_000, 3_000))
    network.settle(1)
    return network.digest()


def live_by_rounds(seed: int, rng: Random, story: Story | None) -> str:
    """A schedule drawn by chance: each round has its own groups and deaf nodes, and machines may lose power."""
    return perform(random_schedule(rng), seed, story, Faults(5, rng.choice([20, 60])))


def live_with_a_third(seed: int, rng: Random, story: Story | None) -> str:
    """One of three lies: nothing is promised of progress, agreement is."""
    liar: Callable[..., ByzantineNode] = rng.choice([DoubleProposer, Equivocator])
    twin = rng.random() < 0.3
    network = SimulatedNetwork(
        seed, powers=(1, 1, 1), classes={} if twin else {0: liar}, twins=[0] if twin else [], disks=False, story=story
    )
    network.note("three validators, 0 lies")
    if twin:
        network.partition({0, 1}, {3, 2})
    else:
        network.partition({0, 1}, {0, 2})
    network.start()
    network.run(rng.randint(1_000, 4_000))
    return network.digest()


def _bad_links(rng: Random) -> Faults:
    return Faults(5, rng.choice([20, 100, 600]), drop=rng.choice([0, 0.05, 0.3]), duplicate=rng.choice([0, 0.3]))


def trouble(network: SimulatedNetwork, rng: Random) -> None:
    """One more thing goes wrong, or right."""
    addresses = list(range(len(network.nodes)))
    match rng.choice(["partition", "partition", "partition", "join", "clock", "disk"]):
        case "partition":
            split(network, rng)
        case "join":
            network.partition(set(addresses))
        case "clock":
            node = network.nodes[rng.choice(addresses)]
            node.clock_skew = rng.choice([-400, -90, 90, 400])
            network.note(f"clock of node {node.address} is off by {node.clock_skew} ms")
        case "disk":
            node = network.nodes[rng.choice(addresses)]
            node.slow_ms = rng.choice([50, 300])
            network.note(f"disk of node {node.address} takes {node.slow_ms} ms")


def split(network: SimulatedNetwork, rng: Random) -> None:
    """A partition of one of the kinds."""
    addresses = list(range(len(network.nodes)))
    rng.shuffle(addresses)
    half = len(addresses) // 2
    match rng.choice(PARTITIONS):
        case "single":
            network.partition({addresses[0]}, set(addresses[1:]))
        case "half":
            network.partition(set(addresses[:half]), set(addresses[half:]))
        case "ring":
            network.partition(
                *[{one, other} for one, other in zip(addresses, addresses[1:] + addresses[:1], strict=True)]
            )
        case "one-way":
            network.cut(*[(sender, to) for sender in addresses[:half] for to in addresses[half:]])
        case "random":
            groups: list[set[int]] = [set(), set()]
            for address in addresses:
                groups[rng.randrange(2)].add(address)
            network.partition(*groups)


def break_machines(network: SimulatedNetwork, rng: Random, amnesiac: int | None) -> None:
    """Machines stop or come back. The one that may forget loses its log."""
    addresses = list(range(len(network.nodes)))
    match rng.choice(["power", "kill", "inside", "restart", "restart"]):
        case "power":
            network.crash(*rng.sample(addresses, rng.randint(1, 3)))
        case "kill":
            network.crash(*rng.sample(addresses, rng.randint(1, 2)), power_cut=False)
        case "inside":
            disk = network.nodes[rng.choice(addresses)].disk
            assert disk is not None
            disk.stop_at = disk.steps + rng.randint(1, 30)
        case "restart":
            if amnesiac is not None and not network.nodes[amnesiac].running and rng.random() < 0.5:
                network.note(f"node {amnesiac} has lost its log")
                network.nodes[amnesiac].lose_log()
            network.start()
