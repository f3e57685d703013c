"""What a prediction costs a chain when many rows share a proof: one task of so many rows, on a chain in this process.

Real transactions with a real proof: open, lock and settle, executed and committed. Chain bytes are those of the three;
state bytes are the keys and values that are there after the task is settled and were not before. Both grow by 32 bytes
for every 253 bits of result, and by nothing for a row: rows travel apart from the chain, under one commitment.
"""

import asyncio
import os
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.proofs.case import VERIFICATIONS, Row, cpu_of, timed
from benchmarks.proofs.models import split
from chain.state.keys import Key
from chain.types.scalars import Amount
from chain.types.transaction import Transaction
from client.market import get_task
from client.provider import registration
from compute.dev_keys import CircuitKeys
from compute.zkml.buyer import Buyer, open_answer
from compute.zkml.compiled import Compiled, Settings, compile
from compute.zkml.example_models import SEED
from compute.zkml.inference import ENCRYPTED
from compute.zkml.prover import InferenceProver, prove_result
from compute.zkml.publish import Listing, publish
from contracts.tasks.actions import Lock
from contracts.tasks.state import SETTLED
from crypto.groth16 import PreparedKey, verify
from tests.support.chain_rpc import ChainRpc
from tests.support.inference_market import OFFER, OWNER, PROVIDER, REQUESTER
from tests.support.small_chain import CLU, secret

BITS: Final = 5
NAME: Final = "tumours"


def batch(rows: int) -> Row:
    """One line about tasks of so many rows: logistic regression on 30 features, private rows, the class encrypted."""
    compiled, table = tumour_classes(rows)
    with TemporaryDirectory() as folder:
        keys = compiled.setup(Path(folder)).keys
        found = asyncio.run(_task(compiled, keys, table, Path(folder)))
    return {
        "batch": "breast cancer, logistic regression, 30 features, class only, private rows, encrypted result",
        "rows": rows,
        **{f"{name}_per_prediction": _short(value / rows) for name, value in found.items()},
        "constraints": len(compiled.circuit.constraints),
        "public_inputs": 3 + compiled.manifest.elements,
        "load": round(os.getloadavg()[0], 1),
    }


def tumour_classes(rows: int) -> tuple[Compiled, list[list[float]]]:
    """The model, and so many rows of the data set, again from the first when they are used up."""
    data = load_breast_cancer()
    train, held_out, targets, labels = split(data.data, data.target)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, random_state=SEED)).fit(train, targets)
    settings = Settings(results=ENCRYPTED, rows=rows, bits=BITS, class_only=True)
    compiled = compile(model, data.data, rows=held_out, labels=labels, settings=settings)
    return compiled, [data.data[number % len(data.data)].tolist() for number in range(rows)]


async def _task(compiled: Compiled, keys: CircuitKeys, rows: list[list[float]], folder: Path) -> dict[str, float]:
    """Chain bytes, state bytes, CPU of verification and of proving of one whole task."""
    rpc = ChainRpc()
    async with rpc.running():
        listing = Listing(NAME, "1", "thirty measurements")
        await publish(await rpc.wallet(OWNER), compiled.provable, keys, listing, folder / "models")
        provider, requester = await rpc.wallet(PROVIDER), await rpc.wallet(REQUESTER)
        await provider.submit([registration(secret(PROVIDER), Amount(10 * CLU), Amount(1))])
        before, sent = _state(rpc), len(rpc.submitted)
        buyer = Buyer(requester, inputs=folder / "rows")
        receipt = await buyer.post(await buyer.order(NAME, OFFER), *rows)
        await provider.submit([Lock(receipt.task)])
        state = await get_task(rpc, receipt.task)
        prover = InferenceProver(compiled.provable, keys)
        seconds, settle = timed(lambda: prove_result(prover, provider, state.task, receipt.input))
        await provider.submit([settle])
        done = await get_task(rpc, receipt.task)
        assert done.phase == SETTLED and len(rpc.submitted) == sent + 3
        answer = open_answer(receipt, done.task, compiled.manifest)
        assert answer.equals_reference(compiled.provable.model)
        kept = {key: value for key, value in _state(rpc).items() if key not in before}
        return {
            "chain_bytes": sum(len(transaction.raw) for transaction in rpc.submitted[sent:]),
            "verify_ms": 1000 * _verification(keys, rpc.submitted[-1]),
            "state_bytes": sum(len(key) + len(value) for key, value in kept.items()),
            "prove_cpu_s": median(seconds),
        }


def _state(rpc: ChainRpc) -> dict[Key, bytes]:
    return dict(rpc.chain.store.iterate(Key(b"")))


def _verification(keys: CircuitKeys, transaction: Transaction) -> float:
    """Median CPU seconds of a settlement's proof, its public inputs included."""
    prepared, ((claim,),) = PreparedKey(keys.verifying), transaction.claims
    return median(cpu_of(lambda: verify(prepared, claim.evidence, claim.inputs)) for _ in range(VERIFICATIONS))


def _short(value: float) -> float:
    return float(f"{value:.4g}")
