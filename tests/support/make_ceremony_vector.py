"""Writes vectors/ceremony.json: a toy ceremony that snarkjs ran, so that tests without Node.js can follow it.

python -m tests.support.make_ceremony_vector, after tests/peers/setup.sh. Its points are drawn anew each time.
"""

import json
from base64 import b64decode, b64encode
from pathlib import Path

from tests.support import snarkjs
from tests.support.tiny_circuit import PRODUCT_R1CS

PATH = Path(__file__).parent / "vectors" / "ceremony.json"
POWER = 4  # one more than the circuit's domain needs: H stands on twice the domain


def load() -> snarkjs.Ceremony:
    """The ceremony of the product circuit. `prepared` is empty: only snarkjs needs it."""
    row = json.loads(PATH.read_text())
    files = {name: b64decode(row[name]) for name in ("ptau", "initial", "first", "final")}
    return snarkjs.Ceremony(**files, prepared=b"", hashes=tuple(row["hashes"]), key=row["key"], valid=row["valid"])


def main() -> int:
    made = snarkjs.zkeys(PRODUCT_R1CS, POWER)
    files = {name: b64encode(getattr(made, name)).decode() for name in ("ptau", "initial", "first", "final")}
    key = {name: value for name, value in made.key.items() if name != "vk_alphabeta_12"}
    row = {**files, "hashes": made.hashes, "key": key, "valid": made.valid}
    PATH.write_text(json.dumps(row, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
