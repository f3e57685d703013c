"""A validator's machine in the full-stack simulation: a disk, a clock, and the node's own code on both.

Everything from the gossip upwards is the product: p2p.gossip, relay, ingress, mempool, driver, executor, ledger,
database, log, signer's state, catch-up. Links between machines are simulated (simulated_stack.py), LevelDB and files
are simulated_disk.py, threads are turns of the virtual loop.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chain.mempool import Mempool
from chain.types.scalars import TxHash, ValidatorId
from chain.types.vote import Vote
from contracts.registry.state import key_bytes
from crypto.errors import ClusterError
from crypto.keys import PublicKey, SecretKey
from node.app import start_ledger
from node.consensus_log import ConsensusLog, LogUnwritable
from node.driver import Driver
from node.evidence import EvidenceFile
from node.executor import Executor
from node.hub import BlockFinal, Hub, News
from node.ingress import Ingress
from node.ledger import Ledger
from node.relay import TOPICS, Relay
from node.signer import Signer
from node.signer_state import SignerStateFile, SignerStateUnwritable, nothing_signed
from node.storage.database import Database
from node.storage.errors import WriteFailed
from node.verifier import NodeVerifier
from p2p.address import NodeId
from p2p.gossip import Gossip
from p2p.limits import TokenBucket
from p2p.scores import Ban, Offence, ScoreBook
from p2p.seen import SeenCache
from p2p.topics import Topics, TopicSpec
from p2p.wire import HEADER, HEADER_BYTES, Frame
from tests.support.promises import Fell
from tests.support.simulated_disk import Mount, SimulatedDisk, Stopped
from tests.support.virtual_loop import Life

if TYPE_CHECKING:
    from tests.support.simulated_stack import SimulatedStack

STATE: Final = Path("/data/signer-state")
LOG: Final = Path("/data/wal")
DATABASE: Final = Path("/data/db")
EVIDENCE: Final = Path("/data/evidence")
SPECS: Final = Topics(TOPICS)
IDLE: Final = ThreadPoolExecutor(1, thread_name_prefix="verifier")  # never given work: the loop takes it
DISK_SECONDS: Final = 0.001
EXECUTION_SECONDS: Final = 0.004

Place = tuple[ValidatorId, int, int, int]  # who, and at which height, round and step
OTHER_SECONDS: Final = 0.0005


class Machine:
    """`start`, `kill` and `cut_power` it. What the disk holds survives, everything else is made anew by `start`."""

    def __init__(self, stack: "SimulatedStack", address: int, secret: SecretKey, *, honest: bool) -> None:
        self.stack, self.address, self.secret, self.honest = stack, address, secret, honest
        self.key = ValidatorId(secret.public)
        self.node_id = NodeId(PublicKey(bytes([address + 1]) * 32))
        self.skew_ms = 0
        self.disk_factor = 1.0
        self.final = 0  # the highest block that it called final, in any of its lives
        self.disk = SimulatedDisk()
        mount = self.disk.mount()
        mount.make_folder(STATE.parent)
        SignerStateFile.create(STATE, nothing_signed(stack.genesis.chain_id, self.key), mount).close()
        self.life: Life | None = None
        self.caught: set[ValidatorId] = set()  # who signed twice, as it heard in time
        self._heard: dict[Place, set[bytes]] = {}
        self._mount: Mount = mount

    @property
    def running(self) -> bool:
        return self.life is not None and not self.life.ended

    @property
    def height(self) -> int:
        return self.ledger.tip.height

    def has(self, transaction: TxHash) -> bool:
        """Is it final here?"""
        return self.ledger.database.find_transaction(transaction) is not None

    def clock(self) -> int:
        """What this machine's own clock shows, in milliseconds."""
        return self.stack.now_ms + self.skew_ms

    # Life

    def start(self) -> None:
        """Come up on what the disk holds."""
        self.life = Life(self.stack.loop, self._seconds_of, self.cut_power)
        self._mount = self.disk.mount()
        try:
            self._open()
        except Stopped:
            self.cut_power()
            return
        except ClusterError as error:
            self.kill()
            if self.honest and not (self.disk.full and is_refusal_to_write(error)):
                raise Fell(f"machine {self.address} does not start: {error}") from error
            return
        for spec in SPECS:
            for _ in range(spec.workers):
                self.life.run(self.gossip.judge(spec))
        for service in (self.driver.run(), self.relay.run(), self.relay.catch_up.run()):
            self.life.run(service)
        self.stack.on_start(self)

    def kill(self) -> None:
        """SIGKILL: what was written stays."""
        if self.life is not None and not self.life.ended:
            self._mount.unplug()
            self.life.end()
            self.disk.stop_at = None
            self.stack.on_stop(self)

    def cut_power(self) -> None:
        """What was not synced is lost, or some of it."""
        self.stack.note(f"machine {self.address} loses power")
        self.kill()
        self.disk.cut_power(self.stack.rng)

    def submit(self, raw: bytes) -> None:
        """A transaction arrives through RPC."""
        if self.life is not None and not self.life.ended:
            self.life.run(self._admit(raw))

    async def _admit(self, raw: bytes) -> None:
        try:
            await self.ingress.admit(raw, None)
        except ClusterError as refusal:
            self.stack.refused[type(refusal).__name__] += 1
            return
        self.relay.publish_transaction(raw)

    def _open(self) -> None:
        """As node/app.py does."""
        stack, mount = self.stack, self._mount
        genesis, entropy, seconds = stack.genesis, stack.entropy, stack.loop.time
        signer = Signer(self.secret, genesis.chain_id, SignerStateFile(STATE, mount))
        opened = Database.open if mount.names(DATABASE) else Database.create
        database = opened(DATABASE, None, genesis.hash(), entropy=entropy, disk=mount)
        verifier = NodeVerifier(lambda vk_id: key_bytes(database.snapshot(), vk_id), IDLE, IDLE)
        self.mempool, hub = Mempool(), _WatchedHub(self)
        self.ledger: Ledger = start_ledger(database, genesis, verifier, self.mempool.get)
        log, evidence = ConsensusLog(LOG, entropy=entropy, disk=mount), EvidenceFile(EVIDENCE, mount)
        self.executor = Executor(self.ledger, self.mempool, hub)
        self.ingress = Ingress(self.ledger, self.mempool, verifier, hub)
        self.relay = Relay(self.ingress, self.executor, verifier, seconds)
        self.driver = Driver(self.executor, signer, log, evidence, self.relay, self.clock, stack.timing)
        self.peers: dict[NodeId, PeerLink] = {}
        scores, seen = ScoreBook(seconds, 600.0), SeenCache(65_536, 120.0, entropy(32), seconds)
        self.gossip = Gossip(SPECS, self.relay, self.peers, scores, seen, seconds)  # type: ignore[arg-type]
        self.relay.connect(_Voice(self), self.driver)  # type: ignore[arg-type]
        self._heard, take_vote = {}, self.driver.take_vote
        self.driver.take_vote = lambda vote: take_vote(vote) and self._took(vote)  # type: ignore[method-assign]

    def _took(self, vote: Vote) -> bool:
        """A vote goes to consensus here."""
        if vote.round <= self.driver.state.round and vote.height == self.driver.state.height:
            place = (vote.validator, vote.height, vote.round, vote.type)
            self._heard.setdefault(place, set()).add(vote.target)
        return True

    def passed(self, height: int) -> None:
        """Its database has the block of a height: by then what it heard of that height has been judged."""
        for place in [place for place in self._heard if place[1] <= height]:
            if len(self._heard.pop(place)) > 1:
                self.caught.add(place[0])

    def _seconds_of(self, pool: str) -> float:
        usual = {"disk": DISK_SECONDS * self.disk_factor, "execution": EXECUTION_SECONDS * self.disk_factor}
        return usual.get(pool, OTHER_SECONDS) * (0.5 + self.stack.rng.random())

    # Links

    def link_up(self, other: "Machine") -> None:
        self.peers[other.node_id] = PeerLink(self, other, self.stack.loop.time())
        self.relay.on_peer_up(other.node_id)

    def link_down(self, other: "Machine") -> None:
        if self.peers.pop(other.node_id, None) is not None:
            self.relay.on_peer_down(other.node_id, "the link is gone")

    def hear(self, other: "Machine", kind: int, topic: int, payload: bytes) -> None:
        """A frame arrives."""
        peer = self.peers.get(other.node_id)
        if self.running and peer is not None:
            self.gossip.receive(peer, [Frame(kind, topic, payload)])  # type: ignore[arg-type]


