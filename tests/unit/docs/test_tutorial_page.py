"""The tutorial's contract, its tests and its commands, as far as they need no network.

tests/integration/test_tutorial.py walks through all of it.
"""

import re
import shlex
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from compute.dsl.errors import NameRefused, PrivateBranch
from node.cli.contract_source import load_source
from node.cli.frame import build_parser
from tests.support.console_pages import Command, File, is_as_told, steps
from tests.support.rooms import ROOT

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
FILES = {step.path: step.text for step in steps(PAGE) if isinstance(step, File)}
COMMANDS = [step for step in steps(PAGE) if isinstance(step, Command)]


def written(folder: Path, path: str) -> str:
    """The file of the page, in a folder; its path there."""
    (folder / Path(path).name).write_text(FILES[path], encoding="utf-8")
    return str(folder / Path(path).name)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.line)
def test_every_command_line_is_one(command: Command) -> None:
    inner = re.findall(r"\$\((.*?)\)", command.line)
    for line in [re.sub(r"\$\(.*?\)", "clur1x", command.line), *inner]:
        program, *argv = shlex.split(line)
        assert program == "cluster" and callable(build_parser({argv[0]}).parse_args(argv).run)


def test_the_contracts_tests_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("contract")
    module.Till = load_source(written(tmp_path, "till/contract.py")).cls  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "contract", module)
    names: dict[str, Any] = {}
    exec(compile(FILES["till/test_contract.py"], "test_contract.py", "exec"), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


def test_the_mistake_is_refused_as_the_page_says(tmp_path: Path) -> None:
    with pytest.raises(PrivateBranch) as caught:
        load_source(written(tmp_path, "mistake.py"))
    (told,) = [each.prints for each in COMMANDS if "mistake.py" in each.line]
    assert is_as_told(told, f"error {caught.value.code}: {caught.value}\n")
    mended = FILES["mistake.py"].replace("        if price > 1000:\n            price = 1000\n", "")
    mended = mended.replace("+= price", "+= select(price > 1000, 1000, price)")
    (tmp_path / "forgotten.py").write_text(mended, encoding="utf-8")
    with pytest.raises(NameRefused, match=r"Write `from compute\.dsl import select` at the top"):
        load_source(str(tmp_path / "forgotten.py"))
    (tmp_path / "mended.py").write_text(mended.replace("u32, u64", "select, u32, u64"), encoding="utf-8")
    assert load_source(str(tmp_path / "mended.py")).name == "Till"


def test_an_output_that_is_another_is_seen() -> None:
    assert is_as_told("a ...\n...\nz\n", "a 1  \nb\nc\nz\n") and is_as_told("...\n", "") and is_as_told("", "")
    assert not is_as_told("a ...\n...\nz\n", "a 1\nz\nb\n")
    assert not is_as_told("value 1.5\n", "value 125\n") and not is_as_told("", "surprise\n")
