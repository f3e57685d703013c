"""What `cluster zk audit CIRCUIT` can name, and how it is read: one line of LOADERS to a kind.

A loader takes the text of the argument and the command's options and gives an AuditSubject, or None if the text is of
another kind. To add a kind, add a line.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from crypto.errors import ClusterError
from crypto.r1cs.audit import AuditSubject, bare_circuit
from crypto.r1cs.circuit import Circuit, Witness
from crypto.r1cs.r1cs_file import read_r1cs
from crypto.r1cs.wtns_file import read_wtns
from node.cli.errors import BadArgument, CircuitCodeFailed

Loader = Callable[[str, argparse.Namespace], AuditSubject | None]
ANYTHING: Final = (Exception, SystemExit)  # that code of a user's may raise
OUTPUTS: Final = (
    "the public cells that are outputs, as 3,5-6, with the private ones that are inputs in --inputs "
    "(of an exported model audit its folder instead, which knows them; of a circuit without outputs say --outputs '')"
)
FORMS: Final = "FILE.r1cs, a folder of `cluster zk compile`, or module:function"


def load_circuit(text: str, options: argparse.Namespace) -> AuditSubject:
    """The subject that the argument names. Raises BadArgument and what reading or building a circuit raises."""
    for loader in LOADERS:
        subject = loader(text, options)
        if subject is not None:
            return _with_counts(subject, options)
    raise BadArgument("CIRCUIT", FORMS, text)


def from_r1cs(text: str, options: argparse.Namespace) -> AuditSubject | None:
    """A `.r1cs` file of any compiler with `.wtns` files of honest inputs."""
    if not text.endswith(".r1cs"):
        return None
    if not options.witness:
        raise BadArgument("--witness", "a .wtns of honest inputs for a .r1cs, at best several", "nothing")
    r1cs = read_r1cs(Path(text).read_bytes())
    if options.outputs is None and not r1cs.public_outputs:
        raise BadArgument("--outputs", OUTPUTS, f"none, and the file's header calls all {r1cs.public_count} inputs")
    circuit = bare_circuit(r1cs, _cells("--outputs", options.outputs), _cells("--inputs", options.inputs))
    cases = [read_wtns(Path(file).read_bytes(), circuit.public_count) for file in options.witness]
    for file, case in zip(options.witness, cases, strict=True):
        if len(case.cells) != circuit.cell_count:
            raise BadArgument("--witness", f"{circuit.cell_count} cells", f"{len(case.cells)} in {file}")
    return AuditSubject(circuit, cases, name=Path(text).name)


def from_python(text: str, options: argparse.Namespace) -> AuditSubject | None:
    """module:function, which is called: it gives a Circuit, (circuit, cases), (circuit, cases, reference), or an
    AuditSubject. Modules are looked for in the working directory too. Raises BadArgument, CircuitCodeFailed."""
    module, colon, function = text.partition(":")
    if not colon or not all(part.isidentifier() for part in (*module.split("."), function)):
        return None
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise BadArgument("CIRCUIT", "the name of a function in a module that can be imported", str(error)) from error
    except ANYTHING as error:
        raise CircuitCodeFailed(text, error) from error
    made = getattr(loaded, function, None)
    given = _answer(text, made) if callable(made) else made
    subject = _subject(given)
    if subject is None:
        raise BadArgument("CIRCUIT", f"{text} to give a Circuit, alone or with cases and a reference", repr(given))
    cases = _answer(text, list, subject.cases)
    if not all(isinstance(case, Mapping | Witness) for case in cases):
        raise BadArgument("CIRCUIT", f"{text} to give cases that are inputs by name, or witnesses", repr(cases))
    reference = None if subject.reference is None else partial(_answer, text, subject.reference)
    return replace(subject, name=text, cases=cases, reference=reference)


def from_folder(text: str, options: argparse.Namespace) -> AuditSubject | None:
    """The folder of a compiled model: rows at the edges and between them, held against its integers."""
    folder = Path(text)
    if not folder.is_dir():
        return None
    from compute.zkml.auditing import folder_subject

    return folder_subject(folder)


LOADERS: Final[tuple[Loader, ...]] = (
    from_r1cs,
    from_folder,
    from_python,
)


def _answer(text: str, work: Callable[..., Any], *given: Any) -> Any:
    """What code of the user's gives. Raises CircuitCodeFailed for whatever it raises that is no error of ours."""
    try:
        return work(*given)
    except ClusterError:
        raise
    except ANYTHING as error:
        raise CircuitCodeFailed(text, error) from error


def _subject(made: Any) -> AuditSubject | None:
    match made:
        case AuditSubject():
            return made
        case Circuit():
            return AuditSubject(made, ())
        case (Circuit() as circuit, cases):
            return AuditSubject(circuit, cases)
        case (Circuit() as circuit, cases, reference):
            return AuditSubject(circuit, cases, reference)
        case _:
            return None


def _with_counts(subject: AuditSubject, options: argparse.Namespace) -> AuditSubject:
    """The subject with the golden counts of --golden, if there are any."""
    if options.golden is None:
        return subject
    try:
        counts = json.loads(options.golden.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadArgument("--golden", "what --write-golden wrote", str(error)) from error
    if not isinstance(counts, dict) or not all(isinstance(count, int) for count in counts.values()):
        raise BadArgument("--golden", "constraints by scope, as --write-golden writes them", str(counts))
    return replace(subject, counts=counts)


def _cells(option: str, text: str | None) -> Sequence[int] | None:
    """Cells written as 3,7-9."""
    if text is None:
        return None
    cells: list[int] = []
    for part in filter(None, text.split(",")):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise BadArgument(option, "cells such as 3,7-9", text)
        cells += range(int(first), int(last if dash else first) + 1)
    return cells
