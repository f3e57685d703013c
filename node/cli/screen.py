"""What a command shows: lines and tables for people, or nothing but one JSON document at the end.

Text for people goes to stdout without control characters, progress to stderr; with --json both stay silent. rich is
imported only when used, as the validator process runs through here too.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Json = Any
UNLIMITED: Final = 1_000  # columns where no terminal bounds them
PARTS: Final = 1_000  # of work of which a share is known


class Step:
    """One running piece of work with a known or unknown number of parts."""

    def __init__(self, progress: "Progress | None", task: "TaskID | None") -> None:
        self._progress, self._task = progress, task

    def advance(self, parts: int = 1) -> None:
        """So many parts more are done."""
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task, parts)

    def reach(self, share: float) -> None:
        """So much of all parts is done, 0 to 1; never less than before."""
        if self._progress is not None and self._task is not None:
            task = self._progress.tasks[self._task]
            if task.total:
                self._progress.update(self._task, completed=max(task.completed, min(share, 1.0) * task.total))

    def restart(self, text: str, *, known: bool = True) -> None:
        """The next piece of work, from the beginning; `known`: whether one will know how far it is."""
        if self._progress is not None and self._task is not None:
            self._progress.reset(self._task, description=text)
            self._progress.tasks[self._task].total = PARTS if known else None  # reset takes None for "as it was"

    def describe(self, text: str) -> None:
        """What is being done now."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=text)


class Screen:
    """One per command. `silent` is --json."""

    def __init__(self, *, silent: bool) -> None:
        self.silent = silent
        self.status = 0

    def end(self, status: int) -> None:
        """The exit status of a command that ran to its end: other than 0 where its answer is a no."""
        self.status = status

    def line(self, text: str = "") -> None:
        """A line for people."""
        if not self.silent:
            print(printable(text), flush=True)

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table for people; columns keep their text whole."""
        if self.silent:
            return
        from rich.console import Console
        from rich.table import Table

        table = Table(title=printable(title) or None, title_justify="left", box=None, pad_edge=False)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*[printable(_cell(value)) for value in row])
        width = None if sys.stdout.isatty() else UNLIMITED
        Console(markup=False, highlight=False, width=width).print(table)

    def pairs(self, values: Iterable[tuple[str, object]]) -> None:
        """Names and values, one a line."""
        listed = list(values)
        width = max((len(name) for name, _ in listed), default=0)
        for name, value in listed:
            self.line(f"{name:<{width}}  {_cell(value)}")

    @contextmanager
    def progress(self, text: str, parts: int | None = None) -> Iterator[Step]:
        """A progress bar on stderr while the block runs; for anything that may take over two seconds."""
        if self.silent or not sys.stderr.isatty():
            yield Step(None, None)
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as progress:
            yield Step(progress, progress.add_task(text, total=parts))

    def document(self, value: Json) -> None:
        """The command's one JSON document; only with --json."""
        if self.silent:
            text = json.dumps(value, ensure_ascii=False)
            print(text if text.isprintable() else json.dumps(value), flush=True)


def printable(text: str) -> str:
    """A text in one line, with what could steer a terminal written out: \\x1b, \\n, \\u202e.

    Names and descriptions are other people's: no control character of theirs reaches a screen.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value)) or "-"
    return "-" if value is None else str(value)
