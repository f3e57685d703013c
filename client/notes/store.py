"""What a wallet knows of its notes, kept in a file that opens for its view key alone.

    file = MAGIC || nonce (24) || XChaCha20-Poly1305 of the canonical StoredNotes, MAGIC being associated data
    key  = SHA-256[NOTE_STORE](text of the view key)

The file is written whole: whoever is killed meanwhile leaves the former one. All of it comes from the chain and can be
read from there again, but for how many addresses were given out and which notes wait in transactions of one's own.
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from chain.codec import decode, encode, wire
from chain.errors import CodecError
from chain.types.scalars import Blob, ChainId, FieldElement, Hash, Height, ObjectId, TxHash, Uint
from client.notes.address import Address, parse_payload
from client.notes.anchor import Anchor
from client.notes.content import Content, ContractNote
from client.notes.errors import SentNoteUnknown, StoreOfOtherChain, StoreUnreadable
from client.notes.keys import ViewKey
from client.notes.scan import Received, Sent
from client.notes.tree import WalletTree
from client.whole_files import write_whole
from crypto import domains
from crypto.field import FIELD_BYTES
from crypto.hashing import tagged_hash
from crypto.notes import PoolNote, parse_pool_note
from crypto.sealedbox import AEAD_NONCE_BYTES, CiphertextRefused, aead_open, aead_seal

MAGIC: Final = b"cluster-notes-2\n"
MAX_FILE_BYTES: Final = 2**30
FARTHEST: Final = 100_000  # heights that a vote lets a transaction lie ahead (chain/execution/param_changes.py)

Entropy = Callable[[int], bytes]
_NAME_DIGITS: Final = 16
_POOL: Final = Uint(0)  # in the place of a contract note's kind


@wire()
@dataclass(frozen=True, slots=True)
class OwnNote:
    """A note that came to address number `address`. kind: 0 in a pool; elements: what it decrypted to.

    number: among all notes of the chain. nullifier: None without nk; spent: the height at which it was published.
    """

    number: Uint
    object: ObjectId
    position: Uint
    height: Height
    commitment: FieldElement
    address: Uint
    kind: Uint
    elements: tuple[FieldElement, ...] = field(repr=False)
    nullifier: FieldElement | None = field(default=None, repr=False)
    spent: Height | None = None

    @property
    def content(self) -> Content:
        return _content(self.kind, self.elements)


@wire()
@dataclass(frozen=True, slots=True)
class SentNote:
    """A note that one sent; payload: the address's bytes; transaction: None if another copy of the wallet sent it."""

    number: Uint
    object: ObjectId
    position: Uint
    height: Height
    commitment: FieldElement
    payload: Blob
    kind: Uint
    elements: tuple[FieldElement, ...] = field(repr=False)
    transaction: TxHash | None = None

    @property
    def address(self) -> Address:
        return parse_payload(self.payload)

    @property
    def content(self) -> Content:
        return _content(self.kind, self.elements)


@wire()
@dataclass(frozen=True, slots=True)
class Waiting:
    """A transaction of one's own that may still come: the notes that it spends and makes, until it expires."""

    transaction: TxHash
    expiry: Height
    nullifiers: tuple[FieldElement, ...]
    commitments: tuple[FieldElement, ...]


@wire()
@dataclass(frozen=True, slots=True)
class KeptSubtree:
    """The 256 leaves of a subtree that holds own notes, 32 bytes each."""

    number: Uint
    leaves: Blob


@wire()
@dataclass(frozen=True, slots=True)
class KeptTree:
    """A WalletTree: all nodes as 32 bytes each."""

    object: ObjectId
    rows: tuple[Blob, ...]
    kept: tuple[KeptSubtree, ...]
    last: Blob


@wire()
@dataclass(frozen=True, slots=True)
class StoredNotes:
    """Everything. outputs, nullifiers: how many of the chain's were read; addresses: how many were given out.

    anchor: the last block that notes were read of, None before the first; height: that of the nullifiers.
    """

    chain_id: ChainId
    genesis_hash: Hash
    outputs: Uint
    nullifiers: Uint
    height: Height
    anchor: Anchor | None
    addresses: Uint
    notes: tuple[OwnNote, ...]
    sent: tuple[SentNote, ...]
    waiting: tuple[Waiting, ...]
    trees: tuple[KeptTree, ...]


