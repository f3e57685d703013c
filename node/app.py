"""The composition root: the one place where the rooms are wired together. One TaskGroup holds every task of a node."""

import asyncio
import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack

from chain.codec import encode
from chain.consensus.timing import Timing
from chain.execution.block import Chain
from chain.execution.genesis import apply_genesis, genesis_tip
from chain.state.store import MemoryStore
from chain.types.block import APP_VERSIONS
from chain.types.genesis import Genesis
from chain.types.receipt import receipts_root
from chain.types.scalars import Hash, Height, Uint, ValidatorId
from contracts.application import build_application
from contracts.registry.state import key_bytes
from node.addresses import AddressFile, open_discovery
from node.config import Config, parse_listen
from node.consensus_log import ConsensusLog
from node.driver import Driver
from node.evidence import EvidenceFile
from node.executor import Executor
from node.home import Home
from node.hub import Hub
from node.ingress import Ingress
from node.instruments import Instruments
from node.keystore import read_record
from node.ledger import Known, Ledger, Receipts
from node.parts import Node
from node.relay import TOPICS, Relay
from node.remote_signer.client import RemoteSigner, Whereabouts
from node.remote_signer.errors import KeyInTwoPlaces
from node.rpc.operator_methods import OperatorMethods
from node.rpc.operator_socket import OperatorSocket
from node.rpc.server import RpcServer
from node.signer import Signs
from node.storage.database import BlockBatch, Database
from node.telemetry.metrics import Metrics
from node.telemetry.pulse import Pulse
from node.telemetry.readings import Readings
from node.telemetry.server import MetricsServer
from node.verifier import NodeVerifier
from p2p.address import NodeId, PeerAddress
from p2p.discovery import Discovery
from p2p.network import Network, Options
from p2p.transport import Tap

VERIFIER_THREADS = 2
NO_INSTRUMENTS = Instruments()

log = logging.getLogger(__name__)


def start_ledger(
    database: Database,
    genesis: Genesis,
    verifier: NodeVerifier,
    known: Known,
    app_versions: frozenset[Uint] = APP_VERSIONS,
) -> Ledger:
    """The ledger over an open database; an empty one gets genesis first. Raises UpgradeNeeded."""
    application = build_application()
    if database.tip is None:
        _, result = apply_genesis(genesis, MemoryStore(), application)
        changes = result.overlay.changes()
        update = database.update_tree(Height(0), changes)
        tip = genesis_tip(genesis, Hash(update.root.hash), receipts_root(result.receipts))
        receipts = encode(Receipts(result.receipts))
        database.commit_block(BlockBatch(tip, changes, update, b"", b"", receipts, ()))
    return Ledger(database, Chain(genesis.chain_id, genesis.hash(), application, app_versions), verifier, known)


