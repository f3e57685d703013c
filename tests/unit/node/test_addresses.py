"""The file of found peers: it survives a restart, and whatever is wrong with it costs addresses and nothing else."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from crypto.keys import PublicKey
from node.addresses import AddressFile, open_discovery
from node.config import Config, P2PConfig, WrongValue
from node.durable import Disk, Subject
from p2p.address import NodeId
from p2p.discovery import Discovery
from tests.support.p2p_nodes import CountedEntropy, ManualClock
from tests.unit.p2p.test_address_book import ME, peer

SEED = "ab" * 32 + "@seed.example:26656"


def opened(path: Path, p2p: P2PConfig | None = None) -> Discovery:
    config = Config(p2p=p2p or P2PConfig())
    return open_discovery(path, config, ME, ManualClock(), CountedEntropy("addresses"))


def test_what_was_found_is_known_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "addresses.json"
    first = opened(path)
    for number in range(30):
        first.book.add(peer(number), f"{number}.7.0.0/16")
    first.book.good(peer(7))
    first.book.failed(NodeId(PublicKey((3).to_bytes(32, "big"))))
    AddressFile(path, first).save()
    second = opened(path)
    assert second.book.key == first.book.key
    told = {(known.peer, known.source, known.tried, known.failures) for known in first.book.known()}
    assert {(known.peer, known.source, known.tried, known.failures) for known in second.book.known()} == told


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"{}",
        b"[]",
        b'{"version": 2, "key": "", "addresses": []}',
        json.dumps({"version": 1, "key": "00", "addresses": []}).encode(),
        json.dumps({"version": 1, "key": "00" * 32, "addresses": [{"peer": "nowhere"}]}).encode(),
        json.dumps({"version": 1, "key": "00" * 32, "addresses": 7}).encode(),
    ],
)
def test_a_file_that_cannot_be_used_is_as_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "addresses.json"
    path.write_bytes(content)
    assert len(opened(path).book) == 0


def test_what_the_configuration_says_now_counts_for_what_was_found_before(tmp_path: Path) -> None:
    path = tmp_path / "addresses.json"
    private = opened(path, P2PConfig(private_addresses=True))
    private.book.add(peer(1, "10.0.0.1"), "local")
    AddressFile(path, private).save()
    assert len(opened(path, P2PConfig(private_addresses=True)).book) == 1
    assert len(opened(path).book) == 0


def test_a_full_disk_costs_addresses_and_not_the_node(tmp_path: Path) -> None:
    class Full(Disk):
        def replace_content(self, path: Path, data: bytes, mode: int = 0o600, *, at: Subject | None = None) -> None:
            raise OSError(28, "No space left on device")

    AddressFile(tmp_path / "addresses.json", opened(tmp_path / "none"), Full()).save()
    assert not (tmp_path / "addresses.json").exists()


def test_the_configuration_reaches_the_discovery(tmp_path: Path) -> None:
    terms = opened(tmp_path / "none", P2PConfig(max_outbound=3, seed=True, seeds=(SEED,))).terms
    assert (terms.enabled, terms.seed, terms.outbound, str(terms.seeds[0])) == (True, True, 3, SEED)
    assert not opened(tmp_path / "none", P2PConfig(pex=False)).terms.enabled


@pytest.mark.parametrize(
    "wrong", [P2PConfig(seeds=("seed.example:26656",)), P2PConfig(seeds=("x",)), P2PConfig(seed=True, pex=False)]
)
def test_what_contradicts_itself_is_refused(wrong: P2PConfig) -> None:
    with pytest.raises(WrongValue):
        replace(Config(), p2p=wrong).check()
