"""The reference's pairing product against go-ethereum's vectors for the EIP-197 precompile."""

import json

import pytest

from crypto.groth16.reference import g1, g2, pairing_product_is_one
from crypto.groth16.types import G1, G2
from tests.support.outside import vector_file

VECTORS = {case["Name"]: case for case in json.loads(vector_file("bn254", "bn256Pairing.json").read_text())}


@pytest.mark.parametrize("name", ["jeff1", "jeff3", "jeff5", "jeff6", "one_point", "two_point_match_4"])
def test_pairing_products(name: str) -> None:
    case = VECTORS[name]
    pairs = [(g1(p), g2(q)) for p, q in _pairs(bytes.fromhex(case["Input"]))]
    assert pairing_product_is_one(pairs) is bool(int(case["Expected"], 16))


def _pairs(data: bytes) -> list[tuple[G1, G2]]:
    words = [int.from_bytes(data[i : i + 32], "big") for i in range(0, len(data), 32)]
    return [
        ((x, y), ((bx0, bx1), (by0, by1)))
        for x, y, bx1, bx0, by1, by0 in (words[i : i + 6] for i in range(0, len(words), 6))
    ]
