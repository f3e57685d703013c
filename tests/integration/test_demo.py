"""The demo is a test of everything at once: real processes, real proofs, a secret, attacks, a crash."""

import json
import subprocess
import sys

from tests.support.devnet_scene import free_base_port

PROMISES = 20
DEMO_PORTS = 20


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
