"""The short nemesis: a network of real processes under load, three faults, a duplicated key, eleven checks."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.nemesis.__main__ import play
from tests.nemesis.plan import TWIN, draw
from tests.nemesis.running import clocks_can_jump, jumping

SEED = 3


@pytest.mark.slow
async def test_a_network_recovers_from_what_is_done_to_it(tmp_path: Path) -> None:
    plan = draw(SEED, clocks=clocks_can_jump(), faults=3)
    assert any(fault.kind == TWIN for fault in plan.faults)
    story = await play(plan, tmp_path / "network")
    assert story.failed == [] and story.lost == 0
    assert story.recovered == story.faults == 4 and story.checks == 11
    assert story.payments > 0


@pytest.mark.slow
@pytest.mark.skipif(not clocks_can_jump(), reason="no libfaketime: tests/nemesis/setup.sh")
@pytest.mark.parametrize("ahead", [-3600, 3600])
def test_a_clock_jumps(tmp_path: Path, ahead: int) -> None:
    clock = tmp_path / "clock"
    environment = jumping(clock)
    clock.write_text(f"{ahead:+d}")
    asked = [sys.executable, "-c", "import time; print(time.time(), time.monotonic())"]
    wall, steady = map(float, subprocess.run(asked, env=environment, capture_output=True, check=True).stdout.split())
    assert abs(wall - time.time() - ahead) < 600
    assert abs(steady - time.monotonic()) < 600
