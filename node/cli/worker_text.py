"""What a worker tells, for people: amounts in CLU, times of day, no numbers without a unit."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from compute.worker.events import WorkerEvent
from node.cli.amounts import show_amount

_AMOUNTS: Final = frozenset(("paid", "price", "bond", "min_price", "earned", "balance"))
_TIMES: Final = frozenset(("time", "started_at"))  # seconds since 1970
_MILLISECONDS: Final = frozenset(("ms", "proof_ms"))
_WORDS: Final = {"ms": "in", "proof_ms": "a proof takes"}
_TASK_SHOWN: Final = len("0x") + 10


def event_line(event: WorkerEvent) -> str:
    """One event as a line of the worker's log."""
    return _line(event.to_json())


def status_rows(status: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """The rows of `worker status`."""
    for name, value in status.items():
        if name == "last_event" and isinstance(value, Mapping):
            yield name, f"{_plain('time', value.get('time'))} {_line(value)}"
        else:
            yield name, _plain(name, value)


def _line(entry: Mapping[str, Any]) -> str:
    """`entry` as WorkerEvent.to_json and the journal have it."""
    task = entry.get("task")
    words = [str(entry.get("event"))] + ([f"{task[:_TASK_SHOWN]}…"] if task else [])
    for name, value in entry.items():
        if name not in ("event", "task", "time"):
            words.append(f"{_WORDS.get(name, name.replace('_', ' '))} {_plain(name, value)}")
    return " ".join(words)


def _plain(name: str, value: Any) -> object:
    """A value with its unit, as its name says."""
    if value is None or isinstance(value, bool):
        return {None: "-", True: "yes", False: "no"}[value]
    if name in _AMOUNTS:
        return show_amount(value)
    if name in _TIMES:
        return datetime.fromtimestamp(float(value)).astimezone().isoformat(" ", "seconds")
    return f"{value} ms" if name in _MILLISECONDS else value
