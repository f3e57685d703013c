"""The components that make up a chain's application: their actions, events, genesis sections and block ends."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from chain.codec import Unions
from chain.execution.action import Action, Event, by_tag
from chain.execution.context import BlockContext
from chain.execution.decision import Decision
from chain.execution.header import UnacceptedEvidence
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.genesis import Genesis
from chain.types.scalars import Height, Name, ValidatorId
from chain.types.vote import DuplicateVote

if TYPE_CHECKING:
    from chain.params import Params


class Component(Protocol):
    """One folder of room contracts, as the chain sees it."""

    name: str
    actions: tuple[type[Action], ...]
    events: tuple[type[Event], ...]

    def genesis(self, overlay: Overlay, data: bytes, genesis: Genesis) -> None:
        """Write the component's first state from its canonical genesis section (empty bytes when it has none)."""

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        """What happens at the end of each block without a transaction: expiries, rewards."""


@runtime_checkable
class PunishesDoubleVotes(Protocol):
    """What a component has besides, if evidence of double signing has consequences in it."""

    def require_punishable(
        self, view: View, validator: ValidatorId, at: Height, height: Height, params: "Params"
    ) -> None:
        """Raises unless a double vote of `at`, shown at `height`, still has consequences for the validator."""


class Application:
    """A fixed, ordered set of components, the order being part of the protocol; and what the validators may decide."""

    def __init__(self, components: Sequence[Component], decisions: Sequence[type[Decision]] = ()) -> None:
        self.components, self.decisions = tuple(components), tuple(decisions)
        self.unions: Unions = {
            Action: by_tag(action for component in components for action in component.actions),
            Event: by_tag(event for component in components for event in component.events),
            Decision: by_tag(decisions),
        }

    def genesis(self, overlay: Overlay, genesis: Genesis) -> None:
        """Run every component's genesis, in order. What a component has against its section, it raises."""
        sections = {section.component: section.data for section in genesis.sections}
        for component in self.components:
            component.genesis(overlay, sections.get(Name(component.name), b""), genesis)

    def require_punishable(
        self, view: View, evidence: tuple[DuplicateVote, ...], height: Height, params: "Params"
    ) -> None:
        """What a block carries is of use: nobody's twice, nobody's who was punished. Raises the broken rule's error.

        That each piece shows two signatures, `check_duplicate_vote` has told.
        """
        accused = [piece.first.validator for piece in evidence]
        for place, (piece, validator) in enumerate(zip(evidence, accused, strict=True)):
            if validator in accused[:place]:
                raise UnacceptedEvidence(validator, "the block carries evidence against it twice")
            for component in self.components:
                if isinstance(component, PunishesDoubleVotes):
                    component.require_punishable(view, validator, piece.first.height, height, params)

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        """Run every component's block end, in order."""
        return tuple(event for part in self.components for event in part.end_block(overlay, block, proposer))
