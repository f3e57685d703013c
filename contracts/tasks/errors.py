"""The rules of tasks and providers, one class each. Codes 4100-4199. Keys and programs have theirs in the registry."""

from chain.amount import show
from chain.types.scalars import AccountId, Amount, FieldElement, Height, ObjectId, ProgramId, VkId
from crypto.address import encode_address
from crypto.errors import ClusterError


class TaskError(ClusterError):
    """Root of the errors of tasks and providers."""

    code = 4100


class TaskNotFound(TaskError):
    """A task is named that nobody opened."""

    code = 4101

    def __init__(self, task: ObjectId) -> None:
        super().__init__(f"there is no task 0x{task.hex()}; if it was opened just now, resubmit when that is final.")
        self.task = task


class TaskNotInState(TaskError):
    """A task is in another state than the action needs."""

    code = 4102

    def __init__(self, task: ObjectId, state: str, needed: tuple[str, ...], height: Height) -> None:
        super().__init__(
            f"task 0x{task.hex()} is {state} at height {height}; this needs it {' or '.join(needed)}. "
            "Look at the task, and choose another one."
        )
        self.task, self.state, self.needed, self.height = task, state, needed, height


class NotALockRecipient(TaskError):
    """A provider locks a task whose input was not sealed to it."""

    code = 4103

    def __init__(self, task: ObjectId, provider: AccountId) -> None:
        super().__init__(
            f"the input of task 0x{task.hex()} is not sealed to account {encode_address(provider)}, which could "
            "not read it; "
            "lock tasks that name this account."
        )
        self.task, self.provider = task, provider


class ProviderNotBonded(TaskError):
    """An account acts as a provider, or is chosen as one, without the least bond."""

    code = 4104

    def __init__(self, account: AccountId, bond: Amount, needed: Amount) -> None:
        super().__init__(
            f"account {encode_address(account)} has a provider's bond of {show(bond)}; {show(needed)} are needed. "
            "Register as a provider, or add to the bond."
        )
        self.account, self.bond, self.needed = account, bond, needed


class LockTaken(TaskError):
    """Another provider, or the same one before, has locked the task."""

    code = 4105

    def __init__(self, task: ObjectId, locker: AccountId) -> None:
        super().__init__(
            f"task 0x{task.hex()} is locked by account {encode_address(locker)} already; choose another task."
        )
        self.task, self.locker = task, locker


class LockEpochMismatch(TaskError):
    """A result is bound to another lock than the present one."""

    code = 4106

    def __init__(self, task: ObjectId, expected: int, got: int) -> None:
        super().__init__(
            f"task 0x{task.hex()} is at lock epoch {expected}, the result is for {got}; prove again for this lock."
        )
        self.task, self.expected, self.got = task, expected, got


class LockExpired(TaskError):
    """Settlement arrived after the lock's deadline, by a circuit whose proof nobody else may use."""

    code = 4107

    def __init__(self, task: ObjectId, deadline: Height, height: Height) -> None:
        super().__init__(
            f"task 0x{task.hex()} was locked until height {deadline}; this is height {height}. Its program is unbound, "
            "so nobody can settle it any more; it will be paid back."
        )
        self.task, self.deadline, self.height = task, deadline, height


class PriceRampInvalid(TaskError):
    """The price does not rise from its start to its end, or ends at nothing."""

    code = 4108

    def __init__(self, start: Amount, end: Amount) -> None:
        super().__init__(f"the price goes from {show(start)} to {show(end)}; it must not fall, and must end above 0.")
        self.start, self.end = start, end


class DeadlineInvalid(TaskError):
    """The heights of a task are not in order, already past, or too far ahead."""

    code = 4109

    def __init__(self, height: Height, ramp_end: Height, lock_deadline: Height, deadline: Height, latest: int) -> None:
        super().__init__(
            f"ramp end {ramp_end}, lock deadline {lock_deadline} and deadline {deadline} do not fit; "
            f"at height {height} choose ramp end <= lock deadline < deadline <= {latest}, and lock deadline > {height}."
        )
        self.height, self.ramp_end, self.lock_deadline = height, ramp_end, lock_deadline
        self.deadline, self.latest = deadline, latest


