"""Shielded pools as a component: what left a pool never exceeds what entered it, looked at in every block."""

from chain.execution.action import Action, Event
from chain.execution.context import BlockContext
from chain.execution.genesis import UnusableGenesis
from chain.state.overlay import Overlay
from chain.types.genesis import Genesis
from chain.types.scalars import ValidatorId
from contracts.shielded.actions import Open, Transfer
from contracts.shielded.events import PoolOpened, Transferred
from contracts.shielded.state import check_balances


class Shielded:
    """Pools in which assets move without anybody seeing whose, how much or what."""

    name: str = "shielded"
    actions: tuple[type[Action], ...] = (Open, Transfer)
    events: tuple[type[Event], ...] = (PoolOpened, Transferred)

    def genesis(self, overlay: Overlay, data: bytes, genesis: Genesis) -> None:
        """No pool is born with the chain. Raises UnusableGenesis for a section."""
        if data:
            raise UnusableGenesis("component shielded takes no section; open a pool once the chain runs")

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        """The open pool-balance check. Raises PoolImbalance, which makes the block invalid."""
        check_balances(overlay)
        return ()
