"""The files of a network on one machine: every validator's home, one genesis, funded accounts with their keys.

devnet.json      chain id, validators with their addresses
genesis.json     the same as in every home
accounts.json    the funded accounts: name, address, seed, balance, key file    accounts/NAME.json their key files
node0/ ...       homes (node/home.py)        logs/ pids.json        of running processes        snapshots/NAME/
models/          files of the example models, for workers        tasks/ receipts of the example tasks        worker/
"""

import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from chain.params import DEVNET, Params
from chain.types.genesis import Genesis, GenesisAccount, GenesisValidator
from chain.types.scalars import AccountId, Amount, ChainId, Name, Power, Timestamp, Uint
from chain.types.validators import Validator
from crypto.address import encode_address
from crypto.keys import SecretKey
from node.config import Config, ConsensusConfig, P2PConfig, RpcConfig
from node.devnet.errors import NetworkUnreadable, NoDevnet
from node.errors import NodeError
from node.home import Home, HomeExists, create_home, write_config, write_genesis
from node.keystore import create_unprotected_key

VERSION: Final = 1
HOST: Final = "127.0.0.1"
ACCOUNT_PURPOSE: Final = "account"
CLU: Final = 10**9  # nano-CLU
FUNDED: Final = tuple(f"account{index}" for index in range(10))
FAUCET: Final = "faucet"
PROVIDER: Final = "provider"
PUBLISHER: Final = "publisher"  # of the example models
REQUESTER: Final = "requester"  # of the example tasks
BALANCES: Final[dict[str, int]] = {
    FAUCET: 1_000_000_000 * CLU,
    **dict.fromkeys((PROVIDER, PUBLISHER, REQUESTER), 10_000 * CLU),
    **dict.fromkeys(FUNDED, 10_000 * CLU),
}
GENESIS_POWER: Final = Power(100_000)  # of each validator, whose operator has so many CLU at stake
OPERATOR_FUNDS: Final = Amount(100 * CLU)  # of each operator, for the fees of proposals and votes
PORTS_PER_NODE: Final = 2
MAX_VALIDATORS: Final = 64
_MEMBER_NAME: Final = re.compile(r"node[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a new network is to be. Node i listens on base_port + 2 i for RPC and on the port after it for peers."""

    validators: int = 4
    chain_id: str = "cluster-devnet"
    block_time_ms: int = 1_000
    base_port: int = 8645

    def rpc_port(self, index: int) -> int:
        return self.base_port + PORTS_PER_NODE * index

    def p2p_port(self, index: int) -> int:
        return self.base_port + PORTS_PER_NODE * index + 1

    def consensus(self) -> ConsensusConfig:
        """Waiting times that fit the block time, on one machine without distances."""
        propose = min(max(2 * self.block_time_ms, 1_000), 3_000)
        return ConsensusConfig(propose_ms=propose, prevote_ms=propose // 2, precommit_ms=propose // 2)

    def ports(self) -> range:
        """All of them."""
        return range(self.base_port, self.base_port + PORTS_PER_NODE * self.validators)


@dataclass(frozen=True, slots=True)
class DevAccount:
    """A funded account. Its seed stands here in the open: it is worth nothing outside this network."""

    name: str
    address: str
    seed: str  # 32 bytes in hex
    balance: str  # nano-CLU at genesis
    key_file: str

    def secret(self) -> SecretKey:
        return SecretKey(bytes.fromhex(self.seed))


@dataclass(frozen=True, slots=True)
class Member:
    """One validator of a network: its name is its folder's."""

    name: str
    rpc: str  # URL
    p2p: str  # host:port


@dataclass(frozen=True, slots=True)
class Network:
    """A network on disk."""

    root: Path
    chain_id: str
    block_time_ms: int
    members: tuple[Member, ...]

    @property
    def rpc_urls(self) -> tuple[str, ...]:
        return tuple(member.rpc for member in self.members)

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def home(self, member: Member) -> Home:
        return Home(self.root / member.name)

    def accounts(self) -> dict[str, DevAccount]:
        """The funded accounts by name. Raises NetworkUnreadable."""
        return read_accounts(self.root / "accounts.json")


def create_network(
    root: Path, plan: Plan, now_ms: int, extra: Sequence[GenesisAccount] = (), passphrase: str | None = None
) -> Network:
    """Make all files of a new network in `root`; `extra` accounts are funded too, their keys are the caller's.

    One passphrase closes the consensus and storage keys of all. Raises HomeExists for a folder with something in it.
    """
    if root.exists() and any(root.iterdir()):
        raise HomeExists(root)
    members = [
        Member(f"node{index}", f"http://{HOST}:{plan.rpc_port(index)}", f"{HOST}:{plan.p2p_port(index)}")
        for index in range(plan.validators)
    ]
    network = Network(root, plan.chain_id, plan.block_time_ms, tuple(members))
    validators = [_create_member(network, index, plan, passphrase) for index in range(plan.validators)]
    _connect(network)
    genesis = make_genesis(plan, now_ms, validators, [*create_accounts(root), *extra])
    for path in (root, *(root / member.name for member in members)):
        write_genesis(path / "genesis.json", genesis)
    document = {"version": VERSION, "chain_id": plan.chain_id, "block_time_ms": plan.block_time_ms}
    _write_private(root / "devnet.json", {**document, "validators": [asdict(member) for member in members]})
    return network


def create_single(root: Path, plan: Plan, now_ms: int, passphrase: str | None) -> Home:
    """One validator's home with a genesis of its own and the funded accounts beside it. Raises HomeExists."""
    config = node_config(plan, 0)
    home, entry = _create_validator(root, config, plan.chain_id, passphrase)
    write_genesis(home.genesis_file, make_genesis(plan, now_ms, [entry], create_accounts(root)))
    return home


def create_joining(
    root: Path, plan: Plan, genesis: Genesis, peers: tuple[str, ...], passphrase: str | None, *, validator: bool = False
) -> Home:
    """The home of a node that follows an existing chain; `validator` gives it a consensus key, which may be bonded.

    Raises HomeExists, WrongValue.
    """
    config = node_config(plan, 0)
    config = replace(config, validator=validator, p2p=replace(config.p2p, peers=peers)).check()
    home, signer = create_home(root, config, genesis.chain_id, passphrase)
    if signer is not None:
        signer.close()
    write_genesis(home.genesis_file, genesis)
    return home


def node_config(plan: Plan, index: int) -> Config:
    """The configuration of the network's node `index`, still without peers."""
    return Config(
        moniker=f"node{index}",
        rpc=RpcConfig(listen=f"{HOST}:{plan.rpc_port(index)}"),
        p2p=P2PConfig(listen=f"{HOST}:{plan.p2p_port(index)}", max_inbound=max(32, plan.validators)),
        consensus=plan.consensus(),
    )


def make_genesis(
    plan: Plan, now_ms: int, validators: Sequence[GenesisValidator], accounts: Sequence[GenesisAccount]
) -> Genesis:
    """The genesis document of a network for development; operators are funded as well, so that they can vote."""
    params: Params = replace(DEVNET, block_time_ms=Uint(plan.block_time_ms))
    in_order = tuple(sorted(validators, key=lambda entry: entry.validator.public_key))
    operators = [GenesisAccount(entry.operator, OPERATOR_FUNDS) for entry in in_order]
    return Genesis(ChainId(plan.chain_id), Timestamp(now_ms), params, in_order, (*accounts, *operators), ())


def create_accounts(root: Path) -> list[GenesisAccount]:
    """Keys, key files and accounts.json of the accounts of BALANCES; what they hold at genesis."""
    folder = root / "accounts"
    folder.mkdir(mode=0o700)
    accounts = []
    for name, balance in BALANCES.items():
        path = folder / f"{name}.json"
        secret = create_unprotected_key(path, ACCOUNT_PURPOSE)
        key_file = str(path.relative_to(root))
        accounts.append(DevAccount(name, encode_address(secret.public), secret.seed.hex(), str(balance), key_file))
    _write_private(root / "accounts.json", [asdict(account) for account in accounts])
    return [GenesisAccount(AccountId(account.secret().public), Amount(int(account.balance))) for account in accounts]


def read_accounts(path: Path) -> dict[str, DevAccount]:
    """The accounts of an accounts.json by name. Raises NetworkUnreadable."""
    try:
        return {entry["name"]: DevAccount(**entry) for entry in _read_json(path)}
    except (TypeError, KeyError) as error:
        raise NetworkUnreadable(path, f"an entry has an unknown shape ({error})") from error


def load_network(root: Path) -> Network:
    """The network of a folder. Raises NoDevnet, NetworkUnreadable."""
    path = root / "devnet.json"
    if not path.exists():
        raise NoDevnet(root)
    document = _read_json(path)
    try:
        if document["version"] != VERSION:
            raise NetworkUnreadable(path, f"version {document['version']}, expected {VERSION}")
        members = tuple(Member(**member) for member in document["validators"])
        if not all(_MEMBER_NAME.fullmatch(member.name) for member in members):
            raise NetworkUnreadable(path, "a validator's folder is not named node0, node1, ...")
        return Network(root, document["chain_id"], document["block_time_ms"], members)
    except (KeyError, TypeError) as error:
        raise NetworkUnreadable(path, f"unknown shape ({error})") from error


def wipe(root: Path) -> None:
    """Remove everything of a network, and nothing else. Raises NoDevnet."""
    network = load_network(root)
    for member in network.members:
        shutil.rmtree(root / member.name, ignore_errors=True)
    for folder in ("accounts", "logs", "snapshots", "models", "tasks", "worker"):
        shutil.rmtree(root / folder, ignore_errors=True)
    for name in ("accounts.json", "genesis.json", "pids.json", "devnet.json"):
        (root / name).unlink(missing_ok=True)


def _create_member(network: Network, index: int, plan: Plan, passphrase: str | None) -> GenesisValidator:
    root = network.root / network.members[index].name
    _, entry = _create_validator(root, node_config(plan, index), plan.chain_id, passphrase)
    return entry


def _create_validator(
    root: Path, config: Config, chain_id: str, passphrase: str | None
) -> tuple[Home, GenesisValidator]:
    """A validator's home and its entry for the genesis; its operator's key lies beside its own, unprotected."""
    home, signer = create_home(root, config, chain_id, passphrase)
    if signer is None:
        raise NodeError("a validator's home was made without a signer")
    operator = create_unprotected_key(home.operator_key, ACCOUNT_PURPOSE)
    signer.close()
    validator = Validator(signer.public_key, signer.vrf_key, GENESIS_POWER)
    return home, GenesisValidator(validator, AccountId(operator.public), Name(config.moniker))


def _connect(network: Network) -> None:
    """Let every node know all others by address and node key."""
    homes = [network.home(member) for member in network.members]
    known = [
        f"{home.load_node_key().public.hex()}@{member.p2p}" for home, member in zip(homes, network.members, strict=True)
    ]
    for index, home in enumerate(homes):
        config = home.load_config()
        others = tuple(known[:index] + known[index + 1 :])
        write_config(home, replace(config, p2p=replace(config.p2p, peers=others)))


def _write_private(path: Path, document: Any) -> None:
    """A JSON file for its owner's eyes."""
    with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        json.dump(document, file, indent=2)
        file.write("\n")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NetworkUnreadable(path, str(error)) from error
