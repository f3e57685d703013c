"""The native token and issued assets as a component: the money lives in chain/execution/accounts.py."""

from chain.execution.action import Action, Event
from chain.execution.context import BlockContext
from chain.execution.genesis import UnusableGenesis
from chain.state.overlay import Overlay
from chain.types.genesis import Genesis
from chain.types.scalars import ValidatorId
from contracts.token.actions import Transfer
from contracts.token.asset_actions import CreateAsset, SendAsset
from contracts.token.events import AssetCreated, AssetSent, Transferred


class Token:
    """Transfers of the native token; assets that anybody creates."""

    name: str = "token"
    actions: tuple[type[Action], ...] = (Transfer, CreateAsset, SendAsset)
    events: tuple[type[Event], ...] = (Transferred, AssetCreated, AssetSent)

    def genesis(self, overlay: Overlay, data: bytes, genesis: Genesis) -> None:
        """Nothing: first balances stand in the genesis document itself. Raises UnusableGenesis for a section."""
        if data:
            raise UnusableGenesis("component token takes no section of its own; balances belong into accounts")

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        """Nothing happens to balances without a transaction."""
        return ()
