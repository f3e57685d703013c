"""What a node does before it starts, if it is configured so: fetch the state of a recent height from its peers."""

import logging
import os
import time

from node.addresses import AddressFile, open_discovery
from node.config import Config, parse_listen
from node.durable import DISK
from node.home import Home
from node.relay import TOPICS
from node.snapshots.sync import StateSync, Target
from p2p.address import NodeId, PeerAddress
from p2p.network import Network, Options

log = logging.getLogger(__name__)


def wants_state(home: Home, config: Config) -> bool:
    """Whether a state is to be fetched: it is configured, and there is no database yet."""
    return config.state_sync.enabled and not DISK.names(home.database)


async def fetch_state(home: Home, passphrase: str | None = None) -> None:
    """Fill the home's database from its peers; nothing if there is one. It may be cancelled, and goes on next time.

    Raises what opening the home's files raises, ListenFailed, TrustNeeded, WrongTrust, NoSnapshot, DatabaseInUse, ...
    """
    config = home.load_config()
    if not wants_state(home, config):
        return
    genesis, key = home.load_genesis(), home.load_storage_key(config, passphrase)
    target = Target(home.database, key, genesis, config.state_sync.block())
    sync = StateSync(target, time.monotonic, lambda: time.time_ns() // 1_000_000)
    identity = home.load_node_key()
    discovery = open_discovery(home.addresses, config, NodeId(identity.public), time.monotonic, os.urandom)
    network = Network(
        identity,
        genesis.chain_id.encode() + genesis.hash(),
        TOPICS,
        sync,
        clock=time.monotonic,
        entropy=os.urandom,
        listen=parse_listen("p2p.listen", config.p2p.listen),
        peers=[PeerAddress.parse(peer) for peer in config.p2p.peers],
        options=Options(max_inbound=config.p2p.max_inbound),
        discovery=discovery,
    )
    sync.connect(network.send, network.charge)
    async with network.running():
        await sync.run()
    AddressFile(home.addresses, discovery).save()
    log.info("the state is here; the node starts and takes the blocks after it")
