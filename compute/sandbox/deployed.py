"""A contract of the language on a sandbox or a network: its methods are called, its registers read, as a person.

counter = chain.deploy(Counter, owner, readers=[owner, alice])
counter.increment(5, sender=alice)
counter.read(alice).count
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chain.types.scalars import NATIVE, Amount, AssetId, ObjectId
from client.notes.content import ContractNote
from compute.confidential.keys import DataKeys, Outsider, readers_of
from compute.confidential.permits import Permit, make_permit
from compute.confidential.prover import Draft
from compute.confidential.reader import open_named
from compute.confidential.reader_changes import draft_add_reader, draft_remove_reader, draft_set_readers
from compute.dsl.arguments import bound_arguments
from compute.dsl.caller import Caller, WalletNote
from compute.dsl.calls import draft_call
from compute.dsl.compiled import Compiled, CompiledMethod
from compute.dsl.composites import Array, Struct
from compute.dsl.notes import Owner
from compute.dsl.reading import call_result, note_contents, register_value
from compute.dsl.values import Value
from compute.sandbox.chain import Chain
from compute.sandbox.own_notes import unspent
from compute.sandbox.people import Person
from compute.sandbox.sent import Sent
from contracts.confidential.queries import ContractState, ContractView

PERIOD_HEIGHTS = 20  # that a call is good for, where a test does not say


class Reading:
    """A contract's registers as whoever holds `keys` sees them, each opened when it is asked for by its name."""

    def __init__(self, compiled: Compiled, contract: ContractView, keys: DataKeys) -> None:
        self._compiled, self._contract, self._keys = compiled, contract, keys

    def __getattr__(self, name: str) -> Any:
        """Raises NotAReader and others, as compute.confidential.reader.open_named; AttributeError for no register."""
        for declared in self._compiled.declaration.registers:
            if declared.name == name:
                return register_value(declared, open_named(self._keys, self._contract, name))
        raise AttributeError(f"{self._compiled.name} has no register {name!r}")


