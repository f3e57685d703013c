"""circomlibjs and ours agree on Poseidon of every arity, with and without a tag, and on BabyJubJub."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from crypto.babyjubjub import SUBORDER, decode_point, encode_point, multiply_base
from crypto.domains import OUTPUT
from crypto.field import SCALAR_FIELD
from crypto.poseidon import MAX_INPUTS, poseidon
from tests.support import snarkjs

_FOLDER = Path(__file__).parent
_INSTALLED = snarkjs.node() is not None and (_FOLDER / "node_modules" / "circomlibjs").is_dir()
pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not _INSTALLED, reason="circomlibjs is not installed: run tests/peers/setup.sh"),
]

_DRAW = random.Random(2)
HASHES = [
    ([_DRAW.randrange(SCALAR_FIELD) for _ in range(count)], state)
    for count in range(1, MAX_INPUTS + 1)
    for state in (0, OUTPUT, SCALAR_FIELD - 1)
]
SCALARS = [1, 2, 8, SUBORDER - 1, *(_DRAW.randrange(SUBORDER) for _ in range(20))]


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    request = {
        "hashes": [{"inputs": [str(x) for x in inputs], "state": str(state)} for inputs, state in HASHES],
        "scalars": [str(scalar) for scalar in SCALARS],
    }
    done = subprocess.run(
        [str(snarkjs.node()), str(_FOLDER / "circomlib_values.mjs")],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_poseidon_is_theirs(theirs: dict[str, Any]) -> None:
    assert [poseidon(inputs, state) for inputs, state in HASHES] == [int(digest) for digest in theirs["hashes"]]


def test_multiples_and_their_packing_are_theirs(theirs: dict[str, Any]) -> None:
    points = [multiply_base(scalar) for scalar in SCALARS]
    assert points == [(int(point["x"]), int(point["y"])) for point in theirs["points"]]
    assert [encode_point(point).hex() for point in points] == [point["packed"] for point in theirs["points"]]
    assert [decode_point(bytes.fromhex(point["packed"])) for point in theirs["points"]] == points
