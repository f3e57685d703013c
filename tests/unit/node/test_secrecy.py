"""A contract's secrets are nowhere at a node that executes it; without sealing the same search finds each everywhere.

The long form, with a pool, real proofs and four processes, is tests/integration/test_secrecy.py.
"""

from pathlib import Path

import pytest

from client import wallet
from compute.dsl.compiled import Compiled, compile_contract
from tests.support.one_node import one_node
from tests.support.private_life import PrivateLife
from tests.support.savings import Savings
from tests.support.secrecy import dump, found_in, live
from tests.support.simulated_provers import SimulatedProver
from tests.support.unsealed import unsealed


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wallet, "POLL_SECONDS", 0.02)


async def lived(root: Path, compiled: Compiled) -> tuple[PrivateLife, list[Path]]:
    """The life, and the folders that are searched."""
    recordings = root / "recordings"
    async with one_node(root, recordings) as node:
        people = (node.secret("account0"), node.secret("account1"))
        life = await live(node.url, SimulatedProver(), compiled, people, root / "own", with_pool=False)
    return life, [node.home.data, dump(node.home.database, root / "dump"), recordings]


async def test_a_node_never_holds_what_a_contract_hides(tmp_path: Path) -> None:
    life, places = await lived(tmp_path, Savings.compiled)
    assert [found_in(life.hidden.all, place) for place in places] == [set()] * len(places)
    assert {file.name for file in places[-1].iterdir()} == {"rpc.bin", "pool.bin"}


@pytest.mark.slow
async def test_without_sealing_all_that_was_encrypted_is_found(tmp_path: Path) -> None:
    with unsealed():
        life, places = await lived(tmp_path, compile_contract(Savings.compiled.declaration))
    encrypted = set(life.hidden.encrypted)
    for place in places:
        found = found_in(life.hidden.all, place)
        assert found >= encrypted, (place.name, encrypted - found)
        assert not any(name.endswith(("'s sk", "'s seed", "'s nk", "'s reader key")) for name in found)
