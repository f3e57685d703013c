"""A network on disk: consistent homes, private keys, nothing overwritten, nothing foreign removed; snapshots."""

import argparse
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from node.cli.amounts import parse_amount, show_amount
from node.cli.errors import BadArgument
from node.cli.frame import execute
from node.cli.init_commands import add_plan_arguments, plan_of
from node.config import ConsensusConfig
from node.devnet.errors import (
    DevnetRunning,
    NetworkUnreadable,
    NoDevnet,
    NoSnapshot,
    PortsTaken,
    SnapshotExists,
)
from node.devnet.files import BALANCES, FUNDED, OPERATOR_FUNDS, Network, Plan, create_network, load_network, wipe
from node.devnet.processes import Processes, check_ports, command_line, last_line
from node.devnet.snapshots import BadSnapshotName, revert, snapshots, take_snapshot
from node.home import Home, HomeExists, read_genesis
from node.keystore import load_key
from tests.support.devnet_scene import free_base_port

PLAN = Plan(validators=3, chain_id="files", block_time_ms=200, base_port=21_000)


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return create_network(tmp_path / "net", PLAN, 1_000)


def test_all_homes_start_from_one_genesis_that_names_their_keys(network: Network) -> None:
    genesis = read_genesis(network.root / "genesis.json")
    assert (genesis.chain_id, genesis.time, genesis.params.block_time_ms) == ("files", 1_000, 200)
    named = {entry.validator.public_key for entry in genesis.validators}
    held = set()
    for member in network.members:
        home = network.home(member)
        assert home.load_genesis() == genesis
        signer = home.open_signer(genesis)
        held.add(signer.public_key)
        signer.close()
    assert held == named and len(named) == 3


def test_every_node_knows_all_others_by_key_and_has_ports_of_its_own(network: Network) -> None:
    configs = {member.name: network.home(member).load_config() for member in network.members}
    ids = {member.name: network.home(member).load_node_key().public.hex() for member in network.members}
    for name, config in configs.items():
        others = {f"{ids[other]}@{configs[other].p2p.listen}" for other in configs if other != name}
        assert set(config.p2p.peers) == others
        assert config.consensus == ConsensusConfig(propose_ms=1_000, prevote_ms=500, precommit_ms=500)
    listens = [listen for config in configs.values() for listen in (config.rpc.listen, config.p2p.listen)]
    assert listens == [f"127.0.0.1:{port}" for port in PLAN.ports()]


def test_the_funded_accounts_are_those_of_the_genesis_with_their_keys(network: Network) -> None:
    accounts = network.accounts()
    assert list(accounts) == list(BALANCES) and set(FUNDED) < set(accounts)
    funded = {entry.account: entry.balance for entry in read_genesis(network.root / "genesis.json").accounts}
    for name, account in accounts.items():
        secret = load_key(network.root / account.key_file, "account")
        assert secret.seed == account.secret().seed
        assert funded[secret.public] == BALANCES[name]  # type: ignore[index]
    for member in network.members:
        operator = load_key(network.home(member).operator_key, "account")
        assert funded[operator.public] == OPERATOR_FUNDS  # type: ignore[index]


@pytest.mark.parametrize("text", ["", "Bad Chain!", "-a", "a" * 49, "ü", "a\n", "a/b"])
def test_a_chain_id_is_a_plain_word(text: str) -> None:
    parser = argparse.ArgumentParser()
    add_plan_arguments(parser)
    with pytest.raises(BadArgument, match="--chain-id"):
        plan_of(parser.parse_args([f"--chain-id={text}"]), 1)
    assert plan_of(parser.parse_args(["--chain-id=my-chain_1.0"]), 1).chain_id == "my-chain_1.0"
    assert plan_of(parser.parse_args([]), 1).chain_id == Plan().chain_id


def test_keys_are_their_owners_alone(network: Network) -> None:
    private = [
        network.root / "accounts.json",
        *network.root.glob("**/accounts/*.json"),
        *network.root.glob("**/keys/*"),
    ]
    assert len(private) == 1 + len(BALANCES) + 3 * 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


def test_nothing_is_overwritten(network: Network) -> None:
    with pytest.raises(HomeExists):
        create_network(network.root, PLAN, 2_000)
    assert load_network(network.root) == network


def test_a_wipe_takes_only_what_is_the_networks(network: Network) -> None:
    (network.root / "notes.txt").write_text("mine")
    wipe(network.root)
    assert [path.name for path in network.root.iterdir()] == ["notes.txt"]
    with pytest.raises(NoDevnet):
        wipe(network.root)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"version": 2}',
        '{"version": 1, "chain_id": "x", "block_time_ms": 1, "validators": [{"name": "../..", "rpc": "", "p2p": ""}]}',
        '{"version": 1, "chain_id": "x", "block_time_ms": 1, "validators": [{"name": "node0"}]}',
    ],
)
def test_a_damaged_description_is_refused_before_anything_is_done(network: Network, text: str) -> None:
    (network.root / "devnet.json").write_text(text)
    with pytest.raises(NetworkUnreadable):
        wipe(network.root)
    assert (network.root / "node0").exists()