@dataclass(slots=True)
class NoteStore:
    """The notes of one view key on one chain, in memory; `save` puts them into the file."""

    path: Path
    chain_id: ChainId
    genesis_hash: Hash
    key: bytes = field(repr=False)
    outputs: int = 0
    nullifiers: int = 0
    height: int = 0
    anchor: Anchor | None = None
    addresses: int = 1
    notes: list[OwnNote] = field(default_factory=list)
    sent: list[SentNote] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    trees: dict[ObjectId, WalletTree] = field(default_factory=dict)
    _own: set[int] = field(init=False, repr=False, compare=False)  # numbers of `notes`
    _gone: set[int] = field(init=False, repr=False, compare=False)  # and of `sent`
    _made_by: dict[FieldElement, TxHash] = field(init=False, repr=False, compare=False)  # of sent ones, by commitment

    def __post_init__(self) -> None:
        self._own = {int(note.number) for note in self.notes}
        self._gone = {int(note.number) for note in self.sent}
        self._made_by = {}

    def add_received(self, found: Received, number: int) -> None:
        """A note that the scan found; one that is known already, or fills up a transfer, changes nothing."""
        record, content = found.record, found.content
        if _empty(content) or number in self._own:
            return
        kind, elements = _elements(content)
        nullifier = None if found.nullifier is None else FieldElement(found.nullifier)
        commitment = record.output.commitment
        self.notes.append(
            OwnNote(
                Uint(number),
                record.object,
                record.position,
                record.height,
                commitment,
                Uint(found.address),
                kind,
                elements,
                nullifier,
            )
        )
        self._own.add(number)

    def add_sent(self, found: Sent, number: int) -> None:
        """A note that the scan found to be sent by oneself."""
        record = found.record
        if _empty(found.content) or number in self._gone:
            return
        kind, elements = _elements(found.content)
        commitment = record.output.commitment
        waiting = (each.transaction for each in self.waiting if commitment in each.commitments)
        made_by = next(waiting, self._made_by.get(commitment))
        payload = Blob(found.address.payload())
        self.sent.append(
            SentNote(
                Uint(number),
                record.object,
                record.position,
                record.height,
                commitment,
                payload,
                kind,
                elements,
                made_by,
            )
        )
        self._gone.add(number)

    def sent_note(self, number: int) -> SentNote:
        """What one sent, by its number over the whole chain. Raises SentNoteUnknown."""
        found = next((note for note in self.sent if note.number == number), None)
        if found is None:
            raise SentNoteUnknown(number)
        return found

    def mark_spent(self, published: Iterable[tuple[ObjectId, FieldElement, Height]]) -> None:
        """Nullifiers that the chain published: (object, nullifier, height)."""
        places = {(note.object, note.nullifier): place for place, note in enumerate(self.notes)}
        for object_, nullifier, height in published:
            place = places.get((object_, nullifier))
            if place is not None:
                self.notes[place] = replace(self.notes[place], spent=height)

    def reserve(self, waiting: Waiting) -> None:
        """Do not spend again what a submitted transaction spends, before it is final or has expired."""
        self.waiting.append(waiting)

    def release(self, transaction: TxHash) -> None:
        """A transaction that will never be in a block: its notes are free again."""
        self.waiting = [each for each in self.waiting if each.transaction != transaction]

    def unspent(self, object_: ObjectId) -> list[OwnNote]:
        """The notes of an object that no block and no waiting transaction spends.

        One whose expiry lies further ahead than any chain allows does not wait: a node that lied about its height would
        have set the notes aside for ever. Spent in another transaction, they are spent once all the same.
        """
        coming = (each for each in self.waiting if 0 <= each.expiry - self.height <= FARTHEST)
        taken = {nullifier for each in coming for nullifier in each.nullifiers}
        return [
            note for note in self.notes if note.object == object_ and note.spent is None and note.nullifier not in taken
        ]

    def forget(self) -> None:
        """Drop what is needed no more: leaves around spent notes, transactions that expired or whose notes came."""
        for object_, tree in self.trees.items():
            tree.forget(note.position for note in self.notes if note.object == object_ and note.spent is None)
        came = {note.commitment for note in self.notes} | {note.commitment for note in self.sent}
        came |= {note.nullifier for note in self.notes if note.nullifier is not None and note.spent is not None}
        self.waiting = [
            each
            for each in self.waiting
            if each.expiry >= self.height and came.isdisjoint((*each.commitments, *each.nullifiers))
        ]

    def restart(self) -> None:
        """Forget what was read from the chain, so that all of it is read again.

        What waits stays: until it expires it can come into a block, also of a chain that was put back. So does which
        transaction made a note that was sent: the chain does not say it.
        """
        self._made_by |= {note.commitment: note.transaction for note in self.sent if note.transaction is not None}
        self.anchor = None
        self.outputs = self.nullifiers = self.height = 0
        self.notes, self.sent, self.trees = [], [], {}
        self._own, self._gone = set(), set()

    def save(self, entropy: Entropy = os.urandom) -> None:
        """Put everything into the file. Raises OSError."""
        stored = StoredNotes(
            self.chain_id,
            self.genesis_hash,
            Uint(self.outputs),
            Uint(self.nullifiers),
            Height(self.height),
            self.anchor,
            Uint(self.addresses),
            tuple(self.notes),
            tuple(self.sent),
            tuple(self.waiting),
            tuple(_keep(object_, tree) for object_, tree in self.trees.items()),
        )
        nonce = entropy(AEAD_NONCE_BYTES)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self.path, MAGIC + nonce + aead_seal(self.key, nonce, encode(stored), MAGIC), private=True)