class App:
    """Opens a home folder and runs its node until `stop`, or until cancelled."""

    def __init__(self, home: Home, *, passphrase: str | None = None, instruments: Instruments = NO_INSTRUMENTS) -> None:
        """Raises what opening the home's files raises: configuration, genesis, keys, signer state, database.

        Raises UpgradeNeeded when the chain has come to an upgrade that this program does not know.
        """
        self._recorder = instruments.recorder
        with ExitStack() as opened:
            self.node = _open(home, passphrase, instruments, opened)
            self._addresses = AddressFile(home.addresses, self.node.network.discovery)
            opened.callback(self._addresses.save)
            self._rpc = RpcServer(self.node, self._recorder)
            operator = OperatorMethods(self.node, home, self.stop)
            self._operator = OperatorSocket(self.node, home, self._rpc, operator)
            self._page = MetricsServer(Readings(self.node, home), self.node.config.metrics.listen)
            self._stopped = asyncio.Event()
            self._opened = opened.pop_all()

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Until stopped or cancelled. `ready` is called once RPC answers. Everything is closed on the way out.

        Raises ListenFailed, PortInUse, OperatorSocketUnusable and, grouped, what ends the node later.
        """
        node = self.node
        async with AsyncExitStack() as ends, asyncio.TaskGroup() as tasks:
            ends.push_async_callback(self._operator.stop)  # last of all: who waits for the node's end waits for this
            ends.callback(self.close)
            ends.push_async_callback(self._rpc.stop)
            ends.push_async_callback(self._page.stop)
            services = [tasks.create_task(node.pulse.run(), name="pulse")]
            services.append(tasks.create_task(node.network.run(), name="network"))
            await node.network.started.wait()
            await self._rpc.start()
            await self._operator.start()
            await self._page.start()
            services.append(tasks.create_task(node.driver.run(), name="consensus"))
            if isinstance(node.signer, RemoteSigner):
                services.append(tasks.create_task(node.signer.run(), name="signer"))
            services.append(tasks.create_task(node.relay.run(), name="relay"))
            services.append(tasks.create_task(node.relay.catch_up.run(), name="catch-up"))
            services.append(tasks.create_task(self._addresses.run(), name="addresses"))
            ready()
            await self._stopped.wait()
            await self._rpc.stop()
            await node.driver.stop()
            for service in services:
                service.cancel()

    def stop(self) -> None:
        """End in order: answer nothing new, finish the step of consensus that is under way, say good-bye to peers."""
        log.info("the node stops in order")
        self.node.pulse.stopping = True
        self._stopped.set()

    def close(self) -> None:
        """Finish what the threads do and give the folder back."""
        self._opened.close()


def _open(home: Home, passphrase: str | None, instruments: Instruments, opened: ExitStack) -> Node:
    """All parts of a node, wired; `opened` closes in reverse order what is held open."""
    config, genesis = home.load_config(), home.load_genesis()
    storage_key = home.load_storage_key(config, passphrase)
    signer = _signer(home, config, genesis, passphrase)
    if signer is not None:
        opened.callback(signer.close)
    database = home.open_database(config, genesis, storage_key)
    opened.callback(database.close)
    pools = [ThreadPoolExecutor(VERIFIER_THREADS, thread_name_prefix=name) for name in ("verifier", "ingress")]
    for pool in pools:
        opened.callback(pool.shutdown, cancel_futures=True)
    verifier = instruments.verifier(genesis)(lambda vk_id: key_bytes(database.snapshot(), vk_id), *pools)
    mempool, hub, metrics = instruments.mempool(), Hub(), Metrics()
    ledger = start_ledger(database, genesis, verifier, mempool.get, instruments.app_versions)
    consensus_log = ConsensusLog(home.wal, None if storage_key is None else storage_key.subkey("log"))
    opened.callback(consensus_log.close)
    executor = Executor(ledger, mempool, hub)
    opened.callback(executor.close)
    ingress = Ingress(ledger, mempool, verifier, hub)
    relay = Relay(ingress, executor, verifier, time.monotonic)
    evidence = EvidenceFile(home.evidence)
    driver = Driver(executor, signer, consensus_log, evidence, relay, _now_ms, timing(config))
    discovery = open_discovery(home.addresses, config, NodeId(home.load_node_key().public), time.monotonic, os.urandom)
    network = _network(home, config, ledger.chain, relay, instruments.recorder, discovery)
    relay.connect(network, driver)
    parts = (config, storage_key, ledger, executor, mempool, hub, ingress, verifier, network, relay, driver, signer)
    return Node(*parts, metrics, Pulse(hub, metrics, time.monotonic))


def _signer(home: Home, config: Config, genesis: Genesis, passphrase: str | None) -> Signs | None:
    """Whoever signs for this node. Raises KeyInTwoPlaces, and what opening a local signer raises."""
    if not config.validator:
        return None
    if not config.signer.remote:
        return home.open_signer(genesis, passphrase)
    if home.validator_key.exists() and read_record(home.validator_key).public.hex() == config.signer.validator:
        raise KeyInTwoPlaces(home.validator_key)
    validator = ValidatorId(bytes.fromhex(config.signer.validator))
    whereabouts = Whereabouts(PeerAddress.parse(config.signer.address), validator, config.signer.timeout_ms / 1000)
    return RemoteSigner(home.load_node_key(), genesis.chain_id, whereabouts, os.urandom)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def timing(config: Config) -> Timing:
    """Consensus waiting times of a configuration."""
    waits = config.consensus
    return Timing(waits.propose_ms, waits.prevote_ms, waits.precommit_ms, waits.step_ms)


def _network(home: Home, config: Config, chain: Chain, relay: Relay, tap: Tap | None, discovery: Discovery) -> Network:
    return Network(
        home.load_node_key(),
        chain.chain_id.encode() + chain.genesis_hash,
        TOPICS,
        relay,
        clock=time.monotonic,
        entropy=os.urandom,
        listen=parse_listen("p2p.listen", config.p2p.listen),
        peers=[PeerAddress.parse(peer) for peer in config.p2p.peers],
        options=Options(max_inbound=config.p2p.max_inbound),
        tap=tap,
        discovery=discovery,
    )
