"""Where a validator keeps bytes, and which of them are searched for what a private life must hide."""

import os
import secrets
import shutil
from pathlib import Path

import plyvel

from client.rpc import RpcClient
from compute.confidential.prover import Prover
from compute.dsl.compiled import Compiled
from crypto.field import SCALAR_FIELD
from crypto.keys import SecretKey
from node.demo.secrets import Secret, search
from tests.support.hidden_values import WIDE
from tests.support.private_life import Drawn, PrivateLife
from tests.support.small_chain import CLU

Place = dict[str, Path]  # a folder by what is in it


def draw() -> Drawn:
    """Anything that is wide enough not to be found by chance, and that nobody has drawn before."""
    deposits = (secrets.randbelow(2**62) + 2**61, secrets.randbelow(2**62) + 2**61)
    words = tuple(secrets.randbelow(SCALAR_FIELD - WIDE) + WIDE for _ in range(3))
    memo = f"for {secrets.token_hex(12)}".encode()
    given, sent = secrets.randbelow(2**60) + 2**60, secrets.randbelow(700 * CLU) + 100 * CLU
    return Drawn(deposits, (words[0], words[1], words[2]), given, sent, memo)


async def live(
    url: str,
    prover: Prover,
    compiled: Compiled,
    people: tuple[SecretKey, SecretKey],
    folder: Path,
    *,
    with_pool: bool = True,
) -> PrivateLife:
    """A private life behind the node at `url`; `folder` is its own machine's. What readers read is what was drawn."""
    drawn = draw()
    async with RpcClient(url) as rpc:
        life = PrivateLife(rpc, prover, folder, drawn, os.urandom, compiled)
        await life.live(*people, with_pool=with_pool)
        life.hidden.encrypted["memo" if with_pool else "word"] = drawn.memo if with_pool else drawn.words[2]
        assert await life.read(life.friend, "balance") == sum(drawn.deposits)
        assert await life.read(life.friend, "word") == drawn.words[2]
    return life


def dump(database: Path, folder: Path) -> Path:
    """All entries of a stopped node's database, in a file of `folder`: its own files cut long values, and keys.

    A copy is opened: LevelDB writes its files anew then, and would compress them unless told otherwise.
    """
    copy = shutil.copytree(database, folder / "copy")
    opened = plyvel.DB(str(copy), compression=None)
    try:
        with (folder / "entries.bin").open("wb") as file:
            for key, value in opened.iterator():
                file.write(key + value)
    finally:
        opened.close()
    shutil.rmtree(copy)
    return folder


def found_in(hidden: dict[str, Secret], folder: Path) -> set[str]:
    """The names of what stands in the clear in a folder, in which there is something to search."""
    found, searched = search(hidden, [folder])
    assert searched > 0, f"nothing is in {folder}"
    return {each.what for each in found}
