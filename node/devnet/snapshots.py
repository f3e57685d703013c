"""Copies of a stopped network's homes under a name, to come back to."""

import re
import shutil
from pathlib import Path
from typing import Final

from node.devnet.errors import DevnetRunning, NoSnapshot, SnapshotExists
from node.devnet.files import Network
from node.devnet.processes import Processes
from node.errors import NodeError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class BadSnapshotName(NodeError):
    """A snapshot's name would not be a folder's."""

    code = 7361

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r:.80} is no name for a snapshot; use letters, digits, '.', '_' and '-', at most 64.")
        self.name = name


def snapshots(network: Network) -> tuple[str, ...]:
    """The names of all snapshots."""
    folder = network.root / "snapshots"
    return tuple(sorted(path.name for path in folder.iterdir())) if folder.exists() else ()


def take_snapshot(network: Network, processes: Processes, name: str) -> None:
    """Copy every home of the stopped network. Raises BadSnapshotName, SnapshotExists, DevnetRunning."""
    target = _folder(network, name)
    _require_stopped(network, processes)
    if target.exists():
        raise SnapshotExists(name)
    partial = target.with_name(f".{name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for member in network.members:
        shutil.copytree(network.root / member.name, partial / member.name)
    partial.rename(target)


def revert(network: Network, processes: Processes, name: str) -> None:
    """Put every home back as it was. Raises BadSnapshotName, NoSnapshot, DevnetRunning.

    All validators go back together with their signers' states, so nobody signs twice in what is left of the chain.
    """
    source = _folder(network, name)
    _require_stopped(network, processes)
    if not source.exists():
        raise NoSnapshot(name, snapshots(network))
    for member in network.members:
        shutil.rmtree(network.root / member.name)
        shutil.copytree(source / member.name, network.root / member.name)


def _folder(network: Network, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise BadSnapshotName(name)
    return network.root / "snapshots" / name


def _require_stopped(network: Network, processes: Processes) -> None:
    running = processes.running()
    if running:
        raise DevnetRunning(network.root, tuple(sorted(running)))
