"""The short nemesis: a network of real processes under load, three faults, a duplicated key, eleven checks."""

from pathlib import Path

import pytest

from tests.nemesis.__main__ import play
from tests.nemesis.plan import TWIN, draw
from tests.nemesis.running import clocks_can_jump

SEED = 3


@pytest.mark.slow
async def test_a_network_recovers_from_what_is_done_to_it(tmp_path: Path) -> None:
    plan = draw(SEED, clocks=clocks_can_jump(), faults=3)
    assert any(fault.kind == TWIN for fault in plan.faults)
    story = await play(plan, tmp_path / "network")
    assert story.failed == [] and story.lost == 0
    assert story.recovered == story.faults == 4 and story.checks == 11
    assert story.payments > 0
