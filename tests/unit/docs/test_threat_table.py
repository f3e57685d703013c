"""docs/security.md names a test that exists for each threat, or says that its part of the system is yet to come."""

import ast
import re

from tests.support.rooms import ROOT, tree

ROW = re.compile(r"^\| (?P<threat>[^|]+) \| (?P<rule>[^|]+) \| (?P<tests>[^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(\w+)`")
NOT_YET = "not yet"


def rows() -> list[tuple[str, str]]:
    """(threat, tests) of each row of the threats' table."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    _, _, table = page.partition("\n## Threats\n")
    return [(row["threat"], row["tests"]) for row in ROW.finditer(table)][1:]


def names_of(path: str) -> set[str]:
    """What the module defines at its top: test functions, classes, state machines' test cases."""
    found: set[str] = set()
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def test_the_table_is_read() -> None:
    assert len(rows()) > 30
    assert rows()[0][0].startswith("A verifying key with gamma = delta")


def test_every_threat_has_a_test_or_is_yet_to_come() -> None:
    without = [threat for threat, tests in rows() if tests != NOT_YET and not NAMED.search(tests)]
    assert without == []


def test_every_named_test_exists() -> None:
    named = {match for _, tests in rows() for match in NAMED.findall(tests)}
    missing = [f"{path}::{name}" for path, name in sorted(named) if name not in names_of(path)]
    assert missing == []


def test_a_cell_names_tests_and_nothing_else() -> None:
    for _, tests in rows():
        assert tests == NOT_YET or NAMED.sub("", tests).strip() == ""
