"""Whatever is broken in a stopped node's data: the error names a command, the command mends it, the node starts again.

A validator that decides alone, so nobody else has its blocks: none that is still readable may be lost on the way.
"""

import asyncio
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import plyvel
import pytest

from chain.types.scalars import Height
from crypto.errors import ClusterError
from node.abstention import LAST_ROUND, LAST_STEP
from node.app import App
from node.cli.frame import execute
from node.devnet.files import Plan, create_single
from node.home import Home
from node.signer_state import read_state
from node.storage import layout
from node.storage.errors import DatabaseInUse
from tests.support.devnet_scene import free_base_port

BLOCKS = 6
COMMAND = re.compile(r"`cluster (data [a-z]+(?: --[a-z]+)?)")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose database has tables and a log: some blocks compacted, some only logged."""
    root = tmp_path_factory.mktemp("lived") / "node"
    home = create_single(root, Plan(1, "damaged-1", 20, free_base_port(2)), 1_700_000_000_000, None)
    for height in (BLOCKS // 2, BLOCKS):
        asyncio.run(run(home, height))
        if height < BLOCKS:
            with plyvel.DB(str(home.database), compression=None) as raw:
                raw.compact_range()
    assert {file.suffix for file in home.database.iterdir()} >= {".ldb", ".log"}
    return home


@pytest.fixture
def home(lived: Home, tmp_path: Path) -> Iterator[Home]:
    yield Home(shutil.copytree(lived.root, tmp_path / "node"))


async def run(home: Home, height: int) -> None:
    """Let the node go on until it has a block."""
    app = App(home)
    life = asyncio.create_task(app.run())
    async with asyncio.timeout(30):
        while app.node.ledger.tip.height < height and not life.done():  # noqa: ASYNC110  nobody tells of a tip
            await asyncio.sleep(0.01)
    app.stop()
    await life


def opened(home: Home) -> int:
    """The height at which a node comes up. Raises what keeps it from it."""
    app = App(home)
    try:
        app.node.ledger.database.verify()
        return app.node.ledger.tip.height
    finally:
        app.close()


def follow(error: ClusterError, home: Home) -> list[int]:
    """Run the commands that an error names, up to the first that succeeds; their exit statuses."""
    named = COMMAND.findall(str(error))
    assert named, error
    statuses = []
    for command in named:
        statuses.append(execute([*command.split(), "--home", str(home.root), *(["--alone"] * ("resync" in command))]))
        if statuses[-1] == 0:
            break
    return statuses


def flip(path: Path, at: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 0x40
    path.write_bytes(content)


def only(home: Home, suffix: str) -> Path:
    return max(home.database.glob(suffix), key=lambda path: path.stat().st_size)


def without(space: bytes, at: int) -> Callable[[Home], None]:
    """The record of one kind at a place in their order is gone."""

    def damage(home: Home) -> None:
        with plyvel.DB(str(home.database), compression=None) as raw:
            with raw.iterator(prefix=space, include_value=False) as keys:
                key = list(keys)[at]
            raw.delete(key)

    return damage


def cut(path: Path, share: float) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


# What is damaged, what the repair does about it, and the fewest blocks that it saves of BLOCKS or so.
DAMAGES: list[tuple[str, Callable[[Home], object], str, int]] = [
    ("no list of files", lambda home: (home.database / "CURRENT").unlink(), "files", BLOCKS),
    ("a list of files that is none", lambda home: (home.database / "CURRENT").write_text("?"), "files", BLOCKS),
    ("no manifest", lambda home: only(home, "MANIFEST*").unlink(), "files", BLOCKS),
    ("a flipped manifest", lambda home: flip(only(home, "MANIFEST*"), 0.5), "files", BLOCKS),
    ("a flipped log", lambda home: flip(only(home, "*.log"), 0.7), "", BLOCKS // 2),
    ("a flipped table", lambda home: flip(only(home, "*.ldb"), 0.5), "", 0),
    ("no head record", without(layout.HEAD, 0), "again from genesis", BLOCKS),
    ("a missing page", without(layout.NODE, -1), "again from genesis", BLOCKS),
    ("a missing entry of state", without(layout.STATE, 0), "index", BLOCKS),
    ("no format record", without(layout.FORMAT, 0), "again from genesis", BLOCKS),
    ("a missing old block", without(layout.BLOCK, 1), "old blocks", BLOCKS),
    ("a missing root of the head", without(layout.ROOT, -1), "again from genesis", BLOCKS),
]


@pytest.mark.parametrize(("damage", "done", "saved"), [c[1:] for c in DAMAGES], ids=[c[0] for c in DAMAGES])
def test_a_damaged_database_is_mended_by_the_command_that_the_error_names(
    home: Home, damage: Callable[[Home], object], done: str, saved: int, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = home.signer_state.read_bytes()
    damage(home)
    with pytest.raises(ClusterError) as refused:
        opened(home)
    assert 0 in follow(refused.value, home)
    assert done in capsys.readouterr().out
    assert opened(home) >= saved
    assert home.signer_state.read_bytes() == signed


def test_a_log_of_leveldb_that_is_cut_short_gives_an_earlier_height_by_itself(home: Home) -> None:
    cut(only(home, "*.log"), 0.5)
    assert opened(home) >= BLOCKS // 2


async def test_who_lost_only_the_last_block_decides_it_again_from_its_log(home: Home) -> None:
    """The consensus log of a block is kept until the next one is stored."""
    before = opened(home)
    with plyvel.DB(str(home.database), compression=None) as raw:
        raw.delete(layout.HEAD)
        raw.delete(layout.at_height(layout.BLOCK, before))
    assert execute(["data", "repair", "--home", str(home.root)]) == 0
    assert opened(home) == before - 1
    await run(home, before + 2)


def test_a_repair_that_died_between_its_two_renames_is_finished_by_the_next_start(home: Home) -> None:
    before = opened(home)
    home.database.rename(home.repaired)
    assert opened(home) == before
    assert not home.repaired.exists()


def test_a_running_nodes_database_is_left_alone(home: Home) -> None:
    app = App(home)
    with pytest.raises(DatabaseInUse):
        app.node.ledger.database.open(home.database, None, app.node.ledger.chain.genesis_hash)
    for command in ("repair", "resync"):
        assert execute(["data", command, "--home", str(home.root), *(["--alone"] * (command == "resync"))]) == 1
    app.close()
    assert opened(home) >= BLOCKS


def test_a_database_is_not_set_aside_where_nobody_else_has_its_blocks(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["data", "resync", "--home", str(home.root)]) == 1
    assert "names no peers" in capsys.readouterr().err
    signed, keys = home.signer_state.read_bytes(), home.validator_key.read_bytes()
    assert execute(["data", "resync", "--alone", "--home", str(home.root)]) == 0
    assert opened(home) == 0
    assert home.damaged.exists()
    assert (home.signer_state.read_bytes(), home.validator_key.read_bytes()) == (signed, keys)


# The log and the signer's state


def next_log(home: Home) -> Path:
    """The log of the height after the head, with synced records: the node died while it decided it."""
    path = home.wal / f"{opened(home) + 1:020d}.log"
    if not path.exists() or not path.stat().st_size:
        last = max((file for file in home.wal.iterdir() if file.stat().st_size), key=lambda file: file.name)
        pytest.fail(f"no log at {path}, the last is {last}")
    return path


def stopped_in_a_height(home: Home) -> Height:
    """The head goes back by one block, as after a power cut: the log of the next height then has synced records."""
    before = opened(home)
    with plyvel.DB(str(home.database), compression=None) as raw:
        raw.delete(layout.HEAD)
        raw.delete(layout.at_height(layout.BLOCK, before))
    assert execute(["data", "repair", "--home", str(home.root)]) == 0
    return Height(before)


async def test_a_damaged_consensus_log_is_set_aside_and_its_height_passed_in_silence(home: Home) -> None:
    height = stopped_in_a_height(home)
    flip(next_log(home), 0.02)
    with pytest.raises(BaseExceptionGroup) as stopped:
        await run(home, height + 1)
    (error,) = stopped.value.exceptions
    while isinstance(error, BaseExceptionGroup):
        (error,) = error.exceptions
    assert isinstance(error, ClusterError)
    assert error.code == 7121
    assert await asyncio.to_thread(follow, error, home) == [0]
    assert read_state(home.signer_state).position == (height, LAST_ROUND, LAST_STEP)
    assert opened(home) == height - 1
    assert not (home.wal / f"{height:020d}.log").exists()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_a_half_written_signer_state_is_replaced_by_silence_up_to_what_may_have_been_signed(
    home: Home, share: float
) -> None:
    before = read_state(home.signer_state).position
    cut(home.signer_state, share)
    with pytest.raises(ClusterError) as refused:
        opened(home)
    assert refused.value.code == 7103
    assert follow(refused.value, home) == [0]
    after = read_state(home.signer_state).position
    assert after > before
    assert after == (max(int(log.stem) for log in home.wal.glob("*.log")), LAST_ROUND, LAST_STEP)
    opened(home)


def test_a_lost_signer_state_is_not_made_up_where_no_log_says_how_far_it_came(home: Home) -> None:
    home.signer_state.unlink()
    shutil.rmtree(home.wal)
    assert execute(["data", "repair", "--abstain", "--home", str(home.root)]) == 1
    assert not home.signer_state.exists()


def test_a_whole_signer_state_stays_as_it_is(home: Home) -> None:
    before = home.signer_state.read_bytes()
    assert execute(["data", "repair", "--abstain", "--home", str(home.root)]) == 0
    assert home.signer_state.read_bytes() == before


def test_every_command_that_an_error_names_exists(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("repair", "resync", "rollback", "reindex", "verify"):
        with pytest.raises(SystemExit) as shown:
            execute(["data", command, "--help"])
        assert shown.value.code == 0