class Deployed:
    """One contract. Its methods can be called as attributes: `auction.place(5, sender=alice)`."""

    def __init__(self, chain: Chain, compiled: Compiled, contract: ObjectId, owner: Person) -> None:
        self.chain, self.compiled, self.id, self.owner = chain, compiled, contract, owner

    def __getattr__(self, name: str) -> Callable[..., Sent]:
        if name in (method.name for method in self.__dict__["compiled"].methods):
            return lambda *positional, **named: self.call(name, *positional, **named)
        raise AttributeError(f"{self.compiled.name} has no method {name!r}")

    # Reading

    @property
    def view(self) -> ContractView:
        """What a node would answer about it, with all its epochs."""
        return self.chain.contract(self.id)

    @property
    def now(self) -> ContractState:
        """Its inboxes, leases, notes and holding."""
        return self.chain.contract_state(self.id)

    def read(self, reader: "Person | DataKeys | None" = None) -> Reading:
        """Its registers as somebody sees them: a person, whoever holds a permit, or nobody in particular."""
        keys = reader.reader if isinstance(reader, Person) else reader or Outsider()
        return Reading(self.compiled, self.view, keys)

    def holding(self, asset: AssetId = NATIVE) -> Amount:
        """What it holds."""
        return self.chain.holding(self.id, asset)

    def notes_of(self, person: Person) -> list[WalletNote]:
        """A person's notes of this contract that are not spent, in the order in which they were made."""
        return [
            WalletNote(each.content, each.address, each.record.position, path)
            for each, path in unspent(self.chain, person, self.id)
            if isinstance(each.content, ContractNote)
        ]

    def contents(self, note: WalletNote) -> dict[str, object]:
        """What is in a note of this contract, by the names of its parts."""
        return note_contents(self.compiled, note.content)

    # Calling

    def draft(
        self,
        method: str,
        *positional: object,
        sender: Person,
        keys: DataKeys | None = None,
        period: tuple[int, int] | None = None,
        **named: object,
    ) -> Draft:
        """A call that is not sent yet: several drafts go into one transaction by Sandbox.send.

        keys: by which sealed registers open, if not the sender's. Raises as compute.dsl.calls.draft_call.
        """
        compiled = self._method(method)
        given = {
            parameter.name: plain(parameter.kind, value)
            for parameter, value in self._bound(compiled, positional, named)
        }
        caller = Caller(
            account=sender.id,
            reader=keys or sender.reader,
            spending=sender.spending,
            addresses=tuple(each.private_address for each in self.chain.people) if compiled.shape.made else (),
            accounts=tuple(each.id for each in self.chain.people),
            assets=self.chain.assets,
        )
        first = self.chain.height + 1
        return draft_call(
            self.compiled,
            self.view,
            method,
            given,
            caller,
            now=self.now,
            period=period or (first, first + PERIOD_HEIGHTS - 1),
            entropy=self.chain.entropy,
        )

    def call(self, method: str, *positional: object, sender: Person, **named: Any) -> Sent:
        """Call a method in a block of its own. Raises as `draft` and Sandbox.send."""
        draft = self.draft(method, *positional, sender=sender, **named)
        return replace(self.chain.send(sender, draft), result=call_result(self.compiled, draft))

    def _method(self, name: str) -> CompiledMethod:
        return self.compiled.method(name)

    @staticmethod
    def _bound(method: CompiledMethod, positional: tuple[object, ...], named: Mapping[str, object]) -> Any:
        given = bound_arguments(method, positional, named)
        return [(parameter, given[parameter.name]) for parameter in method.declaration.parameters]

    # Readers

    @property
    def readers(self) -> list[Person]:
        """The people among its present readers."""
        present = readers_of(self.view)
        return [each for each in self.chain.people if each.reader.public in present]

    def set_readers(self, *readers: Person) -> Sent:
        """The owner begins an epoch for exactly these."""
        keys = [reader.reader.public for reader in readers]
        return self.chain.send(self.owner, draft_set_readers(self.view, keys, self.chain.entropy))

    def add_reader(self, reader: Person) -> Sent:
        """The owner begins an epoch for one reader more."""
        return self.chain.send(self.owner, draft_add_reader(self.view, reader.reader.public, self.chain.entropy))

    def remove_reader(self, reader: Person) -> Sent:
        """The owner begins an epoch that somebody cannot read."""
        return self.chain.send(self.owner, draft_remove_reader(self.view, reader.reader.public, self.chain.entropy))

    def permit(self, giver: Person, auditor: Person, epochs: Sequence[int] | None = None) -> Permit:
        """A permit of a reader's for consecutive epochs, the present one if none are named."""
        view = self.view
        first, last = (epochs[0], epochs[-1]) if epochs else (view.record.epoch, view.record.epoch)
        scope = range(first, last + 1)
        return make_permit(giver.reader, view, scope, auditor.reader.public, self.chain.identity, self.chain.entropy)


def initial_values(compiled: Compiled, given: Mapping[str, object]) -> dict[str, object]:
    """First contents of registers as a deployment takes them."""
    kinds = {each.name: each.kind for each in compiled.declaration.registers}
    return {name: plain(kinds[name], value) if name in kinds else value for name, value in given.items()}


def plain(kind: type[Value], given: object) -> object:
    """What is given for a value of a type, people in it as the type has them: accounts, or owners of notes."""
    if isinstance(given, Person):
        return given.private_address if issubclass(kind, Owner) else given.id
    if isinstance(given, Mapping) and issubclass(kind, Struct):
        return {name: plain(kind.parts[name], part) if name in kind.parts else part for name, part in given.items()}
    if isinstance(given, list | tuple) and issubclass(kind, Array):
        return [plain(kind.entry, item) for item in given]
    return given
