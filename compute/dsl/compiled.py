"""A compiled contract: for each method its shape and circuit, and the records that a deployment carries."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from hashlib import sha256
from typing import Any, Final

from chain.execution.statement import MAX_PUBLIC_INPUTS
from chain.types.scalars import FieldElement, Hash, Name, Uint, VkId
from client.notes.content import CONTRACT_KINDS
from compute.confidential.prover import CircuitSource
from compute.dsl.circuit import build
from compute.dsl.composites import structs_in
from compute.dsl.declaration import Declaration, MethodDeclaration
from compute.dsl.elements import sealed_length
from compute.dsl.errors import BadDeclaration, TooLarge
from compute.dsl.fields import FIRST, INBOX, LEASE, Declared
from compute.dsl.notes import Note, note_elements
from compute.dsl.scalars import SCALAR_NAMES
from compute.dsl.shape import Shape, shape_of
from compute.dsl.values import Value
from contracts.confidential import specs
from contracts.confidential.specs import OutputSpec
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.r1cs_file import write_r1cs

_MODES: Final = {FIRST: specs.FIRST, LEASE: specs.LEASE, INBOX: specs.INBOX}


@dataclass(frozen=True, eq=False)
class CompiledMethod:
    """A method with its circuit."""

    contract: Declaration
    declaration: MethodDeclaration
    shape: Shape
    circuit: Circuit

    @property
    def name(self) -> str:
        return self.declaration.name

    @cached_property
    def source(self) -> CircuitSource:
        """The circuit as a prover asks for it; its keys are called CONTRACT-METHOD on disk."""
        return CircuitSource(f"{self.contract.name}-{self.name}", lambda: self.circuit)

    @cached_property
    def r1cs_hash(self) -> Hash:
        return Hash(sha256(write_r1cs(self.circuit)).digest())

    def spec(self, vk_id: VkId) -> specs.Method:
        """How a deployment names the method once its circuit has a key."""
        index, shape, method = self.contract.index, self.shape, self.declaration
        public = [parameter for parameter in method.parameters if parameter.public]
        arguments = sum(len(parameter.leaves) for parameter in (*public, *((method.result,) if method.result else ())))
        return specs.Method(
            Name(method.name),
            vk_id,
            self.r1cs_hash,
            caller=shape.caller,
            period=shape.period,
            arguments=Uint(arguments),
            reads=tuple(Uint(index(declared.name)) for declared in shape.reads),
            writes=tuple(Uint(index(declared.name)) for declared in shape.writes),
            counts=tuple(Uint(index(declared.name)) for declared in shape.counts),
            nullifiers=Uint(shape.nullifiers),
            outputs=tuple(OutputSpec(Uint(note_elements(kind)), self._inbox(kind)) for kind in shape.made),
            takes=Uint(shape.takes),
            pays=Uint(shape.pays),
        )

    def _inbox(self, kind: type[Note]) -> Uint | None:
        """The register to which notes of that type are posted."""
        places = [place for place, declared in enumerate(self.contract.registers) if declared.inbox is kind]
        return Uint(places[0]) if places else None


@dataclass(frozen=True, eq=False)
class Compiled:
    """A contract whose class was built."""

    declaration: Declaration
    methods: tuple[CompiledMethod, ...]

    @property
    def name(self) -> str:
        return self.declaration.name

    def method(self, name: str) -> CompiledMethod:
        """Raises KeyError."""
        return next(method for method in self.methods if method.name == name)


def compile_contract(declaration: Declaration) -> Compiled:
    """Raises a ContractRefused."""
    _require_distinct_structs(declaration)
    shapes = [shape_of(declaration, method) for method in declaration.methods]
    known = replace(declaration, notes=_notes(declaration, shapes))
    return Compiled(known, tuple(map(partial(_compiled, known), known.methods, shapes)))


def _require_distinct_structs(declaration: Declaration) -> None:
    """Tools know structs by name. Raises BadDeclaration where two share one, or take a name of the language's."""
    kinds = [declared.kind for declared in declaration.registers]
    for method in declaration.methods:
        kinds += [each.kind for each in (*method.parameters, *((method.result,) if method.result else ()))]
    known: dict[str, type[Value]] = {}
    for kind in kinds:
        for struct in structs_in(kind):
            if known.setdefault(struct.type_name, struct) is not struct or struct.type_name in SCALAR_NAMES:
                raise BadDeclaration(
                    declaration.place,
                    f"a second type called {struct.type_name}.",
                    "Give each struct a name of its own.",
                )


def _notes(declaration: Declaration, shapes: Sequence[Shape]) -> tuple[type[Note], ...]:
    """All types of notes, in the order in which the source names them: inboxes, then method by method."""
    found = [each.inbox for each in declaration.registers if each.inbox is not None]
    for shape in shapes:
        found += [spent.kind for spent in shape.spends if issubclass(spent.kind, Note)]
        found += shape.made
    notes = tuple(dict.fromkeys(found))
    if len(notes) > CONTRACT_KINDS or len({note.type_name for note in notes}) != len(notes):
        problem = f"{len(notes)} types of notes: {', '.join(note.type_name for note in notes)}."
        raise BadDeclaration(declaration.place, problem, f"At most {CONTRACT_KINDS}, each with a name of its own.")
    return notes


def _compiled(declaration: Declaration, method: MethodDeclaration, shape: Shape) -> CompiledMethod:
    circuit = build(declaration, method, shape)
    if circuit.public_count > MAX_PUBLIC_INPUTS:
        raise TooLarge(
            method.place,
            f"{method.name} has {circuit.public_count} public inputs; a proof has room for {MAX_PUBLIC_INPUTS}.",
            "Pass fewer public arguments, use fewer registers in one method, or keep wide state in notes.",
        )
    return CompiledMethod(declaration, method, shape, circuit)


def register_spec(declared: Declared[Any], initial: tuple[FieldElement, ...] = ()) -> specs.RegisterSpec:
    """How a deployment names a register. initial: the first content of a public one."""
    length = sealed_length(declared.leaves) if declared.sealed else len(declared.leaves)
    sort = specs.SEALED if declared.sealed else specs.PUBLIC
    return specs.RegisterSpec(Name(declared.name), sort, _MODES[declared.mode], Uint(length), initial)
