"""The examples run."""

from pathlib import Path

from chain.types.scalars import Amount
from examples.transfer import transfer
from tests.support.one_node import one_node


async def test_transfer(tmp_path: Path) -> None:
    async with one_node(tmp_path) as node:
        for paid in (1, 2):
            balance = await transfer(node.url, node.secret("account0"), node.home.genesis_file, Amount(10**9))
            assert balance == paid * 10**9
