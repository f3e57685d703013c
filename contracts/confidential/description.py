"""The rules for a contract's description: names, registers, methods, and keys that fit their statements."""

import re
from collections.abc import Sequence
from typing import Final, Protocol

from chain.execution.statement import MAX_PUBLIC_INPUTS
from chain.params import Params
from chain.state.view import View
from chain.types.scalars import Height
from contracts.confidential.errors import (
    BadName,
    DuplicateName,
    KeyShapeMismatch,
    UnknownRegister,
    UnsupportedRegister,
    WrongCount,
)
from contracts.confidential.state import FIRST, SEALED, Method, RegisterSpec, SealingKey
from contracts.confidential.statement import call_size, set_readers_size
from contracts.registry.ceremony_state import require_usable_key

MAX_REGISTERS: Final = 8
MAX_METHODS: Final = 16
MAX_READERS: Final = 8
MAX_VALUES: Final = 14  # of one register: commit_vector takes version and values in one permutation

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class Description(Protocol):
    """What a deployment says of its contract."""

    @property
    def registers(self) -> tuple[RegisterSpec, ...]: ...
    @property
    def methods(self) -> tuple[Method, ...]: ...
    @property
    def sealing(self) -> tuple[SealingKey, ...]: ...


def check_description(contract: Description) -> None:
    """Every rule that needs no state. Raises a BadDeployment."""
    _require_count("registers", contract.registers, 1, MAX_REGISTERS)
    _require_count("methods", contract.methods, 1, MAX_METHODS)
    _require_count("sealing circuits", contract.sealing, 1, MAX_READERS)
    _check_names([register.name for register in contract.registers])
    _check_names([method.name for method in contract.methods])
    _require_distinct([str(key.readers) for key in contract.sealing])
    for register in contract.registers:
        _check_register(register)
    for method in contract.methods:
        _check_method(method, contract.registers)
    for key in contract.sealing:
        if not 1 <= key.readers <= MAX_READERS:
            raise WrongCount("readers in a sealing circuit", 1, MAX_READERS, key.readers)


def check_keys(contract: Description, view: View, height: Height, params: Params) -> None:
    """Every key is registered, active, not frozen, strong enough, and has its statement's public inputs.

    Raises KeyShapeMismatch and the registry's errors.
    """
    needed = [
        *((f"method {each.name!r}", each.vk_id, call_size(each, contract.registers)) for each in contract.methods),
        *((f"sealing to {key.readers} readers", key.vk_id, set_readers_size(key.readers)) for key in contract.sealing),
    ]
    for what, vk_id, expected in needed:
        got = require_usable_key(view, vk_id, height, params).public_inputs
        if got != expected:
            raise KeyShapeMismatch(what, expected, got)


def _require_count(what: str, items: Sequence[object], low: int, high: int) -> None:
    if not low <= len(items) <= high:
        raise WrongCount(what, low, high, len(items))


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
    if register.sort != SEALED or register.mode != FIRST:
        raise UnsupportedRegister(register.name, register.sort, register.mode)
    if not 1 <= register.values <= MAX_VALUES:
        raise WrongCount(f"values in register {register.name!r}", 1, MAX_VALUES, register.values)


def _check_method(method: Method, registers: tuple[RegisterSpec, ...]) -> None:
    used = (*method.reads, *method.writes)
    for position, index in enumerate(used):
        if index >= len(registers) or index in used[:position]:
            raise UnknownRegister(method.name, index, len(registers))
    _require_count(f"registers in method {method.name!r}", used, 1, len(registers))
    size = call_size(method, registers)
    if size > MAX_PUBLIC_INPUTS:
        raise WrongCount(f"public inputs in method {method.name!r}", 1, MAX_PUBLIC_INPUTS, size)
