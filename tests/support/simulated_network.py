"""A network of consensus nodes on a virtual clock: one seed, one run. Scenarios read as sentences.

Every commit is checked for agreement and validity, every message of an honest node against what it signed before, every
contradiction that a node hears against the evidence that it keeps; a broken promise is raised at once (promises.py).
"""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from random import Random

from chain.consensus.timing import Timing
from chain.execution.verifier import BadSignature
from chain.types.scalars import ChainId, Height, Power, Round, ValidatorId, VrfKey
from chain.types.validators import Validator, ValidatorSet
from chain.types.vote import Proposal, Vote
from crypto.errors import ClusterError
from tests.support.promises import Disagreement, Fell, InvalidCommit, Stuck
from tests.support.signed_votes import SignedVotes
from tests.support.simulated_disk import Stopped
from tests.support.simulated_node import Final, Message, Offered, SimulatedNode
from tests.support.story import Story
from tests.support.token_keys import TokenKey, verify

FAST = Timing(
    propose_ms=600, prevote_ms=300, precommit_ms=300, step_ms=200, clock_precision_ms=100, message_delay_ms=400
)
MOST_SKEW_MS = 500
SETTLE_MS = 30_000  # after healing; tests/simulation/README.md says why


@dataclass(frozen=True, slots=True)
class Faults:
    """How the links misbehave: delays in ms, probabilities per message."""

    least_delay_ms: int = 5
    most_delay_ms: int = 40
    drop: float = 0.0
    duplicate: float = 0.0


CALM = Faults()


@lru_cache(64)
def secret_of(index: int) -> TokenKey:
    """The consensus key of the validator that a test calls by this number."""
    return TokenKey(index)


@lru_cache(64)
def validator_set(powers: tuple[int, ...]) -> ValidatorSet:
    """Validators 0, 1, ... with these powers, in the order of their keys as the chain wants it."""
    validators = [
        Validator(ValidatorId(secret_of(index).public), VrfKey(bytes(32)), Power(power))
        for index, power in enumerate(powers)
    ]
    return ValidatorSet(tuple(sorted(validators, key=lambda validator: validator.public_key)))


NodeClass = Callable[["SimulatedNetwork", int, TokenKey], SimulatedNode]


