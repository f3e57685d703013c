"""Commands that mend or move what lies in a stopped node's home die where they change the disk, and are run again.

Afterwards the validator goes on where it stood, or its key and what it signed lie whole where the next step needs them.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import plyvel

from node.crash_points import UPKEEP, names
from node.durable import Subject
from node.home import Home
from node.remote_signer.home import SignerHome
from node.storage import layout
from node.storage.database import Database
from tests.crash.alone import START_SECONDS, Alone
from tests.crash.deaths import Death, ended, run, signed
from tests.support.devnet_scene import free_base_port

BLOCKS: Final = 5
PATIENCE_SECONDS: Final = 60.0
NEEDS_OPERATOR: Final = 78
TWICE: Final = tuple(point for point in names(UPKEEP) if point.startswith(Subject.HANDOVER))  # key and state
ONCE: Final = tuple(point for point in names(UPKEEP) if not point.startswith((Subject.HANDOVER, Subject.SNAPSHOT)))


class Commands(Alone):
    """Homes of a validator that made some blocks and was killed."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        process = self.start(self.lived)
        self.reach(BLOCKS, START_SECONDS)
        ended(process)

    def _scene(self, point: str) -> Callable[[Death], None]:
        scenes = {
            Subject.RESTORE: self._import,
            Subject.REWIND: self._roll_back,
            Subject.REPAIR: self._repair,
            Subject.RESYNC: self._set_aside,
            Subject.HANDOVER: self._hand_over,
        }
        return scenes[Subject(point.partition(".")[0])]

    def _import(self, death: Death) -> None:
        """The state in a file, into a home without a database."""
        home, file = self._copy(self.lived), self._new()
        self._well(death, "data", "export", str(file), "--home", str(home.root))
        shutil.rmtree(home.database)
        self._die(death, "data", "import", str(file), "--home", str(home.root))
        if not home.database.exists():
            self._well(death, "data", "import", str(file), "--home", str(home.root))
        self._goes_on(home, death)

    def _roll_back(self, death: Death) -> None:
        """One block back; the log has that block still."""
        home = self._copy(self.lived)
        before = self._height(home)
        self._die(death, "data", "rollback", "--home", str(home.root))
        self.tally.require(self._height(home) in (before, before - 1), death, "it stands at another height")
        self._goes_on(home, death)

    def _repair(self, death: Death) -> None:
        """An old block is lost, which is let go; or the head record, and all blocks are executed again."""
        home = self._copy(self.lived)
        lost = layout.at_height(layout.BLOCK, 2) if death.point.endswith("write_batch") else layout.HEAD
        with plyvel.DB(str(home.database), compression=None) as raw:
            raw.delete(lost)
        self._die(death, "data", "repair", "--home", str(home.root))
        self._well(death, "data", "repair", "--home", str(home.root))
        self._goes_on(home, death)

    def _set_aside(self, death: Death) -> None:
        """The database is in its place or beside it, whole."""
        home = self._copy(self.lived)
        command = ("data", "resync", "--alone", "--home", str(home.root))
        self._die(death, *command)
        if home.database.exists():
            self._well(death, *command)
        else:
            again = run_to_end(self, *command)
            self.tally.require(again != 0 and home.damaged.exists(), death, "a second time took more than the first")
        home.damaged.rename(home.database)  # here nobody has the blocks but this home
        self._goes_on(home, death)

    def _hand_over(self, death: Death) -> None:
        """The key signs in the node's home until its copy is whole and config.toml names the signer; then there."""
        home, signer = self._copy(self.lived), SignerHome(self._new())
        before = signed(home)
        listen = f"127.0.0.1:{free_base_port(1)}"
        command = ("signer", "adopt", "--home", str(signer.root), "--node-home", str(home.root), "--listen", listen)
        self._die(death, *command)
        if not home.load_config().signer.remote:
            self._goes_on(home, death)
            before = signed(home)
            shutil.rmtree(signer.root)  # as the refusal of a second time says
            self._well(death, *command)
        else:
            self.tally.recovered += 1
        if home.validator_key.exists():
            self.tally.require(
                run_to_end(self, "start", "--home", str(home.root)) == NEEDS_OPERATOR, death, "it starts"
            )
        held = signer.open_signer(signer.load_settings(), None)
        held.close()
        self.tally.require(signed(signer) == before, death, "what was signed is another thing at the signer")

    def _die(self, death: Death, *command: str) -> None:
        death.order(self._order)
        self._died(run(self._order, self.log, *command), death)

    def _well(self, death: Death, *command: str) -> None:
        status = run_to_end(self, *command)
        self.tally.require(status == 0, death, f"`{' '.join(command[:2])}` ended with {status}")

    def _goes_on(self, home: Home, death: Death) -> None:
        """From where it stands, at once; its database is whole."""
        height = self._height(home)
        process = self._recover(home, death)
        self.tally.require(self.reach(height + 1), death, f"no block after {height}")
        ended(process)
        self._well(death, "data", "verify", "--home", str(home.root))

    def _height(self, home: Home) -> int:
        key = home.load_storage_key(home.load_config())
        database = Database.open(home.database, key, home.load_genesis().hash())
        try:
            return database.snapshot().height
        finally:
            database.close()


def run_to_end(alone: Alone, *command: str) -> int:
    """The status of a command that nobody kills."""
    return run(alone.root / "no order", alone.log, *command).wait(PATIENCE_SECONDS)
