"""What a generated network is: drawn from a seed, so that a number names it."""

from dataclasses import dataclass
from random import Random
from typing import Final

KILL, RESTART, PAUSE, DISCONNECT = "kill", "restart", "pause", "disconnect"
HALVES, RING, ONE_WAY = "partition into halves", "partition into a ring", "partition one way"
CLOCK, TWIN = "clock jump", "duplicated key"
ONE_NODE: Final = (KILL, RESTART, PAUSE, DISCONNECT, ONE_WAY)
MANY_NODES: Final = (HALVES, RING)
FAULTS: Final = 5  # of each network, beside a duplicated key


@dataclass(frozen=True, slots=True)
class Fault:
    """kind; node: whom it hits, where it hits one; seconds: how long it lasts; ahead: a clock's jump, in seconds."""

    kind: str
    node: int
    seconds: float
    ahead: int = 0

    def __str__(self) -> str:
        return self.kind if self.kind in MANY_NODES else f"{self.kind} of node{self.node}"


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """Nodes are numbered: validators first, then full nodes, then those that join late."""

    seed: int
    validators: int
    full: int
    late: int
    faults: tuple[Fault, ...]

    @property
    def nodes(self) -> int:
        return self.validators + self.full + self.late

    @property
    def first_late(self) -> int:
        return self.validators + self.full

    @property
    def twins(self) -> frozenset[int]:
        """Validators whose key was duplicated: they may be convicted."""
        return frozenset(fault.node for fault in self.faults if fault.kind == TWIN)


def draw(seed: int, *, clocks: bool, faults: int = FAULTS) -> NetworkPlan:
    """The network of a seed. clocks: whether this machine can make a process's clock jump."""
    random = Random(seed)
    validators = random.randint(4, 7)
    full, late = random.randint(0, 1), random.randint(0, 1)
    kinds = [*ONE_NODE, *MANY_NODES, *([CLOCK] if clocks else [])]
    drawn = [_fault(random, random.choice(kinds), validators, full) for _ in range(faults)]
    if seed % 3 == 0:  # last: whoever signed twice is out afterwards, and others must not fail beside it
        drawn.append(Fault(TWIN, random.randrange(validators), 6.0))
    return NetworkPlan(seed, validators, full, late, tuple(drawn))


def _fault(random: Random, kind: str, validators: int, full: int) -> Fault:
    """Most faults hit validators; a full node may be killed, paused and cut off as well."""
    node = random.randrange(validators + full) if kind in ONE_NODE else random.randrange(validators)
    ahead = random.choice((-3_600, -5, 5, 3_600)) if kind == CLOCK else 0
    return Fault(kind, node, round(random.uniform(2.0, 6.0), 1), ahead)
