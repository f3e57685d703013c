"""The validators of a network as processes of this machine: start, stop, kill, and find those that others started.

pids.json names each process; a pid counts only while its command line names the validator's home, as pids are reused.
Every process runs in a session of its own, so that ctrl-C reaches the one who started it, and he stops all in order.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from client.errors import NotAnRpc, RpcFailed, Unreachable
from client.rpc import RpcClient
from node.devnet.errors import DevnetRunning, DevnetStopped, NodeDied, NotReady, PortsTaken
from node.devnet.files import HOST, Member, Network, Plan

STOP_SECONDS: Final = 15.0  # for a graceful end, then SIGKILL
READY_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.1
LOG_TAIL_BYTES: Final = 2_000


def check_ports(plan: Plan) -> None:
    """Whether a new network can listen where it is to. Raises PortsTaken."""
    for port in plan.ports():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise PortsTaken(port, plan.base_port) from error


class Processes:
    """The running validators of one network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._file = network.root / "pids.json"
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def running(self) -> dict[str, int]:
        """Pids of the validators that run, by name."""
        return {name: pid for name, pid in self._pids().items() if self._runs(name, pid)}

    @property
    def is_up(self) -> bool:
        """Whether the network was started and not taken down since, even if its validators have died."""
        return self._file.exists()

    def start(self, member: Member, *options: str) -> int:
        """Start one validator with options of `cluster start`; its pid. Raises DevnetRunning when it runs."""
        running = self.running()
        if member.name in running:
            raise DevnetRunning(self.network.root, (member.name,))
        self.network.logs.mkdir(exist_ok=True)
        with open(self._log(member), "ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-P", "-m", "node.cli", "start", "--home", str(self._home(member)), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._children[member.name] = child
        self._write({**self._pids(), member.name: child.pid})
        return child.pid

    def start_all(self) -> None:
        """Start every validator. Raises DevnetRunning when one runs."""
        running = self.running()
        if running:
            raise DevnetRunning(self.network.root, tuple(sorted(running)))
        for member in self.network.members:
            self.start(member)

    def kill(self, member: Member) -> None:
        """SIGKILL: no goodbye, no flush. Raises DevnetStopped."""
        pid = self.running().get(member.name)
        if pid is None:
            raise DevnetStopped(self.network.root)
        _signal(pid, signal.SIGKILL)
        self._wait_gone({member.name: pid}, STOP_SECONDS)

    def stop(self, member: Member) -> None:
        """SIGTERM to one validator, and wait for its end. Raises DevnetStopped."""
        pid = self.running().get(member.name)
        if pid is None:
            raise DevnetStopped(self.network.root)
        _signal(pid, signal.SIGTERM)
        self._wait_gone({member.name: pid}, STOP_SECONDS)

    def stop_all(self) -> tuple[str, ...]:
        """SIGTERM to all, wait, SIGKILL to whoever is left; the names of those that ran."""
        running = self.running()
        for pid in running.values():
            _signal(pid, signal.SIGTERM)
        for name, pid in self._wait_gone(running, STOP_SECONDS).items():
            _signal(pid, signal.SIGKILL)
            self._wait_gone({name: pid}, STOP_SECONDS)
        return tuple(sorted(running))

    def forget(self) -> None:
        """The network is down; whoever watches it in the foreground ends."""
        self._file.unlink(missing_ok=True)

    async def ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until every validator answers and has a block. Raises NodeDied, NotReady."""
        deadline = time.monotonic() + seconds
        for member in self.network.members:
            async with RpcClient(member.rpc, timeout=5) as rpc:
                while await _height(rpc) < 1:
                    self._require_alive()
                    if time.monotonic() > deadline:
                        raise NotReady(seconds, self.network.logs)
                    await asyncio.sleep(POLL_SECONDS)

    def _require_alive(self) -> None:
        running = self.running()
        for member in self.network.members:
            if member.name not in running:
                raise NodeDied(member.name, self._log(member), last_line(self._log(member)))

    def _wait_gone(self, pids: dict[str, int], seconds: float) -> dict[str, int]:
        deadline = time.monotonic() + seconds
        left = dict(pids)
        while left and time.monotonic() < deadline:
            left = {name: pid for name, pid in left.items() if self._runs(name, pid)}
            if left:
                time.sleep(POLL_SECONDS / 2)
        return left

    def _runs(self, name: str, pid: int) -> bool:
        child = self._children.get(name)
        if child is not None and child.pid == pid:
            return child.poll() is None
        home = str(self.network.root / name)
        return home in command_line(pid)

    def _pids(self) -> dict[str, int]:
        try:
            pids: dict[str, int] = json.loads(self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return pids

    def _write(self, pids: dict[str, int]) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(pids), encoding="utf-8")
        fresh.replace(self._file)

    def _home(self, member: Member) -> Path:
        return self.network.root / member.name

    def _log(self, member: Member) -> Path:
        return self.network.logs / f"{member.name}.log"


def command_line(pid: int) -> tuple[str, ...]:
    """The arguments of a running process; empty when there is none. Zombies have none."""
    proc = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            return tuple(part.decode("utf-8", "surrogateescape") for part in proc.read_bytes().split(b"\0"))
        except OSError:
            return ()
    shown = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return tuple(shown.stdout.split())


def last_line(path: Path) -> str:
    """The last line of a log."""
    try:
        lines = path.read_bytes()[-LOG_TAIL_BYTES:].decode("utf-8", "replace").strip().splitlines()
    except FileNotFoundError:
        lines = []
    return lines[-1] if lines else "(empty)"


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


async def _height(rpc: RpcClient) -> int:
    try:
        return int((await rpc.call("chain_status"))["height"])
    except (Unreachable, NotAnRpc, RpcFailed):
        return -1
