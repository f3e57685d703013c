"""Cluster names the Python it needs instead of failing somewhere inside an import."""

import ast
import sys
from pathlib import Path

import pytest

from node.cli import main as program

SOURCE = Path(program.__file__).read_text(encoding="utf-8")


@pytest.mark.parametrize("version", [(3, 11), (3, 12)])
def test_these_run(version: tuple[int, int]) -> None:
    assert program.refused_python(version) == ""


@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 10), (3, 13), (3, 14), (4, 0)])
def test_others_are_refused_by_name(version: tuple[int, int]) -> None:
    sentence = program.refused_python(version)
    assert f"this is {version[0]}.{version[1]}." in sentence and "3.11 or 3.12" in sentence


def test_a_refusal_comes_before_any_other_import(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    monkeypatch.setitem(sys.modules, "node.cli.frame", None)  # importing it would now fail
    assert program.main(["status"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.startswith("error 7300: Cluster needs Python 3.11 or 3.12; this is 3.10.")


def test_the_file_parses_on_old_pythons_and_imports_only_sys_at_its_top() -> None:
    tree = ast.parse(SOURCE, feature_version=(3, 7))
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports] == ["import sys"]
