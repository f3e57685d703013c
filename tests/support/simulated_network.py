"""A network of consensus nodes on a virtual clock: one seed, one run. Scenarios read as sentences.

Every commit is checked for agreement and validity, every message of an honest node against what it signed before; a
broken promise raises Disagreement or SignedTwice at once.
"""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from random import Random

from chain.consensus.effects import Effect
from chain.consensus.inputs import Input
from chain.consensus.state import State
from chain.consensus.step import step
from chain.consensus.timing import Timing
from chain.execution.verifier import BadSignature
from chain.types.scalars import ChainId, Height, Power, Round, ValidatorId, VrfKey
from chain.types.validators import Validator, ValidatorSet
from chain.types.vote import Proposal, Vote
from crypto.keys import SecretKey, verify
from tests.support.simulated_node import Crashed, Final, Message, Offered, SimulatedNode

FAST = Timing(
    propose_ms=600, prevote_ms=300, precommit_ms=300, step_ms=200, clock_precision_ms=100, message_delay_ms=400
)


class Disagreement(AssertionError):
    """Two nodes committed different or invalid blocks at one height."""


class SignedTwice(AssertionError):
    """An honest node signed two things at one (height, round, step)."""


class Stuck(AssertionError):
    """What should happen did not within the time given."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How the links misbehave: delays in ms, probabilities per message."""

    least_delay_ms: int = 5
    most_delay_ms: int = 40
    drop: float = 0.0
    duplicate: float = 0.0


CALM = Faults()


def secret_of(index: int) -> SecretKey:
    """The consensus key of the validator that a test calls by this number."""
    return SecretKey(sha256(b"simulated validator %d" % index).digest())


def validator_set(powers: Iterable[int]) -> ValidatorSet:
    """Validators 0, 1, ... with these powers, in the order of their keys as the chain wants it."""
    validators = [
        Validator(ValidatorId(secret_of(index).public), VrfKey(bytes(32)), Power(power))
        for index, power in enumerate(powers)
    ]
    return ValidatorSet(tuple(sorted(validators, key=lambda validator: validator.public_key)))


NodeClass = Callable[["SimulatedNetwork", int, SecretKey], SimulatedNode]


