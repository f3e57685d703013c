"""What a contract may say of itself when it is deployed; each refusal has its own error."""

from dataclasses import replace

import pytest

from chain.types.scalars import AccountId, Blob, FieldElement, Hash, Height, Name, Uint, VkId
from contracts.confidential.actions import Deploy
from contracts.confidential.description import MAX_ABI_BYTES, MAX_METHODS, MAX_READERS, MAX_REGISTERS
from contracts.confidential.errors import (
    BadDeployment,
    BadName,
    ConfidentialError,
    DuplicateName,
    KeyShapeMismatch,
    UnknownRegister,
    UnsupportedRegister,
    WrongCount,
    WrongInitialValues,
)
from contracts.confidential.specs import FIRST, PUBLIC, SEALED, Method, RegisterSpec, SealingKey, code_hash
from contracts.registry.errors import KeyFrozen, KeyUnknown
from tests.support.confidential_chain import ConfidentialChain, Credulous

METHOD_KEY, SEALING_KEY = VkId(b"m" * 32), VkId(b"s" * 32)
REGISTER = RegisterSpec(Name("count"), SEALED, FIRST, Uint(1))
R1CS = Hash(b"r" * 32)
METHOD = Method(Name("increment"), METHOD_KEY, R1CS, writes=(Uint(0),))
SEALING = SealingKey(Uint(1), SEALING_KEY, R1CS)
GOOD = Deploy(code_hash((METHOD,), (SEALING,)), (REGISTER,), (METHOD,), (SEALING,), Blob(b"abi"))


def changed(deploy: Deploy, **fields: object) -> Deploy:
    """The deployment with other parts, and the code hash of these."""
    other: Deploy = replace(deploy, **fields)  # type: ignore[arg-type]
    return replace(other, code_hash=code_hash(other.methods, other.sealing))


@pytest.fixture
def chain() -> ConfidentialChain:
    chain = ConfidentialChain(Credulous())
    chain.register(METHOD_KEY, 10)
    chain.register(SEALING_KEY, 9)
    return chain


@pytest.fixture
def owner(chain: ConfidentialChain) -> AccountId:
    return chain.account(1)


def test_a_deployed_contract_stands_in_state_and_its_register_holds_public_zeros(
    chain: ConfidentialChain, owner: AccountId
) -> None:
    view = chain.view(chain.send(owner, GOOD))
    assert (view.record.owner, view.record.epoch, view.record.methods) == (owner, 0, (METHOD,))
    (register,) = view.registers
    assert (register.version, register.epoch, register.ciphertext) == (0, 0, ())
    assert view.epochs == ()


def test_two_deployments_of_one_account_are_two_contracts(chain: ConfidentialChain, owner: AccountId) -> None:
    assert chain.send(owner, GOOD) != chain.send(owner, GOOD)


def many(count: int, first: RegisterSpec | Method) -> tuple[RegisterSpec | Method, ...]:
    return tuple(replace(first, name=Name(f"x{i}")) for i in range(count))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"registers": ()}, UnknownRegister),
        ({"registers": many(MAX_REGISTERS + 1, REGISTER)}, WrongCount),
        ({"methods": ()}, WrongCount),
        ({"methods": many(MAX_METHODS + 1, METHOD)}, WrongCount),
        ({"sealing": ()}, WrongCount),
        ({"sealing": (SealingKey(Uint(0), SEALING_KEY, R1CS),)}, WrongCount),
        ({"sealing": (SealingKey(Uint(MAX_READERS + 1), SEALING_KEY, R1CS),)}, WrongCount),
        ({"sealing": (SEALING, SEALING)}, DuplicateName),
        ({"registers": (REGISTER, REGISTER)}, DuplicateName),
        ({"methods": (METHOD, METHOD)}, DuplicateName),
        ({"registers": (replace(REGISTER, name=Name("Count")),)}, BadName),
        ({"methods": (replace(METHOD, name=Name("set-readers")),)}, BadName),
        ({"methods": (replace(METHOD, name=Name("increment\n")),)}, BadName),
        ({"registers": (replace(REGISTER, sort=Uint(2)),)}, UnsupportedRegister),
        ({"registers": (replace(REGISTER, mode=Uint(3)),)}, UnsupportedRegister),
        ({"registers": (replace(REGISTER, initial=(FieldElement(0),)),)}, WrongInitialValues),
        ({"registers": (replace(REGISTER, sort=PUBLIC),)}, WrongInitialValues),
        ({"abi": Blob(bytes(MAX_ABI_BYTES + 1))}, WrongCount),
        ({"methods": (replace(METHOD, takes=Uint(2**62)),)}, WrongCount),
        ({"methods": (replace(METHOD, pays=Uint(8)),)}, WrongCount),
        ({"registers": (replace(REGISTER, values=Uint(0)),)}, WrongCount),
        ({"registers": (replace(REGISTER, values=Uint(15)),)}, WrongCount),
        ({"methods": (replace(METHOD, writes=(Uint(1),)),)}, UnknownRegister),
        ({"methods": (replace(METHOD, writes=(Uint(0), Uint(0))),)}, UnknownRegister),
        ({"methods": (replace(METHOD, reads=(Uint(0),)),)}, UnknownRegister),
        ({"methods": (replace(METHOD, arguments=Uint(23)),)}, WrongCount),
        ({"methods": (replace(METHOD, arguments=Uint(1)),)}, KeyShapeMismatch),
        ({"methods": (replace(METHOD, vk_id=SEALING_KEY),)}, KeyShapeMismatch),
        ({"sealing": (SealingKey(Uint(2), SEALING_KEY, R1CS),)}, KeyShapeMismatch),
        ({"methods": (replace(METHOD, vk_id=VkId(b"?" * 32)),)}, KeyUnknown),
    ],
)
def test_a_description_that_breaks_a_rule_is_refused(
    chain: ConfidentialChain, owner: AccountId, change: dict[str, object], rule: type[Exception]
) -> None:
    with pytest.raises(rule) as refused:
        chain.check(owner, changed(GOOD, **change))
    assert not isinstance(refused.value, ConfidentialError) or isinstance(refused.value, BadDeployment)


def test_a_frozen_key_is_not_deployed(chain: ConfidentialChain, owner: AccountId) -> None:
    chain.register(METHOD_KEY, 10, frozen_at=Height(3))
    with pytest.raises(KeyFrozen):
        chain.check(owner, GOOD)


def test_the_largest_statements_fit_a_proofs_public_inputs(chain: ConfidentialChain, owner: AccountId) -> None:
    """Eight readers take 30 of 32 inputs, four written registers of one value 28."""
    eight, four = VkId(b"8" * 32), VkId(b"4" * 32)
    chain.register(eight, 30)
    chain.register(four, 28)
    method = replace(METHOD, vk_id=four, writes=tuple(Uint(i) for i in range(4)))
    registers = tuple(replace(REGISTER, name=Name(f"r{i}")) for i in range(4))
    sealing = (SealingKey(Uint(8), eight, R1CS),)
    chain.check(owner, changed(GOOD, registers=registers, methods=(method,), sealing=sealing))
