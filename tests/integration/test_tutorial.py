"""docs/tutorial.md as somebody does who follows it: four validators, every command, and what each prints."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from node.devnet.files import load_network
from node.devnet.processes import Processes
from tests.support.console_pages import Command, Reader, steps
from tests.support.devnet_scene import free_base_port
from tests.support.long_runs import long
from tests.support.rooms import ROOT

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
PROMISED_SECONDS = 15 * 60


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Where the network lies; nothing of it stays behind, whatever happens."""
    root = tmp_path / "home" / "devnet"
    yield tmp_path / "home"
    if (root / "devnet.json").exists():
        for pid in Processes(load_network(root)).running().values():
            os.kill(pid, signal.SIGKILL)


@long
def test_whoever_follows_the_page_sees_what_it_says(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "reader"
    folder.mkdir()
    base = free_base_port(8)
    environment = {"CLUSTER_HOME": str(home), "CLUSTER_RPC": f"http://127.0.0.1:{base}"}
    reader = Reader(folder, environment, {"cluster devnet up": f"--base-port {base} --block-time 0.5"})
    began = monotonic()
    for step in steps(PAGE):
        reader.does(step)
    assert monotonic() - began < PROMISED_SECONDS
    assert sum(isinstance(step, Command) for step in steps(PAGE)) > 20
    permit = json.loads((folder / "permit.json").read_text(encoding="utf-8"))
    assert permit["terms"]["first"] == permit["terms"]["last"] == 2
