"""A node's configuration: one strict TOML file. Every key stands in configs/validator.toml with its meaning.

Unknown keys, wrong types and values out of range are refused with the key's full name.
"""

import json
import re
import tomllib
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, get_type_hints

from client.light.blocks import Trust
from node.errors import NodeError
from node.telemetry.logs import FORMATS, LEVELS
from p2p.address import Address, PeerAddress
from p2p.errors import P2PError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CONFIG_VERSION: Final = 1
MAX_MONIKER: Final = 64
PEER_FORM: Final = "host:port or NODEID@host:port"
SIGNER_FORM: Final = "IDENTITY@host:port, as `cluster signer show` prints it"
_KEY: Final = re.compile(r"[0-9a-f]{64}")
MIN_KEEP_BLOCKS: Final = 100  # so that whoever was away for a moment finds what it missed
T = TypeVar("T")


class ConfigError(NodeError):
    """Root of the errors of the configuration file."""

    code = 7010


class ConfigMissing(ConfigError):
    """There is no configuration where one was to be read."""

    code = 7011

    def __init__(self, path: Path, maker: str = "cluster init") -> None:
        super().__init__(f"{path} does not exist; make a home folder with `{maker}`, or name another with --home.")
        self.path = str(path)


class ConfigUnreadable(ConfigError):
    """The file is not TOML, or the system does not let it be read."""

    code = 7012

    def __init__(self, path: Path, reason: str, template: str) -> None:
        super().__init__(f"{path} cannot be read as TOML: {reason}. Compare it with {template}.")
        self.path, self.reason, self.template = str(path), reason, template


class UnknownKey(ConfigError):
    """A key that no version of this program knows, or that stands in the wrong table."""

    code = 7013

    def __init__(self, key: str, known: tuple[str, ...]) -> None:
        super().__init__(f"{key} is no configuration key; known here are {', '.join(known)}. Remove or correct it.")
        self.key, self.known = key, known


class WrongValue(ConfigError):
    """A key's value has the wrong type or is out of range."""

    code = 7014

    def __init__(self, key: str, expected: str, got: object) -> None:
        super().__init__(f"{key}: expected {expected}, got {got!r:.60}.")
        self.key, self.expected, self.got = key, expected, repr(got)[:60]


@dataclass(frozen=True, slots=True)
class RpcConfig:
    """[rpc]"""

    BOUNDS: ClassVar[dict[str, tuple[int, int]]] = {
        "max_body_bytes": (1024, 64 * 2**20),
        "max_batch": (1, 1000),
        "max_connections": (1, 100_000),
        "max_connections_per_address": (1, 100_000),
        "max_at_once": (1, 1_000),
        "max_subscriptions": (1, 10_000),
        "subscription_queue": (16, 65_536),
        "request_seconds": (2, 700),
        "wait_committed_seconds": (1, 600),
        "body_seconds": (1, 600),
        "send_seconds": (1, 600),
        "idle_seconds": (1, 3_600),
    }
    listen: str = "127.0.0.1:8645"
    max_body_bytes: int = 1024 * 1024
    max_batch: int = 100
    max_connections: int = 1_000
    max_connections_per_address: int = 256
    max_at_once: int = 16
    max_subscriptions: int = 64
    subscription_queue: int = 256
    request_seconds: int = 75
    wait_committed_seconds: int = 60
    body_seconds: int = 15
    send_seconds: int = 10
    idle_seconds: int = 75


@dataclass(frozen=True, slots=True)
class P2PConfig:
    """[p2p]"""

    BOUNDS: ClassVar[dict[str, tuple[int, int]]] = {"max_inbound": (0, 1_000), "max_outbound": (0, 100)}
    listen: str = "127.0.0.1:26656"
    peers: tuple[str, ...] = ()
    max_inbound: int = 32
    max_outbound: int = 8
    pex: bool = True
    seed: bool = False
    seeds: tuple[str, ...] = ()
    private_addresses: bool = False

    def check(self) -> None:
        """Raises WrongValue."""
        for key, named in (("p2p.peers", self.peers), ("p2p.seeds", self.seeds)):
            for text in named:
                try:
                    peer = PeerAddress.parse(text)
                except P2PError as error:
                    raise WrongValue(key, f"{PEER_FORM}, its port 1 to 65535", text) from error
                if key == "p2p.seeds" and peer.node_id is None:
                    raise WrongValue(key, "NODEID@host:port", text)
        if self.seed and not self.pex:
            raise WrongValue("p2p.pex", "true for a seed", self.pex)


