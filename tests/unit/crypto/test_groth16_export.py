"""What leaves for other software: no false proof, no contract for a bad key, files that are read back as they were."""

import json
from dataclasses import replace

import pytest

from crypto.field import SCALAR_FIELD
from crypto.groth16 import (
    FalseProof,
    inputs_from_snarkjs,
    key_from_snarkjs,
    proof_from_snarkjs,
    setup,
)
from crypto.groth16 import export as x
from crypto.groth16.errors import ForgeableKey, InputOutOfRange, UnusableContractName
from crypto.groth16.solidity import solidity_arguments, solidity_verifier
from crypto.r1cs.builder import Builder
from crypto.r1cs.r1cs_file import read_r1cs
from crypto.r1cs.wtns_file import read_wtns
from tests.support.tiny_circuit import PRODUCT_R1CS, product_witness

PROVING, KEY = setup(PRODUCT_R1CS)
PROOF = PROVING.prove(product_witness(x=6, y=7))


def test_proof_key_and_inputs_are_read_back() -> None:
    files = x.proof_files(KEY, PROOF, (42, 6))
    assert set(files) == {x.KEY, x.PROOF, x.PUBLIC}
    assert key_from_snarkjs(files[x.KEY].decode()) == KEY
    assert proof_from_snarkjs(files[x.PROOF].decode()) == PROOF
    assert inputs_from_snarkjs(files[x.PUBLIC].decode()) == (42, 6)


def test_a_false_proof_is_not_exported() -> None:
    with pytest.raises(FalseProof):
        x.proof_files(KEY, PROOF, (43, 6))
    with pytest.raises(InputOutOfRange):
        x.proof_files(KEY, PROOF, (42 + SCALAR_FIELD, 6))


def test_constraints_and_witness_are_read_back() -> None:
    cs = Builder()
    total, y = cs.public("total"), cs.private("y")
    cs.constrain(y, y, total)
    circuit = cs.build()
    witness = circuit.solve({"total": 49, "y": 7})
    files = x.circuit_files(circuit, witness)
    assert read_r1cs(files[x.CONSTRAINTS]).cell_count == circuit.cell_count
    assert read_wtns(files[x.WITNESS], 1) == witness
    assert set(x.circuit_files(circuit)) == {x.CONSTRAINTS}  # secrets leave only when they are handed over


def test_a_contract_names_every_constant_of_its_key() -> None:
    source = x.key_files(KEY, "Product")[x.CONTRACT].decode()
    numbers = [*KEY.alpha, *(c for ic in KEY.ic for c in ic)]
    numbers += [c for twist in (KEY.beta, KEY.gamma, KEY.delta) for coordinate in twist for c in coordinate]
    assert [number for number in numbers if str(number) not in source] == []
    assert "contract Product {" in source and "uint256[2] calldata input" in source


def test_no_contract_is_written_for_a_forgeable_key() -> None:
    with pytest.raises(ForgeableKey):
        solidity_verifier(replace(KEY, delta=KEY.gamma))


@pytest.mark.parametrize("name", ["", "1st", "A B", "A{}", "Ä", "x" * 65])
def test_a_contract_has_a_name_of_solidity(name: str) -> None:
    with pytest.raises(UnusableContractName):
        solidity_verifier(KEY, name)


def test_arguments_are_in_the_order_of_the_precompiles() -> None:
    a, b, c, inputs = json.loads(f"[{solidity_arguments(PROOF, (42, 6))}]")
    assert [int(word, 16) for word in (*a, *c, *inputs)] == [*PROOF.a, *PROOF.c, 42, 6]
    assert [[int(word, 16) for word in pair] for pair in b] == [list(pair[::-1]) for pair in PROOF.b]
    with pytest.raises(InputOutOfRange):
        solidity_arguments(PROOF, (42, SCALAR_FIELD))
