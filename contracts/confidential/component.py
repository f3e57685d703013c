"""Confidential contracts as a component."""

from chain.execution.action import Action, Event
from chain.execution.context import BlockContext
from chain.execution.genesis import UnusableGenesis
from chain.state.overlay import Overlay
from chain.types.genesis import Genesis
from chain.types.scalars import ValidatorId
from contracts.confidential.actions import Deploy, SetReaders
from contracts.confidential.call import Call
from contracts.confidential.events import Called, ContractDeployed, ReadersSet, RegisterWritten


class Confidential:
    """Contracts whose methods are circuits and whose state is ciphertext."""

    name: str = "confidential"
    actions: tuple[type[Action], ...] = (Deploy, SetReaders, Call)
    events: tuple[type[Event], ...] = (ContractDeployed, ReadersSet, Called, RegisterWritten)

    def genesis(self, overlay: Overlay, data: bytes, genesis: Genesis) -> None:
        """Nothing: contracts are deployed, never born with the chain. Raises UnusableGenesis for a section."""
        if data:
            raise UnusableGenesis("component confidential takes no section; deploy contracts once the chain runs")

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        """Nothing happens to a contract without a call."""
        return ()
