"""What notes hold, and how it is sealed into an output and opened out of one. Formulas: crypto/notes.py."""

from dataclasses import dataclass, field
from typing import Final

from chain.execution.statement import id_element
from chain.types.scalars import FieldElement, ObjectId
from client.notes.hints import Entropy, Outgoing, make_hint
from client.notes.keys import OutgoingViewKey
from contracts.notes.output import NoteOutput
from contracts.notes.state import NoteRecord
from crypto import notes
from crypto.babyjubjub import Point
from crypto.notes import PoolNote

CONTRACT_KINDS: Final = 16  # note types of a contract that are tried; a class with more is unheard of


@dataclass(frozen=True, slots=True)
class ContractNote:
    """What a contract's note holds: kind is 1 + the note type's place in the ABI."""

    kind: int
    fields: tuple[int, ...] = field(repr=False)
    rcm: int = field(repr=False)

    def plaintext(self) -> tuple[int, ...]:
        """The fields, then rcm."""
        return (*self.fields, self.rcm)

    def commitment(self, contract: int, note_owner: int) -> int:
        """cm of this note in a contract (id_element of its id)."""
        return notes.note_commitment(contract, self.kind, notes.contract_content(self.fields), note_owner, self.rcm)


Content = PoolNote | ContractNote


def seal_output(
    object_: ObjectId, sent: Outgoing, content: Content, ovk: OutgoingViewKey | None, entropy: Entropy
) -> NoteOutput:
    """The output that gives a note to an address, under the one-time secret e of its action; what a circuit proves.

    ovk: whose memory of it is sealed beside it, or None for nobody's. Raises what crypto/notes.py raises for contents
    that are no note.
    """
    commitment = content.commitment(id_element(object_), sent.address.owner)
    shared, ephemeral = notes.sender_shared(sent.secret, sent.address.pk), notes.ephemeral_point(sent.secret)
    ciphertext = notes.encrypt(shared, commitment, content.plaintext())
    hint = make_hint(sent, commitment, ephemeral, ovk, entropy)
    return NoteOutput(FieldElement(commitment), tuple(map(FieldElement, ciphertext)), hint)


def open_pool_note(record: NoteRecord, shared: Point, owner: int) -> PoolNote | None:
    """What a pool's note holds if S and the owner element are its own: it opens the commitment, or is None."""
    note = notes.parse_pool_note(notes.decrypt(shared, record.output.commitment, record.output.ciphertext))
    if note is None or note.commitment(id_element(record.object), owner) != record.output.commitment:
        return None
    return note


def open_contract_note(record: NoteRecord, shared: Point, owner: int) -> ContractNote | None:
    """The same of a contract's note, whichever of its note types it is."""
    commitment, object_ = record.output.commitment, id_element(record.object)
    *fields, rcm = notes.decrypt(shared, commitment, record.output.ciphertext)
    content = notes.contract_content(fields)
    for kind in range(1, CONTRACT_KINDS + 1):
        if notes.note_commitment(object_, kind, content, owner, rcm) == commitment:
            return ContractNote(kind, tuple(fields), rcm)
    return None
