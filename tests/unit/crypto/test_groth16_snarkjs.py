"""snarkjs's JSON: round trips, and everything that snarkjs would not write."""

import json
from typing import Any

import pytest

from crypto.groth16 import (
    decode_proof,
    inputs_from_snarkjs,
    inputs_to_snarkjs,
    key_from_snarkjs,
    key_to_snarkjs,
    proof_from_snarkjs,
    proof_to_snarkjs,
)
from crypto.groth16.errors import (
    CoordinateOutOfRange,
    Groth16Error,
    IdentityPoint,
    InputOutOfRange,
    MalformedJson,
    NotOnCurve,
    UnboundInput,
    UnsupportedInputCount,
    WrongIcCount,
)
from crypto.groth16.types import BASE_FIELD, SCALAR_FIELD
from tests.support.groth16_vectors import TABLE, accepted, key

KEY: dict[str, Any] = json.loads(key_to_snarkjs(key(4)))
PROOF: dict[str, Any] = json.loads(proof_to_snarkjs(decode_proof(accepted()[0].proof)))
X, Y, ONE = KEY["vk_alpha_1"]


@pytest.mark.parametrize("case", TABLE["keys"], ids=lambda case: str(case["public_inputs"]))
def test_keys_round_trip(case: dict[str, Any]) -> None:
    assert key_from_snarkjs(json.dumps(case["snarkjs"])) == key(case["public_inputs"])
    assert json.loads(key_to_snarkjs(key(case["public_inputs"]))) == case["snarkjs"]


def test_a_key_with_snarkjs_derived_member_is_read() -> None:
    assert key_from_snarkjs(json.dumps({**KEY, "vk_alphabeta_12": [[["1", "2"]]]})) == key(4)


def test_proofs_round_trip() -> None:
    for case in accepted():
        proof = decode_proof(case.proof)
        assert proof_from_snarkjs(proof_to_snarkjs(proof)) == proof


def test_inputs_round_trip() -> None:
    inputs = (0, 1, SCALAR_FIELD - 1)
    assert inputs_to_snarkjs(inputs) == json.dumps(["0", "1", str(SCALAR_FIELD - 1)])
    assert inputs_from_snarkjs(inputs_to_snarkjs(inputs)) == inputs


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"protocol": "plonk"}, MalformedJson),
        ({"curve": "bls12381"}, MalformedJson),
        ({"surplus": 1}, MalformedJson),
        ({"nPublic": 3}, WrongIcCount),
        ({"nPublic": 0}, UnsupportedInputCount),
        ({"nPublic": 33}, UnsupportedInputCount),
        ({"nPublic": "4"}, MalformedJson),
        ({"nPublic": True}, MalformedJson),
        ({"nPublic": 4.0}, MalformedJson),
        ({"IC": {}}, MalformedJson),
        ({"IC": KEY["IC"][:-1]}, WrongIcCount),
        ({"IC": [*KEY["IC"][:-1], ["0", "1", "0"]]}, UnboundInput),
        ({"IC": [*KEY["IC"][:-1], ["0", "0", "1"]]}, UnboundInput),
        ({"vk_alpha_1": ["0", "1", "0"]}, IdentityPoint),
        ({"vk_alpha_1": [Y, X, ONE]}, NotOnCurve),
        ({"vk_alpha_1": [str(int(X) + BASE_FIELD), Y, ONE]}, CoordinateOutOfRange),
        ({"vk_alpha_1": [X, Y]}, MalformedJson),
        ({"vk_alpha_1": [X, Y, "2"]}, MalformedJson),
        ({"vk_alpha_1": [int(X), Y, ONE]}, MalformedJson),
        ({"vk_alpha_1": ["0" + X, Y, ONE]}, MalformedJson),
        ({"vk_alpha_1": ["+" + X, Y, ONE]}, MalformedJson),
        ({"vk_alpha_1": ["-" + X, Y, ONE]}, MalformedJson),
        ({"vk_alpha_1": [X + "\n", Y, ONE]}, MalformedJson),
        ({"vk_alpha_1": ["٣", Y, ONE]}, MalformedJson),
        ({"vk_alpha_1": ["9" * 79, Y, ONE]}, MalformedJson),
        ({"vk_alpha_1": None}, MalformedJson),
        ({"vk_beta_2": [["0", "0"], ["1", "0"], ["0", "0"]]}, IdentityPoint),
        ({"vk_beta_2": [*KEY["vk_beta_2"][:2], ["1", "1"]]}, MalformedJson),
        ({"vk_beta_2": [KEY["vk_beta_2"][1], KEY["vk_beta_2"][0], ["1", "0"]]}, NotOnCurve),
        ({"vk_beta_2": [[X, X, X], KEY["vk_beta_2"][1], ["1", "0"]]}, MalformedJson),
    ],
    ids=lambda value: json.dumps(value)[:40] if isinstance(value, dict) else "",
)
def test_keys_that_snarkjs_would_not_write(change: dict[str, Any], error: type[Groth16Error]) -> None:
    with pytest.raises(Groth16Error) as caught:
        key_from_snarkjs(json.dumps({**KEY, **change}))
    assert caught.type is error


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "1", "{", json.dumps(KEY), "[" * 50_000, " " * 70_000, '{"a":1,"a":1}', "1" * 5_000],
    ids=lambda text: text[:10],
)
def test_text_that_is_no_proof(text: str) -> None:
    with pytest.raises(MalformedJson):
        proof_from_snarkjs(text)


def test_a_member_missing_or_twice_is_refused() -> None:
    for name in PROOF:
        with pytest.raises(MalformedJson):
            proof_from_snarkjs(json.dumps({key: value for key, value in PROOF.items() if key != name}))
    with pytest.raises(MalformedJson, match="twice"):
        proof_from_snarkjs(json.dumps(PROOF)[:-1] + ', "curve": "bn128"}')


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{}", MalformedJson),
        ("[1]", MalformedJson),
        ('["01"]', MalformedJson),
        ('["-1"]', MalformedJson),
        (f'["{SCALAR_FIELD}"]', InputOutOfRange),
    ],
)
def test_inputs_that_snarkjs_would_not_write(text: str, error: type[Groth16Error]) -> None:
    with pytest.raises(Groth16Error) as caught:
        inputs_from_snarkjs(text)
    assert caught.type is error
