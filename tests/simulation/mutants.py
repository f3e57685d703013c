"""Mutants: the product with one rule broken, as a patch that is applied in memory when its modules are imported.

A patch file says what it breaks, on which level of the simulation it must die, and the shortest schedule known to kill
it; then comes a unified diff, which fails loudly when it no longer fits. A mutant lives in a process of its own.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Final

FOLDER: Final = Path(__file__).with_name("mutants")
ROOT: Final = Path(__file__).parents[2]


class PatchDoesNotFit(Exception):
    """The product has changed where a mutant breaks it: make the patch anew."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """sources: the broken text of each file that the patch touches, by its path from the root."""

    name: str
    title: str
    level: str
    schedule: str
    sources: dict[str, str]


def names() -> list[str]:
    """Of all mutants."""
    return sorted(path.stem for path in FOLDER.glob("*.patch"))


def read(name: str) -> Mutant:
    """A mutant by name. Raises PatchDoesNotFit."""
    head, _, diff = (FOLDER / f"{name}.patch").read_text(encoding="utf-8").partition("--- a/")
    title, *fields = head.splitlines()
    told = dict(line.split(": ", 1) for line in fields)
    sources: dict[str, str] = {}
    for part in diff.split("--- a/"):
        path = part.split(maxsplit=1)[0]
        sources[path] = _patched(name, path, part, sources.get(path) or (ROOT / path).read_text(encoding="utf-8"))
    return Mutant(name, title, told["Level"], told.get("Schedule", ""), sources)


def keep_schedule(name: str, schedule: str) -> None:
    """Write the schedule that kills a mutant into its patch."""
    path = FOLDER / f"{name}.patch"
    head, separator, diff = path.read_text(encoding="utf-8").partition("--- a/")
    kept = [line for line in head.splitlines() if not line.startswith("Schedule: ")]
    path.write_text("\n".join([*kept, f"Schedule: {schedule}", ""]) + separator + diff, encoding="utf-8")


def _patched(name: str, path: str, diff: str, text: str) -> str:
    hunks: list[tuple[str, str]] = []
    for line in diff.splitlines(keepends=True)[2:]:
        if line.startswith("@@"):
            hunks.append(("", ""))
            continue
        old, new = hunks[-1]
        hunks[-1] = (old + line[1:] * (line[0] in " -"), new + line[1:] * (line[0] in " +"))
    for old, new in hunks:
        if text.count(old) != 1:
            raise PatchDoesNotFit(f"mutants/{name}.patch: {path} has this {text.count(old)} times:\n{old}")
        text = text.replace(old, new)
    return text


class _BrokenLoader(SourceFileLoader):
    """Compiles the broken text; there is no cached bytecode of it."""

    def __init__(self, fullname: str, path: str, text: str) -> None:
        super().__init__(fullname, path)
        self._text = text

    def get_code(self, fullname: str) -> object:
        return compile(self._text, self.path, "exec", dont_inherit=True)


class _BrokenFinder(MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._texts = {str(ROOT / path): text for path, text in mutant.sources.items()}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin in self._texts:
            spec.loader = _BrokenLoader(fullname, spec.origin, self._texts[spec.origin])
        return spec


def infect(mutant: Mutant) -> None:
    """From now on this process imports the mutant. What it breaks must not have been imported before."""
    modules = {path.removesuffix(".py").replace("/", ".") for path in mutant.sources}
    loaded = sorted(modules & sys.modules.keys())
    if loaded:
        raise RuntimeError(f"too late for {mutant.name}: {', '.join(loaded)} is imported already")
    sys.meta_path.insert(0, _BrokenFinder(mutant))
