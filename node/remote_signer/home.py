"""A signer's home folder: the validator's key and what it has signed, away from the node that faces the network.

signer.toml      settings (configs/signer.toml)
keys/            validator.json  identity.json     data/  signer_state.json
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from chain.types.scalars import ChainId
from crypto.keys import PUBLIC_KEY_BYTES, PublicKey, SecretKey
from node.config import SignerConfig, WrongValue, dump_config, parse_listen, read_file
from node.durable import DISK, READABLE, Subject
from node.home import Home, write_config
from node.keystore import create_unprotected_key, load_key, read_record
from node.remote_signer.errors import NothingToAdopt, SignerHomeExists
from node.signer import PURPOSE, Signer, create_signer, open_signer
from node.signer_state import SignerStateFile
from node.telemetry.logs import FORMATS, LEVELS
from p2p.address import Address, NodeId

TEMPLATE: Final = "configs/signer.toml"
IDENTITY_PURPOSE: Final = "signer-identity"


@dataclass(frozen=True, slots=True)
class SignerSettings:
    """The whole of signer.toml."""

    version: int = 1
    chain_id: str = "cluster"
    listen: str = "127.0.0.1:26660"
    nodes: tuple[str, ...] = ()
    log_level: str = "info"
    log_format: str = "text"

    def check(self) -> "SignerSettings":
        """Raises WrongValue."""
        if self.version != 1:
            raise WrongValue("version", "1", self.version)
        if self.log_level not in LEVELS:
            raise WrongValue("log_level", " or ".join(LEVELS), self.log_level)
        if self.log_format not in FORMATS:
            raise WrongValue("log_format", " or ".join(FORMATS), self.log_format)
        if not 1 <= len(self.chain_id) <= 48:
            raise WrongValue("chain_id", "the chain's, 1 to 48 characters", self.chain_id)
        self.address()
        self.node_ids()
        return self

    def address(self) -> Address:
        """Where to listen. Raises WrongValue."""
        return parse_listen("listen", self.listen)

    def node_ids(self) -> frozenset[NodeId]:
        """Who gets signatures. Raises WrongValue."""
        found = set()
        for node in self.nodes:
            try:
                key = bytes.fromhex(node)
            except ValueError:
                key = b""
            if len(key) != PUBLIC_KEY_BYTES:
                raise WrongValue("nodes", "node ids of 64 hex digits", node)
            found.add(NodeId(PublicKey(key)))
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class SignerHome:
    """Paths of one signer."""

    root: Path

    @property
    def settings_file(self) -> Path:
        return self.root / "signer.toml"

    @property
    def identity_key(self) -> Path:
        return self.root / "keys" / "identity.json"

    @property
    def validator_key(self) -> Path:
        return self.root / "keys" / "validator.json"

    @property
    def signer_state(self) -> Path:
        return self.root / "data" / "signer_state.json"

    def load_settings(self) -> SignerSettings:
        """Raises ConfigMissing, ConfigUnreadable, UnknownKey, WrongValue."""
        return read_file(SignerSettings, self.settings_file, TEMPLATE, "cluster signer init").check()

    def load_identity(self) -> SecretKey:
        """Raises what load_key raises."""
        return load_key(self.identity_key, IDENTITY_PURPOSE)

    def open_signer(self, settings: SignerSettings, passphrase: str | None) -> Signer:
        """Raises what node/signer.py open_signer raises."""
        return open_signer(self.validator_key, self.signer_state, ChainId(settings.chain_id), passphrase)


def create_signer_home(root: Path, settings: SignerSettings, passphrase: str | None) -> tuple[SignerHome, Signer]:
    """A new validator's key in a new home. Raises SignerHomeExists, WrongValue, and what making keys raises."""
    home = _make_folders(root, settings)
    signer = create_signer(home.validator_key, home.signer_state, ChainId(settings.chain_id), passphrase)
    return home, signer


def adopt_key(root: Path, node_home: Home, settings: SignerSettings) -> SignerHome:
    """Move a stopped node's validator key, and what it has signed, to a new signer's home; the node is told of it.

    The copies are on disk before the node's own are removed, and the node cannot start in between: this holds its
    lock. Raises SignerHomeExists, NothingToAdopt, SignerInUse, SignerStateMissing, and what reading the files raises.
    """
    config = node_home.load_config()
    if not config.validator or config.signer.remote:
        raise NothingToAdopt(node_home.root, "its config.toml says that it signs nothing itself")
    record = read_record(node_home.validator_key, PURPOSE)
    held = SignerStateFile(node_home.signer_state)
    try:
        held.read()
        node_id = node_home.load_node_key().public.hex()
        chain_id = node_home.load_genesis().chain_id
        home = _make_folders(root, replace(settings, chain_id=chain_id, nodes=(node_id,)))
        _copy(node_home.signer_state, home.signer_state)
        _copy(node_home.validator_key, home.validator_key)
        identity = home.load_identity().public.hex()
        signer = SignerConfig("remote", f"{identity}@{settings.listen}", record.public.hex())
        write_config(node_home, replace(config, signer=signer))
        for path in (node_home.validator_key, node_home.signer_state):
            DISK.remove(path, at=Subject.HANDOVER)
            DISK.sync_folder(path.parent, at=Subject.HANDOVER)
    finally:
        held.close()
    return home


def _make_folders(root: Path, settings: SignerSettings) -> SignerHome:
    settings.check()
    if root.exists() and any(root.iterdir()):
        raise SignerHomeExists(root)
    home = SignerHome(root)
    for folder in (root, home.identity_key.parent, home.signer_state.parent):
        DISK.make_folder(folder, 0o700, at=Subject.HOME)
    text = f"# Every key is explained in {TEMPLATE}.\n{dump_config(settings)}"
    DISK.replace_content(home.settings_file, text.encode(), READABLE, at=Subject.CONFIG)
    create_unprotected_key(home.identity_key, IDENTITY_PURPOSE)
    return home


def _copy(source: Path, target: Path) -> None:
    descriptor = DISK.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, at=Subject.HANDOVER)
    DISK.write_synced(descriptor, source.read_bytes(), at=Subject.HANDOVER)
    DISK.sync_folder(target.parent, at=Subject.HANDOVER)
