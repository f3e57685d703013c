"""Calls of a deployed contract: from what a node answers about it to an action that lacks only its proof."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chain.execution.statement import account_element, id_element
from chain.types.scalars import Amount, FieldElement, Height, Uint
from client.notes.hints import Outgoing, make_hint
from compute.confidential.keys import DataKeys, Outsider
from compute.confidential.prover import Draft, Entropy, random_element
from compute.confidential.reader import current_data_key, open_at
from compute.dsl.arguments import argument_numbers, bound_arguments
from compute.dsl.caller import Book, Caller, CallLacks, WalletNote
from compute.dsl.compiled import Compiled, CompiledMethod
from compute.dsl.declaration import Parameter
from compute.dsl.elements import sealed_length, unpacked
from compute.dsl.errors import DslError
from compute.dsl.execution import Found, Numbers, Outcome, Situation, Step, circuit_inputs, execute, require_payees
from compute.dsl.fields import Declared
from compute.dsl.note_statement import Movement, NoteSecrets, SpentNote, note_kind, note_root
from compute.dsl.reading import register_numbers
from compute.dsl.refusals import ArgumentRefused
from contracts.confidential import state
from contracts.confidential.call import Call, Move, Pay, Read, Take
from contracts.confidential.padding import padded
from contracts.confidential.queries import ContractState, ContractView
from contracts.notes.output import NoteOutput, Point
from crypto.babyjubjub import Point as BabyJubJub
from crypto.notes import EPHEMERAL_BITS, ephemeral_secret


class AnotherContract(DslError):
    """A deployed contract is not the one that this class compiles to."""

    code = 6434

    def __init__(self, name: str, method: str) -> None:
        super().__init__(
            f"the contract's method {method!r} has another circuit than {name}'s; compile the contract's own source."
        )
        self.name, self.method = name, method


class ReadersNotFixed(DslError):
    """A class asks for readers that nobody changes, and the deployed contract's owner can change them."""

    code = 6442

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is sound only with fixed readers, and this contract's owner can change them at any time; "
            f"have it deployed anew, with `cluster contract deploy`, which fixes them."
        )
        self.name = name


def draft_call(
    compiled: Compiled,
    contract: ContractView,
    name: str,
    given: Mapping[str, object],
    caller: Caller,
    *,
    now: ContractState | None = None,
    period: tuple[int, int] | None = None,
    entropy: Entropy = os.urandom,
) -> Draft:
    """A call that would be accepted as the contract stands, with fresh randomness each time.

    given: what stands for each parameter, a WalletNote where a note is spent. now: what `contract_getState` answers,
    for methods that count an inbox or publish nullifiers; period: the first and last height at which the call may stand
    in a block, for methods that look at it.
    Raises AnotherContract, ReadersNotFixed, CallLacks, WrongArguments, ArgumentRefused, a CallRefused, UnknownMethod,
    and what reading the contract raises.
    """
    index = state.require_method(contract.record, contract.contract, name)
    method = compiled.method(name)
    spec = contract.record.methods[index]
    if method.spec(spec.vk_id) != spec:
        raise AnotherContract(compiled.name, name)
    require_fixed_readers(compiled, contract)
    bound = bound_arguments(method, (), given)
    situation = _situation(method, contract, bound, caller, now, period, entropy)
    outcome = execute(method, situation)
    require_payees(method, outcome)
    call = _Writing(method, contract, situation, outcome, Book(name, caller, bound), caller, entropy).call()
    return Draft(padded(call, contract.record.sizes[index]), method.source, circuit_inputs(method, situation))


def require_fixed_readers(compiled: Compiled, contract: ContractView) -> None:
    """Raises ReadersNotFixed unless the contract's readers are as lasting as its class asks for."""
    if compiled.declaration.fixed_readers and not contract.record.fixed_readers:
        raise ReadersNotFixed(compiled.name)


def _situation(
    method: CompiledMethod,
    contract: ContractView,
    given: Mapping[str, object],
    caller: Caller,
    now: ContractState | None,
    period: tuple[int, int] | None,
    entropy: Entropy,
) -> Situation:
    """What the call depends on, from all sides. Raises CallLacks, ArgumentRefused, and as opening registers does."""
    shape, name = method.shape, method.name
    if shape.sealed and caller.reader is None:
        raise CallLacks(name, "the contract's data key", "only its readers can call it: give Caller.reader")
    if shape.caller and caller.account is None:
        raise CallLacks(name, "the account that sends it", "give Caller.account")
    if shape.period and period is None:
        raise CallLacks(name, "the heights between which it is good", "give period=(first, last)")
    if (shape.counts or (shape.once and not shape.spends)) and now is None:
        raise CallLacks(name, "the contract's inbox counts or note root", "give now=, what contract_getState answers")
    secrets = note_secrets(method, id_element(contract.contract), given, caller, now, entropy)
    return Situation(
        contract=id_element(contract.contract),
        registers={each.name: _found(method, contract, each, caller.reader) for each in shape.opened},
        arguments={**argument_numbers(method, given), **{key: note.numbers for key, note in secrets.spent.items()}},
        epoch=contract.record.epoch,
        data_key=current_data_key(caller.reader, contract) if shape.sealed and caller.reader is not None else 0,
        blindings={each.name: random_element(entropy) for each in shape.writes if each.sealed},
        caller=0 if caller.account is None else account_element(caller.account),
        period=period or (0, 0),
        posted={} if now is None else {register.name: register.posted for register in now.registers},
        notes=secrets,
    )


