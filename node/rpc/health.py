"""Is the node alive, and is it of use? For service managers and load balancers.

/health/live   200 as long as the event loop turns: what fails it wants a restart
/health/ready  200 while the node is at its peers' head and blocks become final here, else 503 with the reasons
"""

from aiohttp import web

from node.parts import Node
from node.rpc.post import json_response

STALLED_BLOCKS = 20  # block times without a block, but at least STALLED_SECONDS: consensus has stopped
STALLED_SECONDS = 15.0
BEHIND = 1  # a peer is at work on the height after its head


class Health:
    """Answers from what the node knows of itself; nothing is asked of anybody."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/health/live", self._serve_live)
        app.router.add_get("/health/ready", self._serve_ready)

    def reasons(self) -> list[str]:
        """Why the node is not ready; empty when it is."""
        node, reasons = self._node, []
        height, best = node.ledger.tip.height, node.relay.catch_up.best_head
        if best > height + BEHIND:
            reasons.append(f"catching up: at height {height}, peers at {best}")
        stalled = max(STALLED_SECONDS, STALLED_BLOCKS * node.ledger.params.block_time_ms / 1000)
        waited = node.pulse.seconds_without_block()
        if waited is None:
            reasons.append("no block became final since the node started")
        elif waited > stalled:
            reasons.append(f"no block for {waited:.0f} s, with {len(node.network.peers())} peers connected")
        if node.pulse.stopping:
            reasons.append("the node is stopping")
        return reasons

    async def _serve_live(self, request: web.Request) -> web.Response:
        return json_response({"live": True, "height": self._node.ledger.tip.height})

    async def _serve_ready(self, request: web.Request) -> web.Response:
        reasons = self.reasons()
        shown = {
            "ready": not reasons,
            "reasons": reasons,
            "height": self._node.ledger.tip.height,
            "peers": len(self._node.network.peers()),
        }
        return json_response(shown, 503 if reasons else 200)
