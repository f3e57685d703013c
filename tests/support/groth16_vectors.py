"""The committed table of Groth16 keys, proofs and refusals, ready for parametrised tests."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from crypto.groth16 import PreparedKey, VerifyingKey, decompress_key, errors
from tests.support.make_groth16_vectors import PATH

TABLE: dict[str, list[dict[str, Any]]] = json.loads(PATH.read_text())


@dataclass(frozen=True)
class ProofCase:
    """A proof in bytes with its inputs, and the error it must meet (None: it is accepted)."""

    name: str
    key: int
    proof: bytes
    inputs: tuple[int, ...]
    error: type[errors.Groth16Error] | None

    def __str__(self) -> str:
        return self.name


def accepted() -> list[ProofCase]:
    """Every valid proof, once in either encoding."""
    return [
        ProofCase(f"{case['name']}, {form}", case["key"], bytes.fromhex(case[form]), _ints(case), None)
        for case in TABLE["accepted"]
        for form in ("compressed", "evm")
    ]


def refused() -> list[ProofCase]:
    """Every malformed or false proof."""
    return [
        ProofCase(case["name"], case["key"], bytes.fromhex(case["proof"]), _ints(case), getattr(errors, case["error"]))
        for case in TABLE["proof_refusals"]
    ]


def refused_keys() -> list[tuple[str, bytes, type[errors.Groth16Error]]]:
    """(name, compressed bytes, error) of every key that must not be registered."""
    return [
        (case["name"], bytes.fromhex(case["compressed"]), getattr(errors, case["error"]))
        for case in TABLE["key_refusals"]
    ]


@cache
def key(public_inputs: int) -> VerifyingKey:
    """The table's key of so many public inputs."""
    (found,) = [case for case in TABLE["keys"] if case["public_inputs"] == public_inputs]
    return decompress_key(bytes.fromhex(found["compressed"]))


@cache
def prepared(public_inputs: int) -> PreparedKey:
    """The same key, prepared."""
    return PreparedKey(key(public_inputs))


def _ints(case: dict[str, Any]) -> tuple[int, ...]:
    return tuple(int(x) for x in case["inputs"])
