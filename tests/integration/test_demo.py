"""The demo is a test of everything at once: real processes, real proofs, a secret, attacks, a crash."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from node.cli.frame import INTERRUPTED
from node.devnet.processes import command_line
from tests.support.devnet_scene import free_base_port

PROMISES = 20
DEMO_PORTS = 20
VALIDATORS = 4


@pytest.mark.slow
def test_every_promise_of_the_demo_holds() -> None:
    command = [sys.executable, "-m", "node.cli", "demo", "--json", "--block-time", "0.4", "--base-port"]
    ended = subprocess.run(
        [*command, str(free_base_port(DEMO_PORTS))], capture_output=True, text=True, timeout=280, check=False
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    document = json.loads(ended.stdout)
    assert [check["promise"] for check in document["checks"] if not check["held"]] == []
    assert len(document["checks"]) == PROMISES
    assert len({root for *_, root in document["validators"]}) == 1


@pytest.mark.slow
def test_a_demo_that_is_told_to_end_leaves_nothing_behind(tmp_path: Path) -> None:
    port, folder = free_base_port(DEMO_PORTS), tmp_path / "demo"
    command = [sys.executable, "-m", "node.cli", "demo", "--dir", str(folder), "--base-port", str(port)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pids = folder / "network" / "pids.json"
    deadline = time.monotonic() + 60
    while not (pids.exists() and len(json.loads(pids.read_text())) == VALIDATORS):
        assert time.monotonic() < deadline, "the demo never started its validators"
        time.sleep(0.1)
    started = json.loads(pids.read_text()).values()
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == INTERRUPTED
    assert [pid for pid in started if any("start" in part for part in command_line(pid))] == []
