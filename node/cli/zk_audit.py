"""`cluster zk audit`: the six tests of a circuit's soundness, on any circuit."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from node.cli.errors import BadArgument
from node.cli.frame import NO, UNUSABLE, add_command
from node.cli.screen import Json, Screen, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crypto.r1cs.audit import AuditSubject, Finding, Ran, Report
    from node.cli.frame import Commands

SAMPLE: Final = 300
MILLIONS_OF_TERMS: Final = 50  # about 40 seconds a test
SHOWN: Final = 20
PARTS: Final = 1_000


def add_audit(commands: "Commands") -> None:
    """Adds the command to its group."""
    new = add_command(
        commands, "audit", "try to forge a circuit: 0 nothing found, 1 findings, 2 unusable", _audit, refused=UNUSABLE
    )
    new.add_argument(
        "circuit", metavar="CIRCUIT", help="FILE.r1cs, DIR of zk compile, or module:function, which is run"
    )
    new.add_argument(
        "--witness", metavar="FILE.wtns", action="append", default=[], help="honest witness of a .r1cs; repeatable"
    )
    new.add_argument("--outputs", metavar="CELLS", help="of a .r1cs: public cells that are outputs, as 1,3-4")
    new.add_argument("--inputs", metavar="CELLS", help="of a .r1cs: private cells that are inputs, as 7-9")
    new.add_argument(
        "--sample", type=int, default=SAMPLE, help="cells and constraints a test looks at, 0 for all (default: 300)"
    )
    new.add_argument(
        "--effort",
        type=int,
        default=MILLIONS_OF_TERMS,
        help="millions of terms a test may evaluate, 0 for any number (default: 50)",
    )
    new.add_argument("--seed", type=int, default=0, help="chooses the sample (default: 0)")
    new.add_argument("--only", metavar="TESTS", help="comma-separated: differential, hiding, mutation, ...")
    new.add_argument("--golden", type=Path, metavar="FILE.json", help="constraints by scope that must be unchanged")
    new.add_argument("--write-golden", type=Path, metavar="FILE.json", help="write the constraints by scope")
    new.add_argument("--forged", type=Path, metavar="FILE.wtns", help="write the first forged witness there")


def _audit(arguments: argparse.Namespace, screen: Screen) -> Json:
    from node.cli.audit_subjects import load_circuit

    tests = chosen_tests(arguments.only)
    for name in ("sample", "effort"):
        if getattr(arguments, name) < 0:
            raise BadArgument(f"--{name}", "0 or more", str(getattr(arguments, name)))
    with screen.progress("reading the circuit"):
        subject = load_circuit(arguments.circuit, arguments)
    report = audit_subject(subject, arguments, screen, tests)
    _write(arguments, subject, report)
    screen.end(NO if report.found else 0)
    return report.to_json()


def chosen_tests(only: str | None) -> "Sequence[str]":
    """The tests that --only names, all without it. Raises BadArgument."""
    from crypto.r1cs.audit import TESTS

    tests = only.split(",") if only else TESTS
    for test in tests:
        if test not in TESTS:
            raise BadArgument("--only", ", ".join(TESTS), test)
    return tests


def audit_subject(
    subject: "AuditSubject", arguments: argparse.Namespace, screen: Screen, tests: "Sequence[str]"
) -> "Report":
    """Run the tests within --sample, --effort and --seed, and show what they found. Raises as Audit."""
    from crypto.r1cs.audit import Audit

    with screen.progress(f"auditing {subject.name}", parts=PARTS * len(tests)) as step:
        report = Audit(
            subject,
            arguments.sample or None,
            seed=arguments.seed,
            effort=arguments.effort * 1_000_000 or None,
            tests=tests,
            progress=_Bar(step),
        ).run()
    _show(report, screen)
    return report


class _Bar:
    """Moves the progress bar: each test takes an equal part of it."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._test, self._at = "", 0

    def __call__(self, test: str, done: int, of: int) -> None:
        if test != self._test:
            self._step.describe(test)
            self._step.advance(PARTS - self._at if self._test else 0)
            self._test, self._at = test, 0
        at = PARTS * done // of if of else PARTS
        self._step.advance(at - self._at)
        self._at = at


def _show(report: "Report", screen: Screen) -> None:
    constraints = sum(report.counts.values())
    screen.line(
        f"{report.name}: {constraints} constraints, {report.cells} cells, {len(report.outputs)} outputs, "
        f"{len(report.honest)} honest witnesses, seed {report.seed}"
    )
    rows = [(*_ran(ran), sum(finding.test == ran.test for finding in report.found)) for ran in report.ran]
    screen.table("", ("test", "looked at", "scopes", "findings"), rows)
    for finding in report.found[:SHOWN]:
        screen.line(f"{finding}{_where(finding)}")
    if len(report.found) > SHOWN:
        screen.line(f"and {len(report.found) - SHOWN} findings more; --json prints them all")
    if report.found:
        screen.line("A finding with a forged witness is a fact: snarkjs would accept it too. Constrain what is free.")
    else:
        screen.line("Nothing was found. That is evidence, not proof: see docs/auditing.md for what this cannot see.")


def _ran(ran: "Ran") -> tuple[str, str, str]:
    if ran.skipped:
        return ran.test, f"did not run: {ran.skipped}", ""
    return ran.test, f"{ran.looked} of {ran.of} {ran.unit}", f"{ran.scopes} of {ran.of_scopes}"


def _where(finding: "Finding") -> str:
    return "" if finding.forged is None else "; forged witness found"


def _write(arguments: argparse.Namespace, subject: "AuditSubject", report: "Report") -> None:
    """The files that were asked for: golden counts, and the first forged witness."""
    if arguments.write_golden is not None:
        arguments.write_golden.write_text(json.dumps(report.counts, indent=1) + "\n", encoding="utf-8")
    forged = next((finding.forged for finding in report.found if finding.forged is not None), None)
    if arguments.forged is not None and forged is not None:
        from crypto.r1cs.circuit import Witness
        from crypto.r1cs.wtns_file import write_wtns

        arguments.forged.write_bytes(write_wtns(Witness(forged, subject.circuit.public_count)))
