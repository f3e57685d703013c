"""The composition root: the one place where the rooms are wired together. One TaskGroup holds every task of a node."""

import asyncio
import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from chain.codec import encode
from chain.consensus.timing import Timing
from chain.execution.block import Chain
from chain.execution.genesis import apply_genesis, genesis_tip
from chain.mempool import Mempool
from chain.state.store import MemoryStore
from chain.types.genesis import Genesis
from chain.types.receipt import receipts_root
from chain.types.scalars import Hash, Height
from contracts.application import build_application
from contracts.registry.state import key_bytes
from node.config import Config, parse_listen
from node.consensus_log import ConsensusLog
from node.driver import Driver
from node.executor import Executor
from node.home import Home
from node.hub import Hub
from node.ingress import Ingress
from node.instruments import Instruments
from node.ledger import Ledger, Receipts
from node.parts import Node
from node.relay import TOPICS, Relay
from node.rpc.server import RpcServer
from node.storage.database import BlockBatch, Database
from node.verifier import NodeVerifier
from p2p.address import PeerAddress
from p2p.network import Network, Options
from p2p.transport import Tap

VERIFIER_THREADS = 2
NO_INSTRUMENTS = Instruments()

log = logging.getLogger(__name__)


def start_ledger(
    database: Database, genesis: Genesis, pool: ThreadPoolExecutor, verifier_class: type[NodeVerifier] = NodeVerifier
) -> tuple[Ledger, NodeVerifier]:
    """The ledger over an open database; an empty one gets genesis first."""
    application = build_application()
    chain, result = apply_genesis(genesis, MemoryStore(), application)
    if database.tip is None:
        changes = result.overlay.changes()
        update = database.update_tree(Height(0), changes)
        tip = genesis_tip(genesis, Hash(update.root.hash), receipts_root(result.receipts))
        receipts = encode(Receipts(result.receipts))
        database.commit_block(BlockBatch(tip, changes, update, b"", b"", receipts, ()))
    verifier = verifier_class(lambda vk_id: key_bytes(database.snapshot(), vk_id), pool)
    return Ledger(database, chain, verifier), verifier


class App:
    """Opens a home folder and runs its node until cancelled."""

    def __init__(self, home: Home, *, passphrase: str | None = None, instruments: Instruments = NO_INSTRUMENTS) -> None:
        """Raises what opening the home's files raises: configuration, genesis, keys, signer state, database."""
        config, genesis = home.load_config(), home.load_genesis()
        storage_key = home.load_storage_key(config, passphrase)
        signer = home.open_signer(genesis, passphrase) if config.validator else None
        self._recorder = instruments.recorder
        self._pool = ThreadPoolExecutor(VERIFIER_THREADS, thread_name_prefix="verifier")
        self._database = home.open_database(config, genesis, storage_key)
        believer = instruments.verifier(genesis)
        ledger, verifier = start_ledger(self._database, genesis, self._pool, believer)
        mempool, hub = Mempool(), Hub()
        executor = Executor(ledger, mempool, hub)
        ingress = Ingress(ledger, mempool, verifier, hub)
        relay = Relay(ingress, executor, verifier, time.monotonic)
        log_key = None if storage_key is None else storage_key.subkey("log")
        driver = Driver(
            executor,
            signer,
            ConsensusLog(home.wal, log_key),
            relay,
            lambda: time.time_ns() // 1_000_000,
            timing(config),
        )
        network = _network(home, config, ledger.chain, relay, instruments.recorder)
        relay.connect(network, driver)
        self.node = Node(
            config,
            genesis,
            storage_key,
            ledger,
            executor,
            mempool,
            hub,
            ingress,
            verifier,
            network,
            relay,
            driver,
            signer,
        )

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Until cancelled. `ready` is called once RPC answers. Everything is closed on the way out."""
        node = self.node
        rpc = RpcServer(node, self._recorder)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(node.network.run(), name="network")
                await node.network.started.wait()
                await rpc.start()
                tasks.create_task(node.driver.run(), name="consensus")
                tasks.create_task(node.relay.run(), name="relay")
                tasks.create_task(node.relay.catch_up.run(), name="catch-up")
                ready()
        finally:
            await rpc.stop()
            self.close()

    def close(self) -> None:
        """Finish what the threads do and give the folder back."""
        self.node.executor.close()
        self._pool.shutdown()
        self._database.close()
        if self.node.signer is not None:
            self.node.signer.close()


def timing(config: Config) -> Timing:
    """Consensus waiting times of a configuration."""
    waits = config.consensus
    return Timing(waits.propose_ms, waits.prevote_ms, waits.precommit_ms, waits.step_ms)


def _network(home: Home, config: Config, chain: Chain, relay: Relay, tap: Tap | None) -> Network:
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
    )
