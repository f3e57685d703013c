"""What people do with the native token."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution import accounts
from chain.execution.action import Action
from chain.execution.context import ExecutionContext
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import AccountId, Amount
from contracts.token.errors import NothingToTransfer
from contracts.token.events import Transferred


@wire()
@dataclass(frozen=True, slots=True)
class Transfer(Action):
    """Pay `amount` nano-CLU, more than zero, from the sender to `recipient`; to oneself it only costs the fee."""

    tag: ClassVar[int] = 1
    name: ClassVar[str] = "token.transfer"
    writes: ClassVar[int] = 2

    recipient: AccountId
    amount: Amount

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises NothingToTransfer, PaidToNobody, InsufficientBalance."""
        if self.amount == 0:
            raise NothingToTransfer
        accounts.require_somebody(self.recipient, self.amount)
        accounts.require_balance(view, context.sender, self.amount)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        accounts.transfer(overlay, context.sender, self.recipient, self.amount)
        context.emit(Transferred(context.sender, self.recipient, self.amount))
