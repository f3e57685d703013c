"""Which circuits' keys a wallet knows: those that it made or was handed, and no other pool's."""

from pathlib import Path

from chain.types.scalars import VkId
from compute.confidential.prover import CircuitSource
from compute.dev_keys import DevKeys
from compute.shielded.pool_prover import PoolKeys
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit


def product() -> Circuit:
    cs = Builder()
    made = cs.public("made")
    cs.constrain(cs.private("x"), cs.private("y"), made)
    return cs.build()


SOURCE = CircuitSource("product", product)


def test_a_key_is_known_that_was_made_here_or_handed_over(tmp_path: Path) -> None:
    assert not PoolKeys(DevKeys(tmp_path), tmp_path / "pools", SOURCE).knows(VkId(bytes(32)))
    made = DevKeys(tmp_path).get(SOURCE.name, product)
    here = PoolKeys(DevKeys(tmp_path), tmp_path / "pools", SOURCE)
    assert here.knows(made.vk_id) and not here.knows(VkId(bytes(32)))
    away = PoolKeys(DevKeys(tmp_path / "away"), tmp_path / "away", SOURCE)
    assert not away.knows(made.vk_id)
    assert made.zkey is not None
    away.keep(made.zkey)
    assert away.knows(made.vk_id) and not away.knows(VkId(bytes(32)))
