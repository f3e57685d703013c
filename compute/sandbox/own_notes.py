"""The notes of a chain's people, found as a wallet finds them: by their tags."""

from collections.abc import Iterator

from chain.types.scalars import FieldElement, ObjectId
from client.notes.scan import Received, Scanner, glance
from compute.sandbox.chain import Chain
from compute.sandbox.people import Person
from crypto.note_tree import Path, tree_path


def unspent(chain: Chain, person: Person, object_: ObjectId, *, pool: bool = False) -> Iterator[tuple[Received, Path]]:
    """A person's notes of a contract, or of a pool, in the order in which they were made, each with its witness."""
    records = [record for record in chain.note_records() if record.object == object_]
    leaves = [record.output.commitment for record in records]
    scanner = Scanner(person.spending.full_view(), (object_,) if pool else ())
    tagged = scanner.tagged([glance(record) for record in records])
    for each in scanner.received(records[place] for place in tagged):
        if each.nullifier is not None and not chain.is_spent(object_, FieldElement(each.nullifier)):
            yield each, tree_path(leaves, each.record.position)