class PeerLink:
    """What p2p.gossip needs of p2p.peer.Peer: here a link ends in the simulated network."""

    def __init__(self, owner: Machine, other: Machine, now: float) -> None:
        self.node_id, self._owner, self._other = other.node_id, owner, other
        self.allowance = {spec.number: TokenBucket(spec.rate, spec.burst, now) for spec in SPECS}
        self.rate_limited = 0

    def enqueue(self, spec: TopicSpec, frame: bytes) -> bool:
        kind, topic, _ = HEADER.unpack_from(frame)
        self._owner.stack.carry(self._owner, self._other, kind, topic, frame[HEADER_BYTES:])
        return True

    def ban(self, ban: Ban, now: float) -> None:
        self._owner.stack.on_ban(self._owner, self._other, ban)


class _Voice:
    """The network as the relay sees it: what is published passes the simulation's eyes."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def publish(self, topic: int, payload: bytes) -> int:
        self._machine.stack.on_publish(self._machine, topic, payload)
        return self._machine.gossip.publish(topic, payload)

    def send(self, to: NodeId, topic: int, payload: bytes) -> bool:
        return self._machine.gossip.send(to, topic, payload)

    def charge(self, node: NodeId, topic: int, reason: str) -> None:
        self._machine.gossip.charge(node, topic, Offence.INVALID_DIRECT, reason)


def is_refusal_to_write(fault: BaseException) -> bool:
    """Is it one of the errors with which a node stops where it cannot write, alone or grouped?"""
    if isinstance(fault, BaseExceptionGroup):
        return all(map(is_refusal_to_write, fault.exceptions))
    return isinstance(fault, LogUnwritable | SignerStateUnwritable | WriteFailed)


class _WatchedHub(Hub):
    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self._machine = machine

    def announce(self, news: News) -> None:
        if isinstance(news, BlockFinal):
            self._machine.stack.on_final(self._machine, news)
        super().announce(news)
