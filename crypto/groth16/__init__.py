"""Groth16 over BN254: strict encodings, key checks, verification, proving.

A validator calls `verify(cache.get(vk_id, load), proof, inputs)`; what it refuses has a Groth16Error of its own.
"""

from crypto.groth16.batch import BatchItem, verify_batch
from crypto.groth16.encoding import (
    COMPRESSED_PROOF_BYTES,
    EVM_PROOF_BYTES,
    KeyId,
    compress_key,
    compress_proof,
    compressed_key_bytes,
    decode_evm_proof,
    decode_proof,
    decompress_key,
    decompress_proof,
    encode_evm_proof,
    key_id,
)
from crypto.groth16.errors import FalseProof, Groth16Error
from crypto.groth16.keycheck import check_key
from crypto.groth16.keys import KeyCache
from crypto.groth16.native import BACKEND, PreparedKey, ProvingKey, setup
from crypto.groth16.snarkjs import (
    inputs_from_snarkjs,
    inputs_to_snarkjs,
    key_from_snarkjs,
    key_to_snarkjs,
    proof_from_snarkjs,
    proof_to_snarkjs,
)
from crypto.groth16.types import MAX_PUBLIC_INPUTS, Proof, VerifyingKey
from crypto.groth16.verify import verify

__all__ = [
    "BACKEND",
    "COMPRESSED_PROOF_BYTES",
    "EVM_PROOF_BYTES",
    "MAX_PUBLIC_INPUTS",
    "BatchItem",
    "FalseProof",
    "Groth16Error",
    "KeyCache",
    "KeyId",
    "PreparedKey",
    "Proof",
    "ProvingKey",
    "VerifyingKey",
    "check_key",
    "compress_key",
    "compress_proof",
    "compressed_key_bytes",
    "decode_evm_proof",
    "decode_proof",
    "decompress_key",
    "decompress_proof",
    "encode_evm_proof",
    "inputs_from_snarkjs",
    "inputs_to_snarkjs",
    "key_from_snarkjs",
    "key_id",
    "key_to_snarkjs",
    "proof_from_snarkjs",
    "proof_to_snarkjs",
    "setup",
    "verify",
    "verify_batch",
]
