"""Real processes that die by SIGKILL at points where they change the disk: the short version of `make crash`."""

import asyncio
import re
import subprocess
from pathlib import Path

import pytest

from node.cli.frame import execute
from node.signer_state import read_state
from tests.crash.alone import FIRST_BLOCKS, Alone
from tests.crash.commands import Commands
from tests.crash.deaths import ended
from tests.crash.network import kill_everywhere
from tests.nemesis.__main__ import START_SECONDS, Story, judge
from tests.nemesis.load import Load
from tests.nemesis.plan import NetworkPlan
from tests.nemesis.running import STOP_SECONDS, Running


@pytest.mark.slow
async def test_validators_that_die_while_they_sign_and_store_come_back_and_lose_nothing(tmp_path: Path) -> None:
    points = ("signer.replace", "log-own.write", "block.write_batch")
    tally, story = await kill_everywhere(tmp_path / "network", 1, points)
    assert tally.failed == story.failed == []
    assert tally.kills == dict.fromkeys(points, 1)
    assert (tally.recovered, story.checks, story.lost) == (3, 11, 0)


@pytest.mark.slow
async def test_a_validator_with_a_damaged_database_and_no_signer_state_is_back_after_the_commands(
    tmp_path: Path,
) -> None:
    network = Running(tmp_path / "network", NetworkPlan(1, 4, 0, 0, ()))
    try:
        await network.connect()
        for index in range(4):
            network.start(index)
        assert await network.reach(4, START_SECONDS)
        assert await asyncio.to_thread(network.stop, 1) == 0
        home, before = network.home(1), read_state(network.home(1).signer_state).position
        log = max(home.database.glob("*.log"), key=lambda path: path.stat().st_size)
        log.write_bytes(log.read_bytes()[:500] + b"damaged" + log.read_bytes()[507:])
        home.signer_state.write_bytes(b"")
        network.start(1)
        assert await asyncio.to_thread(network.children[1].wait, STOP_SECONDS) == 78
        assert await asyncio.to_thread(execute, ["data", "repair", "--abstain", "--home", str(home.root)]) == 0
        silent = read_state(home.signer_state).position
        assert silent > before
        network.start(1)
        async with asyncio.timeout(60):
            while read_state(home.signer_state).position <= silent:  # noqa: ASYNC110  it is another process's file
                await asyncio.sleep(0.2)
        assert await network.reach(read_state(home.signer_state).position[0] + 1, 60)
        judged, load = Story(network.plan), Load(network)
        await judge(network, load, judged)
        assert judged.failed == []
    finally:
        await network.close()


@pytest.mark.slow
def test_a_node_that_dies_while_it_is_made_or_comes_up_first_starts_again(tmp_path: Path) -> None:
    points = ("new-signer.write", "new-database.replace", "genesis.write_batch")
    tally = Alone(tmp_path).kill_everywhere(1, points)
    assert tally.failed == []
    assert tally.recovered == 3


@pytest.mark.slow
def test_a_command_that_dies_while_it_mends_or_moves_is_run_again_and_nothing_is_lost(tmp_path: Path) -> None:
    points = ("restore.replace", "rewind.write_batch", "handover.remove", "repair.replace", "resync.replace")
    tally = Commands(tmp_path / "commands").kill_everywhere(1, points)
    assert tally.failed == []
    assert tally.recovered == len(points)


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
