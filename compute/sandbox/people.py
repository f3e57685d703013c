"""Who acts in a sandbox: accounts with all keys that a person has, the same ones for the same name in every run."""

from dataclasses import dataclass, field
from functools import cached_property

from chain.types.scalars import AccountId
from client.notes.address import Address
from client.notes.keys import SpendingKey, spending_key
from compute.confidential.keys import ReaderKey, reader_key
from crypto import domains
from crypto.address import encode_address
from crypto.hashing import tagged_hash
from crypto.keys import SecretKey


@dataclass(frozen=True)
class Person:
    """An account of a sandbox. Its keys are made of its name: they are worth nothing anywhere else."""

    name: str
    secret: SecretKey = field(repr=False, compare=False)

    @property
    def id(self) -> AccountId:
        """The account, as actions and contracts name it."""
        return AccountId(self.secret.public)

    @property
    def address(self) -> str:
        """cluster1..."""
        return encode_address(self.secret.public)

    @cached_property
    def reader(self) -> ReaderKey:
        """With which it reads contracts, and opens permits."""
        return reader_key(self.secret.seed)

    @cached_property
    def spending(self) -> SpendingKey:
        """To which notes are made out."""
        return spending_key(self.secret.seed)

    @cached_property
    def private_address(self) -> Address:
        """Where notes to it go: cluz1..."""
        return self.spending.full_view().incoming.address()

    def __repr__(self) -> str:
        return f"Person({self.name!r})"


def person(name: str) -> Person:
    """The person of a name."""
    return Person(name, SecretKey(tagged_hash(domains.SANDBOX_PERSON, name.encode())))
