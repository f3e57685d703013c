"""What Prometheus is told of a node's present: read from its parts when somebody asks, kept nowhere."""

from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from statistics import quantiles
from typing import Final

from prometheus_client import GC_COLLECTOR, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from chain.execution.upgrades import pending_upgrade
from chain.types.scalars import Height
from contracts.staking.liveness import read_liveness
from contracts.staking.state import find_validator
from node.home import Home
from node.parts import Node
from node.remote_signer.client import RemoteSigner
from node.rpc.health import Health
from node.storage.upkeep import size_of
from p2p.network import PeerInfo

STEPS: Final = ("propose", "prevote", "precommit", "decided")
POOR: Final = -50.0  # half-way to a ban
STANDINGS: Final = ("blameless", "marked", "poor")


class Readings(Collector):
    """A node's present as metrics. `text` is the whole page, with what the node has counted so far."""

    def __init__(self, node: Node, home: Home) -> None:
        self._node, self._home = node, home
        self._sizes: dict[str, int] = {}
        self._pages = CollectorRegistry()
        self._pages.register(self)
        ProcessCollector(registry=self._pages)
        self._pages.register(GC_COLLECTOR)

    async def text(self) -> bytes:
        """In Prometheus's text format, version 0.0.4."""
        self._sizes = await self._node.executor.reading(self._disk)
        return generate_latest(self._node.metrics.registry) + generate_latest(self._pages)

    def collect(self) -> Iterable[Metric]:
        yield from self._chain()
        yield from self._consensus()
        yield from self._pool()
        yield from self._peers()
        yield from self._proofs()
        yield self._by_label("cluster_disk_bytes", "Bytes of the node's files.", "part", self._sizes)

    def describe(self) -> Iterable[Metric]:
        """Nothing ahead of time: names are this module's alone."""
        return ()

    def _disk(self) -> dict[str, int]:
        return {"database": size_of(self._home.database), "consensus_log": size_of(self._home.wal)}

    def _chain(self) -> Iterator[Metric]:
        node = self._node
        tip = node.ledger.tip
        build = GaugeMetricFamily("cluster_build_info", "Which program on which chain.", labels=("version", "chain_id"))
        build.add_metric((version("cluster-chain"), node.ledger.chain.chain_id), 1)
        yield build
        yield _gauge("cluster_chain_height", "Height of the newest final block here.", tip.height)
        yield _gauge("cluster_chain_block_timestamp_seconds", "Time in that block's header.", tip.time / 1000)
        yield from self._upgrade()
        yield _gauge("cluster_ready", "1 while /health/ready answers 200.", not Health(node).reasons())

    def _upgrade(self) -> Iterator[Metric]:
        ledger = self._node.ledger
        pending = pending_upgrade(ledger.view, ledger.tip.height)
        unknown = pending is not None and pending.app_version not in ledger.chain.app_versions
        yield _gauge("cluster_app_version", "Rules of the next block.", ledger.next_block.fork.app_version)
        yield _gauge("cluster_upgrade_height", "Height of the upgrade ahead, or 0.", pending.height if pending else 0)
        yield _gauge("cluster_upgrade_unknown", "1 while this program will stop there.", unknown)

    def _consensus(self) -> Iterator[Metric]:
        node, state = self._node, self._node.driver.state
        yield _gauge("cluster_consensus_height", "Height being decided.", state.height)
        yield _gauge("cluster_consensus_round", "Round at that height.", state.round)
        now = dict.fromkeys(STEPS, 0) | {state.step.name.lower(): 1}
        yield self._by_label("cluster_consensus_step", "1 for the step that consensus is in.", "step", now)
        voting = node.ledger.validators(Height(node.ledger.tip.height + 1))
        own = 0 if node.signer is None else voting.power(node.signer.public_key)
        if isinstance(node.signer, RemoteSigner):
            yield _gauge("cluster_signer_connected", "1 while the remote signer answers.", node.signer.connected)
        yield _gauge("cluster_validators", "Validators of the next block.", len(voting.validators))
        yield _gauge("cluster_validators_power", "Their power together.", voting.total_power)
        yield _gauge("cluster_validator_power", "This node's own part of it.", own)
        yield from self._own_standing()

    def _own_standing(self) -> Iterator[Metric]:
        """Of a validator that is bonded, or was; nothing of others."""
        node = self._node
        record = None if node.signer is None else find_validator(node.ledger.view, node.signer.public_key)
        if node.signer is None or record is None:
            return
        missed = read_liveness(node.ledger.view, node.signer.public_key).missed
        yield _gauge("cluster_validator_missed", "Precommits of this validator missing in the window.", missed)
        yield _gauge("cluster_validator_out", "1 while it is jailed or tombstoned.", not record.may_be_chosen)

    def _pool(self) -> Iterator[Metric]:
        pool = self._node.mempool
        yield _gauge("cluster_mempool_transactions", "Transactions that wait for a block.", len(pool))
        yield _gauge("cluster_mempool_bytes", "Their bytes.", pool.bytes)

    def _peers(self) -> Iterator[Metric]:
        network = self._node.network
        peers = network.peers()
        directions = dict.fromkeys(("inbound", "outbound"), 0) | Counter(peer.direction for peer in peers)
        standings = dict.fromkeys(STANDINGS, 0) | Counter(map(standing, peers))
        yield self._by_label("cluster_p2p_peers", "Connected peers.", "direction", directions)
        yield self._by_label("cluster_p2p_peers_by_standing", "Connected peers by score.", "standing", standings)
        yield _gauge("cluster_p2p_bans", "Nodes that are banned.", len(network.bans()))
        yield _gauge("cluster_p2p_best_height", "Highest head of a peer.", self._node.relay.catch_up.best_head)
        yield _gauge("cluster_p2p_queue_bytes", "Bytes waiting to be sent.", sum(peer.queue_bytes for peer in peers))
        dropped = CounterMetricFamily("cluster_p2p_inbox_dropped", "Messages turned away unread.", labels=("topic",))
        for topic, count in sorted(network.inbox_dropped().items()):
            dropped.add_metric((topic,), count)
        yield dropped

    def _proofs(self) -> Iterator[Metric]:
        verifier = self._node.verifier
        yield CounterMetricFamily("cluster_proofs_refused", "False proofs looked at.", value=verifier.refused_proofs)
        yield SummaryMetricFamily(
            "cluster_proof_verify_seconds",
            "Time of verifying a proof that held, since start.",
            count_value=verifier.verified_proofs,
            sum_value=verifier.total_seconds,
        )
        recent = list(verifier.seconds)
        if len(recent) > 1:
            marks = quantiles(recent, n=100)
            last = {"50": marks[49], "99": marks[98]}
            yield self._by_label("cluster_proof_verify_recent_seconds", "The same, of the last.", "percentile", last)

    def _by_label(self, name: str, help_: str, label: str, values: dict[str, int] | dict[str, float]) -> Metric:
        family = GaugeMetricFamily(name, help_, labels=(label,))
        for value, count in values.items():
            family.add_metric((value,), count)
        return family


def standing(peer: PeerInfo) -> str:
    """Where a peer's score stands: blameless, marked, or poor."""
    return STANDINGS[0] if peer.score > -1 else STANDINGS[1] if peer.score > POOR else STANDINGS[2]


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_, value=value)
