"""Where a node listens, and which node is expected there."""

import re
from dataclasses import dataclass
from typing import NewType, Self

from crypto.keys import PublicKey
from p2p.errors import BadPeerAddress

NodeId = NewType("NodeId", PublicKey)  # a node's ed25519 key, its own: no validator's or account's

_FORM = re.compile(
    r"(?:(?P<node>[0-9a-f]{64})@)?(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<host>[A-Za-z0-9._-]+)):(?P<port>[0-9]{1,5})"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Host name or IP address and TCP port; port 0 lets the system choose when listening."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class PeerAddress:
    """An address to dial and, if the configuration says so, the only node that may answer there."""

    address: Address
    node_id: NodeId | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `host:port`, `[v6]:port`, either led by `<64 hex digits>@`. Raises BadPeerAddress."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise BadPeerAddress(text, "it does not have the form")
        port = int(match["port"])
        if not 0 < port < 65536:
            raise BadPeerAddress(text, f"port {port} is not in 1..65535")
        node = NodeId(PublicKey(bytes.fromhex(match["node"]))) if match["node"] else None
        return cls(Address(match["v6"] or match["host"], port), node)

    def __str__(self) -> str:
        return f"{self.node_id.hex()}@{self.address}" if self.node_id else str(self.address)
