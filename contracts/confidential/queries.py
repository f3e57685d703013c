"""What a node answers about a confidential contract: all of it is public, the values are ciphertext."""

from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from chain.codec import wire
from chain.execution import accounts
from chain.state.view import View
from chain.types.scalars import Amount, AssetId, Blob, FieldElement, Hash, Height, Name, ObjectId, Uint
from contracts.confidential import lease_state, state
from contracts.confidential.lease_state import Leased
from contracts.notes import state as notes

MAX_EPOCHS: Final = 64  # of one answer
MAX_ASSETS: Final = 64  # of one answer


@wire()
@dataclass(frozen=True, slots=True)
class NumberedEpoch:
    """A key epoch with its number."""

    number: Uint
    epoch: state.Epoch


@wire()
@dataclass(frozen=True, slots=True)
class ContractView:
    """A contract as it stands: its record, its registers in the record's order, the epochs that these are under."""

    contract: ObjectId
    record: state.Contract
    registers: tuple[state.Register, ...]
    epochs: tuple[NumberedEpoch, ...]  # ascending; the last one is in force

    def epoch(self, number: int) -> state.Epoch | None:
        """The epoch of that number, if any register or the contract is at it."""
        return next((numbered.epoch for numbered in self.epochs if numbered.number == number), None)

    def with_epochs(self, more: tuple[NumberedEpoch, ...]) -> "ContractView":
        """The same contract with further epochs: those that nothing in state is under any more."""
        known = {numbered.number: numbered for numbered in (*more, *self.epochs)}
        return replace(self, epochs=tuple(known[number] for number in sorted(known)))


@wire()
@dataclass(frozen=True, slots=True)
class EpochsView:
    """Some of a contract's epochs, ascending; `newest` is the one in force, 0 when there is none yet."""

    contract: ObjectId
    newest: Uint
    epochs: tuple[NumberedEpoch, ...]


def contract_view(view: View, contract: ObjectId) -> ContractView:
    """For RPC `contract_get`; `chain.codec.to_json` gives its JSON form. Raises UnknownContract."""
    record = state.require_contract(view, contract)
    registers = tuple(state.read_register(view, contract, index, spec) for index, spec in enumerate(record.registers))
    numbers = sorted({record.epoch, *(register.epoch for register in registers)} - {0})
    epochs = tuple(NumberedEpoch(Uint(n), state.require_epoch(view, contract, n)) for n in numbers)
    return ContractView(contract, record, registers, epochs)


def epochs_view(view: View, contract: ObjectId, first: int, count: int) -> EpochsView:
    """For RPC `contract_getEpochs`: up to `count` epochs from `first` on. Raises UnknownContract.

    They stay in state for ever, as what was written under them stays readable to their readers.
    """
    newest = state.require_contract(view, contract).epoch
    numbers = range(max(first, 1), min(newest, first + min(count, MAX_EPOCHS) - 1) + 1)
    epochs = tuple(NumberedEpoch(Uint(n), state.require_epoch(view, contract, n)) for n in numbers)
    return EpochsView(contract, newest, epochs)


@wire()
@dataclass(frozen=True, slots=True)
class RegisterState:
    """A register's content and, by its mode, how many notes were posted to it, or whose its lease is."""

    name: Name
    register: state.Register
    posted: Uint
    lease: Leased | None


@wire()
@dataclass(frozen=True, slots=True)
class HeldAsset:
    """An issued asset and how much of it a contract holds, in its units."""

    asset: AssetId
    amount: Amount


@wire()
@dataclass(frozen=True, slots=True)
class ContractState:
    """What changes of a contract between two calls, as it stands after `height`. holding: in nano-CLU.

    assets: the first 64 by id; more_assets: whether it holds others.
    """

    contract: ObjectId
    height: Height
    epoch: Uint
    holding: Amount
    assets: tuple[HeldAsset, ...]
    more_assets: bool
    notes: Uint  # that it ever made: leaves of its tree
    note_root: FieldElement
    registers: tuple[RegisterState, ...]


@wire()
@dataclass(frozen=True, slots=True)
class ContractAbi:
    """The ABI that a contract was deployed with, and the hashes by which a reader checks what he compiled himself.

    fixed_readers: by the contract's record, whatever the ABI says.
    """

    contract: ObjectId
    code_hash: Hash
    abi_hash: Hash
    abi: Blob
    fixed_readers: bool


def contract_state(view: View, contract: ObjectId) -> ContractState:
    """For RPC `contract_getState`. Raises UnknownContract."""
    record = state.require_contract(view, contract)
    following = Height(view.height + 1)
    registers = tuple(
        RegisterState(
            spec.name,
            state.read_register(view, contract, index, spec),
            state.posted(view, contract, index),
            lease_state.lease_in_force(view, contract, index, following),
        )
        for index, spec in enumerate(record.registers)
    )
    held = [HeldAsset(*each) for each in islice(accounts.assets_held(view, contract), MAX_ASSETS + 1)]
    tree = notes.tree_of(view, contract)
    return ContractState(
        contract=contract,
        height=view.height,
        epoch=record.epoch,
        holding=accounts.holding(view, contract),
        assets=tuple(held[:MAX_ASSETS]),
        more_assets=len(held) > MAX_ASSETS,
        notes=tree.size,
        note_root=tree.root,
        registers=registers,
    )


def contract_abi(view: View, contract: ObjectId) -> ContractAbi:
    """For RPC `contract_getAbi`. Raises UnknownContract."""
    record = state.require_contract(view, contract)
    abi = state.require_abi(view, contract)
    return ContractAbi(contract, record.code_hash, record.abi_hash, abi, record.fixed_readers)
