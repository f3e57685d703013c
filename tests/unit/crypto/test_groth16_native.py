"""The native backend: proving, its own refusals one by one, panics, threads, and where memory files are missing."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import groth16py
import pytest

from crypto.groth16 import PreparedKey, ProvingKey, decode_proof, encode_evm_proof, native, setup, verify
from crypto.groth16.errors import (
    BackendPanic,
    BackendRefused,
    FalseProof,
    NotInSubgroup,
    ProvingRefused,
    SetupRefused,
)
from crypto.groth16.snarkjs import key_to_snarkjs
from crypto.groth16.types import BASE_FIELD, G2, SCALAR_FIELD
from tests.support.groth16_vectors import accepted, key, prepared, refused
from tests.support.make_groth16_vectors import off_subgroup, with_cofactor_torsion
from tests.support.tiny_circuit import PRODUCT_R1CS, product_witness, r1cs, wtns

PROVING, VERIFYING = setup(PRODUCT_R1CS)
PROVEN = PROVING.prove(product_witness(x=6, y=7))
VALID = accepted()[1]


def test_a_proof_of_ours_verifies_for_its_inputs_and_no_others() -> None:
    ready = PreparedKey(VERIFYING)
    verify(ready, encode_evm_proof(PROVEN), (42, 6))
    with pytest.raises(FalseProof) as caught:
        verify(ready, encode_evm_proof(PROVEN), (43, 6))
    assert caught.value.fields == {"key_id": ready.id, "inputs": 2}


def test_two_setups_and_two_proofs_differ() -> None:
    assert setup(PRODUCT_R1CS)[1] != VERIFYING
    assert PROVING.prove(product_witness(x=6, y=7)) != PROVEN


def test_a_witness_that_breaks_a_constraint_gives_a_false_proof() -> None:
    false = PROVING.prove(wtns((1, 43, 6, 7, 49)))
    assert not PreparedKey(VERIFYING).accepts(false, (43, 6))


@pytest.mark.parametrize("witness", [b"", b"junk", product_witness(6, 7)[:-5], wtns((1, 42, 6)), wtns((1,) * 9)])
def test_a_witness_that_cannot_be_read_or_does_not_fit_is_refused(witness: bytes) -> None:
    with pytest.raises(ProvingRefused):
        PROVING.prove(witness)


@pytest.mark.parametrize("data", [b"", b"junk", PRODUCT_R1CS[:50]])
def test_constraints_that_cannot_be_read_are_refused(data: bytes) -> None:
    with pytest.raises(SetupRefused):
        setup(data)


def test_a_panic_of_the_library_is_an_ordinary_error(capfd: pytest.CaptureFixture[str]) -> None:
    names_a_wire_that_does_not_exist = r1cs([({2: 1}, {30: 1}, {1: 1})], wires=4, public=2)
    with pytest.raises(BackendPanic, match="index out of bounds"):
        setup(names_a_wire_that_does_not_exist)


@pytest.mark.parametrize("data", [b"", b"junk", b"zkey\1\0\0\0\12\0\0\0"])
def test_a_file_that_is_no_proving_key_is_refused(data: bytes) -> None:
    with pytest.raises(ProvingRefused):
        ProvingKey.from_zkey(data)


def test_no_descriptor_is_left_open() -> None:
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
    for _ in range(5):
        PROVING.prove(product_witness(x=6, y=7))
    after = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
    assert after == before


def test_without_memory_files_a_temporary_file_is_used_and_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    proof = PROVING.prove(product_witness(x=6, y=7))
    assert PreparedKey(VERIFYING).accepts(proof, (42, 6))
    assert list(tmp_path.iterdir()) == []


def test_one_prepared_key_serves_several_threads() -> None:
    good, bad = VALID, next(case for case in refused() if case.name == "A negated")
    cases = [good, bad] * 8
    keys = [prepared(case.key) for case in cases]

    def accepts(ready: PreparedKey, proof: bytes, inputs: tuple[int, ...]) -> bool:
        try:
            verify(ready, proof, inputs)
        except FalseProof:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(accepts, keys, [c.proof for c in cases], [c.inputs for c in cases]))
    assert verdicts == [True, False] * 8


def test_the_backend_is_the_pinned_one() -> None:
    assert native.BACKEND == "groth16py-0.2.0"


# What protocol.md leaves to the backend, and what it would still refuse if our own checks were bypassed.
BACKEND = groth16py.Verifier(groth16py.VerifyingKey.from_snarkjs(key_to_snarkjs(key(1))))
POINTS = decode_proof(VALID.proof)


def test_the_library_accepts_the_valid_proof() -> None:
    assert BACKEND.verify(VALID.proof, VALID.inputs)


@pytest.mark.parametrize("b", [off_subgroup(), with_cofactor_torsion(POINTS.b)], ids=["small x", "torsion added"])
def test_the_library_refuses_each_b_outside_the_subgroup_in_the_words_we_rely_on(b: G2) -> None:
    with pytest.raises(groth16py.EncodingError, match="G2 point not in correct subgroup"):
        BACKEND.verify(encode_evm_proof(replace(POINTS, b=b)), VALID.inputs)


@pytest.mark.parametrize(("start", "length"), [(0, 64), (64, 128), (192, 64)], ids="ABC")
def test_the_library_refuses_each_point_off_its_curve_or_at_infinity(start: int, length: int) -> None:
    damaged = bytearray(VALID.proof)
    damaged[start + length - 1] ^= 1
    zeros = VALID.proof[:start] + bytes(length) + VALID.proof[start + length :]
    for proof in (bytes(damaged), zeros):
        with pytest.raises(groth16py.EncodingError, match="not on curve"):
            BACKEND.verify(proof, VALID.inputs)


@pytest.mark.parametrize("index", range(8))
def test_the_library_refuses_each_coordinate_not_below_q(index: int) -> None:
    larger = int.from_bytes(VALID.proof[32 * index :][:32], "big") + BASE_FIELD
    proof = VALID.proof[: 32 * index] + larger.to_bytes(32, "big") + VALID.proof[32 * index + 32 :]
    with pytest.raises(groth16py.EncodingError, match="PRIME_Q"):
        BACKEND.verify(proof, VALID.inputs)


def test_the_library_refuses_inputs_not_below_r_and_wrong_lengths() -> None:
    with pytest.raises(groth16py.EncodingError, match="SNARK_SCALAR_FIELD"):
        BACKEND.verify(VALID.proof, (VALID.inputs[0] + SCALAR_FIELD,))
    for proof in (VALID.proof[:-1], VALID.proof + b"\0", b""):
        with pytest.raises(groth16py.EncodingError, match="256 bytes"):
            BACKEND.verify(proof, VALID.inputs)
    for inputs in ((), (1, 2)):
        with pytest.raises(groth16py.VerificationError, match="expected 1 public inputs"):
            BACKEND.verify(VALID.proof, inputs)


def test_a_refusal_that_ours_should_have_made_first_is_named_as_the_backends() -> None:
    """`accepts` without the checks before it: the library's word is passed on, never taken for a false proof."""
    for inputs in ((), (SCALAR_FIELD,)):
        with pytest.raises(BackendRefused):
            prepared(1).accepts(POINTS, inputs)
    with pytest.raises(BackendRefused):
        prepared(1).accepts(replace(POINTS, a=(1, 3)), VALID.inputs)
    with pytest.raises(NotInSubgroup):
        prepared(1).accepts(replace(POINTS, b=off_subgroup()), VALID.inputs)
