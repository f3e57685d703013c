"""What can go wrong around a confidential contract off the chain. Codes 6300-6349."""

from crypto.errors import ClusterError


class ConfidentialComputeError(ClusterError):
    """Root of this folder's errors."""

    code = 6300


class NotAReader(ConfidentialComputeError):
    """A data key is not sealed to this reader."""

    code = 6301

    def __init__(self, epoch: int, readers: int) -> None:
        super().__init__(
            f"the data key of epoch {epoch} is sealed to {readers} reader{'' if readers == 1 else 's'} and this key is "
            f"no such reader; ask the contract's owner to be added, unless its readers are fixed, or, for what was "
            f"written before you were, a reader for a permit."
        )
        self.epoch, self.readers = epoch, readers


class WrongDataKey(ConfidentialComputeError):
    """A data key is not the one that an epoch commits to."""

    code = 6302

    def __init__(self, epoch: int) -> None:
        super().__init__(f"this data key is not the one that epoch {epoch} commits to; unwrap that epoch's own.")
        self.epoch = epoch


class CannotOpen(ConfidentialComputeError):
    """A ciphertext does not decrypt to an opening of its register's commitment."""

    code = 6303

    def __init__(self, register: str, version: int) -> None:
        super().__init__(
            f"register {register!r} at version {version} does not open under this data key; use the key of the epoch "
            f"that it was written in."
        )
        self.register, self.version = register, version


class UnknownEpoch(ConfidentialComputeError):
    """A contract's answer does not carry an epoch that is needed."""

    code = 6304

    def __init__(self, epoch: int) -> None:
        super().__init__(f"epoch {epoch} is not in the contract's answer; set readers first, or ask a synced node.")
        self.epoch = epoch


class AmountRefused(ConfidentialComputeError):
    """The counter proves 32-bit amounts, and sums below 2^64."""

    code = 6305

    def __init__(self) -> None:  # the values are secret: neither message nor fields carry them
        super().__init__("the amount must be 0..2^32-1 and the sum below 2^64; add less, or in several calls.")


class StatementFalse(ConfidentialComputeError):
    """The witness proves other public inputs than the action says: nothing that could be proven."""

    code = 6306

    def __init__(self, circuit: str, position: int) -> None:
        super().__init__(
            f"the action's public input {position} is not what circuit {circuit} computes; draft the action again."
        )
        self.circuit, self.position = circuit, position


class DraftMissing(ConfidentialComputeError):
    """A draft is to be proven for an envelope that does not carry its action."""

    code = 6307

    def __init__(self, action: str) -> None:
        super().__init__(f"the envelope does not carry the drafted {action}; put its action in, then prove.")
        self.action = action


class AlreadyReader(ConfidentialComputeError):
    """A reader is to be added who reads already."""

    code = 6308

    def __init__(self, epoch: int) -> None:
        super().__init__(f"epoch {epoch} is sealed to this reader already; nothing is to be done.")
        self.epoch = epoch


class NoSuchReader(ConfidentialComputeError):
    """A reader is to be removed who is none."""

    code = 6309

    def __init__(self, epoch: int, readers: int) -> None:
        super().__init__(
            f"none of the {readers} readers of epoch {epoch} has this key; list them with `cluster contract readers "
            "list`."
        )
        self.epoch, self.readers = epoch, readers


class UnsealableCount(ConfidentialComputeError):
    """A contract was deployed without a circuit for so many readers."""

    code = 6310

    def __init__(self, readers: int, possible: tuple[int, ...]) -> None:
        counts = ", ".join(map(str, sorted(possible)))
        super().__init__(
            f"this contract can have {counts} readers and not {readers}: the counts were fixed when it was deployed."
        )
        self.readers, self.possible = readers, possible


class UnknownRegisterName(ConfidentialComputeError):
    """A contract has no register of a name."""

    code = 6311

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"there is no register {name!r}; this contract's are {', '.join(known)}.")
        self.name, self.known = name, known


class AnotherKey(ConfidentialComputeError):
    """The key that this machine has for a circuit is not the one that a contract was deployed with."""

    code = 6312

    def __init__(self, circuit: str, vk_id: bytes) -> None:
        super().__init__(
            f"the contract's {circuit} is under key 0x{vk_id.hex()}, and this machine made another one for the same "
            f"circuit: proofs under it would be refused. Copy the .zkey of whoever deployed it into the keys folder."
        )
        self.circuit, self.vk_id = circuit, vk_id


class ContractNotSigned(ConfidentialComputeError):
    """A node shows something of a contract that the trusted validators did not sign."""

    code = 6315

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the contract's {what}, as the node shows it, is not in the state that the validators signed; nothing was "
            f"sealed or sent. Ask another node."
        )
        self.what = what


class StateTooOld(ConfidentialComputeError):
    """The newest state that a node proves is older than was allowed: it may hide a change of readers."""

    code = 6316

    def __init__(self, seconds: int, limit: int) -> None:
        super().__init__(
            f"the newest state that the node proves is {seconds} seconds old, and at most {limit} are allowed; nothing "
            f"was sealed or sent. Ask a node that is up to date, check this machine's clock, or allow more (--oldest)."
        )
        self.seconds, self.limit = seconds, limit


class NamesItsCaller(ConfidentialComputeError):
    """A call is to name no account, and something in it is about the account that sends it."""

    code = 6317

    def __init__(self, action: str, reason: str) -> None:
        super().__init__(
            f"{action} {reason}, so it cannot be sent without naming an account; let the account pay its fee "
            f"(`--fee-from account`)."
        )
        self.action, self.reason = action, reason
