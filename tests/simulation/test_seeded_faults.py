"""Many short random lives of a network: each seed is one; agreement is checked all along, progress after all is healed.

A life in chaos: lost, doubled and reordered messages, partitions of any shape, crashes with power cuts. A deaf life:
each node never hears some of what each other says in a round, whoever repeats it, so that one sees a polka or decision
and another does not; this finds broken locks. In two of three lives one validator lies or runs twice.
A failing seed is replayed by calling the function that the test names.
"""

from collections.abc import Callable
from random import Random
from zlib import crc32

import pytest

from chain.types.vote import Vote
from tests.support.byzantine_nodes import DoubleProposer, Equivocator, FalseProver, InvalidProposer, Mute
from tests.support.simulated_network import Faults, SimulatedNetwork
from tests.support.simulated_node import Final, Message, Offered, Value

SEEDS = 120
BATCH = 30
LIARS = (Equivocator, DoubleProposer, InvalidProposer, FalseProver, Mute)


def live_in_chaos(seed: int) -> None:
    """A few seconds of trouble, then health, then two more heights everywhere."""
    rng = Random(f"chaos {seed}")
    faults = Faults(5, rng.choice([20, 100, 600]), drop=rng.choice([0, 0.05, 0.3]), duplicate=rng.choice([0, 0.3]))
    network = born(seed, rng, faults)
    network.start()
    for _ in range(rng.randint(2, 5)):
        network.run(rng.randint(50, 1_500))
        trouble(network, rng)
    network.run(rng.randint(50, 1_000))
    recover(network)


def live_deaf(seed: int) -> None:
    """What is not heard in the first rounds of height 1 depends on who said it and who would have heard it."""
    rng = Random(f"deaf {seed}")
    network = born(seed, rng, Faults(5, rng.choice([20, 100])))
    share, rounds = rng.choice([0.15, 0.25, 0.35]), rng.randint(1, 4)

    def unheard(_sender: int, to: int, message: Message) -> bool:
        if isinstance(message, Final | Value):
            return True
        if not isinstance(message, Vote | Offered):
            return False
        kind, said = (message.type, message) if isinstance(message, Vote) else (0, message.proposal)
        signer = message.validator if isinstance(message, Vote) else message.proposal.proposer
        if said.round >= rounds:
            return False
        return crc32(b"%d %d %d %d " % (seed, to, said.round, kind) + signer) < share * 2**32

    network.blocked = unheard
    network.start()
    network.run(6_000)
    recover(network)


def born(seed: int, rng: Random, faults: Faults) -> SimulatedNetwork:
    kind = rng.randrange(3)
    classes = {rng.randrange(4): rng.choice(LIARS)} if kind == 1 else None
    twins = [rng.randrange(4)] if kind == 2 else []
    return SimulatedNetwork(seed, faults=faults, classes=classes, twins=twins)


def recover(network: SimulatedNetwork) -> None:
    network.heal()
    network.start()
    height = max(node.height for node in network.honest)
    network.reach(height + 2, limit_ms=60_000)


def trouble(network: SimulatedNetwork, rng: Random) -> None:
    addresses = list(range(len(network.nodes)))
    match rng.choice(["split", "join", "crash", "crash", "restart"]):
        case "split":
            groups: list[set[int]] = [set(), set()]
            for address in addresses:
                groups[rng.randrange(2)].add(address)
            network.partition(*groups)
        case "join":
            network.partition(set(addresses))
        case "crash":
            network.crash(*rng.sample(addresses, rng.randint(1, 2)))
        case "restart":
            network.start()


@pytest.mark.parametrize("live", [live_in_chaos, live_deaf])
@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_whatever_goes_wrong_nodes_agree_and_go_on_afterwards(live: Callable[[int], None], first: int) -> None:
    for seed in range(first, first + BATCH):
        live(seed)
