"""Four validators, a contract, a pool, real proofs: then every byte that a validator ever held or sent is searched.

The validators' own sealing at rest is off: it hides from a thief of a disk, and would hide from this search, what every
validator knows. So nothing but the sealing of contracts and notes stands between the secrets and the search. In the
second test that is switched off too, and everything else is the same.

`make secrecy` runs this alone and shows what was searched.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from compute.confidential.prover import Prover
from compute.dev_keys import DevKeys
from compute.dsl.compiled import Compiled, compile_contract
from node.demo.control import store_in_the_clear
from node.demo.secrets import search
from node.devnet.files import Network, Plan, create_network
from node.devnet.processes import Processes
from tests.support.devnet_scene import free_base_port
from tests.support.private_life import PrivateLife
from tests.support.savings import Savings
from tests.support.secrecy import dump, live
from tests.support.unsealed import unsealed

VALIDATORS = 4
LEAST_MIB = 5
NEVER_SENT = ("seed", "spending key", "reader key", "sk", "nk", "ak", "ivk", "t", "ovk", "full view", "incoming view")

pytestmark = pytest.mark.slow


@asynccontextmanager
async def recorded_network(root: Path) -> AsyncIterator[Network]:
    """A network whose validators record all that they send, receive and keep waiting, and log all that they can."""
    plan = Plan(VALIDATORS, "cluster-secrecy", 400, free_base_port(2 * VALIDATORS))
    network = create_network(root / "network", plan, time.time_ns() // 1_000_000)
    processes = Processes(network)
    for member in network.members:
        store_in_the_clear(network.home(member))
        processes.start(member, "--record", str(root / "recordings" / member.name))
    try:
        await processes.ready()
        yield network
    finally:
        await asyncio.to_thread(processes.stop_all)


async def lived(root: Path, keys: Path, compiled: Compiled) -> tuple[PrivateLife, dict[str, Path]]:
    """The life, and by what is in it every folder or file that is searched when all have stopped."""
    async with recorded_network(root) as network:
        accounts = network.accounts()
        people = (accounts["account0"].secret(), accounts["account1"].secret())
        prover = Prover(DevKeys(keys))
        life = await live(network.rpc_urls[0], prover, compiled, people, root / "own")
    places = {"logs": network.logs}
    for member in network.members:
        home, recordings = network.home(member), root / "recordings" / member.name
        places[f"{member.name} files"] = home.root
        places[f"{member.name} database entries"] = dump(home.database, root / "dumps" / member.name)
        places[f"{member.name} recordings"] = recordings
        assert {file.stem for file in recordings.iterdir()} >= {"pool", "payload-in", "payload-out"}
    return life, places


def found(life: PrivateLife, places: dict[str, Path]) -> dict[str, set[str]]:
    """The names of secrets in the clear, by the place, and among recordings the file, where they are."""
    hits: dict[str, set[str]] = {}
    total = 0
    for name, place in places.items():
        some, searched = search(life.hidden.all, [place])
        total += searched
        for hit in some:
            hits.setdefault(f"{name}: {hit.file.stem}" if "recordings" in name else name, set()).add(hit.what)
    print(f"\n{len(life.hidden.all)} secrets sought in {total / 2**20:.1f} MiB of {len(places)} places")
    assert total > LEAST_MIB * 2**20
    return hits


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


async def test_no_validator_ever_held_or_sent_what_a_contract_and_a_pool_hide(tmp_path: Path, keys: Path) -> None:
    life, places = await lived(tmp_path, keys, Savings.compiled)
    assert found(life, places) == {}


async def test_the_same_search_finds_it_when_sealing_is_switched_off(tmp_path: Path, keys: Path) -> None:
    with unsealed():
        life, places = await lived(tmp_path, keys, compile_contract(Savings.compiled.declaration))
    hits, encrypted = found(life, places), set(life.hidden.encrypted)
    assert hits["node0 recordings: rpc"] >= encrypted
    for index in range(VALIDATORS):
        links = (f"node{index} recordings: payload-in", f"node{index} recordings: payload-out")
        told = [hits[f"node{index} {what}"] for what in ("files", "database entries", "recordings: pool")]
        for place in (*told, hits[links[0]] | hits[links[1]]):
            assert place >= encrypted, encrypted - place
    kept = {f"{person}'s {key}" for person in ("owner", "friend") for key in NEVER_SENT}
    assert not kept & set().union(*hits.values())
