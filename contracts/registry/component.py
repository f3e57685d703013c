"""The registry as a component."""

from chain.execution.action import Action, Event
from chain.execution.context import BlockContext
from chain.execution.genesis import UnusableGenesis
from chain.state.overlay import Overlay
from chain.types.genesis import Genesis
from chain.types.scalars import ValidatorId
from contracts.registry.actions import PublishModel, RegisterKey, RegisterProgram
from contracts.registry.ceremony_actions import (
    AttestCeremony,
    BondAttester,
    ReleaseAttester,
    UnbondAttester,
    WithdrawAttestation,
)
from contracts.registry.events import (
    AttestationWithdrawn,
    AttesterBondChanged,
    CeremonyAttested,
    KeyRegistered,
    KeyWasFrozen,
    KeyWasUnfrozen,
    ModelPublished,
    ProgramRegistered,
)


class Registry:
    """Verifying keys, programs and models; those who attest the ceremonies of keys."""

    name: str = "registry"
    actions: tuple[type[Action], ...] = (
        RegisterKey,
        RegisterProgram,
        PublishModel,
        BondAttester,
        UnbondAttester,
        ReleaseAttester,
        AttestCeremony,
        WithdrawAttestation,
    )
    events: tuple[type[Event], ...] = (
        KeyRegistered,
        ProgramRegistered,
        ModelPublished,
        KeyWasFrozen,
        KeyWasUnfrozen,
        AttesterBondChanged,
        CeremonyAttested,
        AttestationWithdrawn,
    )

    def genesis(self, overlay: Overlay, data: bytes, genesis: Genesis) -> None:
        """Nothing is registered at first. Raises UnusableGenesis for a section."""
        if data:
            raise UnusableGenesis("component registry takes no section of its own; register keys by transaction")

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        """Nothing: keys become active by their height, and contracts/tasks pays back what a freeze dissolves."""
        return ()
