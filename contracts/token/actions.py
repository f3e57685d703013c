"""What people do with the native token."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.action import Action
from chain.types.scalars import AccountId, Amount


@wire()
@dataclass(frozen=True, slots=True)
class Transfer(Action):
    """Pay `amount` nano-CLU, more than zero, from the sender to `recipient`."""

    tag: ClassVar[int] = 1
    name: ClassVar[str] = "token.transfer"
    writes: ClassVar[int] = 2

    recipient: AccountId
    amount: Amount
