"""The benchmark of scanning runs, and scans what it says."""

import pytest

from benchmarks import note_scan


def test_a_wallet_is_measured_over_pages_of_other_peoples_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PAGES": 1, "ROUNDS": 1, "DEEP": 4}.items():
        monkeypatch.setattr(note_scan, name, value)
    row = note_scan.scan_row()
    assert (row["contract"], row["method"]) == ("wallet", "scan")
    assert int(row["notes_per_s"]) > int(row["deep_notes_per_s"]) > 0
