"""What the documents point at exists, and nothing of a machine or a workplace stands in them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.rooms import ROOMS, ROOT

SKIPPED = {".venv", ".venv-peers", "node_modules", ".pytest_cache", ".git", "dist"}
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
TOP = (*ROOMS, "benchmarks", "configs", "docs", "examples", "tests")
PATH = re.compile(rf"(?:{'|'.join(TOP)})/[A-Za-z0-9_./-]+")
MODULE = re.compile(r"python -m ([a-z_]+(?:\.[a-z_]+)+)")
MACHINE = re.compile(r"(?<![\w.])/(?:work|tmp|root|home)/")


def documents() -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*.md")):
        if not SKIPPED.intersection(path.relative_to(ROOT).parts):
            yield path


DOCUMENTS = list(documents())
per_document = pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.relative_to(ROOT).as_posix())


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as they are made on the web."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@per_document
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        there = page if not name else (page.parent / name).resolve()
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@per_document
def test_paths_and_modules_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for code in CODE.findall(text):
        if PATH.fullmatch(code) and not any(sign in code for sign in "*<"):
            assert (ROOT / code).exists(), code
    for module in MODULE.findall(text):
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").exists() or place.is_dir(), module


@per_document
def test_no_path_of_a_machine_stands_in_it(page: Path) -> None:
    assert not MACHINE.search(page.read_text(encoding="utf-8"))


def test_there_are_documents() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= {page.name for page in DOCUMENTS}
