"""The file that keeps notes: it comes back as it was, opens for its key alone, and survives being killed."""

import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from chain.execution.param_changes import RANGES
from chain.types.scalars import ChainId, FieldElement, Hash, Height, TxHash
from client.notes.content import ContractNote
from client.notes.errors import StoreOfOtherChain, StoreUnreadable
from client.notes.keys import SpendingKey
from client.notes.scan import Scanner
from client.notes.store import FARTHEST, MAGIC, NoteStore, Waiting, open_store, store_key
from client.notes.tree import WalletTree
from crypto.notes import PoolNote
from tests.support.note_records import CONTRACT, POOL, Entropy, record
from tests.support.rooms import ROOT

MINE, THEIRS = SpendingKey(b"\x01" * 32).full_view(), SpendingKey(b"\x02" * 32).full_view()
CHAIN, GENESIS = ChainId("cluster-test"), Hash(b"\x09" * 32)
NOTE = PoolNote(0, 5_000_000_000, 321, b"for the roof".ljust(62, b"\0"))
TO_ME = record(NOTE, MINE.incoming.address(), position=3)
MORE = record(ContractNote(2, (4, 5), 6), MINE.incoming.address(), 79, position=300, object_=CONTRACT)
TO_THEM = record(NOTE, THEIRS.incoming.address(), 78, ovk=MINE.outgoing, position=4)


@pytest.fixture
def store(tmp_path: Path) -> NoteStore:
    """Two notes, one sent, a transaction on its way, two trees."""
    made = open_store(tmp_path / "notes", MINE, CHAIN, GENESIS)
    scanner = Scanner(MINE, {POOL})
    made.reserve(Waiting(TxHash(b"\x05" * 32), Height(40), (), (TO_THEM.output.commitment, FieldElement(1))))
    for found in scanner.received([TO_ME, MORE]):
        made.add_received(found, found.record.position)
    for sent in scanner.sent([TO_THEM]):
        made.add_sent(sent, sent.record.position)
    for object_, leaves in ((POOL, 7), (CONTRACT, 301)):
        made.trees[object_] = WalletTree()
        made.trees[object_].append(list(range(leaves)), [3, 300], {0: 99})
    made.outputs, made.nullifiers, made.height, made.addresses = 308, 12, 33, 2
    return made


def again(store: NoteStore) -> NoteStore:
    return open_store(store.path.parent, MINE, CHAIN, GENESIS)


def test_a_store_comes_back_as_it_was(store: NoteStore) -> None:
    store.save()
    assert again(store) == store
    assert [note.content for note in again(store).notes] == [NOTE, ContractNote(2, (4, 5), 6)]
    (sent,) = again(store).sent
    assert (sent.address, sent.content) == (THEIRS.incoming.address(), NOTE)
    assert sent.transaction == b"\x05" * 32


def test_the_file_is_for_its_owners_eyes_and_shows_nothing(store: NoteStore) -> None:
    store.save()
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    data = store.path.read_bytes()
    assert data.startswith(MAGIC)
    secrets = (NOTE.memo[:12], NOTE.value.to_bytes(8, "big"), POOL, TO_ME.output.commitment.to_bytes(32, "big"))
    assert not any(secret in data for secret in secrets)
    store.save()
    assert store.path.read_bytes() != data  # another nonce
    assert store_key(MINE).hex() not in repr(store)


def test_another_keys_file_is_another_file_and_does_not_open(store: NoteStore) -> None:
    store.save()
    theirs = open_store(store.path.parent, THEIRS, CHAIN, GENESIS)
    assert theirs.path != store.path and theirs.notes == []
    store.path.rename(theirs.path)
    with pytest.raises(StoreUnreadable):
        open_store(store.path.parent, THEIRS, CHAIN, GENESIS)


@pytest.mark.parametrize("place", [0, len(MAGIC), len(MAGIC) + 24, -1])
def test_an_altered_file_is_refused(store: NoteStore, place: int) -> None:
    store.save()
    data = bytearray(store.path.read_bytes())
    data[place] ^= 1
    store.path.write_bytes(data)
    with pytest.raises(StoreUnreadable) as refused:
        again(store)
    assert refused.value.path == str(store.path)


@pytest.mark.parametrize("length", [0, 5, len(MAGIC) + 3, len(MAGIC) + 24, 200])
def test_a_cut_file_is_refused(store: NoteStore, length: int) -> None:
    store.save()
    store.path.write_bytes(store.path.read_bytes()[:length])
    with pytest.raises(StoreUnreadable):
        again(store)


def test_a_file_of_another_chain_is_refused(store: NoteStore) -> None:
    store.save()
    other = open_store(store.path.parent, MINE, ChainId("other"), Hash(b"\x08" * 32))
    store.path.rename(other.path)
    with pytest.raises(StoreOfOtherChain):
        open_store(store.path.parent, MINE, ChainId("other"), Hash(b"\x08" * 32))


