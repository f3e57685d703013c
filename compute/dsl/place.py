"""Where in a contract's source something stands: every refusal names the file, the line and what is written there."""

import linecache
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

_HERE: Final = str(Path(__file__).parent)
_ROOM: Final = str(Path(__file__).parents[2] / "crypto")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of source. `text` is empty where the source cannot be read."""

    file: str
    line: int
    text: str = ""

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.line}"

    @property
    def shown(self) -> str:
        """File, line and source for the first line of a message."""
        return f"{self}: `{self.text}`" if self.text else str(self)


NOWHERE: Final = Place("<unknown>", 0)


def place_of(file: str, line: int) -> Place:
    """The place, with its source line if that can be read."""
    return Place(file, line, linecache.getline(file, line).strip())


def within_language(frame: FrameType) -> bool:
    """Whether it is the language's own code that runs there."""
    return frame.f_code.co_filename.startswith((_HERE, _ROOM, "<"))


def calling_frame() -> FrameType | None:
    """The innermost running frame that is a contract's code and not the language's own."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and within_language(frame):
        frame = frame.f_back
    return frame


def calling_place() -> Place:
    """The line of the contract that is being run."""
    frame = calling_frame()
    return NOWHERE if frame is None else place_of(frame.f_code.co_filename, frame.f_lineno)
