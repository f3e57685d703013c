"""What a node answers about a confidential contract: all of it is public, the values are ciphertext."""

from dataclasses import dataclass, replace
from typing import Final

from chain.codec import wire
from chain.state.view import View
from chain.types.scalars import ObjectId, Uint
from contracts.confidential import state

MAX_EPOCHS: Final = 64  # of one answer


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
