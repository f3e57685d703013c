"""Commands about notes where there is no pool yet, and everything that they refuse.

Payments are tested with real proofs in tests/integration/test_private_payments.py.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from client.notes.address import parse_address
from client.notes.keys import parse_view_key, spending_key
from node.cli.frame import execute
from node.cli.money import CLU, Money
from node.cli.note_wallets import memo_text
from tests.support.one_node import OneNode, one_node

ELSEWHERE = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLUSTER_HOME", str(tmp_path))
    seed = tmp_path / "seed"
    seed.write_text("07" * 32)
    assert execute(["keys", "import", "me", "--seed-file", str(seed), "--unprotected", "--json"]) == 0
    return tmp_path


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[OneNode]:
    async with one_node(tmp_path) as running:
        yield running


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, Any]:
    capsys.readouterr()
    status = execute([*argv, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_an_address_is_the_accounts_and_has_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    view = spending_key(b"\x07" * 32).full_view()
    for number in (0, 3):
        shown = run(capsys, "address", "--key", "me", "--number", str(number))[1]
        assert parse_address(shown["address"]) == view.incoming.address(number)
        assert "view_key" not in shown
    assert run(capsys, "address", "--key", "me", "--number", "-1")[1]["error"]["name"] == "AddressIndexRange"


@pytest.mark.parametrize("kind", ["full", "incoming", "outgoing"])
def test_a_view_key_is_shown_when_it_is_asked_for(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    view = spending_key(b"\x07" * 32).full_view()
    shown = run(capsys, "address", "--key", "me", "--view-key", kind)[1]["view_key"]
    assert parse_view_key(shown) == {"full": view, "incoming": view.incoming, "outgoing": view.outgoing}[kind]


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (("notes",), "BadArgument"),
        (("notes", "--key", "me", "--view-key-file", "x"), "BadArgument"),
        (("notes", "--view-key-file", "missing"), "SystemRefused"),
        (("notes", "--key", "me", "--addresses", "0"), "BadArgument"),
        (("send", "cluz1qqqqqqqqqq", "1", "--private", "--key", "me"), "Bech32Checksum"),
        (("send", "cluster1qqqqqqqqqq", "1", "--private", "--key", "me"), "BadArgument"),
        (("send", "account1", "1", "--private", "--key", "me"), "BadArgument"),
        (("send", "me", "1", "--private", "--key", "me"), "Unreachable"),  # a key without a passphrase is meant
        (("shield", "1", "--to", "you", "--key", "me"), "BadArgument"),
        (("shield", "0.1234567891", "--key", "me"), "BadArgument"),
        (("shield", "a lot", "--key", "me"), "BadArgument"),
        (("shield", "1", "--asset", "gold", "--key", "me"), "BadArgument"),
        (("unshield", "1", "--to", "nobody", "--key", "me"), "BadArgument"),
        (("disclose",), "BadArgument"),
        (("disclose", "0x" + "00" * 32, "--key", "me"), "BadArgument"),
        (("disclose", "0x00", "--to", "x", "--key", "me"), "BadArgument"),
        (("disclose", "--verify", "missing"), "SystemRefused"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_a_node_is_asked(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], error: str
) -> None:
    status, shown = run(capsys, *argv, "--rpc", ELSEWHERE)
    assert (status, shown["error"]["name"]) == (1, error)


def test_a_view_key_that_others_can_read_is_warned_of(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    file = home / "view"
    file.write_text(run(capsys, "address", "--key", "me", "--view-key", "full")[1]["view_key"])
    for mode, warned in ((0o644, True), (0o600, False)):
        file.chmod(mode)
        assert execute(["notes", "--view-key-file", str(file), "--rpc", ELSEWHERE]) == 1
        assert (f"chmod 600 {file}" in capsys.readouterr().out) is warned


def test_a_payment_in_the_open_is_another_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        execute(["send", "cluz1q", "1", "--key", "me"])
    assert ended.value.code == 2 and "--private" in capsys.readouterr().err


async def test_where_there_is_no_pool_nothing_is_there_and_nothing_moves(
    node: OneNode, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    async def ask(*argv: str) -> tuple[int, Any]:
        return await asyncio.to_thread(run, capsys, *argv, "--rpc", node.url)

    status, shown = await ask("notes", "--key", "me")
    assert status == 0 and (shown["balances"], shown["notes"], shown["sent"]) == ([], [], [])
    printed = run(capsys, "address", "--key", "me", "--view-key", "incoming")[1]
    (home / "view").write_text(f"{printed['address']}\n{printed['view_key']}\n")
    assert (await ask("notes", "--view-key-file", str(home / "view"), "--deep"))[0] == 0
    assert len(list((home / "notes").glob("*.notes"))) == 2
    assert (await ask("pool", "list"))[1] == {"pools": []}
    for argv in (("shield", "1", "--key", "me"), ("unshield", "1", "--key", "me", "--pool", "0x" + "01" * 32)):
        assert (await ask(*argv))[1]["error"]["name"] == "NoPool"
    unknown = await ask("disclose", "0x" + "00" * 32, "--to", "x", "--key", "me")
    assert unknown[1]["error"]["name"] == "NotFinal"
    other = home / "other.json"
    other.write_text(node.home.genesis_file.read_text().replace("test-chain", "best-chain"))
    assert (await ask("notes", "--key", "me", "--genesis", str(other)))[1]["error"]["name"] == "OtherChain"


def test_amounts_are_of_their_asset() -> None:
    gold = Money(CLU.asset[:31] + b"\x01", "gold", 2)  # type: ignore[arg-type]
    assert (CLU.parse("1.5"), gold.parse("1.5"), gold.parse("7u")) == (1_500_000_000, 150, 7)
    assert (CLU.show(1_500_000_000), gold.show(150)) == ("1.5 CLU", "1.5 gold")


def test_a_memo_is_shown_as_it_was_written() -> None:
    assert memo_text("Größe".encode().ljust(62, b"\0")) == "Größe"
    assert memo_text(b"\xff\xfe".ljust(62, b"\0")) == "0xfffe"
