"""What the chain keeps of a provider. Its bond is held by an object of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from chain.codec import decode, encode, wire
from chain.execution import accounts
from chain.state.keys import ID, Space
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import AccountId, Amount, EncryptionKeyBytes, Height, Name, ObjectId, Uint
from contracts.tasks.errors import KindNotOffered, ProviderNotBonded, ProviderUnknown

PROVIDER: Final = Space("tasks/provider", (ID,))


@wire()
@dataclass(frozen=True, slots=True)
class Provider:
    """An account that works for pay. locks: tasks that it has locked now; settled and forfeited: its history."""

    account: AccountId
    bond: ObjectId  # the object that holds the bond
    encryption_key: EncryptionKeyBytes
    min_price: Amount
    kinds: tuple[Name, ...]
    registered_at: Height
    locks: Uint
    settled: Uint
    forfeited: Uint

    def with_lock(self) -> "Provider":
        return replace(self, locks=Uint(self.locks + 1))

    def without_lock(self) -> "Provider":
        return replace(self, locks=Uint(self.locks - 1))

    def with_settled(self) -> "Provider":
        return replace(self, settled=Uint(self.settled + 1))

    def with_forfeited(self) -> "Provider":
        return replace(self, forfeited=Uint(self.forfeited + 1))


def find_provider(view: View, account: AccountId) -> Provider | None:
    raw = view.get(PROVIDER.key(account))
    return None if raw is None else decode(Provider, raw)


def require_provider(view: View, account: AccountId) -> Provider:
    """Raises ProviderUnknown."""
    provider = find_provider(view, account)
    if provider is None:
        raise ProviderUnknown(account)
    return provider


def require_bonded(view: View, account: AccountId, least: Amount) -> Provider:
    """A provider whose bond is at least `least`. Raises ProviderNotBonded."""
    provider = find_provider(view, account)
    bond = Amount(0) if provider is None else bond_of(view, provider)
    if provider is None or bond < least:
        raise ProviderNotBonded(account, bond, least)
    return provider


def require_offered(provider: Provider, kind: Name) -> None:
    """Raises KindNotOffered."""
    if kind not in provider.kinds:
        raise KindNotOffered(provider.account, kind)


def bond_of(view: View, provider: Provider) -> Amount:
    """The provider's bond, in nano-CLU."""
    return accounts.holding(view, provider.bond)


def write_provider(overlay: Overlay, provider: Provider) -> None:
    overlay.put(PROVIDER.key(provider.account), encode(provider))


def providers(view: View) -> Iterator[Provider]:
    """Everybody who ever registered, by account."""
    return (decode(Provider, raw) for _, raw in view.iterate(PROVIDER.scan()))
