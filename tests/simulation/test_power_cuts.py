"""A validator loses power wherever it changes the disk: a sample here, a thousand times at each point in `make crash`.

It signs nothing twice, forgets nothing that it published, keeps every block that it called final, and goes on.
"""

import errno
from random import Random

import pytest

from node.consensus_log import LogUnwritable
from node.durable import Subject
from node.signer_state import SignerStateUnwritable
from node.storage.errors import WriteFailed
from tests.crash.power import EVERYWHERE, cut_everywhere
from tests.support.lone_machine import LoneMachine
from tests.support.simulated_disk import Mount

SAMPLE = 6  # of each point


def test_a_power_cut_at_any_point_loses_nothing_that_was_promised() -> None:
    tally = cut_everywhere(SAMPLE)
    assert tally.failed == []
    assert tally.kills == dict.fromkeys(EVERYWHERE, SAMPLE)
    assert tally.recovered == SAMPLE * len(EVERYWHERE)


@pytest.mark.parametrize(
    ("call", "subject", "words"),
    [
        ("sync", Subject.SIGNER, "cannot be trusted"),
        ("sync_folder", Subject.SIGNER, "the signer knows of"),
        ("sync", Subject.LOG_OWN, "the log does not know of it"),
        ("sync_folder", Subject.NEW_LOG, "the log does not know of it"),
    ],
)
def test_a_node_that_leaves_out_one_sync_is_found(
    call: str, subject: Subject, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the test before this one is worth."""
    real = getattr(Mount, call)

    def lazy(mount: Mount, what: object, *, at: Subject | None = None) -> None:
        if at is not subject:
            real(mount, what, at=at)

    monkeypatch.setattr(Mount, call, lazy)
    points = tuple(point for point in EVERYWHERE if point.startswith(("signer.", "log-", "block.")))
    failed = cut_everywhere(SAMPLE, tuple(point for point in points if point != f"{subject}.{call}")).failed
    assert any(words in sentence for sentence in failed)


@pytest.mark.parametrize("seed", range(24))
def test_a_full_disk_stops_the_node_with_a_typed_error_and_nothing_is_lost_when_there_is_room_again(seed: int) -> None:
    machine, random = LoneMachine(), Random(seed)
    machine.live(random.randint(1, 3))
    machine.disk.full_at = machine.disk.steps + random.randint(1, 60)
    with pytest.raises((SignerStateUnwritable, LogUnwritable, WriteFailed, OSError)) as stopped:
        machine.live(max(machine.final) + 40)
    if isinstance(stopped.value, OSError):  # while it comes up; `cluster` makes SystemRefused of it
        assert stopped.value.errno == errno.ENOSPC
    else:
        assert "then restart" in str(stopped.value)
    machine.disk.full_at = None
    if random.random() < 0.5:
        machine.disk.cut_power(random)
    machine.live(max(machine.final) + 2)
    machine.require_whole()
