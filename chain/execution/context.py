"""What an action may know about where it runs, beside state."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chain.execution.action import Event
from chain.types.scalars import AccountId, Hash, Height, ObjectId, Timestamp

if TYPE_CHECKING:
    from chain.execution.upgrades import Fork
    from chain.params import Params
    from chain.types.transaction import Envelope
    from chain.types.vote import Commit, DuplicateVote


@dataclass(frozen=True, slots=True)
class BlockContext:
    """The block that is being executed: the same at every validator.

    last_commit: who signed the block before; None where there is no consensus (a sandbox, an admission).
    evidence: of double signing, as the block carries it; all of it was found acceptable.
    """

    height: Height
    time: Timestamp
    genesis_hash: Hash
    params: "Params"
    fork: "Fork"
    last_commit: "Commit | None" = None
    evidence: "tuple[DuplicateVote, ...]" = ()


@dataclass(slots=True)
class ExecutionContext:
    """The action's block, envelope and place in it; collects events in order."""

    block: BlockContext
    envelope: "Envelope"
    index: int
    events: list[Event] = field(default_factory=list)

    @property
    def height(self) -> Height:
        return self.block.height

    @property
    def params(self) -> "Params":
        return self.block.params

    @property
    def sender(self) -> AccountId:
        return self.envelope.sender

    @property
    def new_object_id(self) -> ObjectId:
        """The id of the object that this action creates."""
        return self.envelope.object_id(self.index)

    def emit(self, event: Event) -> None:
        self.events.append(event)
