"""The state of a contract as its class declares it: public and sealed registers.

    owner = Register(Address)            # everybody reads it
    highest = Sealed(u64)                # a commitment and ciphertext on the chain, read by the contract's readers
    best = Sealed(u64, inbox=Bid)        # notes of type Bid are posted to it and folded into it

Inside a method a field is its value: reading opens the register, assigning writes it. Outside it is its declaration.
"""

from typing import Any, Final, Generic, TypeVar, overload

from compute.dsl.composites import require_type
from compute.dsl.errors import BadDeclaration
from compute.dsl.notes import Note
from compute.dsl.place import Place, calling_place
from compute.dsl.values import Leaf, Value

V = TypeVar("V", bound=Value)

FIRST: Final = "first"
LEASE: Final = "lease"
INBOX: Final = "inbox"


class Declared(Generic[V]):
    """A register's declaration. kind: the type of what it holds; mode: how calls that write it compete.

    inbox: the notes that everybody may post, which only methods that spend such a note fold into the register.
    """

    sealed = False
    name: str

    def __init__(self, kind: type[V], *, mode: str = FIRST, inbox: type[Note] | None = None) -> None:
        self.place: Place = calling_place()
        self.kind: type[V] = require_type(kind)  # type: ignore[assignment]  # the same class, checked
        if mode not in (FIRST, LEASE) or (inbox is not None and mode != FIRST):
            problem = f"mode {mode!r}{' of an inbox' if inbox else ''}."
            raise BadDeclaration(self.place, problem, f"A mode is {FIRST!r} or {LEASE!r}; an inbox has none.")
        if inbox is not None and not (isinstance(inbox, type) and issubclass(inbox, Note)):
            raise BadDeclaration(self.place, "an inbox for what is no Note.", "Give a class Bid(Note).")
        self.mode = mode if inbox is None else INBOX
        self.inbox = inbox

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return self.kind.leaves()

    @overload
    def __get__(self, instance: None, owner: type) -> "Declared[V]": ...

    @overload
    def __get__(self, instance: object, owner: type) -> V: ...

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else instance.running.read(self)

    def __set__(self, instance: Any, value: "V | int | bool") -> None:
        instance.running.write(self, value)


class Register(Declared[V]):
    """A public register: its values stand on the chain, one element for each number."""


class Sealed(Declared[V]):
    """A sealed register: its values are ciphertext to all but the contract's readers. It begins with zeros."""

    sealed = True
