"""The parts of a running node, as RPC and tests see them; node/app.py puts them together."""

from dataclasses import dataclass

from chain.mempool import Mempool
from node.config import Config
from node.driver import Driver
from node.executor import Executor
from node.hub import Hub
from node.ingress import Ingress
from node.ledger import Ledger
from node.relay import Relay
from node.signer import Signs
from node.storage.storage_key import StorageKey
from node.telemetry.metrics import Metrics
from node.telemetry.pulse import Pulse
from node.verifier import NodeVerifier
from p2p.network import Network


@dataclass(frozen=True, slots=True)
class Node:
    """One running node."""

    config: Config
    storage_key: StorageKey | None
    ledger: Ledger
    executor: Executor
    mempool: Mempool
    hub: Hub
    ingress: Ingress
    verifier: NodeVerifier
    network: Network
    relay: Relay
    driver: Driver
    signer: Signs | None
    metrics: Metrics
    pulse: Pulse
