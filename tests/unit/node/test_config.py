"""The configuration file: strict, documented key by key, and equal to what the program assumes without one."""

import re
import shlex
import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import configs
from node.cli.frame import build_parser
from node.config import (
    Config,
    ConfigMissing,
    ConfigUnreadable,
    P2PConfig,
    UnknownKey,
    WrongValue,
    dump_config,
    load_config,
)

FOLDER = Path(configs.__path__[0])
TEMPLATE = FOLDER / "validator.toml"


def keys_of(config: object, prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for entry in fields(config):  # type: ignore[arg-type]
        value = getattr(config, entry.name)
        if is_dataclass(value):
            found |= keys_of(value, f"{prefix}{entry.name}.")
        else:
            found[prefix + entry.name] = value
    return found


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_the_template_holds_every_key_with_its_default() -> None:
    assert load_config(TEMPLATE) == Config()
    table = tomllib.loads(TEMPLATE.read_text())
    flat = {key for key, value in table.items() if not isinstance(value, dict)}
    flat |= {f"{name}.{key}" for name, part in table.items() if isinstance(part, dict) for key in part}
    assert flat == set(keys_of(Config()))


def test_the_template_says_what_every_key_is_for() -> None:
    undocumented, before = [], ""
    for line in TEMPLATE.read_text().splitlines():
        key = re.match(r"(\w+) = ", line)
        if key and not (before.startswith("#") or before.endswith("_ms")):
            undocumented.append(key[1])
        before = "#" if line.startswith("#") else (key[1] if key else "")
    assert undocumented == []


def test_bounds_in_the_template_are_those_that_are_enforced() -> None:
    text = TEMPLATE.read_text()
    for part in (Config().rpc, Config().p2p, Config().consensus, Config().storage, Config().signer):
        for key, (low, high) in getattr(part, "BOUNDS", {}).items():
            assert f"{low:,} to {high:,}" in text, key


def test_what_is_dumped_loads_again(tmp_path: Path) -> None:
    config = Config(moniker='quote " and \\ backslash and ü', p2p=P2PConfig(peers=("a:1", "b.example:2")))
    assert load_config(written(tmp_path / "c.toml", dump_config(config))) == config


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_is_dumped_as_toml_reads_it(text: str) -> None:
    assert tomllib.loads(dump_config(Config(moniker=text)))["moniker"] == text


@pytest.mark.parametrize("key", ["rpc.lisen", "colour", "p2p.colour", "storage.sealed.deep"])
def test_unknown_keys_are_refused_by_their_full_name(tmp_path: Path, key: str) -> None:
    with pytest.raises(UnknownKey if key != "storage.sealed.deep" else WrongValue):
        load_config(written(tmp_path / "c.toml", f"{key} = 1\n"))


@pytest.mark.parametrize(
    "line",
    [
        "version = 2",
        "version = true",
        'log_level = "loud"',
        'log_format = "xml"',
        "rpc.request_seconds = 60",
        "storage.keep_versions = 1",
        "storage.keep_blocks = 99",
        "rpc.max_connections_per_address = 0",
        "moniker = 7",
        'moniker = ""',
        'moniker = "two\\nlines"',
        "moniker = 2026-11-22",
        'validator = "yes"',
        "rpc = 1",
        'rpc.listen = "8645"',
        'rpc.listen = "127.0.0.1:0"',
        f'rpc.listen = "{64 * "a"}@127.0.0.1:8645"',
        'p2p.listen = "127.0.0.1:8645"',
        'metrics.listen = "9645"',
        'metrics.listen = "127.0.0.1:26656"',
        "rpc.max_batch = true",
        "rpc.max_batch = 99999999999999999999",
        "rpc.max_batch = 0",
        "rpc.max_batch = 1.0",
        'p2p.peers = "one"',
        'p2p.peers = ["nobody"]',
        "p2p.peers = [1]",
        "consensus.propose_ms = 9",
        "storage.keep_versions = 1",
        'signer.kind = "elsewhere"',
        "signer.timeout_ms = 49",
    ],
)
def test_values_of_the_wrong_type_or_size_are_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(WrongValue) as refused:
        load_config(written(tmp_path / "c.toml", line + "\n"))
    assert refused.value.key == line.split(" = ")[0]


@pytest.mark.parametrize(
    ("address", "validator", "key"),
    [
        ("", 64 * "a", "signer.address"),
        ("127.0.0.1:26660", 64 * "a", "signer.address"),  # whoever listens there
        (64 * "b" + "@127.0.0.1:26660", "", "signer.validator"),
        (64 * "b" + "@127.0.0.1:26660", "0x" + 64 * "a", "signer.validator"),
    ],
)
def test_a_remote_signer_is_named_in_full(tmp_path: Path, address: str, validator: str, key: str) -> None:
    text = f'[signer]\nkind = "remote"\naddress = "{address}"\nvalidator = "{validator}"\n'
    with pytest.raises(WrongValue) as refused:
        load_config(written(tmp_path / "c.toml", text))
    assert refused.value.key == key


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigMissing):
        load_config(tmp_path / "none.toml")
    with pytest.raises(ConfigUnreadable):
        load_config(written(tmp_path / "c.toml", "rpc = ["))
    (tmp_path / "latin.toml").write_bytes(b'moniker = "\xff"')
    with pytest.raises(ConfigUnreadable):
        load_config(tmp_path / "latin.toml")
    with pytest.raises(ConfigUnreadable, match="directory"):
        load_config(tmp_path)
    with pytest.raises(ConfigUnreadable):
        load_config(written(tmp_path / "deep.toml", "a = " + "[" * 100_000))


def test_the_systemd_unit_starts_a_command_that_there_is() -> None:
    unit = (FOLDER / "cluster.service").read_text()
    line = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
    program, *argv = shlex.split(line.removeprefix("ExecStart="))
    arguments = build_parser({argv[0]}).parse_args(argv)
    assert program.endswith("/cluster") and arguments.home == Path("/var/lib/cluster")
    assert "LoadCredential=passphrase:" in unit and str(arguments.passphrase_file).endswith("/passphrase")