def store_key(view: ViewKey) -> bytes:
    """The key of a view key's file, 32 bytes."""
    return tagged_hash(domains.NOTE_STORE, view.encode().encode())


def store_path(folder: Path, view: ViewKey, genesis_hash: Hash) -> Path:
    """Where a view key's store on a chain lies; the name shows neither key nor account."""
    name = tagged_hash(domains.NOTE_STORE, store_key(view)).hex()
    return folder / f"{genesis_hash.hex()[:_NAME_DIGITS]}-{name[:_NAME_DIGITS]}.notes"


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Wait until no other process holds the store at a path, and hold it. Raises OSError.

    The system lets go of it when the process ends, however it ends.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(path.with_suffix(".lock"), "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def open_store(folder: Path, view: ViewKey, chain_id: ChainId, genesis_hash: Hash) -> NoteStore:
    """The store of a view key on a chain, empty if there is no file yet. Raises StoreUnreadable, StoreOfOtherChain."""
    key, path = store_key(view), store_path(folder, view, genesis_hash)
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE_BYTES)
    except FileNotFoundError:
        return NoteStore(path, chain_id, genesis_hash, key)
    stored = _decode(path, key, data)
    if (stored.chain_id, stored.genesis_hash) != (chain_id, genesis_hash):
        raise StoreOfOtherChain(str(path), stored.chain_id, chain_id)
    return NoteStore(
        path,
        chain_id,
        genesis_hash,
        key,
        outputs=stored.outputs,
        nullifiers=stored.nullifiers,
        height=stored.height,
        anchor=stored.anchor,
        addresses=stored.addresses,
        notes=list(stored.notes),
        sent=list(stored.sent),
        waiting=list(stored.waiting),
        trees={kept.object: _unfold(kept) for kept in stored.trees},
    )


def _decode(path: Path, key: bytes, data: bytes) -> StoredNotes:
    nonce, sealed = data[len(MAGIC) : len(MAGIC) + AEAD_NONCE_BYTES], data[len(MAGIC) + AEAD_NONCE_BYTES :]
    if not data.startswith(MAGIC) or len(nonce) < AEAD_NONCE_BYTES:
        raise StoreUnreadable(str(path), "it is no file of notes, or of another version")
    try:
        return decode(StoredNotes, aead_open(key, nonce, sealed, MAGIC), limit=MAX_FILE_BYTES)
    except (CiphertextRefused, CodecError) as refusal:
        raise StoreUnreadable(str(path), str(refusal)) from refusal


def _empty(content: Content) -> bool:
    """Whether it is what transfers are filled up with: no value and nothing said."""
    return isinstance(content, PoolNote) and not content.value and not any(content.memo)


def _elements(content: Content) -> tuple[Uint, tuple[FieldElement, ...]]:
    kind = _POOL if isinstance(content, PoolNote) else Uint(content.kind)
    return kind, tuple(map(FieldElement, content.plaintext()))


def _content(kind: int, elements: tuple[FieldElement, ...]) -> Content:
    note = parse_pool_note(elements) if kind == _POOL else None
    return ContractNote(kind, elements[:-1], elements[-1]) if note is None else note


def _keep(object_: ObjectId, tree: WalletTree) -> KeptTree:
    kept = tuple(KeptSubtree(Uint(number), _pack(leaves)) for number, leaves in sorted(tree.kept.items()))
    return KeptTree(object_, tuple(map(_pack, tree.rows)), kept, _pack(tree.last))


def _unfold(kept: KeptTree) -> WalletTree:
    subtrees = {int(subtree.number): _unpack(subtree.leaves) for subtree in kept.kept}
    return WalletTree([_unpack(row) for row in kept.rows], subtrees, _unpack(kept.last))


def _pack(nodes: Iterable[int]) -> Blob:
    return Blob(b"".join(node.to_bytes(FIELD_BYTES, "big") for node in nodes))


def _unpack(packed: bytes) -> list[int]:
    return [int.from_bytes(packed[start : start + FIELD_BYTES], "big") for start in range(0, len(packed), FIELD_BYTES)]
