"""Every command: one JSON document or text, one sentence for an error, a few exit statuses, imports on demand."""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from client.errors import RpcFailed
from crypto.errors import ClusterError
from node.cli import commands, frame
from node.cli.frame import NO, UNUSABLE, build_parser, command, execute
from node.cli.screen import Json, Screen


class Broken(ClusterError):
    """Made for this test."""

    code = 77

    def __init__(self) -> None:
        super().__init__("it is broken; mend it.")
        self.expected, self.raw = 3, b"\x01"


class Misleading(ClusterError):
    """Made for this test, of somebody else's words."""

    code = 78

    def __init__(self) -> None:
        super().__init__(STEERS)


class Group:
    """A group of one command whose behaviour the test chooses."""

    def __init__(self, error: BaseException | None, answer: Json, judges: bool) -> None:
        self._error, self._answer, self._judges = error, answer, judges

    def register(self, parser: argparse.ArgumentParser) -> None:
        command(parser, self._run, refused=UNUSABLE if self._judges else 1)

    async def _run(self, arguments: argparse.Namespace, screen: Screen) -> Json:
        screen.line("for people")
        with screen.progress("working") as step:
            step.advance()
        if self._error is not None:
            raise self._error
        if self._judges and not self._answer:
            screen.end(NO)
        return self._answer


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Runner":
    return Runner(monkeypatch, capsys)


class Runner:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(
        self, *argv: str, error: BaseException | None = None, answer: Json = None, judges: bool = False
    ) -> tuple[int, str, str]:
        self._monkeypatch.setitem(commands.GROUPS, "trial", ("trial", "a trial"))
        self._monkeypatch.setattr(frame.importlib, "import_module", lambda name: Group(error, answer, judges))  # type: ignore[attr-defined]
        status = execute(["trial", *argv])
        shown = self._capsys.readouterr()
        return status, shown.out, shown.err


def test_people_get_text(run: Runner) -> None:
    assert run(answer={"x": 1}) == (0, "for people\n", "")


def test_programs_get_one_document(run: Runner) -> None:
    assert run("--json", answer={"x": "ü"}) == (0, '{"x": "ü"}\n', "")


STEERS = "\x1b[2J\x9b1;1Hverified\r\n\u202e\ud800"
WRITTEN_OUT = "\\x1b[2J\\x9b1;1Hverified\\r\\n\\u202e\\ud800"


def test_nothing_that_is_shown_steers_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(silent=False)
    shows: list[Callable[[], None]] = [
        lambda: screen.line(STEERS),
        lambda: screen.pairs([("class", STEERS)]),
        lambda: screen.table("", ("class",), [(STEERS,)]),
        lambda: screen.table(STEERS, ("class",), [("a",)]),
    ]
    for show in shows:
        show()
        shown = capsys.readouterr().out
        one_line = shown.replace("\n", "")
        assert WRITTEN_OUT in one_line.replace(" ", "") and one_line.isprintable()
    Screen(silent=True).document({"class": STEERS})
    shown = capsys.readouterr().out
    assert shown.removesuffix("\n").isprintable() and json.loads(shown) == {"class": STEERS}


def test_an_error_steers_no_terminal(run: Runner) -> None:
    assert run(error=Misleading()) == (1, "for people\n", f"error 78: {WRITTEN_OUT}\n")


class OfManyLines(ClusterError):
    code = 79
    lines = True


def test_an_error_about_a_line_of_source_keeps_its_lines_and_steers_nothing(run: Runner) -> None:
    error = OfManyLines("contract.py:3: `x`\n  it is \x1b[2J; mend it")
    assert run(error=error) == (1, "for people\n", "error 79: contract.py:3: `x`\n  it is \\x1b[2J; mend it\n")


