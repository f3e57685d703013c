"""Keys go both ways: snarkjs proves with ours, we prove with a ceremony's, and both judge a ceremony alike."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from crypto.errors import CryptoError
from crypto.groth16 import (
    PreparedKey,
    ProvingKey,
    compress_proof,
    encode_evm_proof,
    inputs_from_snarkjs,
    key_from_snarkjs,
    proof_from_snarkjs,
    verify,
)
from crypto.groth16 import zkey as z
from crypto.groth16.ceremony import check_ceremony
from crypto.groth16.dev_setup import development_zkey, read_development_zkey
from crypto.groth16.montgomery import encode_g1
from crypto.groth16.powers import read_powers
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.r1cs_file import read_r1cs, write_r1cs
from crypto.r1cs.wtns_file import write_wtns
from tests.support import snarkjs

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not snarkjs.installed(), reason="snarkjs is not installed: run tests/peers/setup.sh"),
]

STEPS, POWER = 100, 8


def powers_of_x() -> Circuit:
    """y = (x + 1) (x + 2) ... : a hundred constraints of full-width values."""
    cs = Builder()
    y, x = cs.public("y"), cs.private("x")
    value = x
    for step in range(1, STEPS):
        value = cs.mul(value, x + step)
    cs.assert_equal(value, y)
    return cs.build()


def inputs() -> dict[str, int]:
    value = 7
    for step in range(1, STEPS):
        value = value * (7 + step) % z.SCALAR_FIELD
    return {"y": value, "x": 7}


@pytest.fixture(scope="module")
def circuit() -> Circuit:
    return powers_of_x()


@pytest.fixture(scope="module")
def r1cs(circuit: Circuit) -> bytes:
    return write_r1cs(circuit)


@pytest.fixture(scope="module")
def ceremony(r1cs: bytes) -> snarkjs.Ceremony:
    return snarkjs.zkeys(r1cs, POWER)


def test_snarkjs_proves_with_a_development_key_of_ours(circuit: Circuit, r1cs: bytes) -> None:
    zkey = development_zkey(
        circuit.constraints, circuit.cell_count, circuit.public_count, digest := sha256(r1cs).digest()
    )
    verifying = read_development_zkey(zkey, digest)
    made = snarkjs.prove(zkey, write_wtns(circuit.solve(inputs())))
    assert key_from_snarkjs(json.dumps(made["key"])) == verifying
    proof = proof_from_snarkjs(json.dumps(made["proof"]))
    public = inputs_from_snarkjs(json.dumps(made["inputs"]))
    verify(PreparedKey(verifying), encode_evm_proof(proof), public)
    ours = ProvingKey.from_zkey(zkey).prove(write_wtns(circuit.solve(inputs())))
    assert snarkjs.verify(verifying, [(ours, public), (ours, (public[0] + 1,))]).valid == [True, False]


def test_snarkjs_verifies_what_we_prove_with_a_ceremonys_key(circuit: Circuit, ceremony: snarkjs.Ceremony) -> None:
    witness = circuit.solve(inputs())
    proof = ProvingKey.from_zkey(ceremony.final).prove(write_wtns(witness))
    verifying = key_from_snarkjs(json.dumps(ceremony.key))
    verify(PreparedKey(verifying), compress_proof(proof), witness.public)
    assert snarkjs.verify(verifying, [(proof, witness.public)]).valid == [True]


def test_both_judge_a_ceremony_alike(r1cs: bytes, ceremony: snarkjs.Ceremony) -> None:
    good = z.read_zkey(ceremony.final)
    record, h, a = (good.sections[section] for section in (z.CONTRIBUTIONS, z.H, z.A))
    bent = [
        with_section(good, z.CONTRIBUTIONS, record[:68] + record[68 + 64 : 68 + 128] + record[68 + 64 :]),
        with_section(good, z.CONTRIBUTIONS, record[:-200] + bytes([record[-200] ^ 1]) + record[-199:]),
        with_section(good, z.CONTRIBUTIONS, z.read_zkey(ceremony.first).sections[z.CONTRIBUTIONS]),
        with_section(good, z.H, h[64:] + h[:64]),
        with_section(good, z.A, a[:-64] + a[:64]),
        with_section(good, z.L, encode_g1([(1, 2)]) + good.sections[z.L][64:]),
        file_of(replace(good, header=replace(good.header, delta1=(1, 2)))),
    ]
    keys = [ceremony.final, ceremony.first, *bent]
    theirs = snarkjs.verify_zkeys(r1cs, ceremony.prepared, keys)
    assert theirs == [accepted(key, r1cs, ceremony) for key in keys] == [True, True] + [False] * len(bent)


def test_hashes_are_those_that_snarkjs_prints(r1cs: bytes, ceremony: snarkjs.Ceremony) -> None:
    key = z.read_zkey(ceremony.final)
    powers = read_powers(ceremony.prepared, key.header.domain)
    report = check_ceremony(key, read_r1cs(r1cs), powers, z.read_zkey(ceremony.initial))
    assert [report.circuit_hash.hex(), *(one.hash.hex() for one in report.contributions)] == list(ceremony.hashes)
    assert report.circuit_hash_checked


def accepted(key: bytes, r1cs: bytes, ceremony: snarkjs.Ceremony) -> bool:
    try:
        zkey = z.read_zkey(key)
        check_ceremony(zkey, read_r1cs(r1cs), read_powers(ceremony.ptau, zkey.header.domain))
    except CryptoError:
        return False
    return True


def with_section(key: z.Zkey, number: int, data: bytes) -> bytes:
    return file_of(replace(key, sections={**key.sections, number: data}))


def file_of(key: z.Zkey) -> bytes:
    old = key.sections
    return z.write_zkey(z.zkey_sections(key.header, old[z.IC], old[z.COEFFICIENTS], old, old[z.CONTRIBUTIONS]))
