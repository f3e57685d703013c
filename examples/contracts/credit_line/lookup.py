"""What borrower and lender look at before they rely on a credit line: that it asks the model that they know."""

from chain.execution.statement import id_element
from chain.types.scalars import FieldElement
from compute.dev_keys import KeyedCircuit
from compute.dsl.compiled import Compiled
from compute.zkml.artifact import registration
from contracts.confidential.queries import ContractView
from examples.contracts.credit_line.model import MODEL


class AnotherModel(Exception):
    """A credit line does not ask the model whose file one has."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the credit line's {what} is not that of this model's file; do not rely on it.")
        self.what = what


def program_element(inference: KeyedCircuit) -> FieldElement:
    """The model's id on the chain as the register `program` says it. inference: of the model's own proofs."""
    return FieldElement(id_element(registration(MODEL, inference).program))


def require_model(compiled: Compiled, contract: ContractView, inference: KeyedCircuit) -> None:
    """That the register names the registered model, and that every method has the circuit of this source and file.

    Raises AnotherModel.
    """
    names = [spec.name for spec in contract.record.registers]
    if contract.registers[names.index("program")].values != (program_element(inference),):  # type: ignore[arg-type]
        raise AnotherModel("register `program`")
    for spec in contract.record.methods:
        if compiled.method(spec.name).spec(spec.vk_id) != spec:
            raise AnotherModel(f"method `{spec.name}`")
