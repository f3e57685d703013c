"""The ICS-23 library and ours agree on our proofs: it is given PROOF_SPEC and the path as key, and nothing else."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chain.state.merkle import path_of
from chain.state.proofs import PROOF_SPEC, proof_to_json
from tests.support import snarkjs
from tests.support.make_tree_vectors import entries, tree_of

_FOLDER = Path(__file__).parent
_INSTALLED = snarkjs.node() is not None and (_FOLDER / "node_modules" / "@confio" / "ics23").is_dir()
pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not _INSTALLED, reason="@confio/ics23 is not installed: run tests/peers/setup.sh"),
]


def verdicts(root: bytes, cases: list[dict[str, Any]]) -> list[bool]:
    request = {"root": root.hex(), "spec": PROOF_SPEC, "cases": cases}
    done = subprocess.run(
        [str(snarkjs.node()), str(_FOLDER / "ics23_verify.mjs")],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    answer: list[bool] = json.loads(done.stdout)
    return answer


def case(key: bytes, value: bytes | None, proof: dict[str, object]) -> dict[str, Any]:
    return {"key": path_of(key).hex(), "value": None if value is None else value.hex(), "proof": proof}


@pytest.mark.parametrize("size", [1, 2, 3, 17, 300])
def test_every_proof_of_presence_and_absence_is_accepted(size: int) -> None:
    content = entries(size)
    view, _ = tree_of(content)
    keys = [*content, *(b"absent-%d" % number for number in range(size + 20))]
    cases = [case(key, content.get(key), proof_to_json(view.prove(key))) for key in keys]
    assert verdicts(view.root.hash, cases) == [True] * len(keys)


def test_false_ones_are_refused() -> None:
    content = entries(300)
    view, _ = tree_of(content)
    key, other, absent = b"key-0", b"key-1", b"absent"
    present, missing = proof_to_json(view.prove(key)), proof_to_json(view.prove(absent))
    cases = [
        case(key, b"another value", present),
        case(other, content[other], present),
        case(key, None, missing),
        case(other, None, missing),
    ]
    assert verdicts(view.root.hash, cases) == [False] * len(cases)
    assert verdicts(bytes(32), [case(key, content[key], present), case(absent, None, missing)]) == [False, False]
