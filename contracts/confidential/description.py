"""The rules for a contract's description: names, registers, methods, and keys that fit their statements."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from chain.execution.statement import MAX_PUBLIC_INPUTS
from chain.params import Params
from chain.state.view import View
from chain.types.scalars import Blob, Hash, Height
from contracts.confidential.errors import (
    BadName,
    DuplicateName,
    InboxNotFolded,
    KeyShapeMismatch,
    NotAnInbox,
    UnknownRegister,
    UnsupportedRegister,
    WrongCodeHash,
    WrongCount,
    WrongInitialValues,
)
from contracts.confidential.signals import call_size
from contracts.confidential.specs import INBOX, MODES, SORTS, Method, RegisterSpec, SealingKey, code_hash
from contracts.confidential.statement import set_readers_size
from contracts.registry.ceremony_state import require_usable_key
from crypto.notes import MAX_PLAINTEXT

MAX_REGISTERS: Final = 8
MAX_METHODS: Final = 16
MAX_READERS: Final = 8
MAX_VALUES: Final = 14  # of one register: commit_vector takes version and values in one permutation
MAX_ABI_BYTES: Final = 16 * 1024

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class Description(Protocol):
    """What a deployment says of its contract."""

    @property
    def code_hash(self) -> Hash: ...
    @property
    def abi(self) -> Blob: ...
    @property
    def registers(self) -> tuple[RegisterSpec, ...]: ...
    @property
    def methods(self) -> tuple[Method, ...]: ...
    @property
    def sealing(self) -> tuple[SealingKey, ...]: ...


def check_description(contract: Description) -> None:
    """Every rule that needs no state. Raises a BadDeployment."""
    _require_count("registers", len(contract.registers), 0, MAX_REGISTERS)
    _require_count("methods", len(contract.methods), 1, MAX_METHODS)
    sealed = any(register.sealed for register in contract.registers)
    _require_count("sealing circuits", len(contract.sealing), int(sealed), MAX_READERS)
    _require_count("bytes of ABI", len(contract.abi), 0, MAX_ABI_BYTES)
    _check_names([register.name for register in contract.registers])
    _check_names([method.name for method in contract.methods])
    _require_distinct([str(key.readers) for key in contract.sealing])
    for register in contract.registers:
        _check_register(register)
    for method in contract.methods:
        _check_method(method, contract.registers)
    for key in contract.sealing:
        _require_count("readers in a sealing circuit", key.readers, 1, MAX_READERS)
    circuits = code_hash(contract.methods, contract.sealing)
    if contract.code_hash != circuits:
        raise WrongCodeHash(circuits, contract.code_hash)


def check_keys(contract: Description, view: View, height: Height, params: Params) -> None:
    """Every key is registered, active, not frozen, strong enough, and has its statement's public inputs.

    Raises KeyShapeMismatch and the registry's errors.
    """
    needed: list[tuple[str, Method | SealingKey, int]] = [
        *((f"method {each.name!r}", each, call_size(each, contract.registers)) for each in contract.methods),
        *((f"sealing to {key.readers} readers", key, set_readers_size(key.readers)) for key in contract.sealing),
    ]
    for what, circuit, expected in needed:
        got = require_usable_key(view, circuit.vk_id, height, params, circuit.r1cs_hash).public_inputs
        if got != expected:
            raise KeyShapeMismatch(what, expected, got)


def _require_count(what: str, count: int, low: int, high: int) -> None:
    if not low <= count <= high:
        raise WrongCount(what, low, high, count)


def _require_distinct(names: Sequence[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise DuplicateName(name)


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            raise BadName(name)
    _require_distinct(names)


def _check_register(register: RegisterSpec) -> None:
    if register.sort not in SORTS or register.mode not in MODES:
        raise UnsupportedRegister(register.name, register.sort, register.mode)
    _require_count(f"values in register {register.name!r}", register.values, 1, MAX_VALUES)
    initial = 0 if register.sealed else register.values
    if len(register.initial) != initial:
        raise WrongInitialValues(register.name, initial, len(register.initial))


def _check_method(method: Method, registers: tuple[RegisterSpec, ...]) -> None:
    used = (*method.reads, *method.writes)
    for position, index in enumerate(used):
        if index >= len(registers) or index in used[:position]:
            raise UnknownRegister(method.name, index, len(registers))
    for what, count in _counts(method):  # each by itself first: their sum is counted one by one
        _require_count(f"{what} in method {method.name!r}", count, 0, MAX_PUBLIC_INPUTS)
    _check_notes(method, registers)
    _require_count(f"public inputs in method {method.name!r}", call_size(method, registers), 1, MAX_PUBLIC_INPUTS)


def _check_notes(method: Method, registers: tuple[RegisterSpec, ...]) -> None:
    """Outputs fit one permutation; inboxes are posted to, counted, and written by who folds them."""
    posted_to = tuple(output.inbox for output in method.outputs if output.inbox is not None)
    for position, index in enumerate(method.counts):
        if index in method.counts[:position]:
            raise UnknownRegister(method.name, index, len(registers))
    for index in (*posted_to, *method.counts):
        if index >= len(registers):
            raise UnknownRegister(method.name, index, len(registers))
        if registers[index].mode != INBOX:
            raise NotAnInbox(method.name, registers[index].name)
    for index in method.writes:
        if registers[index].mode == INBOX and not method.nullifiers:
            raise InboxNotFolded(method.name, registers[index].name)
    for output in method.outputs:
        _require_count(f"elements in an output of method {method.name!r}", output.elements, 1, MAX_PLAINTEXT)


def _counts(method: Method) -> Iterator[tuple[str, int]]:
    yield "arguments", method.arguments
    yield "counts", len(method.counts)  # before each is compared with those before it
    yield "nullifiers", method.nullifiers
    yield "outputs", len(method.outputs)
    yield "takes", method.takes
    yield "pays", method.pays
