"""What the node plugs into the network: it judges messages and hears who comes and goes."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from p2p.address import NodeId


@dataclass(frozen=True, slots=True)
class Verdict:
    """ACCEPT: good, gossip is relayed. IGNORE: not now, gossip is neither relayed nor remembered and may come again.

    reject(reason): no honest node would have sent it; it is remembered, and the sender's score and allowance suffer.
    What depends on state that peers may not share yet is to be ignored, not rejected.
    """

    ACCEPT: ClassVar["Verdict"]
    IGNORE: ClassVar["Verdict"]

    relay: bool
    remember: bool
    fault: str | None = None

    @classmethod
    def reject(cls, reason: str) -> "Verdict":
        return cls(relay=False, remember=True, fault=reason)


Verdict.ACCEPT = Verdict(relay=True, remember=True)
Verdict.IGNORE = Verdict(relay=False, remember=False)


class Handler(Protocol):
    async def on_message(self, peer: NodeId, topic: int, payload: bytes) -> Verdict:
        """Judge one message. Up to TopicSpec.workers run at a time; messages of one topic start in order of arrival."""

    def on_peer_up(self, peer: NodeId) -> None:
        """A link to `peer` is open, `send` works from here on. Also called anew when a link replaced another."""

    def on_peer_down(self, peer: NodeId, reason: str) -> None:
        """The link is gone and what waited to be sent with it."""
