"""Circom programs on a chain: a bound one through an ordinary worker, an unbound one by its locker; circom2 agrees."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import groth16py
import pytest

from chain.types.scalars import FieldElement, ObjectId, ProgramId, Uint
from client.errors import RpcFailed
from client.inference import PrivateInput, Recipient, input_commitment, open_result, prepare_input
from client.market import get_program, get_task, list_providers
from client.results import chain_status
from compute.circom import program as p
from compute.circom.compiler import TEMPLATES, Compiled, compile_circom, load_compiled
from compute.circom.errors import NoWitness, WrongSignals
from compute.circom.publish import publish_circom
from compute.circom.witness import WitnessCalculator
from compute.dev_keys import CircuitKeys, DevKeys
from compute.worker import job
from compute.zkml.errors import ModelFileUnusable
from compute.zkml.publish import Listing
from contracts.tasks.actions import Open
from crypto.groth16 import decode_proof
from tests.support import snarkjs
from tests.support.chain_rpc import ChainRpc
from tests.support.inference_market import OFFER, OWNER, PROVIDER, REQUESTER, Market

pytestmark = pytest.mark.peers
pytest.importorskip("wasmtime", reason="the extra circom is not installed")

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "circom" / "polynomial.circom"
ROW, SALT = (10, 20), 99
VALUES = [3 * 10**3 + 2 * 10 * 20 + 7, 30]
PLAIN = """pragma circom 2.0.0;
template Sum() { signal input x; signal input y; signal output commitment; signal output total;
    commitment <== x * x + y; total <== x * y; }