@dataclass(frozen=True, slots=True)
class ConsensusConfig:
    """[consensus], milliseconds"""

    BOUNDS: ClassVar[dict[str, tuple[int, int]]] = dict.fromkeys(
        ("propose_ms", "prevote_ms", "precommit_ms", "step_ms"), (10, 600000)
    )
    propose_ms: int = 3_000
    prevote_ms: int = 1_000
    precommit_ms: int = 1_000
    step_ms: int = 500


@dataclass(frozen=True, slots=True)
class StorageConfig:
    """[storage]"""

    BOUNDS: ClassVar[dict[str, tuple[int, int]]] = {
        "keep_versions": (0, 10_000_000),
        "keep_blocks": (0, 1_000_000_000),
        "cache_mb": (1, 4096),
    }
    sealed: bool = True
    key_file: str = "keys/storage.json"
    keep_versions: int = 1_000
    keep_blocks: int = 0
    cache_mb: int = 32


@dataclass(frozen=True, slots=True)
class SignerConfig:
    """[signer]"""

    BOUNDS: ClassVar[dict[str, tuple[int, int]]] = {"timeout_ms": (50, 60_000)}
    kind: str = "local"
    address: str = ""
    validator: str = ""
    timeout_ms: int = 1_000

    @property
    def remote(self) -> bool:
        return self.kind == "remote"

    def check(self) -> None:
        """Raises WrongValue."""
        if self.kind not in ("local", "remote"):
            raise WrongValue("signer.kind", "local or remote", self.kind)
        if not self.remote:
            return
        try:
            target = PeerAddress.parse(self.address)
        except P2PError as error:
            raise WrongValue("signer.address", f"{SIGNER_FORM}, its port 1 to 65535", self.address) from error
        if target.node_id is None:
            raise WrongValue("signer.address", SIGNER_FORM, self.address)
        if not _KEY.fullmatch(self.validator):
            raise WrongValue("signer.validator", "64 hex digits, as `cluster signer show` prints them", self.validator)


@dataclass(frozen=True, slots=True)
class MetricsConfig:
    """[metrics]"""

    listen: str = ""


