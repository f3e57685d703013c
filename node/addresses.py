"""The addresses of peers that were found, in a file of the home: what is lost of it is found again."""

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from node.config import Config, P2PConfig
from node.durable import DISK, Disk, Subject
from p2p.address import NodeId, PeerAddress
from p2p.address_book import AddressBook, Known
from p2p.discovery import Discovery, Terms
from p2p.errors import P2PError

VERSION: Final = 1
SAVE_EVERY_S: Final = 120.0
KEY_BYTES: Final = 32

log = logging.getLogger(__name__)


def open_discovery(
    path: Path, config: Config, me: NodeId, clock: Callable[[], float], entropy: Callable[[int], bytes]
) -> Discovery:
    """A discovery with what the file knows; a file that cannot be used is as none."""
    p2p, stored = config.p2p, _read(path)
    book = AddressBook(me, bytes.fromhex(stored.get("key", "")) or entropy(KEY_BYTES), entropy, clock)
    book.private = p2p.private_addresses
    book.load(_known(entry) for entry in stored.get("addresses", []))
    return Discovery(book, _terms(p2p), clock)


class AddressFile:
    """Writes what a discovery knows, now and then, and at the end."""

    def __init__(self, path: Path, discovery: Discovery | None, disk: Disk = DISK) -> None:
        self._path, self._discovery, self._disk = path, discovery, disk

    def save(self) -> None:
        """The file as a whole. A disk that does not take it costs the node nothing but addresses."""
        if self._discovery is None:
            return
        book = self._discovery.book
        addresses = [
            {"peer": str(known.peer), "source": known.source, "tried": known.tried, "failures": known.failures}
            for known in book.known()
        ]
        document = {"version": VERSION, "key": book.key.hex(), "addresses": addresses}
        try:
            self._disk.replace_content(self._path, json.dumps(document, indent=1).encode(), at=Subject.ADDRESSES)
        except OSError as error:
            log.warning("%s could not be written: %s", self._path, error)

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            await asyncio.to_thread(self.save)


def _terms(p2p: P2PConfig) -> Terms:
    return Terms(p2p.pex, p2p.seed, p2p.max_outbound, tuple(PeerAddress.parse(seed) for seed in p2p.seeds))


def _read(path: Path) -> dict[str, Any]:
    try:
        stored = json.loads(path.read_bytes())
        if stored["version"] != VERSION or len(bytes.fromhex(stored["key"])) != KEY_BYTES:
            raise ValueError("it is of another version")
        for entry in stored["addresses"]:
            _known(entry)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError, P2PError) as error:
        log.warning("%s cannot be used and is made anew: %s", path, error)
        return {}
    return dict(stored)


def _known(entry: dict[str, Any]) -> Known:
    tried, failures = bool(entry["tried"]), int(entry["failures"])
    return Known(PeerAddress.parse(str(entry["peer"])), str(entry["source"]), tried, failures)
