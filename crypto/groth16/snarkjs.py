"""The JSON in which snarkjs 0.7 keeps verifying keys, proofs and public signals (Groth16 on bn128); strict.

Integers are canonical decimal strings, points are projective with z = 1. The identity, which snarkjs writes as 0, 1, 0,
is refused by name. No member is missing, unknown or twice; `vk_alphabeta_12`, derived from the others, is dropped.
"""

import json
import re
from collections.abc import Sequence
from typing import Final

from crypto.groth16.encoding import checked_g1, checked_g2
from crypto.groth16.errors import IdentityPoint, MalformedJson, UnboundInput, UnsupportedInputCount, WrongIcCount
from crypto.groth16.inputs import check_range
from crypto.groth16.types import G1, G2, MAX_PUBLIC_INPUTS, Fp2, Proof, VerifyingKey

MAX_JSON_CHARS: Final = 65_536  # a key of 32 public inputs takes 9,000

_HEAD: Final = {"protocol": "groth16", "curve": "bn128"}
_PROOF: Final = frozenset({*_HEAD, "pi_a", "pi_b", "pi_c"})
_KEY: Final = frozenset({*_HEAD, "nPublic", "vk_alpha_1", "vk_beta_2", "vk_gamma_2", "vk_delta_2", "IC"})
_DERIVED: Final = frozenset({"vk_alphabeta_12"})
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,77}", re.ASCII)
_ONE: Final[Fp2] = (1, 0)
_ZERO: Final[Fp2] = (0, 0)


def proof_from_snarkjs(text: str) -> Proof:
    """A proof from snarkjs's proof.json. Raises MalformedJson, CoordinateOutOfRange, IdentityPoint, NotOnCurve."""
    members = _members("proof", text, _PROOF)
    return Proof(_g1("A", members["pi_a"]), _g2("B", members["pi_b"]), _g1("C", members["pi_c"]))


def proof_to_snarkjs(proof: Proof) -> str:
    """snarkjs's proof.json."""
    return json.dumps({"pi_a": _g1_json(proof.a), "pi_b": _g2_json(proof.b), "pi_c": _g1_json(proof.c), **_HEAD})


def key_from_snarkjs(text: str) -> VerifyingKey:
    """A key from snarkjs's verification_key.json; `keycheck.check_key` says whether it may be registered.

    Raises MalformedJson, UnsupportedInputCount, WrongIcCount, CoordinateOutOfRange, IdentityPoint, UnboundInput,
    NotOnCurve.
    """
    members = _members("verifying key", text, _KEY, _DERIVED)
    inputs, ic = members["nPublic"], members["IC"]
    if type(inputs) is not int or not isinstance(ic, list):
        raise MalformedJson("verifying key", "nPublic is no integer, or IC no array")
    if not 1 <= inputs <= MAX_PUBLIC_INPUTS:
        raise UnsupportedInputCount(inputs, MAX_PUBLIC_INPUTS)
    if len(ic) != inputs + 1:
        raise WrongIcCount(len(ic), inputs + 1)
    return VerifyingKey(
        alpha=_g1("alpha", members["vk_alpha_1"]),
        beta=_g2("beta", members["vk_beta_2"]),
        gamma=_g2("gamma", members["vk_gamma_2"]),
        delta=_g2("delta", members["vk_delta_2"]),
        ic=tuple(_ic(index, point) for index, point in enumerate(ic)),
    )


def key_to_snarkjs(key: VerifyingKey) -> str:
    """snarkjs's verification_key.json, without the derived vk_alphabeta_12, which snarkjs does not need."""
    return json.dumps(
        {
            **_HEAD,
            "nPublic": key.public_inputs,
            "vk_alpha_1": _g1_json(key.alpha),
            "vk_beta_2": _g2_json(key.beta),
            "vk_gamma_2": _g2_json(key.gamma),
            "vk_delta_2": _g2_json(key.delta),
            "IC": [_g1_json(point) for point in key.ic],
        }
    )


def inputs_from_snarkjs(text: str) -> tuple[int, ...]:
    """Public inputs from snarkjs's public.json, an array of decimal strings. Raises MalformedJson, InputOutOfRange."""
    values = _parse("public inputs", text)
    if not isinstance(values, list):
        raise MalformedJson("public inputs", "an array was expected")
    inputs = tuple(_integer("public inputs", value) for value in values)
    check_range(inputs)
    return inputs


def inputs_to_snarkjs(inputs: Sequence[int]) -> str:
    """snarkjs's public.json."""
    return json.dumps([str(value) for value in inputs])


def _parse(what: str, text: str) -> object:
    if len(text) > MAX_JSON_CHARS:
        raise MalformedJson(what, f"it has {len(text)} characters, more than {MAX_JSON_CHARS}")
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise MalformedJson(what, str(error)) from error


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _members(what: str, text: str, names: frozenset[str], droppable: frozenset[str] = frozenset()) -> dict[str, object]:
    members = _parse(what, text)
    if not isinstance(members, dict):
        raise MalformedJson(what, "an object was expected")
    if odd := sorted(names ^ (members.keys() - droppable)):
        raise MalformedJson(what, f"these members are missing or unknown: {', '.join(odd)[:200]}")
    for name, expected in _HEAD.items():
        if members[name] != expected:
            raise MalformedJson(what, f"{name} is not {expected}")
    return members


def _integer(what: str, value: object) -> int:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise MalformedJson(what, "a number is not a canonical decimal string of at most 78 digits")
    return int(value)


def _coordinates(name: str, value: object, count: int) -> list[object]:
    if not isinstance(value, list) or len(value) != count:
        raise MalformedJson(name, f"an array of {count} was expected")
    return value


def _fp2(name: str, value: object) -> Fp2:
    c0, c1 = _coordinates(name, value, 2)
    return (_integer(name, c0), _integer(name, c1))


def _g1(name: str, value: object) -> G1:
    x, y, z = (_integer(name, coordinate) for coordinate in _coordinates(name, value, 3))
    if (x, y, z) == (0, 1, 0):
        raise IdentityPoint(name)
    if z != 1:
        raise MalformedJson(name, "z is not 1")
    return checked_g1(name, (x, y))


def _g2(name: str, value: object) -> G2:
    x, y, z = (_fp2(name, coordinate) for coordinate in _coordinates(name, value, 3))
    if (x, y, z) == (_ZERO, _ONE, _ZERO):
        raise IdentityPoint(name)
    if z != _ONE:
        raise MalformedJson(name, "z is not 1")
    return checked_g2(name, (x, y))


def _ic(index: int, value: object) -> G1:
    try:
        return _g1(f"ic[{index}]", value)
    except IdentityPoint:
        raise UnboundInput(index) from None


def _g1_json(point: G1) -> list[str]:
    return [str(point[0]), str(point[1]), "1"]


def _g2_json(point: G2) -> list[list[str]]:
    return [[str(c) for c in coordinate] for coordinate in (*point, _ONE)]
