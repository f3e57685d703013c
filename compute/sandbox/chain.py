"""What a deployed contract asks of the chain that it stands on: a sandbox, or a network that runs."""

from typing import Protocol

from chain.types.scalars import Amount, AssetId, FieldElement, Height, ObjectId
from client.wallet import ChainIdentity
from compute.confidential.prover import Draft
from compute.sandbox.people import Person
from compute.sandbox.sent import Sent
from contracts.confidential.queries import ContractState, ContractView
from contracts.notes.state import NoteRecord


class Chain(Protocol):
    """One chain, and the people who are known on it."""

    @property
    def people(self) -> list[Person]: ...

    @property
    def assets(self) -> tuple[AssetId, ...]: ...

    @property
    def height(self) -> Height: ...

    @property
    def identity(self) -> ChainIdentity: ...

    def entropy(self, count: int) -> bytes: ...

    def send(self, sender: Person, *drafts: Draft) -> Sent: ...

    def contract(self, contract: ObjectId) -> ContractView: ...

    def contract_state(self, contract: ObjectId) -> ContractState: ...

    def holding(self, contract: ObjectId, asset: AssetId) -> Amount: ...

    def note_records(self) -> list[NoteRecord]: ...

    def is_spent(self, contract: ObjectId, nullifier: FieldElement) -> bool: ...
