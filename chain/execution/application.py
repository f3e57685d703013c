"""The components that make up a chain's application: their actions, events, genesis sections and block ends."""

from collections.abc import Sequence
from typing import Protocol

from chain.codec import Unions
from chain.execution.action import Action, Event, by_tag
from chain.execution.context import BlockContext
from chain.execution.decision import Decision
from chain.state.overlay import Overlay
from chain.types.genesis import Genesis
from chain.types.scalars import Name, ValidatorId


class Component(Protocol):
    """One folder of room contracts, as the chain sees it."""

    name: str
    actions: tuple[type[Action], ...]
    events: tuple[type[Event], ...]

    def genesis(self, overlay: Overlay, data: bytes, genesis: Genesis) -> None:
        """Write the component's first state from its canonical genesis section (empty bytes when it has none)."""

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        """What happens at the end of each block without a transaction: expiries, rewards."""


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

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        """Run every component's block end, in order."""
        return tuple(event for part in self.components for event in part.end_block(overlay, block, proposer))
