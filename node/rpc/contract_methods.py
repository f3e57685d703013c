"""Methods about what the components keep: tasks, providers, keys, programs, models, contracts."""

from itertools import islice

from chain.codec import to_json
from chain.params import read_params
from chain.state.view import View
from chain.types.scalars import MAX_UINT, AccountId, Height, Name, ObjectId, ProgramId, VkId
from contracts.confidential.queries import MAX_EPOCHS, contract_abi, contract_state, contract_view, epochs_view
from contracts.registry import ceremony_state as ceremony
from contracts.registry import state as registry
from contracts.tasks import provider_state as providers
from contracts.tasks import state as tasks
from node.parts import Node
from node.rpc.errors import InvalidParams
from node.rpc.method import AddressBytes, Count, Declared, Hex32, Json, Text

MAX_LISTED = 200
DEFAULT_LISTED = Count(50)
FIRST_EPOCH = Count(1)
MOST_EPOCHS = Count(MAX_EPOCHS)
PHASES = (*tasks.LIVE, tasks.SETTLED, tasks.EXPIRED, tasks.DISSOLVED)


class ContractMethods:
    """task_*, provider_*, registry_*, model_*, contract_*"""

    def __init__(self, node: Node) -> None:
        self._node = node

    def table(self) -> dict[str, Declared]:
        return {
            "task_get": self.get_task,
            "task_list": self.list_tasks,
            "provider_get": self.get_provider,
            "provider_list": self.list_providers,
            "registry_getKey": self.get_key,
            "registry_getProgram": self.get_program,
            "registry_listAttesters": self.list_attesters,
            "model_get": self.get_model,
            "model_list": self.list_models,
            "contract_get": self.get_contract,
            "contract_getEpochs": self.get_epochs,
            "contract_getAbi": self.get_abi,
            "contract_getState": self.get_contract_state,
        }

    @property
    def _view(self) -> View:
        return self._node.ledger.view

    def get_task(self, id: Hex32) -> Json:
        """A task with its state at the next height, its sealed input and its result."""
        view, task_id = self._view, ObjectId(id)
        task_input = tasks.find_input(view, task_id)
        return {
            **_task_json(tasks.require_task(view, task_id), Height(view.height + 1)),
            "input": None if task_input is None else to_json(task_input),
        }

    def list_tasks(
        self,
        state: Text | None = None,
        requester: AddressBytes | None = None,
        provider: AddressBytes | None = None,
        recipient: AddressBytes | None = None,
        limit: Count = DEFAULT_LISTED,
    ) -> Json:
        """Tasks of one requester or one provider, or all live ones in a state (without one: open), at most `limit`.

        `recipient` leaves only those whose input is sealed to it. The limit is at most 200.
        """
        if limit > MAX_LISTED:
            raise InvalidParams("limit", f"at most {MAX_LISTED}", str(limit))
        view, phase = self._view, None if state is None else Name(state)
        if phase is not None and phase not in PHASES:
            raise InvalidParams("state", "one of " + ", ".join(PHASES), phase)
        if requester is not None:
            ids = tasks.tasks_of_requester(view, AccountId(requester))
        elif provider is not None:
            ids = tasks.tasks_of_provider(view, AccountId(provider))
        elif phase is None or phase == tasks.OPEN:
            ids = tasks.open_tasks(view, Height(0))
        elif phase in tasks.ENDED:
            live = ", ".join(tasks.LIVE)
            raise InvalidParams("state", f"one of {live}; ended tasks are listed by requester or provider", phase)
        else:
            ids = tasks.due_tasks(view, Height(MAX_UINT))
        height, listed = Height(view.height + 1), []
        for task_id in ids:
            task = tasks.require_task(view, task_id)
            if recipient is not None and AccountId(recipient) not in task.recipients:
                continue
            if phase is None or task.phase(height) == phase:
                listed.append(_task_json(task, height))
            if len(listed) >= limit:
                break
        return {"height": view.height, "tasks": listed}

    def get_provider(self, address: AddressBytes) -> Json:
        """A provider's record and bond."""
        view = self._view
        record = providers.require_provider(view, AccountId(address))
        return _provider_json(view, record)

    def list_providers(self) -> Json:
        """Everybody who ever registered as a provider, by account, at most 200; record and bond."""
        view = self._view
        found = islice(providers.providers(view), MAX_LISTED)
        return {"providers": [_provider_json(view, record) for record in found]}

    def get_key(self, id: Hex32) -> Json:
        """A verifying key: its record, its strength as buyers see it, who attests which ceremony, its bytes."""
        view, vk_id = self._view, VkId(id)
        record = registry.require_key(view, vk_id)
        return {
            **to_json(record),
            "strength": ceremony.strength(view, record, read_params(view)),
            "attestations": [to_json(entry) for entry in ceremony.attestations(view, vk_id)],
            "key": "0x" + registry.key_bytes(view, vk_id).hex(),
        }

    def list_attesters(self) -> Json:
        """Those who put a bond behind their word on ceremonies, by account, at most 200; record and bond."""
        view = self._view
        found = islice(ceremony.attesters(view), MAX_LISTED)
        listed = [{**to_json(entry), "bond_amount": str(ceremony.attester_bond(view, entry))} for entry in found]
        return {"attesters": listed}

    def get_program(self, id: Hex32) -> Json:
        """A program's record and manifest."""
        view = self._view
        record = registry.require_program(view, ProgramId(id))
        return {**to_json(record), "manifest": "0x" + registry.read_manifest(view, record).hex()}

    def get_model(self, id: Hex32 | None = None, name: Text | None = None) -> Json:
        """A model by id or by name (its newest version), with its program and the strength of its key."""
        view = self._view
        if (id is None) == (name is None):
            raise InvalidParams("id", "either id or name", "both" if id else "neither")
        model = registry.require_model(view, ObjectId(id)) if id else registry.model_by_name(view, str(name))
        program = registry.require_program(view, model.program)
        key = registry.require_key(view, program.vk_id)
        return {
            **to_json(model),
            "program_record": to_json(program),
            "manifest": _manifest(view, program),
            "strength": ceremony.strength(view, key, read_params(view), program.r1cs_hash),
        }

    def list_models(self) -> Json:
        """The newest version of every published model, at most 200."""
        newest = registry.newest_models(self._view)
        return {"models": [to_json(model) for model, _ in zip(newest, range(MAX_LISTED), strict=False)]}

    def get_contract(self, id: Hex32) -> Json:
        """A confidential contract: methods, registers (commitments and ciphertexts), key epochs."""
        return to_json(contract_view(self._view, ObjectId(id)))

    def get_epochs(self, id: Hex32, first: Count = FIRST_EPOCH, count: Count = MOST_EPOCHS) -> Json:
        """A contract's key epochs from `first` on, at most 64: commitments, and data keys sealed to their readers."""
        if count > MAX_EPOCHS:
            raise InvalidParams("count", f"at most {MAX_EPOCHS}", str(count))
        return to_json(epochs_view(self._view, ObjectId(id), first, count))

    def get_abi(self, id: Hex32) -> Json:
        """The ABI that a contract was deployed with, with its hash and that of its circuits."""
        return to_json(contract_abi(self._view, ObjectId(id)))

    def get_contract_state(self, id: Hex32) -> Json:
        """What changes of a contract: registers by name, notes posted to inboxes, leases, note root, native holding."""
        return to_json(contract_state(self._view, ObjectId(id)))


def _task_json(task: tasks.Task, height: Height) -> dict[str, Json]:
    return {**to_json(task), "phase": task.phase(height)}


def _provider_json(view: View, record: providers.Provider) -> dict[str, Json]:
    return {**to_json(record), "bond_amount": str(providers.bond_of(view, record))}


def _manifest(view: View, program: registry.Program) -> str:
    return "0x" + registry.read_manifest(view, program).hex()
