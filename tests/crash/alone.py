"""A node without others dies where few nodes ever come: while it is made, comes up for the first time, is copied."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from client.errors import ClientError
from client.rpc import RpcClient
from crypto.errors import ClusterError
from node.crash_points import MAKING, RUNNING, STARTING, UPKEEP, names
from node.devnet.files import HOST, Plan, create_single
from node.durable import Subject
from node.home import Home, write_config
from node.storage.database import Database
from tests.crash.deaths import Death, Tally, deaths, died, ended, run, signed
from tests.support.devnet_scene import free_base_port

RECOVER_SECONDS: Final = 20.0
START_SECONDS: Final = 60.0  # before anything is killed
BLOCK_MS: Final = 100
FIRST_BLOCKS: Final = 2
HALF_A_RECORD: Final = b"CLS\x01half a record"
EVERYWHERE: Final = (
    names(MAKING)
    + names(STARTING)
    + tuple(name for name in names(RUNNING | UPKEEP) if name.startswith((Subject.SNAPSHOT, Subject.ADDRESSES)))
)


class Alone:
    """Homes in one folder, one process at a time."""

    def __init__(self, root: Path) -> None:
        self.root, self.tally = root, Tally()
        self.plan = Plan(1, "alone-1", BLOCK_MS, free_base_port(2))
        self._made = 0
        self.fresh = create_single(root / "fresh", self.plan, time.time_ns() // 1_000_000, None)
        self.lived = self._copy(self.fresh)
        process = self.start(self.lived)
        self.reach(FIRST_BLOCKS, START_SECONDS)
        ended(process)

    def kill_everywhere(self, times: int, points: tuple[str, ...] = EVERYWHERE, hits: int = 1) -> Tally:
        """What came of it."""
        for death in deaths(points, times, hits):
            self._scene(death.point)(death)
        return self.tally

    def _scene(self, point: str) -> Callable[[Death], None]:
        subject = Subject(point.partition(".")[0])
        if subject in MAKING:
            return self._make
        if subject is Subject.ADDRESSES:
            return self._end
        if subject in UPKEEP:
            return self._copy_database
        return lambda death: self._start_and_again(self._prepared(subject), death)

    def _prepared(self, subject: Subject) -> Home:
        if subject is Subject.TORN_LOG:
            home = self._copy(self.lived)
            newest = max(home.wal.iterdir())
            following = newest.with_name(f"{int(newest.stem) + 1:020d}.log")  # whichever the node comes to
            for log in (newest, following):
                with log.open("ab") as file:
                    file.write(HALF_A_RECORD)
            return home
        home = self._copy(self.fresh)
        if subject is Subject.MIGRATION:
            key = home.load_storage_key(home.load_config())
            Database.create(home.database, key, home.load_genesis().hash(), steps=()).close()
        return home

    def _make(self, death: Death) -> None:
        """`cluster init`; what is half made is taken away and made anew, as the command says."""
        home = Home(self._new())
        ports = ("--base-port", str(self.plan.base_port))
        death.order(self._order)
        self._died(run(self._order, self.log, "init", "--home", str(home.root), *ports), death)
        if home.validator_key.exists():
            self._signer_is_whole(home, death)
        if home.config_file.exists():
            home.load_config()
        shutil.rmtree(home.root, ignore_errors=True)
        create_single(home.root, self.plan, time.time_ns() // 1_000_000, None)
        self.tally.recovered += 1

    def _start_and_again(self, home: Home, death: Death) -> None:
        death.order(self._order)
        self._died(self.start(home), death)
        ended(self._recover(home, death))

    def _end(self, death: Death) -> None:
        """In order, which it does not come to the end of."""
        home = self._copy(self.lived)
        process = self.start(home)
        self.reach(FIRST_BLOCKS)
        death.order(self._order)
        process.terminate()
        self._died(process, death)
        ended(self._recover(home, death))

    def _copy_database(self, death: Death) -> None:
        """`cluster node snapshot`, and again after the node's end."""
        home, target = self._copy(self.lived), self._new()
        process = self.start(home)
        self.reach(FIRST_BLOCKS)
        death.order(self._order)
        asking = run(self._order, self.log, "node", "snapshot", str(target), "--home", str(home.root))
        self._died(process, death)
        asking.wait()
        process = self._recover(home, death)
        if not target.exists():
            again = run(self._order, self.log, "node", "snapshot", str(target), "--home", str(home.root))
            self.tally.require(again.wait() == 0, death, "no snapshot could be made afterwards")
        ended(process)
        key = home.load_storage_key(home.load_config())
        database = Database.open(target, key, home.load_genesis().hash())
        self.tally.require(database.verify().blocks >= FIRST_BLOCKS, death, "the snapshot is not whole")
        database.close()

    def _died(self, process: subprocess.Popen[bytes], death: Death) -> None:
        self.tally.require(died(process), death, "the process did not die there")
        ended(process)
        self._order.unlink(missing_ok=True)
        self.tally.killed(death)

    def _recover(self, home: Home, death: Death) -> subprocess.Popen[bytes]:
        started = time.monotonic()
        self._signer_is_whole(home, death)
        process = self.start(home)
        if self.reach(FIRST_BLOCKS + 1):
            self.tally.recovered += 1
            self.tally.slowest = max(self.tally.slowest, time.monotonic() - started)
        else:
            self.tally.require(False, death, f"no blocks in {RECOVER_SECONDS} s")
        return process

    def _signer_is_whole(self, home: Home, death: Death) -> None:
        try:
            signed(home)
        except ClusterError as error:
            self.tally.require(False, death, str(error))

    def start(self, home: Home) -> subprocess.Popen[bytes]:
        """A process that runs the node of a home."""
        return run(self._order, self.log, "start", "--home", str(home.root))

    def reach(self, height: int, seconds: float = RECOVER_SECONDS) -> bool:
        """Whether the node that was made last has a block in good time."""
        return asyncio.run(self._reaches(height, seconds))

    async def _reaches(self, height: int, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                async with RpcClient(f"http://{HOST}:{self.plan.rpc_port(0)}", timeout=2) as rpc:
                    if int((await rpc.call("chain_status"))["height"]) >= height:
                        return True
            except ClientError:
                pass  # it does not answer yet
            await asyncio.sleep(0.05)
        return False

    def _new(self) -> Path:
        self._made += 1
        return self.root / f"home{self._made}"

    def _copy(self, home: Home) -> Home:
        """With ports of its own: somebody may have taken the last ones meanwhile."""
        copy = Home(shutil.copytree(home.root, self._new(), ignore=shutil.ignore_patterns("*.sock")))
        self.plan = replace(self.plan, base_port=free_base_port(2))
        config = copy.load_config()
        rpc = replace(config.rpc, listen=f"{HOST}:{self.plan.rpc_port(0)}")
        p2p = replace(config.p2p, listen=f"{HOST}:{self.plan.p2p_port(0)}")
        write_config(copy, replace(config, rpc=rpc, p2p=p2p))
        return copy

    @property
    def _order(self) -> Path:
        return self.root / "order"

    @property
    def log(self) -> Path:
        """What all processes say."""
        return self.root / "log"
