"""A confidential contract as a Python class.

@contract
class Counter(Contract):
    count = Sealed(u64)

    @method
    def increment(self, amount: Private[u32]) -> None:
        self.count += amount
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from compute.dsl.compiled import Compiled, compile_contract
from compute.dsl.declaration import declaration_of, functions_of, registers_of
from compute.dsl.errors import OutsideMethod
from compute.dsl.fields import Declared
from compute.dsl.lasting import Lasting
from compute.dsl.notes import Note, Owner
from compute.dsl.run import Run, inbox_of, refuse_undeclared
from compute.dsl.scalars import NATIVE, Address, Asset, Field
from compute.dsl.sized import u64
from compute.dsl.syntax import attributes_of, check_attributes, check_methods, of_language

if TYPE_CHECKING:
    from compute.dsl.plain import Plain

C = TypeVar("C", bound="Contract")


class Contract:
    """Base of all contracts. Inside a method `self` is a running call: registers are values, the rest is below."""

    compiled: ClassVar[Compiled]
    fixed_readers: ClassVar[bool] = False  # True: sound only with readers that nobody changes, and deployed so
    running: Run

    def __init__(self) -> None:
        """Raises OutsideMethod: a contract is deployed, or run by `plain`."""
        raise OutsideMethod(f"an instance of {type(self).__name__} (for tests: {type(self).__name__}.plain())")

    def __setattr__(self, name: str, value: object) -> None:
        declared = getattr(type(self), name, None)
        if not isinstance(declared, Declared):
            names = tuple(register.name for register in registers_of(type(self)))
            refuse_undeclared(type(self).__name__, name, names)
        else:
            declared.__set__(self, value)

    @property
    def caller(self) -> Address:
        """Who sends the call: a public input."""
        return self.running.caller()

    @property
    def after(self) -> u64:
        """The first height at which the call is good: it is not in a block below it. A public input, below 2**63."""
        return self.running.period()[0]

    @property
    def before(self) -> u64:
        """The last height at which the call is good. A public input, below 2**63."""
        return self.running.period()[1]

    def create(self, note: Note, owner: Owner) -> None:
        """Make a note for an owner, encrypted to him. It is posted, if a register is its type's inbox.

        Public: its commitment and ciphertext. Constraints: about 2,700, and 750 once for each call.
        """
        self.running.create(note, owner)

    def posted(self, kind: type[Note]) -> u64:
        """How many notes were posted to the inbox of that type before this call: a public input, below 2**63."""
        return self.running.posted(inbox_of(registers_of(type(self)), kind))

    def once(self, value: Field) -> None:
        """No second call of the contract can be made with the same value. Constraints: 240.

        Public: a hash of it, so it is refused if it hides less than 128 bits, by its types, and is not revealed.
        """
        self.running.spend_once(value)

    def take(self, amount: u64 | int, asset: Asset = NATIVE) -> None:
        """Tokens of the caller's go to the contract. Public: amount, below 2**63, and asset."""
        self.running.move(amount, asset, None)

    def pay(self, recipient: Address, amount: u64 | int, asset: Asset = NATIVE) -> None:
        """Tokens that the contract holds go to an account. Public: recipient, amount, below 2**63, and asset."""
        self.running.move(amount, asset, recipient)

    @classmethod
    def examples(cls) -> "Plain | Sequence[Plain]":
        """Plain contracts after calls that show what it does, refused ones too: audits try them. Overwrite it."""
        return ()

    @classmethod
    def plain(cls, **initial: Any) -> "Plain":
        """The contract on plain integers, without a chain, keys or proofs: for tests. initial: public registers."""
        from compute.dsl.plain import Plain  # which needs whole contracts

        return Plain(cls.compiled, initial)


RESERVED: Final = frozenset(name for name in vars(Contract) if not name.startswith("__")) | {"compiled", "running"}


def contract(cls: type[C]) -> type[C]:
    """Builds a contract's class: checks its source, runs each method on wires, makes its circuits.

    Raises a ContractRefused with file, line and what to write instead.
    """
    declaration = declaration_of(cls, RESERVED)
    check_attributes(cls, declaration.place)
    own = {name: function for name, function in functions_of(cls) if not of_language(function)}
    reached = check_methods(cls.__name__, [method.function for method in declaration.methods], own)
    lasting = Lasting((*reached.items(), *own.items(), *attributes_of(cls)))
    compiled = compile_contract(declaration)
    lasting.require_unchanged(declaration.place)
    cls.compiled = compiled
    return cls
