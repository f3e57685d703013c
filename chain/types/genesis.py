"""Genesis: the one document from which all validators start. Its hash stands in every transaction's signing bytes."""

from dataclasses import dataclass
from functools import cached_property

from chain.codec import encode, wire
from chain.params import Params
from chain.types.scalars import AccountId, Amount, Blob, ChainId, Hash, Name, Timestamp
from chain.types.validators import Validator
from crypto import domains
from crypto.hashing import tagged_hash


@wire()
@dataclass(frozen=True, slots=True)
class GenesisValidator:
    """A validator and the account that its rewards go to."""

    validator: Validator
    operator: AccountId
    moniker: Name


@wire()
@dataclass(frozen=True, slots=True)
class GenesisAccount:
    """An account and what it holds at height 0, in nano-CLU."""

    account: AccountId
    balance: Amount


@wire()
@dataclass(frozen=True, slots=True)
class GenesisSection:
    """A component's own first state, canonically encoded by that component."""

    component: Name
    data: Blob


@wire()
@dataclass(frozen=True)
class Genesis:
    """Everything that height 0 is made of."""

    chain_id: ChainId
    time: Timestamp
    params: Params
    validators: tuple[GenesisValidator, ...]
    accounts: tuple[GenesisAccount, ...]
    sections: tuple[GenesisSection, ...]

    def hash(self) -> Hash:
        return self._hash

    @cached_property
    def _hash(self) -> Hash:
        return Hash(tagged_hash(domains.GENESIS, encode(self)))
