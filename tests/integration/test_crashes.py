"""Real processes that die by SIGKILL at points where they change the disk: the short version of `make crash`."""

import re
import subprocess
from pathlib import Path

import pytest

from node.signer_state import read_state
from tests.crash.alone import FIRST_BLOCKS, Alone
from tests.crash.deaths import ended
from tests.crash.network import kill_everywhere


@pytest.mark.slow
async def test_validators_that_die_while_they_sign_and_store_come_back_and_lose_nothing(tmp_path: Path) -> None:
    points = ("signer.replace", "log-own.write", "block.write_batch")
    tally, story = await kill_everywhere(tmp_path / "network", 1, points)
    assert tally.failed == story.failed == []
    assert tally.kills == dict.fromkeys(points, 1)
    assert (tally.recovered, story.checks, story.lost) == (3, 11, 0)


@pytest.mark.slow
def test_a_node_that_dies_while_it_is_made_or_comes_up_first_starts_again(tmp_path: Path) -> None:
    points = ("new-signer.write", "new-database.replace", "genesis.write_batch")
    tally = Alone(tmp_path).kill_everywhere(1, points)
    assert tally.failed == []
    assert tally.recovered == 3


@pytest.mark.slow
def test_a_full_disk_ends_the_node_with_status_1_and_with_room_it_goes_on(tmp_path: Path) -> None:
    """On a file system of 24 MB where one can be mounted; else on one whose files may not grow."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", small], check=False).returncode == 0
    if not mounted:
        pytest.skip("mounting a small disk needs root")
    try:
        alone = Alone(small)
        process = alone.start(alone.lived)
        assert alone.reach(FIRST_BLOCKS + 1)
        filler = small / "filler"
        with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
            while True:
                file.write(bytes(4096))
        assert process.wait(60) == 1
        said = alone.log.read_text()
        assert re.search(r"error (7106|7123|7301|7707): .*No space left on device", said), said[-2_000:]
        before = read_state(alone.lived.signer_state).position
        filler.unlink()
        process = alone.start(alone.lived)
        assert alone.reach(before[0] + 1)
        ended(process)
        assert read_state(alone.lived.signer_state).position > before
    finally:
        subprocess.run(["umount", "-l", small], check=True)
