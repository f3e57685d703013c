"""What a node answers about tasks, providers, programs and models, as the chain's own records."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from chain.codec import from_json
from chain.errors import ChainError
from chain.types.scalars import AccountId, Amount, Height, Name, ObjectId, ProgramId
from client.errors import AnswerRefused, NotAnRpc, RpcFailed
from client.results import chain_status
from client.rpc import RpcClient
from contracts.registry.ceremony_state import Attestation, Attester
from contracts.registry.state import KeyRecord, Model, Program, manifest_hash
from contracts.tasks.provider_state import Provider
from contracts.tasks.state import Task, TaskInput
from crypto.address import encode_address
from crypto.groth16.encoding import key_id
from crypto.sealedbox import is_encryption_key_of

T = TypeVar("T")
PROVIDER_UNKNOWN = "ProviderUnknown"
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class TaskState:
    """A task with its phase at the next height. `input` is None where a list was asked for, and when the task ended."""

    task: Task
    phase: Name
    input: TaskInput | None


@dataclass(frozen=True, slots=True)
class ProviderState:
    """A provider's record and what it has bonded, in nano-CLU."""

    record: Provider
    bond: Amount

    @property
    def address(self) -> str:
        return encode_address(self.record.account)

    @property
    def holds_key(self) -> bool:
        """Whether the encryption key is the account's own: then nobody else, such as a node, has put another there."""
        return is_encryption_key_of(self.record.encryption_key, self.record.account)


@dataclass(frozen=True, slots=True)
class KeyState:
    """A verifying key, what it is worth by the node's word, the attestations that count, and its compressed bytes."""

    record: KeyRecord
    strength: str
    attestations: tuple[Attestation, ...]
    key: bytes


@dataclass(frozen=True, slots=True)
class AttesterState:
    """An attester's record and bond, in nano-CLU."""

    record: Attester
    bond: Amount


@dataclass(frozen=True, slots=True)
class ProgramState:
    """A program and its manifest, checked against the program's id."""

    record: Program
    manifest: bytes


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model under its name, with its program, and what its key is worth by the node's word."""

    model: Model
    program: ProgramState
    strength: str


async def get_task(rpc: RpcClient, task: ObjectId) -> TaskState:
    """Raises RpcFailed (TaskNotFound), AnswerRefused, Unreachable, NotAnRpc."""
    answer = _fields(rpc, await rpc.call("task_get", id=task))
    state = _task(rpc, answer, _optional(rpc, TaskInput, answer.pop("input", None)))
    if state.task.id != task:
        raise AnswerRefused(f"task 0x{task.hex()} was asked for, and 0x{state.task.id.hex()} shown")
    return state


async def list_tasks(rpc: RpcClient, **filters: Any) -> list[TaskState]:
    """Tasks by the filters of task_list: state, requester, provider, recipient, limit. Raises as get_task."""
    answer = await rpc.call("task_list", **filters)
    return [_task(rpc, dict(entry), None) for entry in answer["tasks"]]


async def find_provider(rpc: RpcClient, account: AccountId) -> ProviderState | None:
    """The provider of an account, None for an account that is none.

    Raises RpcFailed, AnswerRefused, Unreachable, NotAnRpc.
    """
    try:
        found = _provider(rpc, await rpc.call("provider_get", address=encode_address(account)))
    except RpcFailed as failed:
        if failed.name == PROVIDER_UNKNOWN:
            return None
        raise
    if found.record.account != account:
        raise AnswerRefused(f"provider {encode_address(account)} was asked for, and {found.address} shown")
    return found


async def list_providers(rpc: RpcClient) -> list[ProviderState]:
    """Everybody who ever registered. Raises RpcFailed, Unreachable, NotAnRpc."""
    return [_provider(rpc, entry) for entry in (await rpc.call("provider_list"))["providers"]]


async def get_key(rpc: RpcClient, vk_id: bytes) -> KeyRecord:
    """A verifying key's record. Raises RpcFailed (KeyUnknown), Unreachable, NotAnRpc."""
    return (await get_key_state(rpc, vk_id)).record


async def get_key_state(rpc: RpcClient, vk_id: bytes) -> KeyState:
    """A verifying key with what it is worth. Raises RpcFailed (KeyUnknown), AnswerRefused, Unreachable, NotAnRpc."""
    answer = _fields(rpc, await rpc.call("registry_getKey", id=vk_id))
    strength, key = str(answer.pop("strength", "")), _hex(rpc, answer.pop("key", None))
    attested = tuple(_record(rpc, Attestation, entry) for entry in answer.pop("attestations", ()))
    record = _record(rpc, KeyRecord, answer)
    if record.vk_id != vk_id or key_id(key) != vk_id:
        raise AnswerRefused(f"the key does not hash to 0x{vk_id.hex()}")
    return KeyState(record, strength, attested, key)


