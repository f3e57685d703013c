"""The provider's worker as a process of its own, exactly as `cluster worker start` runs it."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from chain.types.scalars import Amount
from compute.worker.settings import WorkerSettings
from node.devnet.files import DevAccount, Network
from node.worker_home import create_home

STOP_SECONDS: Final = 20.0


class WorkerProcess:
    """One worker for one account, with a home folder of its own."""

    def __init__(self, network: Network, models: Path, account: DevAccount, home: Path, bond: Amount) -> None:
        settings = WorkerSettings(
            rpc=network.rpc_urls[0], key_file=str(network.root / account.key_file), models=str(models), bond=bond
        )
        self._home = create_home(home, settings)
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; what it prints goes to worker.log in its home."""
        with open(self._home.root / "worker.log", "ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "node.cli", "worker", "start", "--home", str(self._home.root)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL: for a demo that ends early and waits for nothing."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def stop(self) -> None:
        """SIGTERM, twice if need be, then SIGKILL."""
        if self._child is None:
            return
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            self._child.send_signal(number)
            try:
                self._child.wait(STOP_SECONDS)
                return
            except subprocess.TimeoutExpired:
                continue

    def prove_seconds(self) -> list[float]:
        """How long each proof took, from its journal."""
        path = self._home.root / "events.jsonl"
        if not path.exists():
            return []
        events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [event["ms"] / 1000 for event in events if event["event"] == "proven"]
