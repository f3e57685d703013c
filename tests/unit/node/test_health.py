"""Liveness and readiness: the one says restart me, the other send me nothing for now."""

from types import SimpleNamespace
from typing import Any, cast

from chain.types.scalars import Height
from node.hub import Hub
from node.parts import Node
from node.rpc.health import Health
from node.telemetry.metrics import Metrics
from node.telemetry.pulse import Pulse
from tests.support.p2p_nodes import ManualClock


def scene(*, best: int = 7, since_block: float | None = 0.0, block_time_ms: int = 1_000) -> Health:
    """The health of a node at height 7."""
    clock = ManualClock()
    pulse = Pulse(Hub(), Metrics(), clock)
    if since_block is not None:
        pulse._last_block = clock.now - since_block
    parts: dict[str, Any] = {
        "ledger": SimpleNamespace(
            tip=SimpleNamespace(height=Height(7)), params=SimpleNamespace(block_time_ms=block_time_ms)
        ),
        "relay": SimpleNamespace(catch_up=SimpleNamespace(best_head=Height(best))),
        "network": SimpleNamespace(peers=lambda: (1, 2)),
        "pulse": pulse,
    }
    return Health(cast(Node, SimpleNamespace(**parts)))


def test_a_node_at_the_head_of_a_chain_that_moves_is_ready() -> None:
    assert scene().reasons() == []
    assert scene(best=8).reasons() == []  # a peer has the next block a moment earlier


def test_a_node_behind_its_peers_is_not() -> None:
    assert scene(best=9).reasons() == ["catching up: at height 7, peers at 9"]


def test_a_node_whose_chain_stands_still_is_not() -> None:
    assert scene(since_block=20.0).reasons() == []
    assert scene(since_block=21.0).reasons() == ["no block for 21 s, with 2 peers connected"]
    assert scene(since_block=14.0, block_time_ms=50).reasons() == []
    assert scene(since_block=16.0, block_time_ms=50).reasons() != []


def test_a_node_that_has_seen_no_block_since_its_start_is_not() -> None:
    assert scene(since_block=None).reasons() == ["no block became final since the node started"]


def test_a_node_that_stops_is_not() -> None:
    health = scene()
    health._node.pulse.stopping = True
    assert health.reasons() == ["the node is stopping"]
