"""What a worker tells of its work, one event at a time: for its log, its status file, a demonstration."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from chain.types.scalars import ObjectId

Kind = Literal[
    "started",
    "registered",
    "model",
    "skipped",
    "accepted",
    "locked",
    "resumed",
    "rescuing",
    "proven",
    "settled",
    "retry",
    "lost",
    "unreachable",
    "draining",
    "stopped",
]
_SHORT: Final = 10


@dataclass(frozen=True, slots=True)
class WorkerEvent:
    """One thing that happened; `details` are plain JSON values."""

    kind: Kind
    task: ObjectId | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        task = None if self.task is None else "0x" + self.task.hex()
        return {"event": self.kind, "task": task, **self.details}

    def line(self) -> str:
        """The event as one line for people."""
        task = "" if self.task is None else f" 0x{self.task.hex()[:_SHORT]}…"
        details = " ".join(f"{name}={value}" for name, value in self.details.items())
        return f"{self.kind}{task} {details}".rstrip()


Report = Callable[[WorkerEvent], None]
