"""Calls of a deployed contract: from what a node answers about it to an action that lacks only its proof."""

import os
from collections.abc import Mapping
from typing import Any

from chain.execution.statement import id_element
from chain.types.scalars import AccountId, FieldElement, Height, Uint
from compute.confidential.keys import DataKeys
from compute.confidential.prover import Draft, Entropy, random_element
from compute.confidential.reader import current_data_key, open_at
from compute.dsl.compiled import Compiled, CompiledMethod
from compute.dsl.elements import signed, unpacked
from compute.dsl.errors import DslError
from compute.dsl.execution import Found, Numbers, Outcome, Situation, Step, circuit_inputs, execute
from compute.dsl.fields import Declared
from contracts.confidential import state
from contracts.confidential.call import Call, Move, Read
from contracts.confidential.padding import padded
from contracts.confidential.queries import ContractView


class AnotherContract(DslError):
    """A deployed contract is not the one that this class compiles to."""

    code = 6434

    def __init__(self, name: str, method: str) -> None:
        super().__init__(
            f"the contract's method {method!r} has another circuit than {name}'s; compile the contract's own source."
        )
        self.name, self.method = name, method


class DataKeyMissing(DslError):
    """A call of a method that opens sealed registers is made without the keys of a reader."""

    code = 6435

    def __init__(self, method: str) -> None:
        super().__init__(f"{method} opens sealed registers: only a reader of the contract can call it.")
        self.method = method


def draft_call(
    compiled: Compiled,
    contract: ContractView,
    name: str,
    arguments: Mapping[str, Numbers],
    *,
    keys: DataKeys | None = None,
    sender: AccountId | None = None,
    period: tuple[int, int] = (0, 0),
    entropy: Entropy = os.urandom,
) -> Draft:
    """A call that would be accepted as the contract stands, with fresh randomness each time.

    keys: of a reader, where the method opens sealed registers; sender: the account that will send it, where the method
    looks at its caller; period: the first and last height at which it may stand in a block.
    Raises AnotherContract, DataKeyMissing, a CallRefused, UnknownMethod, and what reading the contract raises.
    """
    index = state.require_method(contract.record, contract.contract, name)
    method = compiled.method(name)
    spec = contract.record.methods[index]
    if method.spec(spec.vk_id) != spec:
        raise AnotherContract(compiled.name, name)
    if method.shape.sealed and keys is None:
        raise DataKeyMissing(name)
    situation = Situation(
        contract=id_element(contract.contract),
        registers={d.name: _found(compiled, contract, d, keys) for d in method.shape.opened},
        arguments=arguments,
        epoch=contract.record.epoch,
        data_key=current_data_key(keys, contract) if method.shape.sealed and keys is not None else 0,
        blindings={d.name: random_element(entropy) for d in method.shape.writes if d.sealed},
        caller=0 if sender is None else id_element(sender),
        period=period,
    )
    call = call_of(method, contract, situation, execute(method, situation))
    return Draft(padded(call, contract.record.sizes[index]), method.source, circuit_inputs(method, situation))


def call_of(method: CompiledMethod, contract: ContractView, situation: Situation, outcome: Outcome) -> Call:
    """The call as it goes on the wire, without padding and proof."""
    shape, index = method.shape, state.require_method(contract.record, contract.contract, method.name)
    fields: dict[str, Any] = {}
    if outcome.kc is not None:
        fields |= {"epoch": Uint(situation.epoch), "kc": FieldElement(outcome.kc)}
    if shape.period:
        fields |= {"after": Height(situation.period[0]), "before": Height(situation.period[1])}
    return Call(
        contract=contract.contract,
        method=contract.record.methods[index].name,
        vk_id=contract.record.methods[index].vk_id,
        caller=shape.caller,
        arguments=_elements(outcome.arguments),
        reads=tuple(_read(method, step) for step in outcome.steps if not step.after),
        moves=tuple(_move(method, step) for step in outcome.steps if step.after),
        **fields,
    )


def _found(compiled: Compiled, contract: ContractView, declared: Declared[Any], keys: DataKeys | None) -> Found:
    """The register as it stands."""
    index = compiled.declaration.index(declared.name)
    if not declared.sealed or keys is None:
        register = contract.registers[index]
        pairs = zip(declared.leaves, register.values, strict=True)
        return Found(register.version, tuple(signed(leaf, value) for leaf, value in pairs))
    opening = open_at(keys, contract, index)
    return Found(opening.version, tuple(unpacked(declared.leaves, opening.values)), opening.blinding)


def _read(method: CompiledMethod, step: Step) -> Read:
    index = Uint(method.contract.index(step.declared.name))
    return Read(index, Uint(step.version), _elements(step.before), step.declared.sealed)


def _move(method: CompiledMethod, step: Step) -> Move:
    index = Uint(method.contract.index(step.declared.name))
    return Move(
        index,
        Uint(step.version),
        _elements(step.before),
        _elements(step.after),
        FieldElement(step.nonce),
        _elements(step.ciphertext),
    )


def _elements(numbers: Numbers) -> tuple[FieldElement, ...]:
    return tuple(map(FieldElement, numbers))
