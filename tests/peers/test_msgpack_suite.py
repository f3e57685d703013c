"""msgpack-test-suite: of each value's encodings the shortest alone is taken, and of its kinds those that a wire has."""

import json
from pathlib import Path
from typing import Any

import pytest

from chain.codec import decode_plain, encode
from chain.errors import CodecError

_SUITE = Path(__file__).parent / "node_modules" / "msgpack-test-suite" / "dist" / "msgpack-test-suite.json"
pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not _SUITE.exists(), reason="msgpack-test-suite is not installed: run tests/peers/setup.sh"),
]
FOREIGN = {"22.number-float.yaml", "41.map.yaml", "50.timestamp.yaml", "60.ext.yaml"}
FLOATS = (0xCA, 0xCB)


def cases() -> list[tuple[str, dict[str, Any]]]:
    suite = json.loads(_SUITE.read_text())
    return [(file, case) for file, listed in suite.items() for case in listed]


def encodings(case: dict[str, Any]) -> list[bytes]:
    return [bytes.fromhex(text.replace("-", "")) for text in case["msgpack"]]


def value_of(case: dict[str, Any]) -> object:
    """The value as the suite writes it; numbers too large for JSON stand as decimal text."""
    if "binary" in case:
        return bytes.fromhex(case["binary"].replace("-", ""))
    if "bignum" in case:
        return int(case["bignum"])
    return next(case[kind] for kind in ("nil", "bool", "number", "string", "array", "map") if kind in case)


def test_one_encoding_of_each_value_is_taken() -> None:
    taken = refused = 0
    for file, case in cases():
        if file in FOREIGN or isinstance(value_of(case), float) or (file == "42.nested.yaml" and "map" in str(case)):
            continue
        value = value_of(case)
        if file == "42.nested.yaml" and any(isinstance(each, dict) for each in value):  # type: ignore[attr-defined]
            continue
        own = encode(value)
        assert own in encodings(case), (file, case)
        for data in encodings(case):
            if data == own:
                assert decode_plain(data) == value
                taken += 1
            else:
                with pytest.raises(CodecError):
                    decode_plain(data)
                refused += 1
    assert taken > 30 and refused > 50


def test_floats_maps_and_extensions_are_refused() -> None:
    seen = 0
    for file, case in cases():
        for data in encodings(case):
            if file in FOREIGN - {"22.number-float.yaml"} or data[0] in FLOATS:
                with pytest.raises(CodecError):
                    decode_plain(data)
                seen += 1
    assert seen > 40
