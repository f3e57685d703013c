"""The native token as a component: its money lives in chain/execution/accounts.py, which genesis fills."""

from chain.execution.action import Action, Event
from chain.execution.context import BlockContext
from chain.execution.genesis import UnusableGenesis
from chain.state.overlay import Overlay
from chain.types.genesis import Genesis
from chain.types.scalars import ValidatorId
from contracts.token.actions import Transfer
from contracts.token.events import Transferred


class Token:
    """Transfers of the native token."""

    name: str = "token"
    actions: tuple[type[Action], ...] = (Transfer,)
    events: tuple[type[Event], ...] = (Transferred,)

    def genesis(self, overlay: Overlay, data: bytes, genesis: Genesis) -> None:
        """Nothing: first balances stand in the genesis document itself. Raises UnusableGenesis for a section."""
        if data:
            raise UnusableGenesis("component token takes no section of its own; balances belong into accounts")

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        """Nothing happens to balances without a transaction."""
        return ()
