"""Every step at which a node changes what must survive a crash, by name: where tests kill it.

A point is a subject and the call of node/durable.py that works on it. Nothing of this runs in production; a test holds
the list against the calls that a node makes, `make crash` kills real and simulated nodes at each.
"""

from typing import Final

from node.durable import Subject

FILE: Final = ("open", "write", "sync", "replace", "sync_folder")  # a content exchanged as a whole
NEW_FILE: Final = ("open", "write", "sync", "sync_folder")

MAKING: Final[dict[Subject, tuple[str, ...]]] = {
    Subject.HOME: ("make_folder", "sync_folder"),
    Subject.CONFIG: FILE,
    Subject.GENESIS_FILE: FILE,
    Subject.KEY: NEW_FILE,
    Subject.NEW_SIGNER: NEW_FILE,
}  # of `cluster init`, before a node runs
STARTING: Final[dict[Subject, tuple[str, ...]]] = {
    Subject.LOG_FOLDER: ("make_folder", "sync_folder"),
    Subject.NEW_DATABASE: ("remove_folder", "make_folder", "open_leveldb", "write_batch", "replace", "sync_folder"),
    Subject.DATABASE: ("open_leveldb",),
    Subject.MIGRATION: ("write_batch",),
    Subject.GENESIS: ("write_batch",),
    Subject.TORN_LOG: ("truncate", "sync"),
}  # of a node that comes up
RUNNING: Final[dict[Subject, tuple[str, ...]]] = {
    Subject.NEW_LOG: ("open", "sync_folder"),
    Subject.LOG_INPUT: ("write",),
    Subject.LOG_BODY: ("write",),
    Subject.LOG_FENCE: ("sync",),
    Subject.SIGNER: FILE,
    Subject.LOG_OWN: ("write", "sync"),
    Subject.BLOCK: ("write_batch",),
    Subject.OLD_LOG: ("remove",),
    Subject.ADDRESSES: FILE,
    Subject.EVIDENCE: FILE,
}  # of every height; addresses at the end, and now and then; evidence where somebody signs twice
UPKEEP: Final[dict[Subject, tuple[str, ...]]] = {
    Subject.SNAPSHOT: ("remove_folder", "make_folder", "open_leveldb", "write_batch", "replace", "sync_folder"),
    Subject.RESTORE: ("remove_folder", "make_folder", "open_leveldb", "write_batch", "replace", "sync_folder"),
    Subject.REWIND: ("write_batch",),
    Subject.HANDOVER: ("open", "write", "sync", "sync_folder", "remove"),
    Subject.REPAIR: ("write_batch", "remove_folder", "replace", "sync_folder"),
    Subject.RESYNC: ("remove_folder", "replace", "sync_folder"),
}  # of what an operator asks for


def names(group: dict[Subject, tuple[str, ...]]) -> tuple[str, ...]:
    """The points of a group, in the order in which a node comes to them."""
    return tuple(f"{subject}.{call}" for subject, calls in group.items() for call in calls)


POINTS: Final = names(MAKING) + names(STARTING) + names(RUNNING) + names(UPKEEP)
