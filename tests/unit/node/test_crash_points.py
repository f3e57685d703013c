"""Every change of the disk that a node makes goes through its Disk and has a name, and the list of names is what it is.

The syntax trees show that no call is nameless; whole nodes on a disk that writes down each name show that none is idle.
"""

import ast
import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import plyvel

from chain.state.ranges import FIRST_PATH
from chain.types.scalars import Height
from node.app import App
from node.crash_points import MAKING, POINTS, names
from node.devnet.files import Plan, create_single
from node.durable import Disk, Subject
from node.evidence import EvidenceFile
from node.home import Home
from node.remote_signer.home import SignerSettings, adopt_key
from node.repair import Repair
from node.snapshots.head import exportable, tip_at
from node.storage import layout
from node.storage.database import Database
from node.storage.restore import Restore
from tests.support.block_batches import GENESIS
from tests.support.devnet_scene import free_base_port
from tests.support.double_votes import double_vote
from tests.support.rooms import ROOT
from tests.support.stored_chain import stored_chain
from tests.support.watched_disk import CHANGES, recording

NAMED = {*CHANGES, "write_synced", "replace_content"}
RAW = {"write_text", "write_bytes", "mkdir", "touch", "rename", "unlink", "rmdir", "rmtree", "copytree", "symlink_to"}
RAW_OF_OS = {"open", "write", "fsync", "ftruncate", "replace", "rename", "remove", "unlink", "rmdir", "makedirs"}
OUTSIDE = {
    "node/durable.py": "the seam itself",
    "node/storage/leveldb.py": "what the seam opens",
    "node/instruments.py": "what demonstrations record",
    "node/worker_home.py": "a worker's, who can ask the chain again",
    "node/rpc/operator_socket.py": "a socket, which lives as long as the process",
    "node/cli": "what a command makes for its user, who sees whether it is there",
    "node/demo": "a network that lasts for a demonstration",
    "node/devnet": "a network that is made anew",
}
EXCUSED = {
    ("node/keystore.py", "open"): "reads",
    ("node/signer.py", "replace"): "of the signer's state, through the seam",
    ("node/abstention.py", "replace"): "of the signer's state, through the seam",
    ("node/snapshots/file.py", "unlink"): "of a file that a user asked for and that did not become whole",
    ("node/storage/upkeep.py", "rmtree"): "of a copy that failed",
    ("node/storage/upkeep.py", "rmdir"): "of an empty folder, before the copy gets its name",
}


def files() -> list[str]:
    found = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "node").rglob("*.py"))]
    return [name for name in found if not any(name == out or name.startswith(out + "/") for out in OUTSIDE)]


def calls(name: str) -> Iterator[tuple[ast.Call, str, str]]:
    """Calls of methods in a file, with the method's name and what it is called on."""
    for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, node.func.attr, ast.unparse(node.func.value)


def is_disk(owner: str) -> bool:
    return owner.rpartition(".")[2] in ("disk", "_disk", "DISK")


def nameless(name: str) -> list[str]:
    """Changes of the disk that say nothing `at` what, or that go past the seam."""
    wrong = []
    for call, method, owner in calls(name):
        place = f"{name}:{call.lineno} {owner}.{method}"
        if is_disk(owner):
            if method in NAMED and not any(keyword.arg == "at" for keyword in call.keywords):
                wrong.append(place)
        elif (name, method) not in EXCUSED and (
            method in RAW or (owner == "os" and method in RAW_OF_OS) or _renames(call, method)
        ):
            wrong.append(place)
    return wrong


def _renames(call: ast.Call, method: str) -> bool:
    """Path.replace has one argument, str.replace two; datetime's and dataclasses' have none without a name."""
    return method == "replace" and len(call.args) == 1 and not call.keywords


def test_no_change_of_the_disk_is_nameless() -> None:
    assert [place for name in files() for place in nameless(name)] == []


def test_what_is_excused_is_there() -> None:
    assert all((ROOT / name).exists() for name in OUTSIDE)
    assert {(name, method) for name in files() for _, method, _ in calls(name)} >= EXCUSED.keys()


def test_every_change_that_the_seam_has_is_a_named_one() -> None:
    takes_name = {
        name for name, made in vars(Disk).items() if callable(made) and "at" in getattr(made, "__annotations__", {})
    }
    assert takes_name == NAMED


def test_points_have_names_of_their_own_and_every_subject_has_one() -> None:
    assert len(set(POINTS)) == len(POINTS)
    assert {point.partition(".")[0] for point in POINTS} == set(Subject)
    assert {point.partition(".")[2] for point in POINTS} <= set(CHANGES)


async def test_a_node_comes_to_every_point_of_the_list_and_to_no_other(tmp_path: Path) -> None:
    """From `cluster init` to a snapshot, with a torn log and a database of the first layout on the way."""
    with recording() as seen:
        plan = Plan(1, "points-1", 20, free_base_port(2))
        home = create_single(tmp_path / "node", plan, 1_700_000_000_000, None)
        assert set(names(MAKING)) <= seen
        tip = await run(home, 3)
        with (home.wal / f"{tip + 1:020d}.log").open("ab") as log:  # of the next height, whether it was begun or not
            log.write(b"torn")
        await run(home, 1, tmp_path / "copy")
        EvidenceFile(home.evidence).add(double_vote(1))
        Database.create(tmp_path / "old", None, GENESIS, steps=()).close()
        Database.open(tmp_path / "old", None, GENESIS).close()
        restore_and_rewind(tmp_path / "restored")
        damage_and_repair(home)
        adopt_key(tmp_path / "signer", home, SignerSettings(listen=f"127.0.0.1:{free_base_port(1)}"))
    assert set(POINTS) - seen == set()
    assert seen - set(POINTS) == set()


def restore_and_rewind(root: Path) -> None:
    """A database filled from a snapshot, and one that goes back a block."""
    with stored_chain(root, 3) as chain:
        head = exportable(chain.database, Height(2))
        path, root_hash = root / "filled", chain.genesis.hash()
        restore = Restore.begin(path, None, root_hash, head.restored(), 1)
        restore.add(0, FIRST_PATH, chain.database.snapshot().tree(2).range(FIRST_PATH, 10**9))
        restore.finish()
        chain.database.rewind(tip_at(chain.database, Height(2)), [])


def damage_and_repair(home: Home) -> None:
    """Block 2 is lost, then the head record; then the database is set aside."""
    for lost in (layout.at_height(layout.BLOCK, 2), layout.HEAD):
        if lost == layout.HEAD:
            shutil.rmtree(home.database)
            shutil.copytree(home.root.parent / "copy", home.database)
        with plyvel.DB(str(home.database), compression=None) as raw:
            raw.delete(lost)
        Repair(home).run()
    home.set_aside(Subject.RESYNC)


async def run(home: Home, blocks: int, copy: Path | None = None) -> int:
    """A node, for so many blocks or a few more; the height that it ends at."""
    app = App(home)
    life = asyncio.create_task(app.run())
    until = app.node.ledger.tip.height + blocks
    while app.node.ledger.tip.height < until and not life.done():  # noqa: ASYNC110  nobody tells of a tip
        await asyncio.sleep(0.01)
    if copy is not None:
        app.node.ledger.database.copy(copy, lambda: False)
    app.stop()
    await life
    return app.node.ledger.tip.height
