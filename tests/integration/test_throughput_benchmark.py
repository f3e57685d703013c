"""The throughput benchmark, short: it runs, prints what it promises, and nothing that was admitted is lost."""

import json
import subprocess
import sys

from tests.support.devnet_scene import free_base_port
from tests.support.long_runs import long

PORTS = 8
PROMISED = {"transfers_per_s", "proofs_per_s", "finality_p50_s", "finality_p95_s", "rss_mb", "lost", "cores"}
SHORT = ["--seconds", "3", "--rate", "20", "--accounts", "40", "--settle-seconds", "2", "--settle-rate", "2"]


@long
def test_a_short_run_counts_everything_that_was_admitted() -> None:
    command = [sys.executable, "-m", "benchmarks.throughput", *SHORT, "--base-port", str(free_base_port(PORTS))]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    figures = json.loads(ended.stdout)
    assert figures.keys() >= PROMISED
    assert (figures["lost"], figures["failed"], figures["refused"]) == (0, 0, 0)
    assert figures["transfers_per_s"] > 0
    assert 0 < figures["finality_p50_s"] <= figures["finality_p95_s"]
    assert figures["rss_mb"] > 0
