"""The rules of the registry, one class each. Codes 4200-4299. What is wrong with a key itself, crypto/groth16 says."""

from chain.types.scalars import AccountId, Height, ObjectId, ProgramId, VkId
from crypto.address import encode_address
from crypto.errors import ClusterError


class RegistryError(ClusterError):
    """Root of the errors of the registry."""

    code = 4200


class KeyUnknown(RegistryError):
    """A verifying key is named that nobody registered."""

    code = 4201

    def __init__(self, vk_id: VkId) -> None:
        super().__init__(f"there is no verifying key 0x{vk_id.hex()}; register it first, and use it when it is active.")
        self.vk_id = vk_id


class KeyNotActive(RegistryError):
    """A verifying key is used before the height at which it becomes active."""

    code = 4202

    def __init__(self, vk_id: VkId, active_from: Height, height: Height) -> None:
        super().__init__(
            f"verifying key 0x{vk_id.hex()} is active from height {active_from}; this is {height}. Resubmit then."
        )
        self.vk_id, self.active_from, self.height = vk_id, active_from, height


class KeyFrozen(RegistryError):
    """A verifying key is used that more than 2/3 of the validators' power have frozen."""

    code = 4203

    def __init__(self, vk_id: VkId, frozen_at: Height) -> None:
        super().__init__(
            f"verifying key 0x{vk_id.hex()} was frozen by the validators at height {frozen_at}; "
            "use a program with another key."
        )
        self.vk_id, self.frozen_at = vk_id, frozen_at


class KeyAlreadyRegistered(RegistryError):
    """The very same key was registered before."""

    code = 4204

    def __init__(self, vk_id: VkId) -> None:
        super().__init__(f"verifying key 0x{vk_id.hex()} is registered already; use it under this id.")
        self.vk_id = vk_id


class InsecureKey(RegistryError):
    """The chain takes no key of a single party's setup."""

    code = 4205

    def __init__(self) -> None:
        super().__init__(
            "this chain refuses keys from a single-party setup, whose maker can forge proofs, and this one names no "
            "ceremony. Run one and name its files, or use a chain whose parameters allow insecure keys."
        )


class ProgramUnknown(RegistryError):
    """A program is named that nobody registered."""

    code = 4210

    def __init__(self, program: ProgramId) -> None:
        super().__init__(f"there is no program 0x{program.hex()}; register it first.")
        self.program = program


class ProgramAlreadyRegistered(RegistryError):
    """Key, constraint system and manifest together were registered before."""

    code = 4211

    def __init__(self, program: ProgramId, owner: AccountId) -> None:
        super().__init__(f"program 0x{program.hex()} is registered already, by account {encode_address(owner)}.")
        self.program, self.owner = program, owner


class StatementUnknown(RegistryError):
    """A program claims to prove a kind of statement that the chain does not know."""

    code = 4212

    def __init__(self, statement: str, known: tuple[str, ...]) -> None:
        super().__init__(f"there is no statement {statement!r}; this chain version knows: {', '.join(known)}.")
        self.statement, self.known = statement, known


class InputCountMismatch(RegistryError):
    """A key has another number of public inputs than the program's statement."""

    code = 4213

    def __init__(self, vk_id: VkId, key_inputs: int, statement_inputs: int) -> None:
        super().__init__(
            f"verifying key 0x{vk_id.hex()} has {key_inputs} public inputs; the statement has {statement_inputs}. "
            "Register the key of this circuit, or name its outputs rightly."
        )
        self.vk_id, self.key_inputs, self.statement_inputs = vk_id, key_inputs, statement_inputs


class ManifestSize(RegistryError):
    """A manifest is empty or too long."""

    code = 4214

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the manifest has {size} bytes; 1 to {limit} are allowed. Refer to long content by its hash.")
        self.size, self.limit = size, limit


class RoyaltyTooHigh(RegistryError):
    """A royalty is more than the whole."""

    code = 4215

    def __init__(self, royalty_bps: int, limit: int) -> None:
        super().__init__(f"the royalty is {royalty_bps}/10,000; at most {limit}/10,000 can be paid.")
        self.royalty_bps, self.limit = royalty_bps, limit


