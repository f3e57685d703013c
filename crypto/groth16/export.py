"""What leaves for other people's software, by the file names that snarkjs's documentation uses.

    verification_key.json proof.json public.json    snarkjs groth16 verify
    Verifier.sol                                    an Ethereum contract (crypto/groth16/solidity.py)
    circuit.r1cs witness.wtns                       snarkjs, arkworks, any prover of circom circuits

A `.zkey` needs no export: keys are kept in that form (compute/dev_keys.py), and `snarkjs groth16 prove` takes them.
"""

from collections.abc import Sequence
from typing import Final

from crypto.groth16.encoding import encode_evm_proof
from crypto.groth16.native import PreparedKey
from crypto.groth16.snarkjs import inputs_to_snarkjs, key_to_snarkjs, proof_to_snarkjs
from crypto.groth16.solidity import solidity_verifier
from crypto.groth16.types import Proof, VerifyingKey
from crypto.groth16.verify import verify
from crypto.r1cs.circuit import Circuit, Witness
from crypto.r1cs.r1cs_file import write_r1cs
from crypto.r1cs.wtns_file import write_wtns

KEY: Final = "verification_key.json"
PROOF: Final = "proof.json"
PUBLIC: Final = "public.json"
CONTRACT: Final = "Verifier.sol"
CONSTRAINTS: Final = "circuit.r1cs"
WITNESS: Final = "witness.wtns"

Files = dict[str, bytes]


def proof_files(key: VerifyingKey, proof: Proof, inputs: Sequence[int]) -> Files:
    """Key, proof and public inputs, if they hold: a false proof is not exported. Raises as `verify.verify`."""
    verify(PreparedKey(key), encode_evm_proof(proof), inputs)
    return {
        KEY: key_to_snarkjs(key).encode(),
        PROOF: proof_to_snarkjs(proof).encode(),
        PUBLIC: inputs_to_snarkjs(inputs).encode(),
    }


def key_files(key: VerifyingKey, contract_name: str = "Groth16Verifier") -> Files:
    """The key for snarkjs and as a contract. Raises as `solidity.solidity_verifier`."""
    return {KEY: key_to_snarkjs(key).encode(), CONTRACT: solidity_verifier(key, contract_name).encode()}


def circuit_files(circuit: Circuit, witness: Witness | None = None) -> Files:
    """Constraints, and a witness, which holds every secret input, if it is given."""
    files = {CONSTRAINTS: write_r1cs(circuit)}
    return files if witness is None else {**files, WITNESS: write_wtns(witness)}
