"""What a node answers about a confidential contract: all of it is public, the values are ciphertext."""

from dataclasses import dataclass

from chain.codec import wire
from chain.state.view import View
from chain.types.scalars import ObjectId, Uint
from contracts.confidential import state


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


def contract_view(view: View, contract: ObjectId) -> ContractView:
    """For RPC `contract_get`; `chain.codec.to_json` gives its JSON form. Raises UnknownContract."""
    record = state.require_contract(view, contract)
    registers = tuple(state.read_register(view, contract, index, spec) for index, spec in enumerate(record.registers))
    numbers = sorted({record.epoch, *(register.epoch for register in registers)} - {0})
    epochs = tuple(NumberedEpoch(Uint(n), state.require_epoch(view, contract, n)) for n in numbers)
    return ContractView(contract, record, registers, epochs)