def test_damaged_accounts_are_refused(network: Network) -> None:
    (network.root / "accounts.json").write_text('[{"name": "x"}]')
    with pytest.raises(NetworkUnreadable):
        network.accounts()


def test_a_port_in_use_is_found_before_anything_is_made() -> None:
    base = free_base_port(6)
    plan = Plan(validators=3, base_port=base)
    check_ports(plan)
    with socket.create_server(("127.0.0.1", base + 4)), pytest.raises(PortsTaken) as taken:
        check_ports(plan)
    assert taken.value.port == base + 4


def test_a_snapshot_brings_all_homes_back(network: Network) -> None:
    processes, marker = Processes(network), network.root / "node1" / "data" / "marker"
    marker.write_text("before")
    take_snapshot(network, processes, "first")
    marker.write_text("after")
    (network.root / "node2" / "data" / "more").write_text("later")
    revert(network, processes, "first")
    assert marker.read_text() == "before" and not (network.root / "node2" / "data" / "more").exists()
    assert snapshots(network) == ("first",)
    with pytest.raises(SnapshotExists):
        take_snapshot(network, processes, "first")
    with pytest.raises(NoSnapshot, match="first"):
        revert(network, processes, "second")


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "a/b", "x" * 65])
def test_a_snapshots_name_is_no_path(network: Network, name: str) -> None:
    with pytest.raises(BadSnapshotName):
        take_snapshot(network, Processes(network), name)
    with pytest.raises(BadSnapshotName):
        revert(network, Processes(network), name)


def test_a_process_counts_only_while_it_is_the_validators(network: Network) -> None:
    processes = Processes(network)
    home = str(network.root / "node0")
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen([*sleeper, home]) as ours, subprocess.Popen(sleeper) as foreign:
        processes._write({"node0": ours.pid, "node1": foreign.pid, "node2": 2**22 + 1})
        try:
            assert processes.running() == {"node0": ours.pid}
            with pytest.raises(DevnetRunning):
                processes.start_all()
            with pytest.raises(DevnetRunning):
                take_snapshot(network, processes, "busy")
            processes.kill(network.members[0])
            assert processes.running() == {}
            assert foreign.poll() is None
        finally:
            ours.kill()
            foreign.kill()


def test_command_lines_are_read_of_living_processes_only() -> None:
    assert command_line(os.getpid())[0]
    assert command_line(2**22 + 1) == ()


def test_the_last_line_of_a_log(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("one\ntwo\n\n")
    assert last_line(tmp_path / "log") == "two"
    assert last_line(tmp_path / "none") == "(empty)"


@pytest.mark.parametrize(
    "argv",
    [
        ["--validators", "0"],
        ["--validators", "65"],
        ["--block-time", "0"],
        ["--base-port", "65535"],
        ["--chain-id", "x" * 49],
        ["--genesis", "/no/such/file"],
    ],
)
def test_init_refuses_what_no_network_can_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    assert execute(["init", "--home", str(tmp_path / "home"), *argv]) == 1
    assert capsys.readouterr().err.startswith("error 7")
    assert not (tmp_path / "home").exists()


def test_init_makes_one_home_several_or_one_that_joins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, many, joining = tmp_path / "one", tmp_path / "many", tmp_path / "joining"
    assert execute(["init", "--home", str(one), "--base-port", "21100"]) == 0
    assert execute(["init", "--home", str(many), "--validators", "2", "--base-port", "21200"]) == 0
    peer = "ab" * 32 + "@127.0.0.1:21201"
    genesis = str(many / "genesis.json")
    assert execute(["init", "--home", str(joining), "--genesis", genesis, "--peers", peer]) == 0
    config = Home(joining).load_config()
    assert config.p2p.peers == (peer,) and not config.validator
    bonding = Home(tmp_path / "bonding")
    assert execute(["init", "--home", str(bonding.root), "--genesis", genesis, "--peers", peer, "--validator"]) == 0
    assert bonding.load_config().validator and bonding.validator_key.exists() and bonding.signer_state.exists()
    bonding.open_signer(bonding.load_genesis()).close()
    assert (one / "accounts.json").exists() and (one / "config.toml").exists()
    assert execute(["init", "--home", str(one)]) == 1
    assert "is not empty" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "nano"), [("1", 10**9), ("1.5", 15 * 10**8), ("0.000000001", 1), ("500n", 500)])
def test_amounts_are_read_exactly(text: str, nano: int) -> None:
    assert parse_amount(text) == nano


@pytest.mark.parametrize("text", ["", "-1", "1e3", "1.", ".5", "1.0000000001", "n", "1,000", "9223372036854775808n"])
def test_other_amounts_are_refused(text: str) -> None:
    with pytest.raises(BadArgument):
        parse_amount(text)


@pytest.mark.parametrize(
    ("nano", "text"), [(0, "0 CLU"), (1, "0.000000001 CLU"), (1_234 * 10**9 + 50, "1,234.00000005 CLU")]
)
def test_amounts_are_shown_exactly(nano: int, text: str) -> None:
    assert show_amount(nano) == show_amount(str(nano)) == text
