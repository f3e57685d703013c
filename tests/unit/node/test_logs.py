"""The log: one line an event, for people or for machines."""

import json
import logging

import pytest

from node.telemetry.logs import JsonLine, TextLine, log_to_stderr
from node.telemetry.request_id import handling

log = logging.getLogger("tests.logs")


def record(message: str, *, failed: bool = False) -> logging.LogRecord:
    try:
        raise KeyError("why")
    except KeyError as error:
        trace = (type(error), error, error.__traceback__) if failed else None
    return logging.LogRecord("node.app", logging.ERROR, "app.py", 1, message, (), trace)


def test_a_record_is_one_line_of_json_whatever_it_says() -> None:
    with handling("abc"):
        line = JsonLine().format(record('two\nlines, "quotes" and ü', failed=True))
    assert "\n" not in line
    shown = json.loads(line)
    assert shown.keys() == {"time", "level", "logger", "message", "request_id", "traceback"}
    assert (shown["level"], shown["message"], shown["request_id"]) == ("error", 'two\nlines, "quotes" and ü', "abc")
    assert "KeyError: 'why'" in shown["traceback"] and shown["time"].endswith("+00:00")


def test_a_record_is_one_line_of_text_and_names_the_request() -> None:
    with handling("abc"):
        line = TextLine().format(record("two\nlines", failed=True))
    assert "\n" not in line and line.endswith(" [request abc]")
    assert "request" not in TextLine().format(record("quiet"))


def test_level_and_form_are_those_of_the_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, handlers = root.level, root.handlers[:]
    try:
        log_to_stderr("warning", "json")
        log.info("not this")
        log.warning("this")
        assert [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()] == ["this"]
    finally:
        root.handlers[:] = handlers
        root.setLevel(before)
