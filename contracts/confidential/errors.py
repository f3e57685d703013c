"""The rules of confidential contracts, one class each. Codes 4300-4399."""

from chain.types.scalars import AccountId, FieldElement, ObjectId, VkId
from crypto.address import encode_address
from crypto.errors import ClusterError


class ConfidentialError(ClusterError):
    """Root of the errors of confidential contracts."""

    code = 4300


class UnknownContract(ConfidentialError):
    """An action names a contract that was never deployed."""

    code = 4301

    def __init__(self, contract: ObjectId) -> None:
        super().__init__(
            f"there is no confidential contract 0x{contract.hex()}; deploy it first, and call it when that is final."
        )
        self.contract = contract


class UnknownMethod(ConfidentialError):
    """A call names a method that its contract does not have."""

    code = 4302

    def __init__(self, contract: ObjectId, method: str, known: tuple[str, ...]) -> None:
        super().__init__(f"contract 0x{contract.hex()} has no method {method!r}; it has: {', '.join(known)}.")
        self.contract, self.method, self.known = contract, method, known


class WrongMethodKey(ConfidentialError):
    """The proof is under another verifying key than the contract was deployed with."""

    code = 4303

    def __init__(self, method: str, expected: VkId, got: VkId) -> None:
        super().__init__(
            f"{method} is proven under key 0x{expected.hex()}, not 0x{got.hex()}; use the contract's circuit."
        )
        self.method, self.expected, self.got = method, expected, got


class NoReaders(ConfidentialError):
    """A contract is called before its owner has set readers: there is no data key to seal to."""

    code = 4304

    def __init__(self, contract: ObjectId) -> None:
        super().__init__(
            f"contract 0x{contract.hex()} has no data key yet; its owner must set readers before anyone can call it."
        )
        self.contract = contract


class WrongEpoch(ConfidentialError):
    """An action is proven for another key epoch than state's."""

    code = 4305

    def __init__(self, contract: ObjectId, expected: int, got: int) -> None:
        super().__init__(
            f"contract 0x{contract.hex()} wants key epoch {expected}; this is proven for epoch {got}. "
            f"Read the contract again and prove under the current data key."
        )
        self.contract, self.expected, self.got = contract, expected, got


class WrongKeyCommitment(ConfidentialError):
    """A call is proven for a data key that is not the epoch's."""

    code = 4306

    def __init__(self, contract: ObjectId, epoch: int, expected: FieldElement, got: FieldElement) -> None:
        super().__init__(
            f"epoch {epoch} of contract 0x{contract.hex()} has key commitment {expected}, not {got}; "
            f"unwrap the data key as a reader of that epoch."
        )
        self.contract, self.epoch, self.expected, self.got = contract, epoch, expected, got


class StaleRegister(ConfidentialError):
    """A register has moved on since the call was proven: in mode `first`, the first call in a block wins."""

    code = 4307

    def __init__(self, contract: ObjectId, register: str, version: int, proven: int) -> None:
        super().__init__(
            f"register {register!r} of contract 0x{contract.hex()} is at version {version} and this call was proven "
            f"from version {proven}{' and another commitment' if version == proven else ': another call came first'}. "
            f"Retry: read the register again (contract_get) and prove from what it holds now."
        )
        self.contract, self.register, self.version, self.proven = contract, register, version, proven


class WrongRegisters(ConfidentialError):
    """A call reads or writes other registers than its method does."""

    code = 4308

    def __init__(self, method: str, expected: tuple[int, ...], got: tuple[int, ...]) -> None:
        super().__init__(
            f"method {method} uses registers {list(expected)}, the call carries {list(got)}; keep the method's order."
        )
        self.method, self.expected, self.got = method, expected, got


class WrongLength(ConfidentialError):
    """A row of field elements is longer or shorter than its bucket: every call of a method has one size."""

    code = 4309

    def __init__(self, what: str, expected: int, got: int) -> None:
        super().__init__(f"{what} has {got} field elements and must have exactly {expected}.")
        self.what, self.expected, self.got = what, expected, got


class NotOwner(ConfidentialError):
    """Only a contract's owner sets its readers."""

    code = 4310

    def __init__(self, contract: ObjectId, owner: AccountId, sender: AccountId) -> None:
        super().__init__(
            f"contract 0x{contract.hex()} belongs to account {encode_address(owner)}, not to {encode_address(sender)}; "
            f"ask its owner to set readers."
        )
        self.contract, self.owner, self.sender = contract, owner, sender


class WrongReaderCount(ConfidentialError):
    """A contract names no sealing circuit for that many readers."""

    code = 4311

    def __init__(self, got: int, supported: tuple[int, ...]) -> None:
        super().__init__(
            f"{got} readers were given; the contract can seal to {', '.join(map(str, supported))} readers."
        )
        self.got, self.supported = got, supported


class BadReaderKey(ConfidentialError):
    """A reader's key is not a point that a data key can safely be sealed to."""

    code = 4312

    def __init__(self, x: int, y: int, reason: str) -> None:
        super().__init__(
            f"({x}, {y}) is {reason}; a reader's key is a point of BabyJubJub's prime-order subgroup. "
            f"Ask the reader for it again."
        )
        self.x, self.y, self.reason = x, y, reason


class DuplicateReader(ConfidentialError):
    """One reader stands twice in a set of readers."""

    code = 4313

    def __init__(self, x: int, y: int) -> None:
        super().__init__(f"reader ({x}, {y}) is listed twice; list every reader once.")
        self.x, self.y = x, y


class BadDeployment(ConfidentialError):
    """Root of the rules that a contract's description must satisfy."""

    code = 4320


class BadName(BadDeployment):
    """A register's or method's name is not a plain lower-case word."""

    code = 4321

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is no name for a register or method; use lower-case letters, digits and _.")
        self.name = name


class DuplicateName(BadDeployment):
    """Two registers, two methods, or two sealing circuits go by one name."""

    code = 4322

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is used twice in one contract; give each its own name.")
        self.name = name


class WrongCount(BadDeployment):
    """A contract has too few or too many of something."""

    code = 4323

    def __init__(self, what: str, low: int, high: int, got: int) -> None:
        super().__init__(f"a contract has {got} {what}; it may have {low} to {high}. Split the contract.")
        self.what, self.low, self.high, self.got = what, low, high, got


class UnsupportedRegister(BadDeployment):
    """A register asks for a sort or mode that this chain version does not run."""

    code = 4324

    def __init__(self, name: str, sort: int, mode: int) -> None:
        super().__init__(
            f"register {name!r} asks for sort {sort}, mode {mode}; this chain version runs sealed registers (0) "
            f"in mode first (0)."
        )
        self.name, self.sort, self.mode = name, sort, mode


class UnknownRegister(BadDeployment):
    """A method uses a register that its contract does not have, or uses one twice."""

    code = 4325

    def __init__(self, method: str, register: int, registers: int) -> None:
        super().__init__(
            f"method {method!r} uses register {register}, which it uses already or which is not one of "
            f"the contract's {registers}."
        )
        self.method, self.register, self.registers = method, register, registers


class KeyShapeMismatch(BadDeployment):
    """A verifying key has another number of public inputs than the statement it is named for."""

    code = 4326

    def __init__(self, what: str, expected: int, got: int) -> None:
        super().__init__(
            f"{what} has {expected} public inputs, its verifying key takes {got}; name the key of its own circuit."
        )
        self.what, self.expected, self.got = what, expected, got
