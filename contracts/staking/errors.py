"""The rules of staking, one class each. Codes 4050-4099."""

from chain.types.scalars import ValidatorId
from crypto.errors import ClusterError


class StakingError(ClusterError):
    """Root of the errors of staking."""

    code = 4050


class NoSuchValidator(StakingError):
    """A validator is named that state has no record of."""

    code = 4051

    def __init__(self, validator: ValidatorId) -> None:
        super().__init__(f"there is no validator 0x{validator.hex()}; `validator_list` names the present ones.")
        self.validator = validator