@dataclass(frozen=True, slots=True)
class _Writing:
    """A call on its way to the wire, without padding and proof."""

    method: CompiledMethod
    contract: ContractView
    situation: Situation
    outcome: Outcome
    book: Book
    caller: Caller
    entropy: Entropy

    def call(self) -> Call:
        """Raises CallLacks for ids and addresses that nobody gave."""
        shape, outcome = self.method.shape, self.outcome
        index = state.require_method(self.contract.record, self.contract.contract, self.method.name)
        spec = self.contract.record.methods[index]
        return Call(
            contract=self.contract.contract,
            method=spec.name,
            vk_id=spec.vk_id,
            caller=shape.caller,
            arguments=elements(outcome.arguments),
            reads=tuple(self._read(step) for step in outcome.steps if not step.after),
            moves=tuple(self._move(step) for step in outcome.steps if step.after),
            counts=tuple(Uint(self.situation.posted[declared.name]) for declared in shape.counts),
            nullifiers=elements(outcome.nullifiers),
            takes=tuple(Take(self.book.asset(each.asset), Amount(each.amount)) for each in outcome.takes),
            pays=tuple(self._pay(each) for each in outcome.pays),
            **self._optional(),
            **self._notes(),
        )

    def _optional(self) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if self.outcome.kc is not None:
            fields |= {"epoch": Uint(self.situation.epoch), "kc": FieldElement(self.outcome.kc)}
        if self.method.shape.period:
            after, before = self.situation.period
            fields |= {"after": Height(after), "before": Height(before)}
        if self.outcome.nullifiers:
            fields["root"] = FieldElement(self.situation.notes.root)
        return fields

    def _notes(self) -> dict[str, Any]:
        """E and the outputs, each with the hint by which its owner finds it."""
        outcome = self.outcome
        if not outcome.outputs:
            return {}
        point = BabyJubJub(*outcome.ephemeral)
        secret = ephemeral_secret(self.situation.notes.ephemeral)
        made = []
        for output in outcome.outputs:
            sent = Outgoing(secret, self.book.address(output.owner))
            hint = make_hint(sent, output.commitment, point, self.caller.outgoing, self.entropy)
            made.append(NoteOutput(FieldElement(output.commitment), elements(output.ciphertext), hint))
        return {"ephemeral": Point(*elements(outcome.ephemeral)), "outputs": tuple(made)}

    def _read(self, step: Step) -> Read:
        index = Uint(self.method.contract.index(step.declared.name))
        return Read(index, Uint(step.version), elements(step.before), step.declared.sealed)

    def _move(self, step: Step) -> Move:
        index = Uint(self.method.contract.index(step.declared.name))
        before, after, ciphertext = map(elements, (step.before, step.after, step.ciphertext))
        return Move(index, Uint(step.version), before, after, FieldElement(step.nonce), ciphertext)

    def _pay(self, paid: Movement) -> Pay:
        recipient = self.book.account(paid.recipient or 0)
        return Pay(recipient, self.book.asset(paid.asset), Amount(paid.amount))


def note_secrets(
    method: CompiledMethod,
    contract: int,
    given: Mapping[str, object],
    caller: Caller,
    now: ContractState | None,
    entropy: Entropy,
) -> NoteSecrets:
    """What the call needs for its notes. Raises CallLacks, ArgumentRefused."""
    shape = method.shape
    if shape.spends and caller.spending is None:
        raise CallLacks(method.name, "a key that spends", "give Caller.spending")
    spent = {each.name: _spent(method, each, given[each.name], caller) for each in shape.spends}
    sk = 0 if caller.spending is None else caller.spending.sk
    root = 0 if now is None else now.note_root
    for parameter in shape.spends[:1]:
        root = note_root(method.contract, contract, sk, parameter, spent[parameter.name])
    return NoteSecrets(
        root=root,
        sk=sk,
        spent=spent,
        ephemeral=random_element(entropy) % 2**EPHEMERAL_BITS,
        rcms=tuple(random_element(entropy) for _ in shape.made),
    )


def _spent(method: CompiledMethod, parameter: Parameter, given: object, caller: Caller) -> SpentNote:
    """The note as the circuit takes it apart."""
    if not isinstance(given, WalletNote) or caller.spending is None:
        raise ArgumentRefused(parameter.name, f"a {parameter.kind.type_name} of the wallet, as a WalletNote")
    leaves, content = parameter.leaves, given.content
    kind = note_kind(method.contract, parameter.kind)
    if content.kind != kind or len(content.fields) != sealed_length(leaves):
        raise ArgumentRefused(parameter.name, f"a note of type {parameter.kind.type_name}")
    incoming = caller.spending.full_view().incoming
    address = incoming.address(given.address)
    numbers = tuple(unpacked(leaves, content.fields))
    return SpentNote(numbers, content.rcm, address.diversifier, address.pk, given.position, given.path)


def _found(method: CompiledMethod, contract: ContractView, declared: Declared[Any], keys: DataKeys | None) -> Found:
    """The register as it stands."""
    opening = open_at(keys or Outsider(), contract, method.contract.index(declared.name))
    return Found(opening.version, register_numbers(declared, opening), opening.blinding)


def elements(numbers: Numbers) -> tuple[FieldElement, ...]:
    """Numbers as they stand on the wire."""
    return tuple(map(FieldElement, numbers))