@dataclass(frozen=True, slots=True)
class StateSyncConfig:
    """[state_sync]"""

    enabled: bool = False
    trust: str = ""

    def block(self) -> Trust | None:
        """The block that is trusted, if one is named. Raises WrongValue."""
        trust = Trust.parse(self.trust) if self.trust else None
        if self.trust and (trust is None or trust.height < 2):
            raise WrongValue("state_sync.trust", "HEIGHT:BLOCK_ID of height 2 or above, or nothing", self.trust)
        return trust


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file. Relative paths are relative to the home folder."""

    version: int = CONFIG_VERSION
    moniker: str = "node"
    log_level: str = "info"
    log_format: str = "text"
    validator: bool = True
    rpc: RpcConfig = field(default_factory=RpcConfig)
    p2p: P2PConfig = field(default_factory=P2PConfig)
    consensus: ConsensusConfig = field(default_factory=ConsensusConfig)
    storage: StorageConfig = field(default_factory=StorageConfig)
    state_sync: StateSyncConfig = field(default_factory=StateSyncConfig)
    signer: SignerConfig = field(default_factory=SignerConfig)
    metrics: MetricsConfig = field(default_factory=MetricsConfig)

    def check(self) -> "Config":
        """The rules that go over single types. Raises WrongValue."""
        if self.version != CONFIG_VERSION:
            raise WrongValue("version", str(CONFIG_VERSION), self.version)
        if self.log_level not in LEVELS:
            raise WrongValue("log_level", " or ".join(LEVELS), self.log_level)
        if self.log_format not in FORMATS:
            raise WrongValue("log_format", " or ".join(FORMATS), self.log_format)
        if not 1 <= len(self.moniker) <= MAX_MONIKER or not self.moniker.isprintable():
            raise WrongValue("moniker", f"1 to {MAX_MONIKER} printable characters", self.moniker)
        taken = {parse_listen("rpc.listen", self.rpc.listen): "rpc.listen"}
        for key, listen in (("p2p.listen", self.p2p.listen), ("metrics.listen", self.metrics.listen)):
            if not listen and key == "metrics.listen":
                continue
            other = taken.setdefault(parse_listen(key, listen), key)
            if other != key:
                raise WrongValue(key, f"another address than {other}", listen)
        if self.rpc.request_seconds <= self.rpc.wait_committed_seconds:
            wanted = f"more than rpc.wait_committed_seconds, {self.rpc.wait_committed_seconds}"
            raise WrongValue("rpc.request_seconds", wanted, self.rpc.request_seconds)
        self.signer.check()
        self.state_sync.block()
        if self.storage.keep_versions == 1:
            raise WrongValue("storage.keep_versions", "0 for all, or at least 2", 1)
        if 0 < self.storage.keep_blocks < MIN_KEEP_BLOCKS:
            raise WrongValue(
                "storage.keep_blocks", f"0 for all, or at least {MIN_KEEP_BLOCKS}", self.storage.keep_blocks
            )
        self.p2p.check()
        return self


def parse_listen(key: str, text: str) -> Address:
    """The address that `host:port` names. Raises WrongValue."""
    try:
        peer = PeerAddress.parse(text)
    except P2PError as error:
        raise WrongValue(key, "host:port", text) from error
    if peer.node_id is not None:
        raise WrongValue(key, "host:port without a node id", text)
    return peer.address


def load_config(path: Path) -> Config:
    """The configuration of a file. Raises ConfigMissing, ConfigUnreadable, UnknownKey, WrongValue."""
    return read_file(Config, path, "configs/validator.toml").check()


def read_file(cls: type[T], path: Path, template: str, maker: str = "cluster init") -> T:
    """A dataclass of settings from a TOML file; its fields' types and its BOUNDS are the rules, `template` shows all.

    maker: the command that makes the file's home, named where there is none.
    Raises ConfigMissing, ConfigUnreadable, UnknownKey, WrongValue.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigMissing(path, maker) from None
    except OSError as error:
        raise ConfigUnreadable(path, error.strerror or "refused", template) from error
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML, nested without end
        raise ConfigUnreadable(path, str(error), template) from error
    return _read(cls, table, "")


def dump_config(config: "DataclassInstance") -> str:
    """The file's text; `read_file` gives back the same."""
    lines: list[str] = []
    tables: list[str] = []
    for entry in fields(config):
        value = getattr(config, entry.name)
        if is_dataclass(value):
            body = [_line(inner.name, getattr(value, inner.name)) for inner in fields(value)]
            tables += ["", f"[{entry.name}]", *body]
        else:
            lines.append(_line(entry.name, value))
    return "\n".join([*lines, *tables]) + "\n"


def _read(cls: type[T], table: dict[str, Any], prefix: str) -> T:
    hints = get_type_hints(cls)
    known = tuple(entry.name for entry in fields(cls))  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise UnknownKey(prefix + key, known)
        values[key] = _value(hints[key], value, prefix + key)
    bounds: dict[str, tuple[int, int]] = getattr(cls, "BOUNDS", {})
    for key, (low, high) in bounds.items():
        if key in values and not low <= values[key] <= high:
            raise WrongValue(prefix + key, f"{low} to {high}", values[key])
    return cls(**values)


def _value(hint: Any, value: Any, key: str) -> Any:
    if is_dataclass(hint):
        if not isinstance(value, dict):
            raise WrongValue(key, "a table", value)
        return _read(hint, value, key + ".")  # type: ignore[arg-type]
    if hint == tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise WrongValue(key, "a list of strings", value)
        return tuple(value)
    if type(value) is not hint:
        raise WrongValue(key, f"a value of type {hint.__name__}", value)
    return value


def _line(name: str, value: object) -> str:
    if isinstance(value, bool):
        return f"{name} = {str(value).lower()}"
    if isinstance(value, tuple):
        return f"{name} = [" + ", ".join(_quoted(str(item)) for item in value) + "]"
    return f"{name} = {_quoted(value) if isinstance(value, str) else value}"


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's escapes are TOML's, which wants DEL escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
