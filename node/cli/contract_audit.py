"""`cluster contract audit`: the soundness harness on every method of a contract."""

import argparse
from typing import TYPE_CHECKING, Final

from node.cli.contract_source import add_source, load_source
from node.cli.errors import BadArgument
from node.cli.frame import NO, UNUSABLE, add_command
from node.cli.screen import Json, Screen
from node.cli.zk_audit import audit_subject, chosen_tests

if TYPE_CHECKING:
    from node.cli.frame import Commands

SAMPLE: Final = 100
MILLIONS_OF_TERMS: Final = 5


def add_audit(commands: "Commands") -> None:
    """Adds the command to its group."""
    new = add_command(
        commands,
        "audit",
        "search every method for forgeries: 0 nothing found, 1 findings, 2 unusable",
        _audit,
        refused=UNUSABLE,
    )
    add_source(new)
    new.add_argument("--method", metavar="NAME", action="append", help="only this method; repeatable")
    new.add_argument(
        "--sample",
        type=int,
        default=SAMPLE,
        help=f"cells and constraints a test looks at, 0 for all (default: {SAMPLE})",
    )
    new.add_argument(
        "--effort",
        type=int,
        default=MILLIONS_OF_TERMS,
        help=f"millions of terms a test may evaluate, 0 for any number (default: {MILLIONS_OF_TERMS})",
    )
    new.add_argument("--only", metavar="TESTS", help="comma-separated: differential, hiding, mutation, ...")
    new.add_argument("--seed", type=int, default=0, help="chooses the sample (default: 0)")


def _audit(arguments: argparse.Namespace, screen: Screen) -> Json:
    from compute.dsl.auditing import contract_subjects

    for name in ("sample", "effort"):
        if getattr(arguments, name) < 0:
            raise BadArgument(f"--{name}", "0 or more", str(getattr(arguments, name)))
    tests = chosen_tests(arguments.only)
    with screen.progress("running the contract's examples"):
        source = load_source(arguments.source)
        subjects = contract_subjects(source.cls)
    wanted = arguments.method or list(subjects)
    for name in wanted:
        if name not in subjects:
            raise BadArgument("--method", "one of " + ", ".join(subjects), name)
    reports = [audit_subject(subjects[name], arguments, screen, tests) for name in wanted]
    screen.end(NO if any(report.found for report in reports) else 0)
    return {"contract": source.name, "methods": [report.to_json() for report in reports]}
