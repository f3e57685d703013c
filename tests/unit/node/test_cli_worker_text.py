"""A worker's log and status are for people: CLU, times, words; never Python's own notation."""

from chain.types.scalars import ObjectId
from compute.worker.events import WorkerEvent
from node.cli.worker_text import event_line, status_rows

TASK = ObjectId(bytes(range(32)))


def test_a_log_line_has_units() -> None:
    line = event_line(WorkerEvent("settled", TASK, {"paid": 48_202_588, "height": 7}))
    assert line == "settled 0x0001020304… paid 0.048202588 CLU height 7"
    assert event_line(WorkerEvent("proven", TASK, {"ms": 850})) == "proven 0x0001020304… in 850 ms"
    assert event_line(WorkerEvent("stopped")) == "stopped"


def test_the_status_is_readable() -> None:
    last = {"time": 1_795_358_921.283, **WorkerEvent("settled", TASK, {"paid": "5"}).to_json()}
    status = {"running": True, "earned": "1500000000", "proof_ms": None, "started_at": 1.5, "last_event": last}
    shown = dict(status_rows(status))
    assert (shown["running"], shown["earned"], shown["proof_ms"]) == ("yes", "1.5 CLU", "-")
    assert "19" in str(shown["started_at"])  # 1969 or 1970, as the time zone has it
    assert str(shown["last_event"]).endswith("settled 0x0001020304… paid 0.000000005 CLU")
    assert "{" not in str(shown)[1:-1]