async def wait_active(rpc: RpcClient, active_from: Height) -> None:
    """Wait until the next block is one in which the key may be used."""
    while True:
        if (await chain_status(rpc)).height + 1 >= active_from:
            return
        await asyncio.sleep(POLL_SECONDS)


async def list_attesters(rpc: RpcClient) -> list[AttesterState]:
    """Those who attest ceremonies. Raises RpcFailed, Unreachable, NotAnRpc."""
    listed = (await rpc.call("registry_listAttesters"))["attesters"]
    return [AttesterState(*_bonded(rpc, Attester, entry)) for entry in listed]


async def get_program(rpc: RpcClient, program: ProgramId) -> ProgramState:
    """A program and its manifest. Raises RpcFailed (ProgramUnknown), AnswerRefused, Unreachable, NotAnRpc."""
    answer = _fields(rpc, await rpc.call("registry_getProgram", id=program))
    manifest = _hex(rpc, answer.pop("manifest", None))
    return _program(_record(rpc, Program, answer), manifest, program)


async def get_model(rpc: RpcClient, name: str) -> ModelState:
    """The newest version of a model, found by its name or its 0x-hex id.

    Which program it stands for is the node's word: whoever asks a node of somebody else's compares the program's id
    with what the publisher says.

    Raises RpcFailed (ModelNameUnknown, ModelUnknown), AnswerRefused, Unreachable, NotAnRpc.
    """
    by_id = name.startswith("0x")
    answer = _fields(rpc, await rpc.call("model_get", id=name if by_id else None, name=None if by_id else name))
    program = _record(rpc, Program, answer.pop("program_record", None))
    manifest, strength = _hex(rpc, answer.pop("manifest", None)), str(answer.pop("strength", ""))
    model = _record(rpc, Model, answer)
    shown = "0x" + model.id.hex() if by_id else model.model
    if shown != (name.lower() if by_id else name):
        raise AnswerRefused(f"model {name} was asked for, and {shown} shown")
    return ModelState(model, _program(program, manifest, model.program), strength)


def _program(record: Program, manifest: bytes, wanted: ProgramId) -> ProgramState:
    """A program's id is the hash of all that matters of it, so no node can put another manifest or model under it."""
    if record.id != wanted or record.parts.id != wanted or manifest_hash(manifest) != record.manifest_hash:
        raise AnswerRefused(f"the parts of the program and its manifest do not hash to program 0x{wanted.hex()}")
    return ProgramState(record, manifest)


def _task(rpc: RpcClient, answer: dict[str, Any], task_input: TaskInput | None) -> TaskState:
    phase = answer.pop("phase", None)
    if not isinstance(phase, str):
        raise NotAnRpc(rpc.url, "a task came without its phase")
    return TaskState(_record(rpc, Task, answer), Name(phase), task_input)


def _provider(rpc: RpcClient, answer: Mapping[str, Any]) -> ProviderState:
    return ProviderState(*_bonded(rpc, Provider, answer))


def _bonded(rpc: RpcClient, cls: type[T], answer: Mapping[str, Any]) -> tuple[T, Amount]:
    """A record and the bond that stands beside it."""
    fields = dict(answer)
    bond = str(fields.pop("bond_amount", ""))
    if not bond.isdecimal():
        raise NotAnRpc(rpc.url, f"a {cls.__name__} came without its bond")
    return _record(rpc, cls, fields), Amount(int(bond))


def _fields(rpc: RpcClient, answer: object) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise NotAnRpc(rpc.url, "an answer has no members")
    return dict(answer)


def _optional(rpc: RpcClient, cls: type[T], answer: object) -> T | None:
    return None if answer is None else _record(rpc, cls, answer)


def _record(rpc: RpcClient, cls: type[T], answer: object) -> T:
    try:
        return from_json(cls, answer)
    except ChainError as error:
        raise NotAnRpc(rpc.url, f"an answer is no {cls.__name__} of this version ({error})") from error


def _hex(rpc: RpcClient, answer: object) -> bytes:
    try:
        return bytes.fromhex(str(answer).removeprefix("0x"))
    except ValueError as error:
        raise NotAnRpc(rpc.url, "bytes came that are not hex") from error
