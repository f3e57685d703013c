"""What the node counts and times as it goes. Names and units follow Prometheus's conventions; every label is bounded.

What can be read when somebody asks (heights, sizes, peers) is not kept here: node/telemetry/readings.py reads it then.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

CALL_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
BLOCK_BUCKETS: Final = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0, 60.0)
ROUND_BUCKETS: Final = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0)
LAG_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

UNKNOWN: Final = "unknown"  # the label of methods that nobody has: what callers invent makes no series


class Metrics:
    """One node's own registry: several nodes may live in one process."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each, which nothing here is judged by
        registry = self.registry = CollectorRegistry()
        self.rpc_calls = Counter(
            "cluster_rpc_calls", "JSON-RPC calls answered.", ("method", "outcome"), registry=registry
        )
        self.rpc_seconds = Histogram(
            "cluster_rpc_call_seconds", "Time of a JSON-RPC call.", ("method",), buckets=CALL_BUCKETS, registry=registry
        )
        self.rpc_refused = Counter(
            "cluster_rpc_refused",
            "Connections, bodies and listeners turned away, by rule.",
            ("rule",),
            registry=registry,
        )
        self.rpc_connections = Gauge("cluster_rpc_connections", "Open connections of JSON-RPC.", registry=registry)
        self.rpc_subscriptions = Gauge("cluster_rpc_subscriptions", "Subscriptions being served.", registry=registry)
        self.blocks = Counter("cluster_consensus_blocks", "Blocks made final here since start.", registry=registry)
        self.transactions = Counter(
            "cluster_consensus_transactions", "Transactions in these blocks.", registry=registry
        )
        self.block_interval = Histogram(
            "cluster_consensus_block_interval_seconds",
            "Time between the last two final blocks, by their headers.",
            buckets=BLOCK_BUCKETS,
            registry=registry,
        )
        self.decided_round = Histogram(
            "cluster_consensus_decided_round",
            "Round that a block was decided in.",
            buckets=ROUND_BUCKETS,
            registry=registry,
        )
        self.loop_lag = Histogram(
            "cluster_event_loop_lag_seconds",
            "How late the event loop comes to what is due.",
            buckets=LAG_BUCKETS,
            registry=registry,
        )

    def called(self, method: str, outcome: str, seconds: float) -> None:
        """A call of JSON-RPC was answered: outcome ok, refused, late or failed."""
        self.rpc_calls.labels(method, outcome).inc()
        self.rpc_seconds.labels(method).observe(seconds)

    def refused(self, rule: str) -> None:
        """Something was turned away under a limit of RPC, named by its error."""
        self.rpc_refused.labels(rule).inc()
