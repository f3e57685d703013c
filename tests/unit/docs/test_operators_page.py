"""docs/operators.md names every operator's method and command, and the service's unit does what it says."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import configs
from chain.execution.upgrades import UpgradeNeeded
from node.cli.frame import build_parser
from node.cli.start_commands import MAY_PASS, NEEDS_OPERATOR
from node.rpc.operator_methods import OPERATOR_METHODS
from tests.support.rooms import ROOT

PAGE = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
FOLDER = Path(configs.__path__[0])
UNITS = ("cluster.service", "cluster-signer.service")


def test_every_operators_method_stands_on_the_page() -> None:
    assert [name for name in sorted(OPERATOR_METHODS) if f"`{name}`" not in PAGE] == []


def test_every_command_on_the_page_is_one() -> None:
    parser = build_parser({"node"})
    commands = re.findall(r"`cluster node ([a-z-]+)((?: [A-Za-z]+)?)`", PAGE)
    assert len(commands) >= 8
    for name, argument in commands:
        parser.parse_args(["node", name, *argument.split()])


def test_the_statuses_are_those_of_the_program() -> None:
    assert re.search(rf"^\| {MAY_PASS} \| what may pass", PAGE, re.MULTILINE)
    assert re.search(rf"^\| {NEEDS_OPERATOR} \| a person must look", PAGE, re.MULTILINE)


def unit(name: str = "cluster.service") -> dict[str, dict[str, list[str]]]:
    """Sections of a unit; a key may stand several times."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, line
            section.setdefault(key, []).append(value)
    return found


def test_the_unit_starts_again_after_what_may_pass_and_not_after_what_needs_a_person() -> None:
    service = unit()["Service"]
    assert service["Restart"] == ["on-failure"]
    assert service["RestartPreventExitStatus"] == [f"{UpgradeNeeded.exit_status} {NEEDS_OPERATOR}"]
    assert service["KillSignal"] == ["SIGTERM"] and int(service["TimeoutStopSec"][0]) >= 30


def test_the_signers_unit_is_as_closed_as_the_nodes_and_starts_a_command_that_there_is() -> None:
    node, signer = unit()["Service"], unit("cluster-signer.service")["Service"]
    assert signer["RestartPreventExitStatus"] == [str(NEEDS_OPERATOR)]
    closed = {
        key for key in node if key.startswith(("Protect", "Restrict", "Private", "System", "Capability", "NoNew"))
    }
    assert len(closed) > 12
    for key in closed - {"RestrictAddressFamilies"}:
        assert signer[key] == node[key], key
    program, *argv = shlex.split(signer["ExecStart"][0])
    arguments = build_parser({argv[0]}).parse_args(argv)
    assert program.endswith("/cluster") and arguments.home == Path("/var/lib/cluster-signer")


def test_both_secrets_come_as_credentials_and_the_home_is_the_one_place_to_write() -> None:
    service = unit()["Service"]
    names = {value.partition(":")[0] for value in service["LoadCredential"]}
    assert names == {"passphrase", "storage.json"}
    assert service["ProtectSystem"] == ["strict"] and "ReadWritePaths" not in service
    assert service["StateDirectoryMode"] == ["0700"] and service["UMask"] == ["0077"]
    assert "AF_UNIX" in service["RestrictAddressFamilies"][0]  # the operator's socket


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here: the unit is only parsed")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_wrong_with_the_unit(name: str, tmp_path: Path) -> None:
    here = (FOLDER / name).read_text(encoding="utf-8").replace("/opt/cluster/.venv/bin/cluster", sys.executable)
    (tmp_path / name).write_text(here, encoding="utf-8")
    command = ["systemd-analyze", "verify", str(tmp_path / name)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