component main = Sum();
"""


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_circom(EXAMPLE)


@pytest.fixture(scope="module")
def keys(compiled: Compiled, tmp_path_factory: pytest.TempPathFactory) -> CircuitKeys:
    return p.circom_keys(DevKeys(tmp_path_factory.mktemp("keys")), compiled)


MANIFEST = p.bound_manifest("polynomial", 2, 16, 2, ROW)


def test_the_template_says_what_a_task_asks_for(compiled: Compiled, keys: CircuitKeys) -> None:
    prover = p.CircomProver(compiled, MANIFEST, keys)
    proven = prover.prove(5, 77, ROW, SALT)
    assert list(proven.outputs) == list(prover.outputs(77, ROW, SALT))
    public = (5, 77, input_commitment(ROW, 16, SALT), *proven.outputs)
    if snarkjs.installed():
        verdicts = snarkjs.verify(keys.verifying, [(decode_proof(proven.proof), public)]).valid
        assert verdicts == [True]
    with pytest.raises(NoWitness, match="assertion"):
        prover.prove(5, 77, (10, 65_536), SALT)
    with pytest.raises(WrongSignals, match="commitment"):
        p.CircomProver(compiled, replace(MANIFEST, input_bits=15), keys).prove(5, 77, ROW, SALT)


@pytest.mark.parametrize("count", [1, 15, 16, 40])
def test_commitments_of_any_length_are_ours(count: int, tmp_path: Path) -> None:
    """253-bit values: one to an element, so that several permutations are chained."""
    source = tmp_path / "long.circom"
    source.write_text(f'pragma circom 2.0.0; include "commitment.circom"; component main = ClusterCommitment({count});')
    made = compile_circom(source)
    row = [2**252 + i for i in range(count)]
    witness = WitnessCalculator(made.wasm).solve({"salt": SALT, "elements": row}, made.circuit.public_count)
    assert witness.public == (input_commitment(row, 253, SALT),)


@pytest.mark.skipif(not snarkjs.installed("circom2"), reason="circom2 is not installed: run tests/peers/setup.sh")
def test_circom2_makes_the_same_circuit(compiled: Compiled, tmp_path: Path) -> None:
    for folder in (Path(groth16py.circomlib_path(2)), TEMPLATES):
        for path in folder.glob("*.circom"):
            shutil.copy(path, tmp_path)
    shutil.copy(EXAMPLE, tmp_path)
    script = Path(__file__).parent / "circom_compile.mjs"
    subprocess.run([snarkjs.node() or "node", script, tmp_path, EXAMPLE.name], check=True, capture_output=True)
    theirs = load_compiled(tmp_path / "polynomial.r1cs", tmp_path / "polynomial_js" / "polynomial.wasm")
    inputs = {"context": 5, "task_element": 77, "row": list(ROW), "salt": SALT}
    witness = WitnessCalculator(theirs.wasm).solve(inputs, theirs.circuit.public_count)
    theirs.circuit.check(witness)
    assert witness.public == WitnessCalculator(compiled.wasm).solve(inputs, 5).public
    assert len(theirs.circuit.constraints) >= len(compiled.circuit.constraints)


@pytest.mark.skipif(not snarkjs.installed("circom2"), reason="circom2 is not installed: run tests/peers/setup.sh")
def test_a_ceremonys_key_of_circom2s_constraints_proves(tmp_path: Path) -> None:
    """What most circom authors have: circom's .r1cs and .wasm, and snarkjs's .zkey."""
    (tmp_path / "sum.circom").write_text(PLAIN)
    script = Path(__file__).parent / "circom_compile.mjs"
    subprocess.run([snarkjs.node() or "node", script, tmp_path, "sum.circom"], check=True, capture_output=True)
    theirs = load_compiled(tmp_path / "sum.r1cs", tmp_path / "sum_js" / "sum.wasm")
    ceremony = snarkjs.zkeys((tmp_path / "sum.r1cs").read_bytes(), power=4)
    keys = DevKeys(tmp_path).import_ceremony(p.KEY_NAME, theirs.circuit, ceremony.final)
    assert p.circom_keys(DevKeys(tmp_path), theirs).vk_id == keys.vk_id
    public, proof = p.CircomProver(theirs, p.unbound_manifest("sum", 1), keys).prove_signals({"x": 6, "y": 7})
    assert public == (43, 42)
    assert snarkjs.verify(keys.verifying, [(decode_proof(proof), public)]).valid == [True]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.wallet.POLL_SECONDS", 0.005)
    monkeypatch.setattr(job, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr("compute.worker.worker.REST_SECONDS", 0.0)


@pytest.mark.usefixtures("hurried")
async def test_a_worker_proves_a_circom_program(compiled: Compiled, keys: CircuitKeys, tmp_path: Path) -> None:
    rpc, models = ChainRpc(), tmp_path / "models"
    async with rpc.running():
        listing = Listing("polynomial", "1", "somebody's polynomial")
        published = await publish_circom(await rpc.wallet(OWNER), compiled, MANIFEST, keys, listing, models)
        market = Market(rpc, models, keys, published)
        async with market.worker():
            await market.until("started")
            task = await post(rpc, published.program)
            await market.until("settled")
        result = (await get_task(rpc, task)).task.result
        assert result is not None and open_result(SALT, task, result.outputs) == VALUES
        record = (await get_program(rpc, published.program)).record
        for name in (p.MANIFEST_FILE, p.R1CS_FILE, p.WASM_FILE):
            (published.folder / name).write_bytes(b"junk")
            with pytest.raises(ModelFileUnusable):
                p.load_circom(models, record)
            p.save_circom(models, compiled, MANIFEST, keys)
        assert p.load_circom(models, record)[0] == MANIFEST
        with pytest.raises(ModelFileUnusable, match="unbound"):
            p.load_circom(models, replace(record, bound=False, outputs=Uint(record.outputs + 2)))


@pytest.mark.usefixtures("hurried")
async def test_an_unbound_program_is_settled_by_its_locker_alone(tmp_path: Path) -> None:
    source = tmp_path / "sum.circom"
    source.write_text(PLAIN)
    made = compile_circom(source)
    keys = p.circom_keys(DevKeys(tmp_path), made)
    manifest = p.unbound_manifest("sum", 1)
    rpc = ChainRpc()
    async with rpc.running():
        listing = Listing("sum", "1", "x y, of x and y with x x + y known")
        with pytest.raises(WrongSignals):
            wrong = p.unbound_manifest("sum", 2)
            await publish_circom(await rpc.wallet(OWNER), made, wrong, keys, listing, tmp_path)
        published = await publish_circom(await rpc.wallet(OWNER), made, manifest, keys, listing, tmp_path)
        market = Market(rpc, tmp_path, keys, published)
        provider, other = await market.bond(PROVIDER), await market.bond(OWNER)
        task = await post(rpc, published.program, commitment=FieldElement(6 * 6 + 7))
        state = await market.lock(provider, task)
        prover = p.CircomProver(made, manifest, keys)
        with pytest.raises(WrongSignals, match="input commitment"):
            p.prove_unbound(prover, state.task, {"x": 5, "y": 7})
        settle = p.prove_unbound(prover, state.task, {"x": 6, "y": 7})
        assert settle.outputs == (42,)
        with pytest.raises(RpcFailed) as copied:
            await other.submit([settle])
        assert copied.value.name == "NotTheLocker"
        await provider.submit([settle])
        result = (await get_task(rpc, task)).task.result
        assert result is not None and result.outputs == (42,)


async def post(rpc: ChainRpc, program: ProgramId, commitment: FieldElement | None = None) -> ObjectId:
    """A task on the row, sealed to whoever is bonded; or with a commitment of another kind."""
    wallet, status = await rpc.wallet(REQUESTER), await chain_status(rpc)
    to = [Recipient(entry.record.account, entry.record.encryption_key) for entry in await list_providers(rpc)]
    prepared = prepare_input(PrivateInput(ROW, 16, SALT), wallet.account, program, to)
    terms = OFFER.terms(program, commitment or prepared.commitment, status.height, status.params)
    outcome = await wallet.submit([Open(terms, prepared.sealed_input, prepared.recipients)])
    return ObjectId(bytes.fromhex(outcome.events[0]["task"][2:]))
