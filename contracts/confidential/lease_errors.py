"""The rules of leases, one class each. Codes 4340-4349."""

from chain.types.scalars import AccountId, ObjectId
from contracts.confidential.errors import ConfidentialError
from crypto.address import encode_address


class LeaseError(ConfidentialError):
    """Root of the rules of leases."""

    code = 4340


class NoSuchRegister(LeaseError):
    """A lease is asked for on a register that its contract does not have."""

    code = 4341

    def __init__(self, contract: ObjectId, register: int, registers: int) -> None:
        super().__init__(f"contract 0x{contract.hex()} has registers 0 to {registers - 1}; there is no {register}.")
        self.contract, self.register, self.registers = contract, register, registers


class NotLeasable(LeaseError):
    """A register in another mode than `lease` needs no lease."""

    code = 4342

    def __init__(self, contract: ObjectId, register: str) -> None:
        super().__init__(
            f"register {register!r} of contract 0x{contract.hex()} is not leased; call its method at once."
        )
        self.contract, self.register = contract, register


class RegisterLeased(LeaseError):
    """A register has one lease at a time."""

    code = 4343

    def __init__(self, contract: ObjectId, register: str, holder: AccountId, until: int) -> None:
        super().__init__(
            f"register {register!r} of contract 0x{contract.hex()} is leased to {encode_address(holder)} up to height "
            f"{until}; lease it when it is written or that height has passed."
        )
        self.contract, self.register, self.holder, self.until = contract, register, holder, until


class LeaseCooldown(LeaseError):
    """After a lease its holder lets others have theirs."""

    code = 4344

    def __init__(self, contract: ObjectId, register: str, account: AccountId, until: int) -> None:
        super().__init__(
            f"account {encode_address(account)} had a lease of {register!r} of contract 0x{contract.hex()} and waits "
            f"up to height {until}; then it may lease it again."
        )
        self.contract, self.register, self.account, self.until = contract, register, account, until


class NotLeaseHolder(LeaseError):
    """A register in mode `lease` is written by the holder of its lease only."""

    code = 4345

    def __init__(self, contract: ObjectId, register: str, holder: AccountId | None, sender: AccountId) -> None:
        whose = "nobody: none was taken, or it ran out" if holder is None else encode_address(holder)
        super().__init__(
            f"the lease of {register!r} of contract 0x{contract.hex()} is held by {whose}; account "
            f"{encode_address(sender)} must lease it first (confidential.lease)."
        )
        self.contract, self.register, self.holder, self.sender = contract, register, holder, sender
