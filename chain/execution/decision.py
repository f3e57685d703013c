"""What the validators may decide together: a kind of decision is data with rules and effects, as an action is.

A component defines the decisions that move its own state; contracts/governance lets the validators vote on them and
executes what more than 2/3 of the power want.
"""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from chain.codec import open_union
from chain.types.scalars import Height

if TYPE_CHECKING:
    from chain.execution.context import ExecutionContext
    from chain.state.overlay import Overlay
    from chain.state.view import View


@open_union
class Decision:
    """Base of all decisions. Subclasses are frozen, wire-decorated dataclasses with a unique tag and name."""

    __slots__ = ()
    tag: ClassVar[int]
    name: ClassVar[str]  # "component.decision", as people see it
    writes: ClassVar[int]  # the most state writes that its execution makes
    since: ClassVar[int] = 1  # the first application version that knows the class

    @property
    def from_height(self) -> Height | None:
        """The height that the decision names for its effect, which the vote must be over by; None: when it passes."""
        return None

    @abstractmethod
    def check(self, view: "View", context: "ExecutionContext") -> None:
        """Every rule against state, when it is proposed and again when it passes. Raises the rule's error."""

    @abstractmethod
    def execute(self, overlay: "Overlay", context: "ExecutionContext") -> None:
        """Move state and emit events, in the block whose vote lets it pass. Every way to fail was in check."""
