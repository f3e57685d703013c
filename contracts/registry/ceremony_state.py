"""Who attests ceremonies, with which bond, and which keys: what a key is worth follows from it.

An attestation counts as long as its maker is bonded by the very bond that it was made under: whoever takes a bond back
and bonds again later attests again.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chain.codec import decode, encode, wire
from chain.execution import accounts
from chain.params import MAX_CEREMONY_QUORUM, Params
from chain.state.keys import ID, Space
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import AccountId, Amount, Hash, Height, ObjectId, VkId
from contracts.registry.ceremony_errors import AttesterUnbonding, CeremonyNotAttested, NotAnAttester
from contracts.registry.state import Ceremony, KeyRecord, require_active_key
from crypto.address import encode_address

MAX_ATTESTATIONS: Final = MAX_CEREMONY_QUORUM  # kept of one key: what it costs to count them is bounded

ATTESTER: Final = Space("registry/attester", (ID,))
ATTESTATION: Final = Space("registry/attestation", (ID, ID))  # key, attester


@wire()
@dataclass(frozen=True, slots=True)
class Attester:
    """An account that puts a bond behind its word on ceremonies.

    release_at: None while it is bonded, else the first height to take the bond back.
    """

    account: AccountId
    bond: ObjectId  # the object that holds the bond
    bonded_at: Height
    release_at: Height | None


@wire()
@dataclass(frozen=True, slots=True)
class Attestation:
    """An attester's word, under a bond, that a key comes from a ceremony of which it has checked these files."""

    attester: AccountId
    bond: ObjectId
    ceremony: Ceremony
    attested_at: Height


# Attesters


def find_attester(view: View, account: AccountId) -> Attester | None:
    raw = view.get(ATTESTER.key(account))
    return None if raw is None else decode(Attester, raw)


def require_attester(view: View, account: AccountId) -> Attester:
    """Raises NotAnAttester."""
    record = find_attester(view, account)
    if record is None:
        raise NotAnAttester(account)
    return record


def require_bonded_attester(view: View, account: AccountId) -> Attester:
    """An attester whose bond is not on its way back. Raises NotAnAttester, AttesterUnbonding."""
    record = require_attester(view, account)
    if record.release_at is not None:
        raise AttesterUnbonding(account, record.release_at)
    return record


def attester_bond(view: View, record: Attester) -> Amount:
    """In nano-CLU."""
    return accounts.holding(view, record.bond)


def attesters(view: View) -> Iterator[Attester]:
    """All that are bonded or unbonding, by account."""
    return (decode(Attester, raw) for _, raw in view.iterate(ATTESTER.scan()))


def write_attester(overlay: Overlay, record: Attester) -> None:
    overlay.put(ATTESTER.key(record.account), encode(record))


def remove_attester(overlay: Overlay, account: AccountId) -> None:
    overlay.delete(ATTESTER.key(account))


# Attestations


def find_attestation(view: View, vk_id: VkId, account: AccountId) -> Attestation | None:
    raw = view.get(ATTESTATION.key(vk_id, account))
    return None if raw is None else decode(Attestation, raw)


def all_attestations(view: View, vk_id: VkId) -> Iterator[Attestation]:
    """Those that count and those that no longer do, by account."""
    return (decode(Attestation, raw) for _, raw in view.iterate(ATTESTATION.scan(vk_id)))


def counts(view: View, attestation: Attestation) -> bool:
    """Whether the bond that an attestation was made under is still there and not on its way back."""
    attester = find_attester(view, attestation.attester)
    return attester is not None and attester.release_at is None and attester.bond == attestation.bond


def attestations(view: View, vk_id: VkId) -> Iterator[Attestation]:
    """Those that count, by account."""
    return (entry for entry in all_attestations(view, vk_id) if counts(view, entry))


def write_attestation(overlay: Overlay, vk_id: VkId, attestation: Attestation) -> None:
    overlay.put(ATTESTATION.key(vk_id, attestation.attester), encode(attestation))


def remove_attestation(overlay: Overlay, vk_id: VkId, account: AccountId) -> None:
    overlay.delete(ATTESTATION.key(vk_id, account))


# What a key is worth


def support(view: View, vk_id: VkId, r1cs: Hash | None = None) -> int:
    """How many attest the ceremony that most agree on; of constraints `r1cs` only, where a program names them."""
    named = (entry.ceremony for entry in attestations(view, vk_id))
    return max(Counter(one for one in named if r1cs in (None, one.r1cs)).values(), default=0)


def strength(view: View, record: KeyRecord, params: Params, r1cs: Hash | None = None) -> str:
    """What a buyer may rely on: n attesters of one ceremony if they are enough, else the key's registrant alone."""
    found = support(view, record.vk_id, r1cs)
    if found >= params.ceremony_quorum:
        return f"proof/ceremony({found})"
    return f"proof/single-party({encode_address(record.registrant)})"


def require_usable_key(view: View, vk_id: VkId, height: Height, params: Params, r1cs: Hash | None = None) -> KeyRecord:
    """A key that something new may be begun with. What goes on with it asks for `require_active_key` only.

    r1cs: the constraints that the program names, for which the ceremony must have been.
    Raises KeyUnknown, KeyNotActive, KeyFrozen; CeremonyNotAttested where the chain allows no insecure keys.
    """
    record = require_active_key(view, vk_id, height)
    if not params.allow_insecure_keys:
        found = support(view, vk_id, r1cs)
        if found < params.ceremony_quorum:
            raise CeremonyNotAttested(vk_id, found, params.ceremony_quorum)
    return record
