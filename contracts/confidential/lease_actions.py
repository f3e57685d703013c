"""Lease a register whose writers take turns. Source: protocol.md, "Confidential contracts"."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution import accounts
from chain.execution.action import Action
from chain.execution.context import ExecutionContext
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Height, ObjectId, Uint
from contracts.confidential import lease_state, state
from contracts.confidential.events import RegisterLeasedTo
from contracts.confidential.lease_errors import NoSuchRegister, NotLeasable
from contracts.confidential.lease_state import LEASE_BOND, LEASE_HEIGHTS, Leased, Place
from contracts.confidential.specs import LEASE


@wire()
@dataclass(frozen=True, slots=True)
class Lease(Action):
    """Be the only one to write a register for some heights. Writing gives the bond back; not writing burns it."""

    tag: ClassVar[int] = 43
    name: ClassVar[str] = "confidential.lease"
    writes: ClassVar[int] = 12  # bond, lease, queue and account; their end; the wait after it, and its end

    contract: ObjectId
    register: Uint

    def check(self, view: View, context: ExecutionContext) -> None:
        registers = state.require_contract(view, self.contract).registers
        if self.register >= len(registers):
            raise NoSuchRegister(self.contract, self.register, len(registers))
        spec = registers[self.register]
        if spec.mode != LEASE:
            raise NotLeasable(self.contract, spec.name)
        place = Place(self.contract, self.register, spec.name)
        lease_state.require_free(view, place, context.sender, context.height)
        accounts.require_balance(view, context.sender, LEASE_BOND)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        lease = Leased(context.sender, context.new_object_id, Height(context.height + LEASE_HEIGHTS))
        lease_state.begin(overlay, self.contract, self.register, lease, context.emit)
        context.emit(RegisterLeasedTo(self.contract, self.register, lease.holder, lease.until))
