"""What every action is to the chain: data that says its claims, checks its rules and moves state, in that order.

Source: architecture.md, "The way of a transaction".
"""

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from chain.codec import open_union
from chain.types.scalars import Amount

if TYPE_CHECKING:
    from chain.execution.context import ExecutionContext
    from chain.state.overlay import Overlay
    from chain.state.view import View
    from chain.types.transaction import Envelope

GROTH16: Final = "groth16"


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement and its evidence as plain data: `evidence` shows `inputs` under the key whose digest is named.

    kind GROTH16: key_digest is the vk_id, inputs the public inputs (each below r), evidence a compressed proof.
    """

    kind: str
    key_digest: bytes
    inputs: tuple[int, ...]
    evidence: bytes


@dataclass(frozen=True, slots=True)
class Effect:
    """What an action does besides its ctx, for the transaction's effects digest (protocol.md, Statements)."""

    object: bytes
    method: str
    vk_id: bytes
    fields: tuple[int, ...]
    data: bytes


@open_union
class Action:
    """Base of all actions. Subclasses are frozen, wire-decorated dataclasses with a unique tag and name.

    Order of use: claims (pure), check (cheapest rule first, raises the rule's error), the claims' evidence, execute.
    """

    __slots__ = ()
    tag: ClassVar[int]
    name: ClassVar[str]  # "component.action", as people see it
    writes: ClassVar[int]  # state writes charged of every action of the class, see state_writes
    since: ClassVar[int] = 1  # the first application version that knows the class, see required_version
    work: ClassVar[int] = 0  # further work units charged, for a class whose check computes more than it reads

    def claims(self, envelope: "Envelope", index: int) -> tuple[Claim, ...]:
        """Statements that the evidence must prove, from the action, its place and its envelope alone."""
        return ()

    def effects(self, envelope: "Envelope", index: int) -> tuple[Effect, ...]:
        """What proofs of the same transaction are bound to; only proof-carrying actions say any."""
        return ()

    def fee_offer(self) -> Amount:
        """nano-CLU that this action's proof gives for the transaction's fee, when its fee source is a proof.

        An action that offers takes exactly so much out of its object in `execute` (accounts.take_holding), and proves
        it: the offer is public input of a claim, or bound by its effect. Such an action has at least one unique.
        """
        return Amount(0)

    def uniques(self) -> tuple[bytes, ...]:
        """What no two transactions may ever use, 32 bytes each: nullifiers. `check` refuses those used before."""
        return ()

    def state_writes(self) -> int:
        """State writes charged: the class's, and where an action has a number of parts, theirs; never a content's."""
        return self.writes

    def extra_work(self) -> int:
        """Work units charged beside size, writes and evidence: by class and number of parts, never by content."""
        return self.work

    def required_version(self) -> int:
        """The application version from which on the action may stand in a block (chain/execution/upgrades.py)."""
        return self.since

    @abstractmethod
    def check(self, view: "View", context: "ExecutionContext") -> None:
        """Every rule against state, cheapest first. Raises the rule's error; changes nothing."""

    @abstractmethod
    def execute(self, overlay: "Overlay", context: "ExecutionContext") -> None:
        """Move state. Every way to fail was in check."""


@open_union
class Event:
    """Base of all events: typed, wire-decorated facts that a receipt carries. Tags are unique over all components."""

    __slots__ = ()
    tag: ClassVar[int]
    name: ClassVar[str]


def by_tag(classes: Iterable[type]) -> dict[int, type]:
    """A codec registry of tagged classes. Raises ValueError when two share a tag (a mistake in the code)."""
    table: dict[int, type] = {}
    for cls in classes:
        tag = cls.tag  # type: ignore[attr-defined]
        if tag in table:
            raise ValueError(f"{cls.__name__} and {table[tag].__name__} share tag {tag}")
        table[tag] = cls
    return table
