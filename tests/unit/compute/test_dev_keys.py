"""Keys on disk: a development setup's `.zkey` proves, loads whole or not at all, and gives way to a ceremony's."""

from hashlib import sha256
from pathlib import Path

import pytest

from compute.dev_keys import CEREMONY, FOLDER, CircuitKeys, DevKeys, keys_in_memory
from compute.errors import KeysNotKept
from compute.setup_processes import multiply
from crypto.groth16 import FalseProof, PreparedKey, check_key, compress_proof, verify
from crypto.groth16.dev_setup import development_zkey, read_development_zkey
from crypto.groth16.errors import ForgeableKey
from crypto.groth16.key_file_errors import (
    AnotherCircuit,
    DamagedKeyFile,
    FalseContribution,
    InconsistentKey,
    NotADevelopmentKey,
)
from crypto.groth16.zkey_check import load_zkey
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.r1cs_file import read_r1cs, write_r1cs
from crypto.r1cs.wtns_file import write_wtns
from tests.support.make_ceremony_vector import load
from tests.support.tiny_circuit import PRODUCT_R1CS, product_witness

HASH = sha256(PRODUCT_R1CS).digest()
CIRCUIT = read_r1cs(PRODUCT_R1CS)


def product() -> Circuit:
    """The circuit of the vectors' ceremony, by our builder: product = x y, with y squared beside it."""
    cs = Builder()
    product, x = cs.public("product"), cs.public("x")
    y = cs.private("y")
    cs.constrain(x, y, product)
    cs.mul(y, y)
    return cs.build()


def file(keys: CircuitKeys) -> Path:
    assert keys.zkey is not None
    return keys.zkey


@pytest.fixture(scope="module")
def zkey() -> bytes:
    return development_zkey(CIRCUIT.constraints, CIRCUIT.cell_count, CIRCUIT.public_count, HASH)


@pytest.fixture
def keys(tmp_path: Path) -> DevKeys:
    return DevKeys(tmp_path)


def test_a_development_key_proves_and_passes_every_check(keys: DevKeys) -> None:
    made = keys.get("product", product)
    _, verifying = load_zkey(file(made).read_bytes())
    check_key(verifying, public_inputs=2)
    assert (verifying, made.ceremony) == (made.verifying, False)
    witness = made.circuit.solve({"product": 42, "x": 6, "y": 7})
    proof = compress_proof(made.proving.prove(write_wtns(witness)))
    verify(PreparedKey(verifying), proof, (42, 6))
    with pytest.raises(FalseProof):
        verify(PreparedKey(verifying), proof, (43, 6))


def test_two_setups_share_nothing(zkey: bytes) -> None:
    again = development_zkey(CIRCUIT.constraints, CIRCUIT.cell_count, CIRCUIT.public_count, HASH)
    one, two = read_development_zkey(zkey, HASH), read_development_zkey(again, HASH)
    assert not {one.alpha, one.beta, one.delta, *one.ic} & {two.alpha, two.beta, two.delta, *two.ic}


def test_several_processes_make_the_same_points() -> None:
    jobs = [(False, [1, 2, 0, 3, 5]), (True, [0, 7]), (False, [])]
    assert multiply(jobs, processes=2) == multiply(jobs, processes=1)


def test_any_changed_byte_is_noticed(zkey: bytes) -> None:
    for place in (200, 900, len(zkey) // 2, len(zkey) - 5):
        bent = zkey[:place] + bytes([zkey[place] ^ 1]) + zkey[place + 1 :]
        with pytest.raises(NotADevelopmentKey):
            read_development_zkey(bent, HASH)
    with pytest.raises(NotADevelopmentKey):
        read_development_zkey(zkey, sha256(b"another circuit").digest())


@pytest.mark.parametrize("data", [None, b"", b"junk", "half", "ceremony"])
def test_a_file_that_is_not_the_key_is_refused(data: bytes | str | None, keys: DevKeys, tmp_path: Path) -> None:
    path = file(keys.get("product", product))
    if data is None:
        path.unlink()
        path.mkdir()
    else:
        good = path.read_bytes()
        other = {"half": good[: len(good) // 2], "ceremony": load().final}
        path.write_bytes(data if isinstance(data, bytes) else other[data])
    with pytest.raises(DamagedKeyFile, match=str(path)):
        DevKeys(tmp_path).get("product", product)


def test_nothing_half_written_stays(keys: DevKeys, tmp_path: Path) -> None:
    path = file(keys.get("product", product))
    assert list((tmp_path / FOLDER).iterdir()) == [path]


def test_a_ceremonys_key_is_taken_before_ones_own(keys: DevKeys, tmp_path: Path) -> None:
    own = keys.get("product", product)
    imported = keys.import_ceremony("product", product(), load().final)
    assert imported.vk_id != own.vk_id
    for found in (keys.get("product", product), DevKeys(tmp_path).find("product", product())):
        assert found is not None and (found.ceremony, found.vk_id) == (True, imported.vk_id)
    proof = compress_proof(imported.proving.prove(product_witness(x=6, y=7)))
    verify(PreparedKey(imported.verifying), proof, (42, 6))
    elsewhere = DevKeys(tmp_path / "elsewhere")
    elsewhere.put(imported)
    found = elsewhere.find("product", product())
    assert found is not None and file(found).parent.name == CEREMONY


def test_a_ceremonys_key_is_checked_before_it_is_kept(keys: DevKeys, tmp_path: Path) -> None:
    with pytest.raises(ForgeableKey):
        keys.import_ceremony("product", product(), load().initial)
    with pytest.raises(InconsistentKey, match="contribution"):  # nobody's word but one's own
        keys.import_ceremony("product", product(), file(keys.get("product", product)).read_bytes())
    with pytest.raises(FalseContribution):
        keys.import_ceremony("product", product(), load().final.replace(b"\1\5drand\2\12", b"\1\5drand\2\13"))

    def sum_of_squares() -> Circuit:
        cs = Builder()
        total, y = cs.public("total"), cs.private("y")
        cs.constrain(y, y, total)
        return cs.build()

    with pytest.raises(AnotherCircuit):
        keys.import_ceremony("product", sum_of_squares(), load().final)
    assert not (tmp_path / CEREMONY).exists()
    keys.import_ceremony("product", product(), load().final)
    with pytest.raises(DamagedKeyFile, match="another ceremony"):
        keys.import_ceremony("product", product(), load().first)


def test_keys_in_memory_prove_and_leave_no_file(tmp_path: Path) -> None:
    made = keys_in_memory("product", product())
    assert (made.zkey, made.ceremony) == (None, False)
    assert made.r1cs_hash == sha256(write_r1cs(product())).digest()
    check_key(made.verifying, public_inputs=2)
    witness = made.circuit.solve({"product": 42, "x": 6, "y": 7})
    verify(PreparedKey(made.verifying), compress_proof(made.proving.prove(write_wtns(witness))), (42, 6))
    assert keys_in_memory("product", product()).vk_id != made.vk_id
    with pytest.raises(KeysNotKept, match=r"setup\(folder\)"):
        DevKeys(tmp_path / "elsewhere").put(made)
    assert list(tmp_path.iterdir()) == []
