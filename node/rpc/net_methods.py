"""Methods about the node among its peers, and about the RPC itself."""

from chain.types.block import PROTOCOL_VERSION
from node.parts import Node
from node.relay import source_name
from node.rpc.method import Declared, Json
from p2p.network import PeerInfo

RECENT_PROOFS = 256


class NetMethods:
    """net_*, consensus_*, verifier_*"""

    def __init__(self, node: Node) -> None:
        self._node = node

    def table(self) -> dict[str, Declared]:
        return {
            "net_peers": self.peers,
            "net_info": self.info,
            "consensus_status": self.consensus,
            "verifier_status": self.verifier,
        }

    async def peers(self) -> Json:
        """Connected peers with score and reasons, traffic, queue depth; bans with reason and end (node clock, s)."""
        network = self._node.network
        return {
            "peers": [self._peer(info) for info in network.peers()],
            "bans": [
                {"node_id": "0x" + ban.node.hex(), "reason": ban.reason, "until": round(ban.until, 1)}
                for ban in network.bans()
            ],
            "inbox_dropped": network.inbox_dropped(),
        }

    async def info(self) -> Json:
        """This node's identity on the network, where it listens, the versions in force, and those it can execute."""
        network = self._node.network
        return {
            "node_id": "0x" + network.node_id.hex(),
            "listen": None if network.listening is None else str(network.listening),
            "protocol_version": PROTOCOL_VERSION,
            "app_version": self._node.ledger.next_block.fork.app_version,
            "app_versions": sorted(self._node.ledger.chain.app_versions),
        }

    async def consensus(self) -> Json:
        """Where consensus stands here, and the last blocks that this node held invalid, with the rule broken."""
        state = self._node.driver.state
        return {
            "height": state.height,
            "round": state.round,
            "step": state.step.name.lower(),
            "refused_blocks": [
                {
                    "height": refusal.height,
                    "block_id": "0x" + refusal.block_id.hex(),
                    "proposer": "0x" + refusal.proposer.hex(),
                    "code": refusal.code,
                    "reason": refusal.reason,
                }
                for refusal in self._node.executor.refusals
            ],
        }

    async def verifier(self) -> Json:
        """Proofs that this node verified and refused since it started; what the last 256 took (ms), oldest first."""
        verifier = self._node.verifier
        recent = list(verifier.seconds)[-RECENT_PROOFS:]
        return {
            "verified": verifier.verified_proofs,
            "refused": verifier.refused_proofs,
            "recent_ms": [round(1000 * seconds, 3) for seconds in recent],
        }

    def _peer(self, info: PeerInfo) -> Json:
        trip = info.round_trip_seconds
        return {
            "node_id": "0x" + info.node_id.hex(),
            "address": info.address,
            "direction": info.direction,
            "height": self._node.relay.peer_height(info.node_id),
            "connected_seconds": round(info.connected_seconds, 1),
            "round_trip_ms": None if trip is None else round(trip * 1000, 2),
            "score": round(info.score, 2),
            "reasons": list(info.reasons),
            "bytes_in": info.bytes_in,
            "bytes_out": info.bytes_out,
            "messages_in": info.messages_in,
            "rate_limited": info.rate_limited,
            "proof_work": self._node.ingress.work.spent(source_name(info.node_id)),
            "queue_depth": info.queue_depth,
            "queue_bytes": info.queue_bytes,
            "queue_dropped": info.queue_dropped,
        }
