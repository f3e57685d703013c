"""Methods for the node's operator: what changes the node or is its own to see. Answered on its socket alone."""

import os
from collections.abc import Callable
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Final

from crypto.keys import PublicKey
from node.home import Home
from node.parts import Node
from node.remote_signer.client import RemoteSigner
from node.rpc.errors import InvalidParams, NotFound
from node.rpc.health import Health
from node.rpc.method import Count, Declared, Hex32, Json, Text
from node.signer import Signs
from node.storage.upkeep import size_of
from node.telemetry.logs import LEVELS, log_level, set_log_level
from p2p.address import NodeId

OPERATOR_METHODS: Final = frozenset(
    f"node_{name}"
    for name in ("status", "getPool", "banPeer", "unbanPeer", "setLogLevel", "compact", "snapshot", "stop")
)
BAN_SECONDS: Final = Count(86_400)
BAN_REASON: Final = Text("banned by the operator")
MAX_BAN_SECONDS: Final = 366 * 86_400
POOL_SHOWN: Final = Count(100)
MAX_POOL_SHOWN: Final = 10_000


class OperatorMethods:
    """node_*. stop: begins the node's orderly end and returns at once."""

    def __init__(self, node: Node, home: Home, stop: Callable[[], None]) -> None:
        self._node, self._home, self._stop = node, home, stop

    def table(self) -> dict[str, Declared]:
        return {
            "node_status": self.status,
            "node_getPool": self.get_pool,
            "node_banPeer": self.ban_peer,
            "node_unbanPeer": self.unban_peer,
            "node_setLogLevel": self.set_log_level,
            "node_compact": self.compact,
            "node_snapshot": self.snapshot,
            "node_stop": self.stop,
        }

    async def status(self) -> Json:
        """The process and its duties: readiness, consensus, last signature, peers, pool, bytes on disk, log level."""
        node, state = self._node, self._node.driver.state
        signer, reasons = node.signer, Health(node).reasons()
        sizes = await node.executor.reading(self._sizes)
        return {
            "pid": os.getpid(),
            "version": version("cluster-chain"),
            "home": str(self._home.root),
            "running_seconds": round(monotonic() - node.pulse.started, 1),
            "ready": not reasons,
            "reasons": reasons,
            "node_id": node.network.node_id.hex(),
            "height": node.ledger.tip.height,
            "consensus": {"height": state.height, "round": state.round, "step": state.step.name.lower()},
            "validator": None if signer is None else "0x" + signer.public_key.hex(),
            "signer": _signer_state(signer),
            "last_signed": None if signer is None else list(signer.last_position),
            "peers": len(node.network.peers()),
            "bans": len(node.network.bans()),
            "pool": {"count": len(node.mempool), "bytes": node.mempool.bytes},
            "disk_bytes": sizes,
            "log_level": log_level(),
        }

    async def get_pool(self, limit: Count = POOL_SHOWN) -> Json:
        """Transactions that wait for a block, the longest waiting first: at most `limit`, up to 10,000."""
        if limit > MAX_POOL_SHOWN:
            raise InvalidParams("limit", f"at most {MAX_POOL_SHOWN}", str(limit))
        pool = self._node.mempool
        shown = [
            {
                "hash": "0x" + entry.transaction.hash.hex(),
                "sender": "0x" + entry.transaction.sender.hex(),
                "nonce": entry.transaction.envelope.nonce,
                "work": entry.work,
                "bytes": len(entry.transaction.raw),
            }
            for entry in islice(pool.waiting(), limit)
        ]
        return {"count": len(pool), "bytes": pool.bytes, "transactions": shown}

    async def ban_peer(self, node_id: Hex32, seconds: Count = BAN_SECONDS, reason: Text = BAN_REASON) -> Json:
        """Close the link to a node and open none for so long (86,400 s); until the node restarts at the latest."""
        if not 1 <= seconds <= MAX_BAN_SECONDS:
            raise InvalidParams("seconds", f"1 to {MAX_BAN_SECONDS}", str(seconds))
        self._node.network.ban(NodeId(PublicKey(node_id)), reason, seconds)
        return True

    async def unban_peer(self, node_id: Hex32) -> Json:
        """Lift a ban, whoever set it; the node's score starts anew."""
        if not self._node.network.forgive(NodeId(PublicKey(node_id))):
            raise NotFound("ban of node", "0x" + node_id.hex())
        return True

    async def set_log_level(self, level: Text) -> Json:
        """Log from this level on until the node ends: debug, info, warning or error. Answers the level before."""
        if level not in LEVELS:
            raise InvalidParams("level", " or ".join(LEVELS), repr(level))
        before = log_level()
        set_log_level(level)
        return before

    async def compact(self) -> Json:
        """Give the disk back what was deleted from the database, while the chain goes on; minutes on a large one."""
        node, folder = self._node, self._home.database
        before = await node.executor.in_upkeep(size_of, folder)
        await node.executor.in_upkeep(node.ledger.database.compact, node.executor.is_closing)
        return {"bytes_before": before, "bytes_after": await node.executor.in_upkeep(size_of, folder)}

    async def snapshot(self, folder: Text) -> Json:
        """Copy the database as it is now to a folder on the node's machine (absolute), while the chain goes on."""
        target = Path(folder)
        if not target.is_absolute():
            raise InvalidParams("folder", "an absolute path", repr(folder))
        node = self._node
        height = await node.executor.in_upkeep(node.ledger.database.copy, target, node.executor.is_closing)
        return {"folder": folder, "height": height, "bytes": await node.executor.in_upkeep(size_of, target)}

    async def stop(self) -> Json:
        """End the node in order; answers at once."""
        self._stop()
        return True

    def _sizes(self) -> dict[str, int]:
        return {"database": size_of(self._home.database), "log": size_of(self._home.wal)}


def _signer_state(signer: Signs | None) -> str:
    if isinstance(signer, RemoteSigner):
        return "remote, connected" if signer.connected else f"remote, away: {signer.trouble}"
    return "none" if signer is None else "local"