def test_lists_are_shown_without_pythons_marks(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(silent=False).pairs([("readers", ["a", True]), ("none", [])])
    assert capsys.readouterr().out == "readers  a, yes\nnone     -\n"


def test_help_lists_every_group_once_under_what_it_is_for() -> None:
    text = build_parser(set()).format_help()
    for title, groups in commands.SECTIONS.items():
        section = text.partition(f"\n{title}:\n")[2].partition("\n\n")[0].splitlines()
        assert [line.split()[0] for line in section] == list(groups)
    assert sum(map(len, commands.SECTIONS.values())) == len(commands.GROUPS)


def test_usage_names_the_command_and_nothing_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser({"keys"}).parse_args(["keys", "show", "--help"])
    assert capsys.readouterr().out.startswith("usage: cluster keys show [-h]")


def test_an_error_is_one_sentence(run: Runner) -> None:
    assert run(error=Broken()) == (1, "for people\n", "error 77: it is broken; mend it.\n")


def test_an_error_is_a_document_too(run: Runner) -> None:
    status, out, err = run("--json", error=Broken())
    assert (status, err) == (1, "")
    fields = {"expected": 3, "raw": "0x01"}
    assert json.loads(out) == {
        "error": {"code": 77, "name": "Broken", "message": "it is broken; mend it.", "fields": fields}
    }


def test_a_nodes_error_keeps_its_own_code(run: Runner) -> None:
    refused = RpcFailed(-32602, "a parameter is wrong.", {"name": "InvalidParams", "code": 7204, "parameter": "x"})
    assert run(error=refused)[2] == "error 7204: a parameter is wrong.\n"
    document = json.loads(run("--json", error=refused)[1])["error"]
    assert (document["code"], document["name"], document["fields"]) == (7204, "InvalidParams", {"parameter": "x"})


def test_an_error_out_of_a_task_group_is_found(run: Runner) -> None:
    group = ExceptionGroup("outer", [ExceptionGroup("inner", [Broken()])])
    assert run(error=group)[2] == "error 77: it is broken; mend it.\n"


def test_a_fault_of_ours_is_not_hidden(run: Runner) -> None:
    with pytest.raises(ExceptionGroup):
        run(error=ExceptionGroup("outer", [ValueError("a bug")]))
    with pytest.raises(ZeroDivisionError):
        run(error=ZeroDivisionError())


def test_what_the_system_refuses_is_a_sentence(run: Runner) -> None:
    status, _, err = run(error=PermissionError(13, "Permission denied", "/root/x"))
    assert (status, err[:55]) == (1, "error 7301: the system refused: /root/x: Permission den")


@pytest.mark.parametrize("argv", [(), ("--json",)])
def test_a_judge_tells_no_from_unusable(run: Runner, argv: tuple[str, ...]) -> None:
    assert run(*argv, answer=True, judges=True)[0] == 0
    assert run(*argv, answer=False, judges=True)[0] == 1
    assert run(*argv, error=Broken(), judges=True)[0] == 2
    assert run(*argv, error=ExceptionGroup("outer", [Broken()]), judges=True)[0] == 2
    assert run(*argv, error=FileNotFoundError(2, "No such file or directory", "key"), judges=True)[0] == 2
    assert run(*argv, error=KeyboardInterrupt(), judges=True)[0] == 130


def test_an_interrupt_is_no_error(run: Runner) -> None:
    assert run(error=KeyboardInterrupt())[0] == 130


@pytest.mark.parametrize("argv", [[], ["nonsense"], ["query"], ["tx"], ["devnet", "up", "--validators", "many"]])
def test_wrong_usage_ends_with_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        execute(argv)
    assert ended.value.code == 2
    assert "usage: cluster" in capsys.readouterr().err


def leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    nested = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not nested:
        yield parser
    for action in nested:
        for child in action.choices.values():
            yield from leaves(child)


def test_every_command_has_json_and_something_to_run() -> None:
    found = list(leaves(build_parser(set(commands.GROUPS))))
    assert len(found) > 20
    for parser in found:
        assert "--json" in parser.format_help(), parser.prog
        assert callable(parser.get_default("run")), parser.prog
        assert parser.description, parser.prog


HEAVY = ("compute", "numpy", "sklearn", "rich", "py_ecc", "hypothesis")


def test_a_validator_imports_nothing_that_it_does_not_need() -> None:
    script = (
        "import sys\nfrom node.cli.frame import build_parser\nbuild_parser({'start'})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