class SimulatedNetwork:
    """Nodes have addresses 0, 1, ...; node i < len(powers) is validator i, later ones are twins of others."""

    chain_id = ChainId("simulated")

    def __init__(
        self,
        seed: int = 0,
        *,
        powers: Iterable[int] = (1, 1, 1, 1),
        faults: Faults = CALM,
        timing: Timing = FAST,
        classes: dict[int, NodeClass] | None = None,
        twins: Iterable[int] = (),
    ) -> None:
        self.rng = Random(seed)
        self.now = 1_000_000
        self.faults, self.timing = faults, timing
        powers = tuple(powers)
        self.validators = validator_set(powers)
        owners = [*range(len(powers)), *twins]
        made = classes or {}
        self.nodes = [
            made.get(address, SimulatedNode)(self, address, secret_of(owner)) for address, owner in enumerate(owners)
        ]
        for address in [*range(len(powers), len(owners)), *twins]:
            self.nodes[address].honest = False
        self.blocked: Callable[[int, int, Message], bool] = lambda _from, _to, _message: False
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._decided: dict[int, bytes] = {}
        self._signed: dict[tuple[ValidatorId, int, int, int], bytes] = {}
        self._verified: dict[tuple[bytes, bytes, bytes], bool] = {}

    # Sentences of a scenario

    @property
    def honest(self) -> list[SimulatedNode]:
        return [node for node in self.nodes if node.honest]

    def proposer(self, height: int, round_: int) -> int:
        """The address of the node that proposes in (height, round)."""
        key = self.validators.proposer(Height(height), Round(round_))
        return next(node.address for node in self.nodes if node.key == key)

    def start(self, *addresses: int) -> None:
        """Start those of these nodes, or of all, that are not running."""
        for address in addresses or range(len(self.nodes)):
            if not self.nodes[address].running:
                self.within(self.nodes[address], self.nodes[address].start)

    def crash(self, *addresses: int) -> None:
        for address in addresses:
            if self.nodes[address].running:
                self.nodes[address].crash()

    def partition(self, *groups: set[int]) -> None:
        """Messages pass within a group only; nodes of no group are alone."""
        self.blocked = lambda sender, to, _message: not any(sender in group and to in group for group in groups)

    def heal(self) -> None:
        """All links work without faults from now on."""
        self.blocked = lambda _from, _to, _message: False
        self.faults = CALM

    def run(self, milliseconds: int) -> None:
        end = self.now + milliseconds
        while self._queue and self._queue[0][0] <= end:
            self._next()
        self.now = end

    def run_until(self, condition: Callable[[], bool], limit_ms: int = 60_000) -> None:
        """Raises Stuck if the condition does not come true in virtual time."""
        end = self.now + limit_ms
        while not condition():
            if not self._queue or self.now > end:
                heights = {node.address: (node.height, node.state.round, node.state.step.name) for node in self.nodes}
                raise Stuck(f"after {limit_ms} ms: {heights}")
            self._next()

    def reach(self, height: int, *addresses: int, limit_ms: int = 60_000) -> None:
        """Run until these nodes, or all running honest ones, have committed `height`."""
        chosen = [self.nodes[address] for address in addresses]
        chosen = chosen or [node for node in self.honest if node.running]
        self.run_until(lambda: all(node.height >= height for node in chosen), limit_ms)

    # What nodes call

    def step(self, state: State, event: Input) -> tuple[State, list[Effect]]:
        return step(state, event)

    def after(self, milliseconds: int, node: SimulatedNode, action: Callable[[], None]) -> None:
        """Call `action` later, unless the node dies before."""
        life = node.life

        def call() -> None:
            if node.running and node.life == life:
                self.within(node, action)

        heapq.heappush(self._queue, (self.now + milliseconds, next(self._order), call))

    def within(self, node: SimulatedNode, action: Callable[[], None]) -> None:
        """Call into a node that may die meanwhile."""
        try:
            action()
        except Crashed:
            node.crash()

    def publish(self, sender: SimulatedNode, message: Message) -> None:
        """To every other node."""
        self._note_signature(sender, message)
        for node in self.nodes:
            if node is not sender:
                self.send(sender, node.address, message)

    def send(self, sender: SimulatedNode, to: int, message: Message) -> None:
        if self.blocked(sender.address, to, message) or self.rng.random() < self.faults.drop:
            return
        copies = 2 if self.rng.random() < self.faults.duplicate else 1
        for _ in range(copies):
            delay = self.rng.randint(self.faults.least_delay_ms, self.faults.most_delay_ms)
            self._deliver(delay, sender.address, to, message)

    def verifies(self, signed: Vote | Proposal) -> bool:
        signer = signed.validator if isinstance(signed, Vote) else signed.proposer
        return self._verify(signer, signed.signing_bytes(self.chain_id), signed.signature)

    def require_signature(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        """The part of chain.execution.verifier.Verifier that commits need."""
        if not self._verify(public_key, message, signature):
            raise BadSignature(public_key)

    def require(self, claims: object) -> None:
        """Simulated blocks carry no claims."""

    def on_commit(self, node: SimulatedNode, final: Final) -> None:
        if not node.honest:
            return
        block_id = self._decided.setdefault(node.height, final.value.id)
        if block_id != final.value.id or not final.value.valid or final.value.height != node.height:
            raise Disagreement(f"node {node.address} committed another block at height {node.height}")

    # Inside

    def _next(self) -> None:
        self.now, _, action = heapq.heappop(self._queue)
        action()

    def _deliver(self, delay: int, sender: int, to: int, message: Message) -> None:
        node = self.nodes[to]

        def deliver() -> None:
            if node.running:
                self.within(node, lambda: node.receive(sender, message))

        heapq.heappush(self._queue, (self.now + delay, next(self._order), deliver))

    def _verify(self, key: bytes, message: bytes, signature: bytes) -> bool:
        asked = (key, message, signature)
        if asked not in self._verified:
            self._verified[asked] = key in self.validators.by_key and verify(key, message, signature)
        return self._verified[asked]

    def _note_signature(self, sender: SimulatedNode, message: Message) -> None:
        if not sender.honest or not isinstance(message, Vote | Offered):
            return
        signed = message if isinstance(message, Vote) else message.proposal
        kind = int(signed.type) if isinstance(signed, Vote) else 0
        position = (sender.key, signed.height, signed.round, kind)
        content = signed.signing_bytes(self.chain_id)
        if self._signed.setdefault(position, content) != content:
            raise SignedTwice(f"node {sender.address} signed twice at {position[1:]}")
