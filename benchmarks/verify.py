"""How long does a validator take to verify one proof? Prints one JSON line; all times are medians of one run.

Ours is what a validator does with a transaction's evidence: strict decoding, look-up of the prepared key by vk_id, the
statement's context, the rules for inputs, the pairing check. It alternates with the bare
library, groth16py, on the same key, proof and full-width inputs. snarkjs runs in its own Node.js process, py_ecc under
our range and subgroup checks. `ours_ms` takes proofs as they stand on chain, 128 bytes compressed, whose points cost
square roots; `ours_evm_ms` those of 256 bytes in EVM order.
"""

import json
from collections.abc import Callable
from statistics import median
from time import perf_counter

import groth16py

from chain.execution.statement import context_element
from chain.types.scalars import AccountId, Amount, ChainId, Hash, Height, Nonce, ObjectId, VkId
from chain.types.transaction import FROM_ACCOUNT, Envelope, FeeSource
from crypto.groth16 import (
    BatchItem,
    KeyCache,
    Proof,
    VerifyingKey,
    compress_key,
    compress_proof,
    encode_evm_proof,
    key_id,
    key_to_snarkjs,
    reference,
    verify,
    verify_batch,
)
from crypto.groth16.types import SCALAR_FIELD
from tests.support import snarkjs
from tests.support.trapdoor import Trapdoor

PUBLIC_INPUTS = 8
ROUNDS = 200
BATCH = 64
BATCH_ROUNDS = 5
REFERENCE_ROUNDS = 3
SNARKJS_ROUNDS = 40

Inputs = tuple[int, ...]


def main() -> None:
    trapdoor = Trapdoor.random(PUBLIC_INPUTS, seed=1)
    key = trapdoor.key()
    inputs = [
        tuple(SCALAR_FIELD - 1 - (7 + n) ** (i + 40) % SCALAR_FIELD for i in range(PUBLIC_INPUTS)) for n in range(BATCH)
    ]
    proofs = [trapdoor.prove(row, seed=n) for n, row in enumerate(inputs)]
    single = measure_single(key, proofs[0], inputs[0])
    py_ecc_ms = measure(lambda: reference.verify(key, encode_evm_proof(proofs[0]), inputs[0]), REFERENCE_ROUNDS)
    result = {
        **single,
        "ours_batch64_ms_per_proof": measure_batch(key, proofs, inputs),
        "py_ecc_ms": py_ecc_ms,
        "snarkjs_ms": measure_snarkjs(key, proofs[0], inputs[0]),
        "ratio_py_ecc": py_ecc_ms / single["ours_ms"],
        "ratio_groth16py": single["ours_ms"] / single["groth16py_ms"],
        "public_inputs": PUBLIC_INPUTS,
    }
    print(json.dumps({name: round(value, 3) if isinstance(value, float) else value for name, value in result.items()}))


def measure_single(key: VerifyingKey, proof: Proof, inputs: Inputs) -> dict[str, float]:
    """Ours in both encodings and the bare library, taking turns so that all meet the same load."""
    stored, evm, compressed = compress_key(key), encode_evm_proof(proof), compress_proof(proof)
    cache, vk_id, transaction = KeyCache(), key_id(stored), envelope()
    bare = groth16py.Verifier(groth16py.VerifyingKey.from_snarkjs(key_to_snarkjs(key)))

    def ours(data: bytes) -> Callable[[], None]:
        def run() -> None:
            context_element(transaction, "tasks", ObjectId(bytes(32)), "settle", VkId(vk_id), (1,))
            verify(cache.get(vk_id, lambda _: stored), data, inputs)

        return run

    runs: dict[str, Callable[[], object]] = {
        "ours_ms": ours(compressed),
        "groth16py_ms": lambda: bare.verify(evm, inputs),
        "ours_evm_ms": ours(evm),
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            times[name].append(timed(run))
    return {name: median(values) for name, values in times.items()}


def envelope() -> Envelope:
    """What the context of a proof is computed from."""
    return Envelope(
        chain_id=ChainId("cluster-benchmark"),
        genesis_hash=Hash(bytes(32)),
        fork_id=Hash(bytes(32)),
        fee_source=FeeSource(FROM_ACCOUNT, AccountId(bytes(32))),
        nonce=Nonce(7),
        expiry_height=Height(1_000),
        fee_limit=Amount(1_000_000),
        tip=Amount(1_000),
        actions=(),
    )


def measure_batch(key: VerifyingKey, proofs: list[Proof], inputs: list[Inputs]) -> float:
    stored = compress_key(key)
    prepared = KeyCache().get(key_id(stored), lambda _: stored)
    items = [BatchItem(prepared, compress_proof(p), row) for p, row in zip(proofs, inputs, strict=True)]
    return measure(lambda: verify_batch(items), BATCH_ROUNDS) / len(items)


def measure_snarkjs(key: VerifyingKey, proof: Proof, inputs: Inputs) -> float | None:
    if not snarkjs.installed():
        return None
    return snarkjs.verify(key, [(proof, inputs)], repeat=SNARKJS_ROUNDS).ms


def measure(run: Callable[[], object], rounds: int) -> float:
    """The median in milliseconds."""
    return median(timed(run) for _ in range(rounds))


def timed(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return (perf_counter() - start) * 1e3


if __name__ == "__main__":
    main()
