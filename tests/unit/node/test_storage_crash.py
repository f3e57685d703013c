"""A process killed in the middle of commits leaves a database at one height or the next, whole."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chain.types.scalars import Height
from node.storage.database import Database, Settings
from tests.support.block_batches import GENESIS, STORAGE_KEY, commit_next, transactions_at

ENTRIES = 40
SETTINGS = Settings(keep_versions=3)


def changes(height: int) -> dict[bytes, bytes | None]:
    """Every block rewrites all entries with its height, so a mixture of two blocks shows."""
    return {b"q/%d" % entry: b"%d" % height * 50 for entry in range(ENTRIES)}


def run(path: Path) -> None:
    """The process that is killed: it commits without end and says each height once that is committed."""
    database = Database.open(path, STORAGE_KEY, GENESIS, SETTINGS)
    while True:
        height = 0 if database.tip is None else database.tip.height + 1
        commit_next(database, changes(height))
        os.write(1, b"%d\n" % height)


def killed_after(path: Path, seconds: float) -> int:
    """The last height that the process said before it was killed without warning."""
    command = [sys.executable, "-c", f"from pathlib import Path; from {__name__} import run; run(Path({str(path)!r}))"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3])
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    said = first + process.stdout.read()
    process.stdout.close()
    process.wait()
    return int(said.rpartition(b"\n")[0].split(b"\n")[-1])


@pytest.mark.parametrize("plan", [[0.02, 0.05, 0.031, 0.043, 0.057, 0.011]])
def test_after_a_kill_one_height_or_the_next_stands_whole(tmp_path: Path, plan: list[float]) -> None:
    path = tmp_path / "db"
    Database.create(path, STORAGE_KEY, GENESIS, SETTINGS).close()
    for seconds in plan:
        said = killed_after(path, seconds)
        database = Database.open(path, STORAGE_KEY, GENESIS, SETTINGS)
        assert database.tip is not None
        height = database.tip.height
        assert said <= height <= said + 1
        assert database.verify().entries == ENTRIES
        snapshot = database.snapshot()
        for version in range(max(0, height - 2), height + 1):
            assert {leaf.value for leaf in snapshot.tree(version).leaves()} == {b"%d" % version * 50}
        assert database.receipts(height) == b"receipts %d" % height
        assert database.receipts(Height(height + 1)) is None
        assert [database.find_transaction(hash_) for hash_ in transactions_at(height)] == [(height, 0), (height, 1)]
        assert database.find_transaction(transactions_at(height + 1)[0]) is None
        database.close()
