"""The stake of height 0. Without a section every genesis validator's operator has staked what its power stands for."""

from dataclasses import dataclass
from typing import Final

from chain.codec import decode, wire
from chain.errors import CodecError
from chain.execution import accounts
from chain.execution.genesis import UnusableGenesis
from chain.state.overlay import Overlay
from chain.types.genesis import Genesis, GenesisValidator
from chain.types.scalars import AccountId, Amount, Height, Uint, ValidatorId
from contracts.staking import delegations
from contracts.staking.pools import BPS
from contracts.staking.state import ValidatorRecord, create_validator, read_stake, steady

COMMISSION: Final = Uint(1_000)  # of genesis validators of which no section says another


@wire()
@dataclass(frozen=True, slots=True)
class GenesisDelegation:
    """What an account has staked at height 0, in nano-CLU; it is minted."""

    delegator: AccountId
    amount: Amount


@wire()
@dataclass(frozen=True, slots=True)
class GenesisStake:
    """A genesis validator's commission in 1/10,000, and all its stake."""

    validator: ValidatorId
    commission_bps: Uint
    delegations: tuple[GenesisDelegation, ...]


@wire()
@dataclass(frozen=True, slots=True)
class StakingGenesis:
    """The section of a genesis: one entry a genesis validator, in their order."""

    stakes: tuple[GenesisStake, ...]


def apply_stakes(overlay: Overlay, data: bytes, genesis: Genesis) -> None:
    """Record every genesis validator, mint and bond its stake. Raises UnusableGenesis."""
    unit = genesis.params.staking.power_unit
    for entry, stake in zip(genesis.validators, _stakes(data, genesis), strict=True):
        validator = entry.validator.public_key
        create_validator(overlay, validator, _record(entry, stake.commission_bps))
        for each in stake.delegations:
            accounts.mint(overlay, each.delegator, each.amount)
            delegations.delegate(overlay, validator, each.delegator, each.amount)
        power = read_stake(overlay, validator).pool.tokens // unit
        if power != entry.validator.power:
            raise UnusableGenesis(
                f"validator {entry.moniker} has power {entry.validator.power}; its stake stands for {power}"
            )


def _record(entry: GenesisValidator, commission_bps: Uint) -> ValidatorRecord:
    commission = steady(commission_bps)
    return ValidatorRecord(entry.operator, entry.moniker, entry.validator.vrf_key, commission, Height(0), None, None)


def _stakes(data: bytes, genesis: Genesis) -> tuple[GenesisStake, ...]:
    unit = genesis.params.staking.power_unit
    if not data:
        return tuple(
            GenesisStake(
                entry.validator.public_key,
                COMMISSION,
                (GenesisDelegation(entry.operator, Amount(entry.validator.power * unit)),),
            )
            for entry in genesis.validators
        )
    try:
        stakes = decode(StakingGenesis, data).stakes
    except CodecError as error:
        raise UnusableGenesis(f"its section staking cannot be read: {error}") from error
    if [stake.validator for stake in stakes] != [entry.validator.public_key for entry in genesis.validators]:
        raise UnusableGenesis("its section staking does not name the validators, each once and in their order")
    for stake in stakes:
        if stake.commission_bps > BPS:
            raise UnusableGenesis("its section staking has a commission above 10,000: the whole reward")
        if any(each.amount < 1 for each in stake.delegations):
            raise UnusableGenesis("its section staking has a stake of nothing")
    return stakes