class SimulatedNetwork:
    """Nodes have addresses 0, 1, ...; node i < len(powers) is validator i, later ones are twins of others.

    Without `disks`, nodes keep log and signer's state in variables: for runs in which nobody crashes.
    """

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
        disks: bool = True,
        story: Story | None = None,
    ) -> None:
        self.rng = Random(seed)
        self.now = 1_000_000
        self.faults, self.timing, self.disks = faults, timing, disks
        self.story = story
        powers, twins = tuple(powers), tuple(twins)
        self.validators = validator_set(powers)
        owners = [*range(len(powers)), *twins]
        made = classes or {}
        self.nodes = [
            made.get(address, SimulatedNode)(self, address, secret_of(owner)) for address, owner in enumerate(owners)
        ]
        for address in [*range(len(powers), len(owners)), *twins]:
            self.nodes[address].honest = False
        self.blocked: Callable[[int, int, Message], bool] | None = None
        self._queue: list[tuple[int, int, int, Callable[[], None] | Message, int]] = []
        self._order = 0
        self._decided: dict[int, bytes] = {}
        self.signed = SignedVotes()
        self._verified: dict[Vote | Proposal, bool] = {}

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
                self.note(f"node {address} starts")
                self.within(self.nodes[address], self.nodes[address].start)

    def crash(self, *addresses: int, power_cut: bool = True) -> None:
        for address in addresses:
            if self.nodes[address].running:
                self.note(f"node {address} " + ("loses power" if power_cut else "is killed"))
                self.nodes[address].crash(power_cut=power_cut)

    def partition(self, *groups: set[int]) -> None:
        """Messages pass within a group only; nodes of no group are alone."""
        self.note("partition: " + " | ".join(str(sorted(group)) for group in groups))
        self.blocked = lambda sender, to, _message: not any(sender in group and to in group for group in groups)

    def cut(self, *links: tuple[int, int]) -> None:
        """Nothing passes from the first to the second of each pair."""
        self.note("cut: " + " ".join(f"{sender}->{to}" for sender, to in sorted(links)))
        gone = frozenset(links)
        self.blocked = lambda sender, to, _message: (sender, to) in gone

    def heal(self) -> None:
        """All links work without faults from now on, all disks are fast and all clocks right."""
        self.note("everything heals")
        self.blocked, self.faults = None, CALM
        for node in self.nodes:
            node.slow_ms, node.clock_skew = 0, 0
            if node.disk is not None:
                node.disk.stop_at = None

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

    def settle(self, heights: int = 2, *, limit_ms: int = SETTLE_MS) -> None:
        """Heal, start whoever is down, and let every honest node commit so many heights more. Raises Stuck."""
        self.heal()
        self.start()
        highest = max(node.height for node in self.honest)
        self.reach(highest + heights, *[node.address for node in self.honest], limit_ms=limit_ms)

    def digest(self) -> str:
        """Of everything that was decided and signed, when, and how often chance was asked: two equal runs have one."""
        whole = (self.now, self._order, self.rng.random(), sorted(self._decided.items()), self.signed.all())
        return sha256(repr(whole).encode()).hexdigest()

    # What nodes call

    def note(self, what: str) -> None:
        if self.story is not None:
            self.story.tell(self.now, what)

    def after(self, milliseconds: int, node: SimulatedNode, action: Callable[[], None]) -> None:
        """Call `action` later, unless the node dies before."""
        self._order += 1
        entry = (self.now + milliseconds, self._order, node.address, action, -1 - node.life)
        heapq.heappush(self._queue, entry)  # type: ignore[misc]

    def within(self, node: SimulatedNode, action: Callable[[], None]) -> None:
        """Call into a node that may die meanwhile."""
        try:
            action()
        except Stopped:
            self.note(f"node {node.address} loses power inside a write")
            node.crash(power_cut=True)
        except ClusterError as error:
            raise Fell(f"node {node.address}: {error}") from error

    def publish(self, sender: SimulatedNode, message: Message) -> None:
        """To every other node."""
        if sender.honest and isinstance(message, Vote | Offered):
            signed = message if isinstance(message, Vote) else message.proposal
            self.signed.note(sender.address, signed, self.validators, forgets=sender.forgets)
        for node in self.nodes:
            if node is not sender:
                self.send(sender, node.address, message)

    def send(self, sender: SimulatedNode, to: int, message: Message) -> None:
        faults, chance = self.faults, self.rng.random
        if self.blocked is not None and self.blocked(sender.address, to, message):
            return
        if faults.drop and chance() < faults.drop:
            if self.story is not None:
                self.story.tell(self.now, f"lost {sender.address}->{to}: {self.story.name(message)}")
            return
        if not sender.honest and isinstance(message, Vote):
            self.signed.count(message)
        spread = faults.most_delay_ms - faults.least_delay_ms + 1
        for _ in range(2 if faults.duplicate and chance() < faults.duplicate else 1):
            delay = sender.slow_ms + faults.least_delay_ms + int(chance() * spread)
            self._order += 1
            heapq.heappush(self._queue, (self.now + delay, self._order, to, message, sender.address))

    def verifies(self, signed: Vote | Proposal) -> bool:
        known = self._verified.get(signed)
        if known is None:
            signer = signed.validator if isinstance(signed, Vote) else signed.proposer
            known = self._verify(signer, signed.signing_bytes(self.chain_id), signed.signature)
            self._verified[signed] = known
        return known

    def require_signature(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        """The part of chain.execution.verifier.Verifier that commits need."""
        if not self._verify(public_key, message, signature):
            raise BadSignature(public_key)

    def require(self, claims: object) -> None:
        """Simulated blocks carry no claims."""

    def on_commit(self, node: SimulatedNode, final: Final) -> None:
        if not node.honest:
            return
        value = final.value
        if self.story is not None:
            self.story.tell(self.now, f"node {node.address} commits {self.story.name(value)}")
        latest = self.now + MOST_SKEW_MS + self.timing.clock_precision_ms * (final.commit.round + 1)
        if not value.valid or value.height != node.height or value.time > latest:
            raise InvalidCommit(f"node {node.address} committed an invalid block at height {node.height}")
        if self._decided.setdefault(node.height, value.id) != value.id:
            raise Disagreement(f"node {node.address} committed another block at height {node.height}")

    # Inside

    def _next(self) -> None:
        self.now, _, to, what, sender = heapq.heappop(self._queue)
        node = self.nodes[to]
        if not node.running:
            return
        if sender >= 0:
            if self.story is not None:
                self.story.hear(self.now, sender, to, what)
            self.within(node, lambda: node.receive(sender, what))  # type: ignore[arg-type]
        elif -1 - sender == node.life:
            self.within(node, what)  # type: ignore[arg-type]

    def _verify(self, key: bytes, message: bytes, signature: bytes) -> bool:
        return key in self.validators.by_key and verify(key, message, signature)