class NoOutputs(RegistryError):
    """A program without outputs: there would be nothing to pay for."""

    code = 4217

    def __init__(self) -> None:
        super().__init__("the program has 0 outputs; a program that can be paid for has at least 1.")


class ModelCommitmentMissing(RegistryError):
    """A program of a key that serves many models does not say which one it is."""

    code = 4218

    def __init__(self, statement: str) -> None:
        super().__init__(f"a program with statement {statement} is one of many models; name its commitment.")
        self.statement = statement


class ModelCommitmentUnexpected(RegistryError):
    """A program names a model's commitment which its statement does not prove anything about."""

    code = 4219

    def __init__(self, statement: str, needed: str) -> None:
        super().__init__(
            f"statement {statement} says nothing about a model's commitment; leave it out, or use {needed}."
        )
        self.statement, self.needed = statement, needed


class NotAModelName(RegistryError):
    """A model's name or version has characters that could be mistaken for others."""

    code = 4220

    def __init__(self, what: str, text: str) -> None:
        super().__init__(
            f"{text!r} cannot be a model's {what}; use up to 64 lower-case letters, digits, dots, dashes and "
            "underscores, beginning with a letter or digit."
        )
        self.what, self.text = what, text


class VersionTaken(RegistryError):
    """This version of a model was published before."""

    code = 4221

    def __init__(self, model: str, version: str) -> None:
        super().__init__(f"version {version} of model {model} is published already; choose another version.")
        self.model, self.version = model, version


class NotNameOwner(RegistryError):
    """A model's name belongs to whoever published its first version."""

    code = 4222

    def __init__(self, model: str, owner: AccountId) -> None:
        super().__init__(f"the name {model} belongs to account {encode_address(owner)}; choose another name.")
        self.model, self.owner = model, owner


class NotProgramOwner(RegistryError):
    """Only a program's owner gives it a name."""

    code = 4223

    def __init__(self, program: ProgramId, owner: AccountId) -> None:
        super().__init__(
            f"program 0x{program.hex()} belongs to account {encode_address(owner)}; publish with that account."
        )
        self.program, self.owner = program, owner


class ModelUnknown(RegistryError):
    """A model is looked up by an id that does not exist."""

    code = 4224

    def __init__(self, model: ObjectId) -> None:
        super().__init__(f"there is no model 0x{model.hex()}; look it up by its name.")
        self.model = model


class ModelNameUnknown(RegistryError):
    """A model is looked up by a name or version that nobody published."""

    code = 4225

    def __init__(self, model: str, version: str | None) -> None:
        what = f"model {model}" if version is None else f"version {version} of model {model}"
        super().__init__(f"there is no {what}; check the spelling, or publish it first.")
        self.model, self.version = model, version


class KeyStillDissolving(RegistryError):
    """A key cannot be unfrozen before the tasks that its freeze dissolved are all paid back."""

    code = 4231

    def __init__(self, vk_id: VkId) -> None:
        super().__init__(
            f"tasks of verifying key 0x{vk_id.hex()} are still being paid back; vote again in a few blocks."
        )
        self.vk_id = vk_id


class KeyNotFrozen(RegistryError):
    """A key is to be unfrozen that nobody has frozen."""

    code = 4232

    def __init__(self, vk_id: VkId) -> None:
        super().__init__(f"verifying key 0x{vk_id.hex()} is not frozen, so there is nothing to undo.")
        self.vk_id = vk_id


class KeyFrozenAlready(RegistryError):
    """A key is to be frozen that is frozen."""

    code = 4233

    def __init__(self, vk_id: VkId, frozen_at: Height) -> None:
        super().__init__(
            f"verifying key 0x{vk_id.hex()} has been frozen since height {frozen_at}; nothing is to be done."
        )
        self.vk_id, self.frozen_at = vk_id, frozen_at
