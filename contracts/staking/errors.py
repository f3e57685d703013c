"""The rules of staking, one class each. Codes 4050-4099."""

from chain.amount import show
from chain.types.scalars import AccountId, Amount, Height, Uint, ValidatorId
from crypto.address import VALIDATOR_HRP, encode_address
from crypto.errors import ClusterError


def _name(validator: ValidatorId) -> str:
    return encode_address(validator, VALIDATOR_HRP)


class StakingError(ClusterError):
    """Root of the errors of staking."""

    code = 4050


class NoSuchValidator(StakingError):
    """A validator is named that state has no record of."""

    code = 4051

    def __init__(self, validator: ValidatorId) -> None:
        super().__init__(f"there is no validator {_name(validator)}; `cluster validator list` names the present ones.")
        self.validator = validator


# Becoming and being a validator


class ValidatorExists(StakingError):
    """A consensus key is bonded a second time."""

    code = 4052

    def __init__(self, validator: ValidatorId, operator: AccountId) -> None:
        super().__init__(
            f"validator {_name(validator)} is bonded already, by {encode_address(operator)}; raise its stake "
            f"with `cluster stake delegate {_name(validator)} AMOUNT`, or bond with a new consensus key."
        )
        self.validator, self.operator = validator, operator


class KeyNotHeld(StakingError):
    """A validator is bonded by somebody who does not show that its consensus key is his."""

    code = 4053

    def __init__(self, validator: ValidatorId, operator: AccountId) -> None:
        super().__init__(
            f"the possession signature is not the one of consensus key {_name(validator)} for operator "
            f"{encode_address(operator)} on this chain; make it with `cluster stake bond --home`, where that key lies."
        )
        self.validator, self.operator = validator, operator


class SelfBondTooLow(StakingError):
    """An operator's own stake is below what a validator needs."""

    code = 4054

    def __init__(self, bond: Amount, needed: Amount, bonded: ValidatorId | None = None) -> None:
        """bonded: the validator, where it has been bonded before: its stake grows by delegation alone."""
        more = "Bond more." if bonded is None else f"Stake the rest: `cluster stake delegate {_name(bonded)} AMOUNT`."
        super().__init__(f"the operator's own stake would be {show(bond)}; a validator needs {show(needed)}. {more}")
        self.bond, self.needed, self.bonded = bond, needed, bonded


class CommissionTooHigh(StakingError):
    """A commission above the whole reward."""

    code = 4055

    def __init__(self, bps: Uint) -> None:
        super().__init__(f"a commission is at most 10,000 hundredths of a percent; this is {bps}.")
        self.bps = bps


class NotTheOperator(StakingError):
    """Somebody acts for a validator whose operator is another account."""

    code = 4056

    def __init__(self, validator: ValidatorId, operator: AccountId) -> None:
        super().__init__(
            f"only {encode_address(operator)}, the operator of validator {_name(validator)}, may do that; sign with "
            "that key."
        )
        self.validator, self.operator = validator, operator


class NothingToChange(StakingError):
    """An edit that leaves a validator as it is."""

    code = 4057

    def __init__(self, validator: ValidatorId) -> None:
        super().__init__(
            f"validator {_name(validator)} has that moniker and commission already; nothing needs to be done."
        )
        self.validator = validator


# Jail and double signing


class NotJailed(StakingError):
    """A validator is to be let out of jail that is not in it."""

    code = 4058

    def __init__(self, validator: ValidatorId) -> None:
        super().__init__(f"validator {_name(validator)} is not jailed; nothing needs to be done.")
        self.validator = validator


class StillJailed(StakingError):
    """A validator is to be let out of jail too early."""

    code = 4059

    def __init__(self, validator: ValidatorId, until: Height, height: Height) -> None:
        super().__init__(
            f"validator {_name(validator)} is jailed until height {until}; this is {height}. See that its node runs, "
            "and resubmit then."
        )
        self.validator, self.until, self.height = validator, until, height


class Tombstoned(StakingError):
    """A validator that signed twice is used again, or punished again."""

    code = 4060

    def __init__(self, validator: ValidatorId, at: Height) -> None:
        super().__init__(
            f"validator {_name(validator)} was punished at height {at} for signing twice and never votes again; stake "
            "can only leave it. Use another validator, with another consensus key."
        )
        self.validator, self.at = validator, at


class EvidenceTooOld(StakingError):
    """Evidence of votes so old that the stake behind them may be gone."""

    code = 4061

    def __init__(self, at: Height, height: Height, oldest: int) -> None:
        super().__init__(
            f"the votes are of height {at} and this is {height}; evidence counts for the unbonding period, so from "
            f"height {oldest} on."
        )
        self.at, self.height, self.oldest = at, height, oldest


# Stake


class NothingToStake(StakingError):
    """Stake of nothing is to be moved."""

    code = 4062

    def __init__(self) -> None:
        super().__init__("the amount is 0; name more than 0 CLU.")


class NoDelegation(StakingError):
    """An account has no stake with a validator."""

    code = 4063

    def __init__(self, validator: ValidatorId, delegator: AccountId) -> None:
        super().__init__(
            f"account {encode_address(delegator)} has no stake with validator {_name(validator)}; `cluster stake show` "
            "lists where it has."
        )
        self.validator, self.delegator = validator, delegator


class UnbondsTooMuch(StakingError):
    """More stake is asked for than an account has."""

    code = 4064

    def __init__(self, staked: Amount, wanted: Amount) -> None:
        super().__init__(f"the stake is worth {show(staked)} and {show(wanted)} were asked for; ask for at most that.")
        self.staked, self.wanted = staked, wanted


class TooManyUnbondings(StakingError):
    """An account has asked for stake in too many epochs without taking it."""

    code = 4065

    def __init__(self, validator: ValidatorId, limit: int) -> None:
        super().__init__(
            f"stake of {limit} epochs is on its way from validator {_name(validator)} already; release what is ripe, "
            "or wait."
        )
        self.validator, self.limit = validator, limit


class NothingUnbonding(StakingError):
    """Stake is to be released of which nobody has asked for any."""

    code = 4066

    def __init__(self, validator: ValidatorId, delegator: AccountId) -> None:
        super().__init__(
            f"no stake of account {encode_address(delegator)} is on its way from validator {_name(validator)}; unbond "
            "some first."
        )
        self.validator, self.delegator = validator, delegator


class StakeStillHeld(StakingError):
    """Stake is to be released before its delay is over."""

    code = 4067

    def __init__(self, release_at: Height, height: Height) -> None:
        super().__init__(f"the stake is held until height {release_at}; this is {height}. Resubmit then.")
        self.release_at, self.height = release_at, height


class NothingEarned(StakingError):
    """Rewards are to be withdrawn and there is not one whole nano-CLU of them."""

    code = 4068

    def __init__(self, validator: ValidatorId, delegator: AccountId) -> None:
        super().__init__(
            f"account {encode_address(delegator)} has earned nothing with validator {_name(validator)} since it last "
            "asked; rewards come with the tips of blocks that the validator proposes."
        )
        self.validator, self.delegator = validator, delegator
