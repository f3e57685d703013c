"""What a receipt tells about staking."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.action import Event
from chain.types.scalars import AccountId, Amount, ValidatorId


@wire()
@dataclass(frozen=True, slots=True)
class TipsPaid(Event):
    """The tips of a block went to its proposer's operator."""

    tag: ClassVar[int] = 60
    name: ClassVar[str] = "staking.tips_paid"

    validator: ValidatorId
    operator: AccountId
    amount: Amount
