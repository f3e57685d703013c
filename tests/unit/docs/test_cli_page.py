"""docs/cli.md is what the program says of itself."""

import sys
from pathlib import Path

import pytest

from node.cli import make_reference
from node.cli.commands import GROUPS


def test_the_page_is_up_to_date() -> None:
    assert make_reference.PAGE.read_text() == make_reference.page(), "run `python -m node.cli.make_reference`"


def test_the_page_names_every_group() -> None:
    page = make_reference.page()
    assert all(f"\n## cluster {name}\n" in page for name in GROUPS)


def test_check_finds_a_page_that_has_fallen_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(make_reference, "PAGE", tmp_path / "cli.md")
    monkeypatch.setattr(sys, "argv", ["make_reference", "--check"])
    assert make_reference.main() == 1
    monkeypatch.setattr(sys, "argv", ["make_reference"])
    assert make_reference.main() == 0
    monkeypatch.setattr(sys, "argv", ["make_reference", "--check"])
    assert make_reference.main() == 0
    (tmp_path / "cli.md").write_text("old")
    assert make_reference.main() == 1
    assert "make_reference" in capsys.readouterr().err
