"""What a worker tells of its work, one event at a time: for its log, its status file, a demonstration."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

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


@dataclass(frozen=True, slots=True)
class WorkerEvent:
    """One thing that happened; `details` are plain JSON values."""

    kind: Kind
    task: ObjectId | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        task = None if self.task is None else "0x" + self.task.hex()
        return {"event": self.kind, "task": task, **self.details}


Report = Callable[[WorkerEvent], None]
