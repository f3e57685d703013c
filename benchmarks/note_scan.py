"""How many notes a second does a wallet look at, on one core, from the JSON of a node's pages to what is its own?"""

import json
import os
from time import process_time
from typing import Final

from chain.codec import encode, to_json
from chain.types.scalars import (
    Blob,
    EncryptionKeyBytes,
    FieldElement,
    Height,
    NoteTag,
    ObjectId,
    OutgoingSeal,
    Uint,
)
from client.notes.hints import SEAL_BYTES
from client.notes.keys import SpendingKey
from client.notes.pages import NOTES, read_note_page
from client.notes.scan import Scanner
from client.strict_json import parse
from contracts.notes.output import NoteHint, NoteOutput, Point
from contracts.notes.queries import NotesRange
from contracts.notes.state import NoteRecord
from crypto import note_hints, notes

PAGES: Final = 20
ROUNDS: Final = 3
DEEP: Final = 200  # notes that a deep scan opens; two outputs of an action share a point
POOL: Final = ObjectId(b"\x01" * 32)


def scan_row() -> dict[str, str | int]:
    """notes_per_s: by tag and by what one sent, parsing included; deep_notes_per_s: opening each, for one address.

    Of several rounds the fastest: others may use the machine as well.
    """
    pages = [_page(number) for number in range(PAGES)]
    scanner = Scanner(SpendingKey(b"\x02" * 32).full_view(), [POOL])
    fast = min(_seconds(scanner, pages) for _ in range(ROUNDS))
    return {
        "contract": "wallet",
        "method": "scan",
        "notes_per_s": round(PAGES * NOTES / fast),
        "deep_notes_per_s": round(DEEP / _deep_seconds(scanner, pages[0])),
    }


def _seconds(scanner: Scanner, pages: list[str]) -> float:
    started = process_time()
    for number, text in enumerate(pages):
        page = read_note_page(parse(text), number * NOTES, "")
        found = page.records(scanner.tagged(page.glances)), page.records(scanner.remembered(page.glances))
        if any(list(scanner.received(found[0]))) or found[1]:
            raise RuntimeError("a note of somebody else's was taken for one's own")
    return process_time() - started


def _deep_seconds(scanner: Scanner, text: str) -> float:
    records = read_note_page(parse(text), 0, "").records(range(DEEP))
    started = process_time()
    if list(scanner.received(records, deep=True)):
        raise RuntimeError("a note of somebody else's was taken for one's own")
    return process_time() - started


def _page(number: int) -> str:
    """A page of other people's notes, as JSON: hints as they are, ciphertexts of any elements."""
    notes_ = [Blob(encode(_record(number * NOTES + place))) for place in range(NOTES)]
    page = NotesRange(Height(9), Uint(PAGES * NOTES), Uint(number * NOTES), tuple(notes_))
    return json.dumps(to_json(page))


def _record(number: int) -> NoteRecord:
    point = note_hints.multiply(os.urandom(32), note_hints.diversifier_point(number % 100))
    hint = NoteHint(EncryptionKeyBytes(point), NoteTag(os.urandom(2)), OutgoingSeal(os.urandom(SEAL_BYTES)))
    elements = tuple(FieldElement(int.from_bytes(os.urandom(31), "big")) for _ in range(notes.POOL_ELEMENTS + 1))
    ephemeral = notes.ephemeral_point(1 + number // 2)
    output = NoteOutput(elements[0], elements[1:], hint)
    place = Uint(number), Height(number // 30)
    return NoteRecord(POOL, *place, Point(FieldElement(ephemeral.x), FieldElement(ephemeral.y)), output)
