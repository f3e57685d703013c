"""The rules of confidential contracts, one class each. Codes 4300-4399."""

from chain.types.scalars import AccountId, FieldElement, Hash, ObjectId, VkId
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

    def __init__(self, contract: ObjectId, epoch: int, expected: FieldElement, got: FieldElement | None) -> None:
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
    """A row in a call is longer or shorter than its method's."""

    code = 4309

    def __init__(self, what: str, expected: int, got: int) -> None:
        super().__init__(
            f"{what} has {got} entries and must have exactly {expected}: every call of a method has one size."
        )
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


class WrongParts(ConfidentialError):
    """A call lacks what its method uses, or carries what it does not."""

    code = 4314

    def __init__(self, method: str, what: str, expected: bool) -> None:
        super().__init__(
            f"a call of {method} {'carries' if expected else 'does not carry'} {what}, and this one "
            f"{'does not' if expected else 'does'}; fill in exactly what the method uses."
        )
        self.method, self.what, self.expected = method, what, expected


class WrongSort(ConfidentialError):
    """A call treats a sealed register as public, or a public one as sealed."""

    code = 4315

    def __init__(self, method: str, register: str, sealed: bool) -> None:
        super().__init__(
            f"register {register!r} is {'sealed' if sealed else 'public'} and this call of {method} carries it as if "
            f"it were not; read the contract's registers again."
        )
        self.method, self.register, self.sealed = method, register, sealed


class WrongPadding(ConfidentialError):
    """A call is not as long as all calls of its method are, or its padding is not zeros."""

    code = 4316

    def __init__(self, method: str, expected: int, got: int) -> None:
        super().__init__(
            f"a call of {method} is {expected} bytes long, made up with zeros; this one is {got} bytes long or padded "
            f"with something else. Pad it last, when everything but its proof stands."
        )
        self.method, self.expected, self.got = method, expected, got


class OutsidePeriod(ConfidentialError):
    """A call is proven for another period than the block's height."""

    code = 4317

    def __init__(self, method: str, after: int, before: int, height: int) -> None:
        super().__init__(
            f"this call of {method} is good at heights {after} to {before} and the block's is {height}; "
            f"prove it for a period that contains the height at which it will stand in a block."
        )
        self.method, self.after, self.before, self.height = method, after, before, height


class StaleCount(ConfidentialError):
    """More notes were posted to an inbox than a call's proof knows of."""

    code = 4318

    def __init__(self, contract: ObjectId, register: str, posted: int, proven: int) -> None:
        super().__init__(
            f"{posted} notes were posted to {register!r} of contract 0x{contract.hex()}; this call is proven for "
            f"{proven}. Read the contract again (contract_getState) and prove for all of them."
        )
        self.contract, self.register, self.posted, self.proven = contract, register, posted, proven


class ReadersFixed(ConfidentialError):
    """The readers of a contract that was deployed with fixed readers are to be changed."""

    code = 4319

    def __init__(self, contract: ObjectId) -> None:
        super().__init__(
            f"the readers of contract 0x{contract.hex()} were fixed when it was deployed, and nobody changes them; "
            f"give a permit to whom shall read, or deploy another contract."
        )
        self.contract = contract


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
            f"register {name!r} asks for sort {sort}, mode {mode}; this chain version runs sealed (0) and "
            f"public (1) registers in the modes first (0), lease (1) and inbox (2)."
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


class WrongInitialValues(BadDeployment):
    """A public register begins with what its deployment says, a sealed one with zeros."""

    code = 4327

    def __init__(self, register: str, expected: int, got: int) -> None:
        super().__init__(
            f"register {register!r} is given {got} initial values; a public register has one for each of its values, "
            f"a sealed one none: here {expected}."
        )
        self.register, self.expected, self.got = register, expected, got


class WrongCodeHash(BadDeployment):
    """A contract's code hash is not that of the circuits that its methods and sealing keys name."""

    code = 4328

    def __init__(self, expected: Hash, got: Hash) -> None:
        super().__init__(
            f"the circuits that are named have code hash 0x{expected.hex()}, the deployment says 0x{got.hex()}; "
            f"build the contract again and deploy what one build gave."
        )
        self.expected, self.got = expected, got


class ContractExists(BadDeployment):
    """A contract would be deployed over another one."""

    code = 4329

    def __init__(self, contract: ObjectId) -> None:
        super().__init__(
            f"there is a contract 0x{contract.hex()} already; an account's next nonce, or another one-time key, gives "
            f"another id."
        )
        self.contract = contract


class NotAnInbox(BadDeployment):
    """Notes are posted to, and counted of, registers in mode `inbox` only."""

    code = 4330

    def __init__(self, method: str, register: str) -> None:
        super().__init__(
            f"method {method!r} posts notes to {register!r} or counts them, and that register is no inbox (mode 2)."
        )
        self.method, self.register = method, register


class InboxNotFolded(BadDeployment):
    """An inbox is written only by a method that spends notes: the one who folds them into it."""

    code = 4331

    def __init__(self, method: str, register: str) -> None:
        super().__init__(
            f"method {method!r} writes inbox {register!r} and spends no note; fold notes in it, or use mode first (0)."
        )
        self.method, self.register = method, register


class ReadersMissing(BadDeployment):
    """A contract would be deployed with fixed readers, and without readers."""

    code = 4332

    def __init__(self, contract: ObjectId) -> None:
        super().__init__(
            f"contract 0x{contract.hex()} is to have fixed readers, and no later action of the transaction sets them; "
            f"put its confidential.set_readers for epoch 1 into the transaction that deploys it."
        )
        self.contract = contract
