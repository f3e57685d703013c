"""The node's log: one line a record on stderr, as text for people or as JSON for collectors of logs.

A line of a request's handling carries the request's id. Neither form holds parameters of requests, keys or contents.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Final

from node.telemetry.request_id import current_request

LEVELS: Final = ("debug", "info", "warning", "error")
FORMATS: Final = ("text", "json")


class TextLine(logging.Formatter):
    """One line per record, tracebacks included, so that a line of the log is always one event."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record).replace("\n", " | ")
        id_ = current_request()
        return line if id_ is None else f"{line} [request {id_}]"


class JsonLine(logging.Formatter):
    """An object per record: time (UTC), level, logger, message; request_id and traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        shown = {"time": time, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        id_ = current_request()
        if id_ is not None:
            shown["request_id"] = id_
        if record.exc_info:
            shown["traceback"] = self.formatException(record.exc_info)
        return json.dumps(shown)


def log_to_stderr(level: str, form: str) -> None:
    """All loggers to stderr, from a level of LEVELS on, in a form of FORMATS."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLine() if form == "json" else TextLine())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def log_level() -> str:
    """The level that is logged from."""
    return logging.getLevelName(logging.getLogger().level).lower()


def set_log_level(level: str) -> None:
    """Log from another level of LEVELS on, until the node ends."""
    logging.getLogger().setLevel(level.upper())
