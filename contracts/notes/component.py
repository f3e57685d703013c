"""Notes as a component without actions: pools and contracts make notes, the end of a block puts them into trees."""

from chain.execution.action import Action, Event
from chain.execution.context import BlockContext
from chain.execution.genesis import UnusableGenesis
from chain.state.overlay import Overlay
from chain.types.genesis import Genesis
from chain.types.scalars import ValidatorId
from contracts.notes import state
from contracts.notes.events import TreeGrown


class Notes:
    """Note trees and nullifiers of all objects that have any."""

    name: str = "notes"
    actions: tuple[type[Action], ...] = ()
    events: tuple[type[Event], ...] = (TreeGrown,)

    def genesis(self, overlay: Overlay, data: bytes, genesis: Genesis) -> None:
        """There are no notes at first. Raises UnusableGenesis for a section."""
        if data:
            raise UnusableGenesis("component notes takes no section; notes are made by transactions")

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        """Append what the block made, once for each object."""
        grown = state.grow(overlay, block.height)
        return tuple(TreeGrown(object_, tree.size, tree.root) for object_, tree in grown)
