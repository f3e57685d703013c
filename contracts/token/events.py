"""What a receipt tells about the native token."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.action import Event
from chain.types.scalars import AccountId, Amount


@wire()
@dataclass(frozen=True, slots=True)
class Transferred(Event):
    """`amount` nano-CLU went from `sender` to `recipient`."""

    tag: ClassVar[int] = 1
    name: ClassVar[str] = "token.transferred"

    sender: AccountId
    recipient: AccountId
    amount: Amount
