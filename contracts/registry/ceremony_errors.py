"""The rules of ceremonies and of those who attest them, one class each. Codes 4240-4259."""

from chain.amount import show
from chain.types.scalars import AccountId, Amount, Hash, Height, VkId
from contracts.registry.errors import RegistryError
from crypto.address import encode_address


class CeremonyError(RegistryError):
    """Root of the errors of ceremonies and attesters."""

    code = 4240


class CeremonyNotAttested(CeremonyError):
    """A key is put to new use on a chain that wants its ceremony attested, and too few do."""

    code = 4241

    def __init__(self, vk_id: VkId, attestations: int, quorum: int) -> None:
        super().__init__(
            f"the ceremony of verifying key 0x{vk_id.hex()} is attested by {attestations} bonded attesters; this chain "
            f"asks for {quorum}. Use a program with another key, or ask attesters to check its ceremony."
        )
        self.vk_id, self.attestations, self.quorum = vk_id, attestations, quorum


class NoCeremony(CeremonyError):
    """A ceremony is to be attested of a key whose registrant named none. The chain would take it."""

    code = 4242

    def __init__(self, vk_id: VkId) -> None:
        super().__init__(
            f"verifying key 0x{vk_id.hex()} was registered without a ceremony. If you have the "
            "files of one that made it nevertheless, attest it with --unnamed."
        )
        self.vk_id = vk_id


class CeremonyMismatch(CeremonyError):
    """What an attester has checked is not what the key's registrant named. The chain would take it."""

    code = 4243

    def __init__(self, vk_id: VkId, what: str, named: Hash, checked: Hash) -> None:
        super().__init__(
            f"verifying key 0x{vk_id.hex()} names {what} 0x{named.hex()}, the attester has checked 0x{checked.hex()}; "
            "get the files that the key names, and check those; or, if its registrant named false ones, attest yours "
            "with --unnamed."
        )
        self.vk_id, self.what, self.named, self.checked = vk_id, what, named, checked


class RegistrantAttests(CeremonyError):
    """Who registered a key attests its ceremony, which would say nothing."""

    code = 4244

    def __init__(self, vk_id: VkId, registrant: AccountId) -> None:
        super().__init__(
            f"account {encode_address(registrant)} registered verifying key 0x{vk_id.hex()}; others must attest it."
        )
        self.vk_id, self.registrant = vk_id, registrant


class AttestedAlready(CeremonyError):
    """One account attests the same ceremony twice."""

    code = 4245

    def __init__(self, vk_id: VkId, attester: AccountId) -> None:
        super().__init__(
            f"account {encode_address(attester)} attests the ceremony of verifying key 0x{vk_id.hex()} already; "
            "it counts once."
        )
        self.vk_id, self.attester = vk_id, attester


class AttestationsFull(CeremonyError):
    """As many attest a ceremony as are kept: more would change nothing."""

    code = 4246

    def __init__(self, vk_id: VkId, limit: int) -> None:
        super().__init__(f"the ceremony of verifying key 0x{vk_id.hex()} has {limit} attestations; no more are kept.")
        self.vk_id, self.limit = vk_id, limit


class NotAttested(CeremonyError):
    """An attestation is withdrawn that the account never made."""

    code = 4247

    def __init__(self, vk_id: VkId, attester: AccountId) -> None:
        super().__init__(
            f"account {encode_address(attester)} does not attest the ceremony of verifying key 0x{vk_id.hex()}; "
            "there is nothing to withdraw."
        )
        self.vk_id, self.attester = vk_id, attester


class NotAnAttester(CeremonyError):
    """An account acts as an attester without a bond."""

    code = 4250

    def __init__(self, account: AccountId) -> None:
        super().__init__(f"account {encode_address(account)} is no attester; bond it as one first.")
        self.account = account


class AttesterBondTooLow(CeremonyError):
    """A bond would be below the least one, or is to be raised by nothing."""

    code = 4251

    def __init__(self, bond: Amount, added: Amount, needed: Amount) -> None:
        super().__init__(
            f"the bond would be {show(bond)} with the {show(added)} added now; an attester bonds at least "
            f"{show(needed)}, and adds more than 0."
        )
        self.bond, self.added, self.needed = bond, added, needed


class AttesterUnbonding(CeremonyError):
    """An attester acts as one whose bond is on its way back."""

    code = 4252

    def __init__(self, account: AccountId, release_at: Height) -> None:
        super().__init__(
            f"account {encode_address(account)} is unbonding and no longer attests; release its bond from height "
            f"{release_at} on, then bond anew."
        )
        self.account, self.release_at = account, release_at


class AttesterNotUnbonding(CeremonyError):
    """A bond is to be released whose return nobody has asked for."""

    code = 4253

    def __init__(self, account: AccountId) -> None:
        super().__init__(f"account {encode_address(account)} is a bonded attester; unbond it first, then wait.")
        self.account = account


class BondStillHeld(CeremonyError):
    """A bond is to be released before the delay is over."""

    code = 4254

    def __init__(self, account: AccountId, release_at: Height, height: Height) -> None:
        super().__init__(
            f"the bond of account {encode_address(account)} is held until height {release_at}; this is {height}. "
            "Resubmit then."
        )
        self.account, self.release_at, self.height = account, release_at, height
