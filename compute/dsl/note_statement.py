"""Notes and tokens of a call in plain integers: what note_circuit.py writes as constraints (crypto/notes.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from compute.dsl.declaration import Declaration, Parameter
from compute.dsl.elements import packed, reduced
from compute.dsl.integers import plain
from compute.dsl.note_circuit import argument, output
from compute.dsl.notes import Note
from compute.dsl.place import Place
from compute.dsl.refusals import NoteRefused, OwnerRefused
from compute.dsl.run import Made, Moved
from compute.dsl.shape import Shape
from crypto import note_tree, notes
from crypto.babyjubjub import NotInSubgroup, NotOnCurve, Point
from crypto.note_tree import Path

Numbers = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SpentNote:
    """A note that a call spends, as its owner knows it. numbers: its leaves'; key: pk of the address it came to."""

    numbers: Numbers = field(repr=False)
    rcm: int = field(repr=False)
    diversifier: int
    key: Point
    position: int
    path: Path = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoteSecrets:
    """What a call needs for its notes. spent: by parameter; rcms: fresh, one for each note that is made.

    sk: of whoever spends; root: of the contract's tree; ephemeral: a fresh number below 2**250.
    """

    root: int = 0
    sk: int = field(default=0, repr=False)
    spent: Mapping[str, SpentNote] = field(default_factory=dict, repr=False)
    ephemeral: int = field(default=0, repr=False)
    rcms: Numbers = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Output:
    """A note that a call made: what is public of it, and what only its maker and its owner know."""

    kind: type[Note]
    commitment: int
    ciphertext: Numbers
    numbers: Numbers = field(repr=False)
    owner: Numbers = field(repr=False)
    rcm: int = field(repr=False)


@dataclass(frozen=True, slots=True)
class Movement:
    """Tokens taken from the caller (recipient None) or paid; ids as field elements."""

    recipient: int | None
    asset: int
    amount: int

    def signals(self) -> Numbers:
        to = () if self.recipient is None else (self.recipient,)
        return (*to, self.asset, self.amount)


def note_kind(contract: Declaration, kind: type[object]) -> int:
    """What a note's commitment says of its type."""
    return 1 + next(place for place, known in enumerate(contract.notes) if known is kind)


def elements(kind: type[Note], numbers: Numbers) -> Numbers:
    """A note's contents as the elements of its plaintext."""
    return tuple(plain(element) for element in packed(kind.leaves(), numbers))


def commitment(contract: Declaration, id_: int, kind: type[Note], numbers: Numbers, owner: int, rcm: int) -> int:
    """cm of a note of the contract."""
    content = notes.contract_content(elements(kind, numbers))
    return notes.note_commitment(id_, note_kind(contract, kind), content, owner, rcm)


def spend(
    contract: Declaration, place: Place, id_: int, secrets: NoteSecrets, parameters: Sequence[Parameter]
) -> Numbers:
    """The nullifiers of the notes that a call spends. Raises NoteRefused."""
    found = []
    for parameter in parameters:
        note = secrets.spent[parameter.name]
        cm = _spent_commitment(contract, id_, secrets.sk, parameter, note)
        if note_tree.path_root(cm, note.position, note.path) != secrets.root:
            raise NoteRefused(place, parameter.name)
        found.append(notes.nullifier(notes.nullifier_key(secrets.sk), cm, note.position))
    return tuple(found)


def note_root(contract: Declaration, id_: int, sk: int, parameter: Parameter, note: SpentNote) -> int:
    """The root that a note of this key would be proven under."""
    return note_tree.path_root(_spent_commitment(contract, id_, sk, parameter, note), note.position, note.path)


def _spent_commitment(contract: Declaration, id_: int, sk: int, parameter: Parameter, note: SpentNote) -> int:
    authority = notes.address_authority(notes.authorising_key(sk), note.diversifier)
    kind = next(known for known in contract.notes if known is parameter.kind)
    return commitment(contract, id_, kind, note.numbers, notes.owner(authority, note.key), note.rcm)


def ephemeral(secrets: NoteSecrets) -> Numbers:
    """E of a call that makes notes."""
    return tuple(notes.ephemeral_point(notes.ephemeral_secret(secrets.ephemeral)))


def outputs(contract: Declaration, id_: int, secrets: NoteSecrets, made: Sequence[Made]) -> tuple[Output, ...]:
    """The notes that a body made. Raises OwnerRefused."""
    return tuple(_output(contract, id_, secrets, *pair) for pair in zip(made, secrets.rcms, strict=True))


def _output(contract: Declaration, id_: int, secrets: NoteSecrets, made: Made, rcm: int) -> Output:
    numbers, owner = tuple(map(plain, made.numbers)), tuple(map(plain, made.owner))
    authority, x, y = owner
    key = Point(x, y)
    try:
        shared = notes.sender_shared(notes.ephemeral_secret(secrets.ephemeral), key)
    except (NotOnCurve, NotInSubgroup):
        raise OwnerRefused(made.place) from None
    cm = commitment(contract, id_, made.kind, numbers, notes.owner(authority, key), rcm)
    ciphertext = notes.encrypt(shared, cm, (*elements(made.kind, numbers), rcm))
    return Output(made.kind, cm, ciphertext, numbers, owner, rcm)


def movement(moved: Moved) -> Movement:
    recipient = None if moved.recipient is None else plain(moved.recipient)
    return Movement(recipient, plain(moved.asset), plain(moved.amount))


def circuit_inputs(secrets: NoteSecrets, shape: Shape) -> dict[str, int | Numbers]:
    """What the circuit's solver is given for the notes of a call."""
    given: dict[str, int | Numbers] = {}
    if shape.nullifiers:
        given["root"] = secrets.root
    if shape.spends:
        given["sk"] = secrets.sk
    for parameter in shape.spends:
        note, name = secrets.spent[parameter.name], argument(parameter.name)
        given |= {name: reduced(note.numbers), f"{name}.rcm": note.rcm, f"{name}.diversifier": note.diversifier}
        given |= {f"{name}.key": tuple(note.key), f"{name}.position": note.position}
        given[f"{name}.path"] = tuple(sibling for row in note.path for sibling in row)
    if shape.made:
        given["ephemeral_number"] = secrets.ephemeral
    return given | {f"{output(place)}.rcm": rcm for place, rcm in enumerate(secrets.rcms[: len(shape.made)])}
