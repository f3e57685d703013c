"""`cluster asset` against a real chain of one validator: create, send, list."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chain.amount import show_units
from chain.types.scalars import MAX_UINT
from node.cli.amounts import parse_units
from node.cli.errors import BadArgument
from tests.support.one_node import one_node
from tests.unit.node.test_cli_chain import Terminal

NONE = "0x" + 64 * "7"


@pytest.fixture
async def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Terminal]:
    async with one_node(tmp_path) as node:
        yield Terminal(node, capsys)


async def test_create_send_and_list(terminal: Terminal) -> None:
    key, other = terminal.key("account0"), terminal.address("account1")
    status, made = await terminal.json("asset", "create", "gold", "1000.5", "--decimals", "2", "--key", key)
    assert status == 0
    asset = made["asset"]
    status, sent = await terminal.json("asset", "send", other, "0.25", asset, "--key", key, "--tip", "5n")
    assert (status, sent["receipt"]["events"][0]["amount"]) == (0, "25")
    assert (await terminal.json("asset", "send", other, "7u", asset, "--key", key))[0] == 0

    _, listed = await terminal.json("asset", "list")
    (only,) = listed["assets"]
    assert (only["id"], only["name"], only["decimals"], only["supply"]) == (asset, "gold", 2, "100050")
    _, held = await terminal.json("asset", "list", "--of", other)
    assert [(each["id"], each["balance"]) for each in held["assets"]] == [(asset, "32")]
    assert int(held["balance"]) > 0
    status, out, _ = await terminal.text(
        "asset", "list", "--of", terminal.address("account0"), "--rpc", terminal.node.url
    )
    assert status == 0 and "1,000.18 gold" in out and " CLU" in out
    assert (await terminal.text("asset", "list", "--rpc", terminal.node.url))[1].count(asset) == 1
    _, account = await terminal.json("query", "chain_getAccount", f"address={other}")
    assert (account["assets"], account["more_assets"]) == ([{"asset": asset, "balance": "32"}], False)


async def test_refusals_say_what_to_do(terminal: Terminal) -> None:
    key, other = terminal.key("account0"), terminal.address("account1")
    _, made = await terminal.json("asset", "create", "gold", "10", "--decimals", "0", "--key", key)
    asset = made["asset"]
    cases = [
        (("create", "CLU", "1"), "NotAnAssetName"),
        (("create", "silver", "0"), "NothingIssued"),
        (("create", "silver", "1", "--decimals", "19"), "BadArgument"),
        (("create", "silver", "1.5", "--decimals", "0"), "BadArgument"),
        (("send", other, "11", asset), "InsufficientBalance"),
        (("send", other, "0", asset), "NothingToTransfer"),
        (("send", other, "0.5", asset), "BadArgument"),
        (("send", other, "1", NONE), "UnknownAsset"),
        (("send", other, "1", "0x" + 64 * "0"), "UnknownAsset"),
        (("send", other, "1", "gold"), "BadArgument"),
        (("send", other, "1", asset[:-2]), "BadArgument"),
    ]
    for arguments, error in cases:
        status, refused = await terminal.json("asset", *arguments, "--key", key)
        assert (status, refused["error"]["name"]) == (1, error), arguments


MOST = str(MAX_UINT)
READ = [("1", 0, 1), ("1.5", 1, 15), ("1.5", 6, 1_500_000), ("0.000001", 6, 1), ("500u", 6, 500), (MOST, 0, MAX_UINT)]
REFUSED = ["", "u", ".5", "1.", "1.5u", "-1", "1e3", "1 000", "٣", "1.0000001", str(MAX_UINT + 1), "9" * 50]


@pytest.mark.parametrize(("text", "decimals", "units"), READ)
def test_units_are_read_exactly(text: str, decimals: int, units: int) -> None:
    assert parse_units(text, decimals, "amount") == units


@pytest.mark.parametrize("text", REFUSED)
def test_other_units_are_refused(text: str) -> None:
    with pytest.raises(BadArgument):
        parse_units(text, 6, "amount")


@pytest.mark.parametrize(
    ("units", "decimals", "text"),
    [(0, 0, "0 gold"), (1_234, 0, "1,234 gold"), (1_234, 2, "12.34 gold"), (1_200, 2, "12 gold"), (5, 3, "0.005 gold")],
)
def test_units_are_shown_exactly(units: int, decimals: int, text: str) -> None:
    assert show_units(units, decimals, "gold") == text
