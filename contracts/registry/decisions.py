"""What the validators can decide about keys: to freeze one, and to let it be used again."""

from dataclasses import dataclass
from typing import ClassVar

from chain.codec import wire
from chain.execution.context import ExecutionContext
from chain.execution.decision import Decision
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import VkId
from contracts.registry import state
from contracts.registry.errors import KeyFrozenAlready, KeyNotFrozen, KeyStillDissolving
from contracts.registry.events import KeyWasFrozen, KeyWasUnfrozen


@wire()
@dataclass(frozen=True, slots=True)
class FreezeKey(Decision):
    """Freeze a key, or let it be used again, from the deciding vote on."""

    tag: ClassVar[int] = 2
    name: ClassVar[str] = "registry.freeze_key"
    writes: ClassVar[int] = 2

    vk_id: VkId
    frozen: bool

    def check(self, view: View, context: ExecutionContext) -> None:
        """Raises KeyUnknown, KeyFrozenAlready, KeyNotFrozen, KeyStillDissolving."""
        record = state.require_key(view, self.vk_id)
        if self.frozen and record.frozen_at is not None:
            raise KeyFrozenAlready(self.vk_id, record.frozen_at)
        if not self.frozen and record.frozen_at is None:
            raise KeyNotFrozen(self.vk_id)
        if not self.frozen and state.is_dissolving(view, self.vk_id):
            raise KeyStillDissolving(self.vk_id)

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        record = state.require_key(overlay, self.vk_id)
        if self.frozen:
            state.freeze(overlay, record, context.height)
            context.emit(KeyWasFrozen(self.vk_id))
        else:
            state.unfreeze(overlay, record)
            context.emit(KeyWasUnfrozen(self.vk_id))