class CollateralTooLow(TaskError):
    """A task asks lockers for less collateral than the chain requires."""

    code = 4110

    def __init__(self, collateral: Amount, needed: Amount) -> None:
        super().__init__(f"the collateral is {show(collateral)}; ask for at least {show(needed)}.")
        self.collateral, self.needed = collateral, needed


class TooManyLocks(TaskError):
    """A provider holds as many locks as one may."""

    code = 4111

    def __init__(self, provider: AccountId, locks: int, limit: int) -> None:
        super().__init__(
            f"account {encode_address(provider)} holds {locks} locks; at most {limit} are allowed. Settle one "
            "of them first."
        )
        self.provider, self.locks, self.limit = provider, locks, limit


class WrongKey(TaskError):
    """A result is proven under another verifying key than the task's program has."""

    code = 4112

    def __init__(self, task: ObjectId, expected: VkId, got: VkId) -> None:
        super().__init__(
            f"task 0x{task.hex()} is settled under verifying key 0x{expected.hex()}, not 0x{got.hex()}; "
            "prove with its program's key."
        )
        self.task, self.expected, self.got = task, expected, got


class WrongInputCommitment(TaskError):
    """A result is proven for another input than the requester committed to."""

    code = 4113

    def __init__(self, task: ObjectId, expected: FieldElement, got: FieldElement) -> None:
        super().__init__(
            f"task 0x{task.hex()} has input commitment {expected}, the result is for {got}; prove for the task's input."
        )
        self.task, self.expected, self.got = task, expected, got


class WrongNumberOfOutputs(TaskError):
    """A result has more or fewer elements than the program's outputs."""

    code = 4114

    def __init__(self, task: ObjectId, expected: int, got: int) -> None:
        super().__init__(
            f"the program of task 0x{task.hex()} has {expected} outputs; {got} were given. Submit all, in order."
        )
        self.task, self.expected, self.got = task, expected, got


class EvidenceKindUnknown(TaskError):
    """Evidence is asked for, or offered, of a kind that this chain version does not take."""

    code = 4115

    def __init__(self, kind: str, known: tuple[str, ...]) -> None:
        super().__init__(f"there is no evidence kind {kind!r} here; this chain version takes: {', '.join(known)}.")
        self.kind, self.known = kind, known


class WrongNumberOfRecipients(TaskError):
    """A task is sealed to nobody, or to more providers than one task may name."""

    code = 4116

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(f"the input is sealed to {count} providers; 1 to {limit} are allowed.")
        self.count, self.limit = count, limit


class DuplicateRecipient(TaskError):
    """A task is sealed to one provider twice."""

    code = 4117

    def __init__(self, provider: AccountId) -> None:
        super().__init__(f"the input is sealed to account {encode_address(provider)} twice; name each provider once.")
        self.provider = provider


class CiphertextSize(TaskError):
    """A sealed input or key cannot be one: too short or too long."""

    code = 4118

    def __init__(self, what: str, size: int, low: int, high: int) -> None:
        super().__init__(f"the {what} has {size} bytes; {low} to {high} are allowed. Seal it as the client does.")
        self.what, self.size, self.low, self.high = what, size, low, high


class ProviderUnknown(TaskError):
    """An account that is no provider acts as one."""

    code = 4119

    def __init__(self, account: AccountId) -> None:
        super().__init__(f"account {encode_address(account)} is no provider; register it as one first.")
        self.account = account


class ProviderAlreadyRegistered(TaskError):
    """A provider registers again."""

    code = 4120

    def __init__(self, account: AccountId) -> None:
        super().__init__(
            f"account {encode_address(account)} is a provider already; update its record or add to its bond."
        )
        self.account = account


