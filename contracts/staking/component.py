"""Staking as a component: who operates which validator, and tips to whoever proposed the block."""

from chain.execution import accounts
from chain.execution.action import Action, Event
from chain.execution.context import BlockContext
from chain.execution.genesis import UnusableGenesis
from chain.state.overlay import Overlay
from chain.types.genesis import Genesis
from chain.types.scalars import ValidatorId
from contracts.staking.events import TipsPaid
from contracts.staking.state import ValidatorRecord, read_validator, write_validator


class Staking:
    """The genesis validators and their rewards."""

    name: str = "staking"
    actions: tuple[type[Action], ...] = ()
    events: tuple[type[Event], ...] = (TipsPaid,)

    def genesis(self, overlay: Overlay, data: bytes, genesis: Genesis) -> None:
        """Record every genesis validator's operator and moniker. Raises UnusableGenesis for a section."""
        if data:
            raise UnusableGenesis("component staking takes no section of its own; validators belong into validators")
        for entry in genesis.validators:
            write_validator(overlay, entry.validator.public_key, ValidatorRecord(entry.operator, entry.moniker))

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        """Hand the block's tips to the proposer's operator."""
        tips = accounts.holding(overlay, accounts.FEE_POOL)
        if not tips:
            return ()
        operator = read_validator(overlay, proposer).operator
        accounts.withdraw(overlay, accounts.FEE_POOL, operator, tips)
        return (TipsPaid(proposer, operator, tips),)
