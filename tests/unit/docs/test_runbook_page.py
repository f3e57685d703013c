"""docs/runbook.md has an entry for every error that a node can stop with, and says of each what it ends with."""

import re

from crypto.errors import ClusterError
from node.cli.commands import GROUPS
from node.cli.start_commands import MAY_PASS, NEEDS_OPERATOR, PASSING
from tests.support.rooms import ROOT
from tests.unit.test_errors import errors

PAGE = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
ENTRY = re.compile(r"^### (\w+) \((\d+), status (\d+)\)$", re.MULTILINE)
PARTS = ("- **What happened.**", "- **What is safe.**", "- **What to run.**")

# Whatever these define may end `cluster start`, on the way up or later.
MODULES = (
    "crypto.keystore",
    "node.config",
    "node.keystore",
    "node.signer_state",
    "node.consensus_log",
    "node.storage.errors",
)
OTHERS = {
    "GenesisUnreadable",
    "UnusableGenesis",
    "CredulousOnDevnetOnly",
    "PortInUse",
    "ListenFailed",
    "OperatorSocketUnusable",
    "SystemRefused",
    "NoTerminal",
    "KeyInTwoPlaces",
    "NoSnapshot",
    "TrustNeeded",
    "WrongTrust",
}
NEVER = {
    "KeyRecordCorrupt": "the node says KeyFileCorrupt, with the file's name",
    "PurposeInvalid": "of making keys",
    "KeyFileExists": "of making keys",
    "SignerStateExists": "of making keys",
    "DatabaseMissing": "a node makes one where there is none",
    "DatabaseExists": "a node opens what is there; also the answer to a snapshot",
    "VersionPruned": "the answer to a request",
    "CopyFailed": "the answer to a request",
    "UpkeepStopped": "the answer to a request",
}


def entries() -> dict[str, tuple[int, int, str]]:
    """Code, status and text of each entry."""
    found = list(ENTRY.finditer(PAGE))
    ends = [match.start() for match in found[1:]] + [len(PAGE)]
    return {
        match[1]: (int(match[2]), int(match[3]), PAGE[match.end() : end].split("\n## ")[0])
        for match, end in zip(found, ends, strict=True)
    }


def stopping() -> dict[str, type[ClusterError]]:
    """Every error that a node can stop with."""
    leaves = [error for error in errors() if not error.__subclasses__()]
    return {
        error.__name__: error
        for error in leaves
        if (error.__module__ in MODULES and error.__name__ not in NEVER) or error.fatal or error.__name__ in OTHERS
    }


def test_every_error_that_stops_a_node_has_an_entry_and_no_other_has() -> None:
    assert sorted(stopping()) == sorted(entries())


def test_what_is_left_out_exists() -> None:
    assert NEVER.keys() | OTHERS <= {error.__name__ for error in errors()}


def test_every_entry_has_the_errors_code_and_status() -> None:
    for name, error in stopping().items():
        passing = issubclass(error, PASSING) or name == "SystemRefused"
        status = error.exit_status if error.exit_status > 1 else MAY_PASS if passing else NEEDS_OPERATOR
        assert entries()[name][:2] == (error.code, status), name


def test_every_entry_says_what_happened_what_is_safe_and_what_to_run() -> None:
    for name, (_, _, text) in entries().items():
        lines = [line for line in text.splitlines() if line.startswith("- ")]
        assert [line.startswith(part) for line, part in zip(lines, PARTS, strict=True)] == [True] * 3, name
        assert all(len(line) > len(part) + 10 for line, part in zip(lines, PARTS, strict=True)), name


def test_every_command_in_it_is_one() -> None:
    commands = set(re.findall(r"`cluster ([a-z]+)", PAGE)) | set(re.findall(r"&& cluster ([a-z]+)", PAGE))
    assert {"start", "node", "status", "init"} <= commands <= GROUPS.keys()
