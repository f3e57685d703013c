"""A worker's home folder: its settings, and what it tells of itself while it runs.

worker.toml     settings (configs/worker.toml)
keys/account.json, models/, inputs/                   unless worker.toml names others
worker.lock     held while a worker runs here         status.json                   where it stands
events.jsonl    one JSON object per event
"""

import fcntl
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TextIO

from compute.worker.events import WorkerEvent
from compute.worker.settings import WorkerSettings
from node.config import dump_config, read_file
from node.errors import NodeError

TEMPLATE: Final = "configs/worker.toml"


class WorkerError(NodeError):
    """Root of the errors of a worker's folder."""

    code = 7400


class WorkerHomeMissing(WorkerError):
    """There are no settings of a worker, and no development network whose provider could be meant."""

    code = 7401

    def __init__(self, home: Path, devnet: Path) -> None:
        super().__init__(
            f"{home} holds no worker.toml and {devnet} no development network. Make a worker's home with "
            "`cluster worker init`, or start a network with `cluster devnet up`."
        )
        self.home, self.devnet = str(home), str(devnet)


class WorkerRunning(WorkerError):
    """Another worker runs in this folder; two of one account would disturb each other's nonces."""

    code = 7402

    def __init__(self, home: Path) -> None:
        super().__init__(f"a worker runs in {home} already; see `cluster worker status`, or stop it first.")
        self.home = str(home)


class WorkerHomeExists(WorkerError):
    """A worker's home was to be made where one is."""

    code = 7403

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists already; change it with an editor, or name another folder with --home.")
        self.path = str(path)


@dataclass(frozen=True, slots=True)
class WorkerHome:
    """A folder with the settings that hold in it."""

    root: Path
    settings: WorkerSettings

    @property
    def key_file(self) -> Path:
        return self.root / self.settings.key_file

    @property
    def models(self) -> Path:
        return self.root / self.settings.models

    @property
    def inputs(self) -> Path:
        return self.root / self.settings.inputs

    def with_settings(self, **changes: Any) -> "WorkerHome":
        """The same folder with other settings for this time."""
        return replace(self, settings=replace(self.settings, **changes))


def open_home(root: Path) -> WorkerHome | None:
    """The home of a folder, None where there is no worker.toml. Raises ConfigUnreadable, UnknownKey, WrongValue."""
    path = root / "worker.toml"
    return WorkerHome(root, read_file(WorkerSettings, path, TEMPLATE)) if path.exists() else None


def create_home(root: Path, settings: WorkerSettings) -> WorkerHome:
    """Write worker.toml into a folder, made if need be. Raises WorkerHomeExists."""
    path = root / "worker.toml"
    if path.exists():
        raise WorkerHomeExists(path)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(f"# Every key is explained in {TEMPLATE}.\n{dump_config(settings)}", encoding="utf-8")
    return WorkerHome(root, settings)


class Journal:
    """Writes a worker's events to events.jsonl, and where it stands to status.json."""

    def __init__(self, root: Path, events: TextIO) -> None:
        self._root, self._events = root, events
        self._counts: Counter[str] = Counter()
        self._earned, self._proof_ms = 0, 0
        self._started = time.time()
        self._facts: dict[str, Any] = {"pid": os.getpid(), "started_at": round(self._started, 3)}

    def __call__(self, event: WorkerEvent) -> None:
        """Note one event."""
        entry = {"time": round(time.time(), 3), **event.to_json()}
        self._events.write(json.dumps(entry) + "\n")
        self._events.flush()
        self._counts[event.kind] += 1
        self._earned += int(event.details.get("paid", 0))
        self._proof_ms += int(event.details.get("ms", 0))
        if event.kind == "started":
            self._facts |= event.details
        self._write_status(entry)

    @property
    def status(self) -> dict[str, Any]:
        """Where the worker stands; amounts in nano-CLU."""
        proven = self._counts["proven"]
        return {
            **self._facts,
            "settled": self._counts["settled"],
            "earned": str(self._earned),
            "lost": self._counts["lost"],
            "skipped": self._counts["skipped"],
            "proven": proven,
            "proof_ms": round(self._proof_ms / proven) if proven else None,
        }

    def _write_status(self, last: dict[str, Any]) -> None:
        partial = self._root / "status.json.new"
        partial.write_text(json.dumps({**self.status, "last_event": last}) + "\n", encoding="utf-8")
        partial.replace(self._root / "status.json")


@contextmanager
def journal(root: Path) -> Iterator[Journal]:
    """The journal of a folder, which no other worker may use meanwhile. Raises WorkerRunning."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(root / "worker.lock", "a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkerRunning(root) from None
        with open(root / "events.jsonl", "a", encoding="utf-8") as events:
            yield Journal(root, events)


def read_status(root: Path) -> dict[str, Any] | None:
    """What status.json says, with `running`: whether the worker that wrote it still runs. None without one."""
    try:
        status: dict[str, Any] = json.loads((root / "status.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return {**status, "running": _locked(root)}


def _locked(root: Path) -> bool:
    try:
        with open(root / "worker.lock", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
