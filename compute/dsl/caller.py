"""Who calls a deployed contract, and what he has for it: keys, notes, and ids of which proofs know an element only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from chain.execution.statement import account_element, id_element
from chain.types.scalars import NATIVE, AccountId, AssetId, FieldElement
from client.notes.address import Address, parse_address
from client.notes.content import ContractNote
from client.notes.keys import OutgoingViewKey, SpendingKey
from compute.confidential.keys import DataKeys
from compute.dsl.errors import DslError
from crypto.address import decode_address
from crypto.errors import CryptoError
from crypto.note_tree import Path

ID_BYTES = 32


class CallLacks(DslError):
    """A call needs something that its caller did not give."""

    code = 6435

    def __init__(self, method: str, lacking: str, remedy: str) -> None:
        super().__init__(f"{method} needs {lacking}; {remedy}.")
        self.method, self.lacking = method, lacking


@dataclass(frozen=True, slots=True)
class WalletNote:
    """A note of the caller's that a call spends. address: number of the address that it came to; path: its witness."""

    content: ContractNote = field(repr=False)
    address: int
    position: int
    path: Path = field(repr=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """account: that will send the call; reader: who opens sealed registers; spending: whose notes are spent.

    addresses, accounts, assets: those that the call may name beside the ones among its arguments.
    """

    account: AccountId | None = None
    reader: DataKeys | None = None
    spending: SpendingKey | None = field(default=None, repr=False)
    addresses: tuple[Address, ...] = ()
    accounts: tuple[AccountId, ...] = ()
    assets: tuple[AssetId, ...] = ()

    @property
    def outgoing(self) -> OutgoingViewKey | None:
        """For the memory of notes that the call makes."""
        return None if self.spending is None else self.spending.full_view().outgoing


class Book:
    """Full ids and addresses by what proofs know of them: the caller's, and all that stand among the arguments."""

    def __init__(self, method: str, caller: Caller, given: Mapping[str, object]) -> None:
        self._method = method
        found = [*caller.addresses, *(each for each in _flat(given) if isinstance(each, Address))]
        ids = [NATIVE, *caller.assets, *caller.accounts, *(each for each in _flat(given) if isinstance(each, bytes))]
        if caller.account is not None:
            ids.append(caller.account)
        if caller.spending is not None:
            found.append(caller.spending.full_view().incoming.address())
        self._addresses = {(each.auth, *each.pk): each for each in found}
        self._accounts = {account_element(each): each for each in ids}
        self._assets = {id_element(each): each for each in ids}

    def account(self, element: int) -> AccountId:
        """The account that is paid. Raises CallLacks."""
        found = self._accounts.get(FieldElement(element))
        return self._lacks("the account that it pays", "accounts") if found is None else AccountId(found)

    def asset(self, element: int) -> AssetId:
        """Raises CallLacks."""
        found = self._assets.get(FieldElement(element))
        return self._lacks("the asset that it moves", "assets") if found is None else AssetId(found)

    def address(self, owner: tuple[int, ...]) -> Address:
        """The address that a note goes to, for the hint by which it is found. Raises CallLacks."""
        found = self._addresses.get((owner[0], owner[1], owner[2]))
        return self._lacks("the address that a note goes to", "addresses") if found is None else found

    def _lacks(self, what: str, field_name: str) -> NoReturn:
        remedy = f"proofs know it by one element only: give it whole, `--knows` or in Python Caller.{field_name}"
        raise CallLacks(self._method, what, remedy)


def _flat(given: object) -> Iterator[object]:
    """All ids and addresses in what is given, texts read."""
    if isinstance(given, Mapping):
        given = list(given.values())
    if isinstance(given, list | tuple):
        for each in given:
            yield from _flat(each)
    elif isinstance(given, SpendingKey):
        yield given.full_view().incoming.address()
    elif isinstance(given, str):
        yield from _read(given)
    elif isinstance(given, Address) or (isinstance(given, bytes) and len(given) == ID_BYTES):
        yield given


def _read(text: str) -> Iterator[object]:
    for reader in (parse_address, decode_address):
        try:
            yield reader(text)
        except CryptoError:
            continue
