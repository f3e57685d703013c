"""What the driver needs of the relay, which needs the driver: the one seam between them."""

from typing import Protocol

from chain.consensus.repeats import Status
from chain.types.parts import BlockPart
from chain.types.scalars import Height
from chain.types.vote import Proposal, Vote
from p2p.address import NodeId


class Outlet(Protocol):
    """Where the driver's words go, and where final blocks come from: the relay."""

    def publish_vote(self, vote: Vote) -> None: ...
    def publish_proposal(self, proposal: Proposal) -> None: ...
    def publish_part(self, part: BlockPart) -> None: ...
    def tell_status(self, status: Status) -> None: ...
    def next_final(self, height: Height) -> tuple[NodeId, bytes] | None: ...
    def final_failed(self, peer: NodeId) -> None: ...
