"""Staking as a component: tips, absences, punishments and epochs at the end of each block, in this order."""

from chain.execution import accounts
from chain.execution.action import Action, Event
from chain.execution.context import BlockContext
from chain.params import Params
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.genesis import Genesis
from chain.types.scalars import Amount, Height, ValidatorId
from contracts.staking import punishment
from contracts.staking.actions import Bond, EditValidator, ReportDoubleVote, Unjail
from contracts.staking.delegation_actions import Delegate, Release, Unbond, Withdraw
from contracts.staking.epochs import end_epoch
from contracts.staking.events import (
    Delegated,
    DoubleSignerPunished,
    RewardsWithdrawn,
    SetChanged,
    StakeReleased,
    TipsPaid,
    Unbonded,
    ValidatorChanged,
    ValidatorJailed,
    ValidatorUnjailed,
)
from contracts.staking.genesis import apply_stakes
from contracts.staking.liveness import count_absences
from contracts.staking.pools import BPS
from contracts.staking.state import REWARDS, read_stake, read_validator, write_stake


class Staking:
    """Validators, the stake behind them, what it earns and what it is lost for."""

    name: str = "staking"
    actions: tuple[type[Action], ...] = (
        Bond,
        EditValidator,
        Delegate,
        Unbond,
        Withdraw,
        Release,
        Unjail,
        ReportDoubleVote,
    )
    events: tuple[type[Event], ...] = (
        TipsPaid,
        ValidatorChanged,
        Delegated,
        Unbonded,
        RewardsWithdrawn,
        StakeReleased,
        ValidatorJailed,
        ValidatorUnjailed,
        DoubleSignerPunished,
        SetChanged,
    )

    def genesis(self, overlay: Overlay, data: bytes, genesis: Genesis) -> None:
        """Every genesis validator with its stake. Raises UnusableGenesis."""
        apply_stakes(overlay, data, genesis)

    def require_punishable(
        self, view: View, validator: ValidatorId, at: Height, height: Height, params: Params
    ) -> None:
        """Whether a block may carry evidence. Raises NoSuchValidator, Tombstoned, EvidenceTooOld."""
        punishment.require_punishable(view, validator, at, height, params)

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        """Tips first, by the stake of the block; then whoever is out at its end is not chosen."""
        return (
            *_pay_tips(overlay, block.height, proposer),
            *count_absences(overlay, block),
            *punishment.punish_reported(overlay, block),
            *end_epoch(overlay, block),
        )


def _pay_tips(overlay: Overlay, height: Height, proposer: ValidatorId) -> tuple[Event, ...]:
    """The commission to the proposer's operator, the rest to its shares; all to the operator if there are none."""
    tips = accounts.holding(overlay, accounts.FEE_POOL)
    if not tips:
        return ()
    record, stake = read_validator(overlay, proposer), read_stake(overlay, proposer)
    commission = tips if not stake.pool.shares else Amount(tips * record.commission.at(height) // BPS)
    shared = Amount(tips - commission)
    if commission:
        accounts.withdraw(overlay, accounts.FEE_POOL, record.operator, commission)
    if shared:
        accounts.move(overlay, accounts.FEE_POOL, REWARDS, shared)
        write_stake(overlay, proposer, stake.rewarded(shared))
    return (TipsPaid(proposer, record.operator, commission, shared),)
