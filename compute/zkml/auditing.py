"""A compiled model's circuit under audit: rows at the edges, between them and beyond, held against its integers."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

from compute.zkml.folder import load_compiled
from compute.zkml.inference import PUBLIC, Inference, Private, Public
from compute.zkml.provable import Provable
from crypto.r1cs.audit import AuditSubject
from crypto.r1cs.circuit import Inputs

BETWEEN: Final = 2  # rows drawn in range; each case costs every test another witness
SALT: Final = 33  # any
_BOUND: Final = Public(11, 22, 0, None, ())  # ctx and task, any; the rest is computed


def folder_subject(folder: Path) -> AuditSubject:
    """The circuit of a folder of `cluster zk compile`. Raises FolderUnusable, ModelFileUnusable."""
    return model_subject(load_compiled(folder).provable, folder.name)


def model_subject(provable: Provable, name: str) -> AuditSubject:
    """Cases: all features at their least, at their largest, drawn, and one of them one too large."""
    statement, weights = provable.statement, provable.weights

    def reference(inputs: Inputs) -> tuple[int, ...] | None:
        """What the integers make public, behind ctx and task; None for a row out of range."""
        ctx, task, salt, rows = (inputs[name] for name in ("ctx", "task", "salt", "rows"))
        row, tops = tuple(cast(Sequence[int], rows)), statement.model.encoding.tops * statement.rows
        if any(number > top for number, top in zip(row, tops, strict=True)):
            return None
        private = Private(row, cast(int, salt))
        return statement.compute(cast(int, ctx), cast(int, task), private, weights).signals()[2:]

    committed = weights is not None
    results = () if statement.outputs == PUBLIC else ("outputs",)
    return AuditSubject(
        statement.constrain(),
        [statement.inputs(_BOUND, Private(row, SALT), weights) for row in _rows(statement)],
        reference,
        name=name,
        salts=("salt", "model salt") if committed else ("salt",),
        hidden=("commitment", *(("model",) if committed else ()), *results),
    )


def _rows(statement: Inference) -> list[tuple[int, ...]]:
    """Encoded; the same for the same model."""
    tops, source = statement.model.encoding.tops * statement.rows, random.Random(0)
    drawn = [tuple(source.randint(0, top) for top in tops) for _ in range(BETWEEN)]
    return [(0,) * len(tops), tops, *drawn, (tops[0] + 1, *tops[1:])]