def test_what_fills_up_a_transfer_is_no_note_unless_it_says_something(store: NoteStore) -> None:
    view, scanner = MINE.incoming.address(), Scanner(MINE, {POOL})
    for position, memo in ((50, b""), (51, b"hello")):
        note = PoolNote(0, 0, 9, memo.ljust(62, b"\0"))
        made = record(note, view, 81, ovk=MINE.outgoing, position=position)
        for found in scanner.received([made]):
            store.add_received(found, position)
        for sent in scanner.sent([made]):
            store.add_sent(sent, position)
    assert [note.number for note in store.notes] == [3, 300, 51]
    assert [note.number for note in store.sent] == [4, 51]


def test_a_note_is_kept_once_however_often_it_is_found(store: NoteStore) -> None:
    scanner = Scanner(MINE, {POOL})
    for found in scanner.received([TO_ME, TO_ME]):
        store.add_received(found, found.record.position)
    for sent in scanner.sent([TO_THEM]):
        store.add_sent(sent, sent.record.position)
    assert len(store.notes) == 2 and len(store.sent) == 1


def test_a_note_is_spent_by_its_own_nullifier_in_its_own_object(store: NoteStore) -> None:
    nullifier = store.notes[0].nullifier
    assert nullifier is not None
    store.mark_spent([(CONTRACT, nullifier, Height(6)), (POOL, FieldElement(nullifier ^ 1), Height(7))])
    assert store.unspent(POOL) == [store.notes[0]]
    store.mark_spent([(POOL, nullifier, Height(8))])
    assert store.unspent(POOL) == [] and store.notes[0].spent == 8
    assert len(store.unspent(CONTRACT)) == 1


def test_a_note_in_a_waiting_transaction_is_not_spent_again_until_that_expires(store: NoteStore) -> None:
    nullifier = store.notes[0].nullifier
    assert nullifier is not None
    waiting = Waiting(TxHash(b"\x06" * 32), Height(50), (nullifier,), (FieldElement(77),))
    store.reserve(waiting)
    store.save()
    assert again(store).unspent(POOL) == []
    store.height = 50  # its last one, and as long as it is kept it waits
    store.forget()
    assert waiting in store.waiting and store.unspent(POOL) == []
    store.height = 51
    assert len(store.unspent(POOL)) == 1
    store.forget()
    assert store.waiting == []
    store.height = 33
    store.reserve(waiting)
    assert store.unspent(POOL) == []
    store.release(waiting.transaction)
    assert len(store.unspent(POOL)) == 1


def test_a_node_that_lies_about_its_height_does_not_set_notes_aside_for_ever(store: NoteStore) -> None:
    """The expiry of a transaction is counted from the height that the node says."""
    nullifier = store.notes[0].nullifier
    assert nullifier is not None
    assert RANGES["max_expiry"][1] == FARTHEST
    for expiry, free in ((store.height + FARTHEST, 0), (store.height + FARTHEST + 1, 1), (10**15, 1)):
        store.reserve(Waiting(TxHash(b"\x06" * 32), Height(expiry), (nullifier,), ()))
        assert len(store.unspent(POOL)) == free
        store.release(TxHash(b"\x06" * 32))


def test_what_is_needed_no_more_is_forgotten(store: NoteStore) -> None:
    assert sorted(store.trees[CONTRACT].kept) == [0]
    nullifiers = [note.nullifier for note in store.notes]
    assert nullifiers[0] is not None and nullifiers[1] is not None
    came = Waiting(TxHash(b"\x07" * 32), Height(99), (nullifiers[0],), (TO_ME.output.commitment,))
    store.reserve(came)
    store.reserve(replace(came, transaction=TxHash(b"\x08" * 32), commitments=(FieldElement(5),)))
    store.height = 41
    store.forget()
    assert [each.transaction[0] for each in store.waiting] == [8]
    assert store.trees[CONTRACT].kept == {}  # the own note there is behind the complete subtree


def test_after_a_restart_only_what_the_chain_does_not_say_is_left(store: NoteStore) -> None:
    store.restart()
    assert (store.outputs, store.notes, store.sent, store.trees, store.addresses) == (0, [], [], {}, 2)
    assert len(store.waiting) == 1


def test_after_a_restart_it_is_still_known_which_transaction_sent_a_note(store: NoteStore) -> None:
    """That waits no more, and no block says so."""
    (before,) = store.sent
    store.waiting = []
    store.restart()
    for sent in Scanner(MINE, {POOL}).sent([TO_THEM]):
        store.add_sent(sent, sent.record.position)
    assert before.transaction is not None and store.sent == [before]


KILLED = """
import os, signal, sys
from pathlib import Path
from client.notes.keys import SpendingKey
from client.notes.store import open_store
from chain.types.scalars import ChainId, Hash

view = SpendingKey(b"\\x01" * 32).full_view()
store = open_store(Path(sys.argv[1]), view, ChainId("cluster-test"), Hash(b"\\x09" * 32))
store.outputs = 999
real = os.fsync
def killed(descriptor):
    real(descriptor)
    os.kill(os.getpid(), signal.SIGKILL)
os.fsync = killed
store.save()
"""


def test_a_wallet_that_is_killed_while_it_writes_has_its_former_file(store: NoteStore) -> None:
    store.save(Entropy())
    before = store.path.read_bytes()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", KILLED, str(store.path.parent)], env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert store.path.read_bytes() == before
    assert again(store) == store
    store.outputs = 400
    store.save()
    assert again(store).outputs == 400
