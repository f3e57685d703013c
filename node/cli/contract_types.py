"""What a contract's elements mean: by its class where the source is known, else by the ABI of its deployment."""

from typing import TYPE_CHECKING, Any, Protocol

from client.contracts import get_contract_abi
from client.errors import AnswerRefused
from client.rpc import RpcClient
from compute.confidential.reader import Opening
from contracts.confidential.queries import ContractView
from node.cli.contract_source import Entry, load_source
from node.cli.contract_values import shown

if TYPE_CHECKING:
    from client.notes.content import ContractNote
    from compute.dsl.abi_reading import AbiReader
    from compute.dsl.compiled import Compiled


class Types(Protocol):
    """The types of one contract."""

    def register(self, name: str, opening: Opening) -> Any:
        """A register's value as JSON has it. Raises AbiUnusable."""
        ...

    def note(self, content: "ContractNote") -> tuple[str, Any]:
        """A note's type and contents. Raises AbiUnusable."""
        ...


class ClassTypes:
    """Of a class."""

    def __init__(self, compiled: "Compiled") -> None:
        self._compiled = compiled

    def register(self, name: str, opening: Opening) -> Any:
        from compute.dsl.reading import register_value

        declared = self._compiled.declaration.registers[self._compiled.declaration.index(name)]
        return shown(register_value(declared, opening))

    def note(self, content: "ContractNote") -> tuple[str, Any]:
        from compute.dsl.reading import note_contents

        kinds = self._compiled.declaration.notes
        if content.kind > len(kinds):
            return Bare().note(content)
        return kinds[content.kind - 1].type_name, shown(note_contents(self._compiled, content))


class AbiTypes:
    """Of an ABI."""

    def __init__(self, abi: "AbiReader") -> None:
        self._abi = abi

    def register(self, name: str, opening: Opening) -> Any:
        return shown(self._abi.register(name, opening))

    def note(self, content: "ContractNote") -> tuple[str, Any]:
        name, contents = self._abi.note(content.kind, content.fields)
        return name, shown(contents)


class Bare:
    """Of a contract that was deployed without an ABI: field elements."""

    def register(self, name: str, opening: Opening) -> Any:
        return [str(element) for element in opening.values]

    def note(self, content: "ContractNote") -> tuple[str, Any]:
        return f"kind {content.kind}", [str(element) for element in content.fields]


async def types_of(rpc: RpcClient, entry: Entry, contract: ContractView) -> Types:
    """Raises ReadersNotFixed where the class asks for fixed readers and the contract's are not; AbiUnusable, RpcFailed,
    AnswerRefused, Unreachable, NotAnRpc, and as load_source.
    """
    if entry.source is not None:
        from compute.dsl.calls import require_fixed_readers

        compiled = load_source(entry.source).cls.compiled
        require_fixed_readers(compiled, contract)
        return ClassTypes(compiled)
    answer = await get_contract_abi(rpc, entry.contract)
    if answer.abi_hash != contract.record.abi_hash:
        raise AnswerRefused("the ABI is not the one that the contract's record names")
    if not answer.abi:
        return Bare()
    from compute.dsl.abi_reading import AbiReader

    return AbiTypes(AbiReader(answer.abi))
