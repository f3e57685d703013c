"""A node's home folder: where everything of one node lies, and how a new one is made.

config.toml      genesis.json     operator.sock (while the node runs)
keys/            validator.json  node.json  storage.json     (never inside data/)
data/            db/  wal/  signer_state.json  evidence  addresses.json
"""

import json
from dataclasses import dataclass
from pathlib import Path

from chain.codec import from_json, to_json
from chain.execution.genesis import check_genesis
from chain.types.genesis import Genesis
from chain.types.scalars import ChainId
from crypto.errors import ClusterError
from crypto.keys import SecretKey
from node.config import Config, dump_config, load_config
from node.durable import DISK, READABLE, Subject
from node.errors import NodeError
from node.keystore import create_unprotected_key, load_key
from node.signer import Signer, create_signer, open_signer
from node.storage.database import Database, Settings
from node.storage.storage_key import StorageKey, create_storage_key, load_storage_key

NODE_PURPOSE = "node"
_MIB = 2**20


class HomeExists(NodeError):
    """A home folder was to be made where files lie already."""

    code = 7001

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is not empty; name an empty or new folder with --home, or remove it first.")
        self.path = str(path)


class GenesisUnreadable(NodeError):
    """genesis.json is missing, not JSON, or not a genesis document."""

    code = 7002

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is no usable genesis: {reason} Copy the file that the chain was started from.")
        self.path, self.reason = str(path), reason


@dataclass(frozen=True, slots=True)
class Home:
    """Paths of one node."""

    root: Path

    @property
    def config_file(self) -> Path:
        return self.root / "config.toml"

    @property
    def genesis_file(self) -> Path:
        return self.root / "genesis.json"

    @property
    def validator_key(self) -> Path:
        return self.root / "keys" / "validator.json"

    @property
    def operator_key(self) -> Path:
        """Of the account that speaks for the validator, as `init` and networks on one machine make it."""
        return self.root / "keys" / "operator.json"

    @property
    def node_key(self) -> Path:
        return self.root / "keys" / "node.json"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def database(self) -> Path:
        return self.data / "db"

    @property
    def repaired(self) -> Path:
        """The database that a repair makes, until it takes the damaged one's place."""
        return self.data / "db.repaired"

    @property
    def damaged(self) -> Path:
        """Where a repair or a resync sets the last database aside."""
        return self.data / "db.damaged"

    @property
    def wal(self) -> Path:
        return self.data / "wal"

    @property
    def addresses(self) -> Path:
        """Peers that were found."""
        return self.data / "addresses.json"

    @property
    def evidence(self) -> Path:
        """Of double signing, until a block has it."""
        return self.data / "evidence"

    @property
    def signer_state(self) -> Path:
        return self.data / "signer_state.json"

    @property
    def operator_socket(self) -> Path:
        """Where the running node listens to its operator."""
        return self.root / "operator.sock"

    def storage_key_file(self, config: Config) -> Path:
        return self.root / config.storage.key_file

    def load_config(self) -> Config:
        return load_config(self.config_file)

    def load_genesis(self) -> Genesis:
        """The genesis document, checked. Raises GenesisUnreadable, UnusableGenesis."""
        return read_genesis(self.genesis_file)

    def load_node_key(self) -> SecretKey:
        return load_key(self.node_key, NODE_PURPOSE)

    def open_signer(self, genesis: Genesis, passphrase: str | None = None) -> Signer:
        return open_signer(self.validator_key, self.signer_state, genesis.chain_id, passphrase)

    def load_storage_key(self, config: Config, passphrase: str | None = None) -> StorageKey | None:
        """None when sealing is switched off."""
        if not config.storage.sealed:
            return None
        return load_storage_key(self.storage_key_file(config), self.data, passphrase)

    def storage_settings(self, config: Config) -> Settings:
        """What the configuration says of the database."""
        storage = config.storage
        return Settings(storage.keep_versions, storage.keep_blocks, storage.cache_mb * _MIB, storage.cache_mb * _MIB)

    def set_aside(self, at: Subject) -> None:
        """Move the database out of the way, over the one that was moved there before."""
        DISK.remove_folder(self.damaged, at=at)
        DISK.replace(self.database, self.damaged, at=at)
        DISK.sync_folder(self.data, at=at)

    def finish_repair(self) -> None:
        """Put a repaired database in its place if the damaged one has left it."""
        if DISK.names(self.repaired) and not DISK.names(self.database):
            DISK.replace(self.repaired, self.database, at=Subject.REPAIR)
            DISK.sync_folder(self.data, at=Subject.REPAIR)

    def open_database(self, config: Config, genesis: Genesis, key: StorageKey | None) -> Database:
        """Open the database, or make an empty one when this node has none yet."""
        settings = self.storage_settings(config)
        self.finish_repair()
        if self.database.exists() and any(self.database.iterdir()):
            return Database.open(self.database, key, genesis.hash(), settings)
        return Database.create(self.database, key, genesis.hash(), settings)


def create_home(root: Path, config: Config, chain_id: str, passphrase: str | None = None) -> tuple[Home, Signer | None]:
    """Make folders, keys and configuration of a new node; the genesis comes by `write_genesis`. Raises HomeExists.

    Returns the home and, for a validator, its signer (whose public keys go into the genesis).
    """
    home = Home(root)
    if root.exists() and any(root.iterdir()):
        raise HomeExists(root)
    for folder in (root, root / "keys", home.data):
        DISK.make_folder(folder, 0o700, at=Subject.HOME)
    for folder in (root.parent, root):
        DISK.sync_folder(folder, at=Subject.HOME)
    write_config(home, config)
    create_unprotected_key(home.node_key, NODE_PURPOSE)
    if config.storage.sealed:
        create_storage_key(home.storage_key_file(config), home.data, passphrase)
    signer = None
    if config.validator:
        signer = create_signer(home.validator_key, home.signer_state, ChainId(chain_id), passphrase)
    return home, signer


def write_config(home: Home, config: Config) -> None:
    """Replace the configuration, for instance when peers are known."""
    DISK.replace_content(home.config_file, dump_config(config).encode(), READABLE, at=Subject.CONFIG)


def write_genesis(path: Path, genesis: Genesis) -> None:
    """The genesis document as JSON, for people and for every node."""
    document = json.dumps(to_json(genesis), indent=2) + "\n"
    DISK.replace_content(path, document.encode(), READABLE, at=Subject.GENESIS_FILE)


def read_genesis(path: Path) -> Genesis:
    """Raises GenesisUnreadable, UnusableGenesis."""
    try:
        genesis = from_json(Genesis, json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise GenesisUnreadable(path, "the file does not exist.") from None
    except OSError as error:
        raise GenesisUnreadable(path, f"{error.strerror or 'it cannot be read'}.") from error
    except (ValueError, RecursionError) as error:
        raise GenesisUnreadable(path, f"{error}.") from error
    except ClusterError as error:
        raise GenesisUnreadable(path, str(error)) from error
    check_genesis(genesis)
    return genesis