class BondTooLow(TaskError):
    """A bond would be below the least one, and not nothing."""

    code = 4121

    def __init__(self, bond: Amount, needed: Amount) -> None:
        super().__init__(
            f"the bond would be {show(bond)}; a provider bonds at least {show(needed)}, or withdraws everything."
        )
        self.bond, self.needed = bond, needed


class BondInUse(TaskError):
    """A bond is to be withdrawn while its provider holds locks."""

    code = 4122

    def __init__(self, provider: AccountId, locks: int) -> None:
        super().__init__(
            f"account {encode_address(provider)} holds {locks} locks; settle them, or wait until they end, then "
            "withdraw."
        )
        self.provider, self.locks = provider, locks


class NothingToMove(TaskError):
    """A bond is to be changed by zero."""

    code = 4123

    def __init__(self) -> None:
        super().__init__("the bond would change by 0 CLU; name an amount above 0.")


class WithdrawsTooMuch(TaskError):
    """More is to be withdrawn than was bonded."""

    code = 4124

    def __init__(self, bond: Amount, amount: Amount) -> None:
        super().__init__(f"the bond is {show(bond)} and {show(amount)} are to be withdrawn; withdraw at most the bond.")
        self.bond, self.amount = bond, amount


class WrongBinding(TaskError):
    """A result comes by the action for bound circuits although its program is unbound, or the other way round."""

    code = 4125

    def __init__(self, program: ProgramId, bound: bool) -> None:
        what, action = ("bound", "tasks.settle") if bound else ("unbound", "tasks.settle_unbound")
        super().__init__(f"program 0x{program.hex()} is {what}; its tasks are settled by {action}.")
        self.program, self.bound = program, bound


class InputCommitmentReused(TaskError):
    """The key of an unbound program is asked about an input again: its earlier proof could be copied."""

    code = 4126

    def __init__(self, vk_id: VkId, commitment: FieldElement) -> None:
        super().__init__(
            f"input commitment {commitment} was used under unbound key 0x{vk_id.hex()} before, so its proof could "
            "be copied; commit to the input again with a fresh salt."
        )
        self.vk_id, self.commitment = vk_id, commitment


class KindNotOffered(TaskError):
    """A provider is chosen for evidence that it does not offer."""

    code = 4127

    def __init__(self, provider: AccountId, kind: str) -> None:
        super().__init__(
            f"account {encode_address(provider)} does not offer evidence kind {kind!r}; choose other providers."
        )
        self.provider, self.kind = provider, kind


class NotTheLocker(TaskError):
    """A locked task is settled by another provider before the lock's deadline."""

    code = 4128

    def __init__(self, task: ObjectId, locker: AccountId, deadline: Height) -> None:
        super().__init__(
            f"task 0x{task.hex()} is locked by account {encode_address(locker)} until height {deadline}; any "
            "bonded provider "
            "may settle it after that, with a proof bound to itself."
        )
        self.task, self.locker, self.deadline = task, locker, deadline


class WrongModel(TaskError):
    """A result is proven for another model than the task's program has, or for none where the key serves many."""

    code = 4130

    def __init__(self, task: ObjectId, expected: FieldElement | None, got: FieldElement | None) -> None:
        super().__init__(
            f"the program of task 0x{task.hex()} has {_model(expected)}, the result is for {_model(got)}; "
            "prove with the program's model."
        )
        self.task, self.expected, self.got = task, expected, got


class WrongNumberOfKinds(TaskError):
    """A provider offers no kind of evidence, or one of them twice."""

    code = 4129

    def __init__(self, kinds: tuple[str, ...]) -> None:
        super().__init__(f"the provider offers kinds {list(kinds)}; name at least one, and each once.")
        self.kinds = kinds


def _model(commitment: FieldElement | None) -> str:
    return "no model commitment" if commitment is None else f"model commitment {commitment}"
