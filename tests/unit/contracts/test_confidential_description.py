"""What a contract may say of itself when it is deployed; each refusal has its own error."""

from dataclasses import replace

import pytest

from chain.types.scalars import AccountId, Hash, Height, Name, Uint, VkId
from contracts.confidential.actions import Deploy
from contracts.confidential.description import MAX_METHODS, MAX_READERS, MAX_REGISTERS
from contracts.confidential.errors import (
    BadName,
    ConfidentialError,
    DuplicateName,
    KeyShapeMismatch,
    UnknownRegister,
    UnsupportedRegister,
    WrongCount,
)
from contracts.confidential.state import FIRST, SEALED, Method, RegisterSpec, SealingKey
from contracts.registry.errors import KeyFrozen, KeyUnknown
from tests.support.confidential_chain import ConfidentialChain, Credulous

METHOD_KEY, SEALING_KEY = VkId(b"m" * 32), VkId(b"s" * 32)
REGISTER = RegisterSpec(Name("count"), SEALED, FIRST, Uint(1))
METHOD = Method(Name("increment"), METHOD_KEY, (), (Uint(0),), Uint(0))
SEALING = SealingKey(Uint(1), SEALING_KEY)
GOOD = Deploy(Hash(bytes(32)), (REGISTER,), (METHOD,), (SEALING,))


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
        ({"registers": ()}, WrongCount),
        ({"registers": many(MAX_REGISTERS + 1, REGISTER)}, WrongCount),
        ({"methods": ()}, WrongCount),
        ({"methods": many(MAX_METHODS + 1, METHOD)}, WrongCount),
        ({"sealing": ()}, WrongCount),
        ({"sealing": (SealingKey(Uint(0), SEALING_KEY),)}, WrongCount),
        ({"sealing": (SealingKey(Uint(MAX_READERS + 1), SEALING_KEY),)}, WrongCount),
        ({"sealing": (SEALING, SEALING)}, DuplicateName),
        ({"registers": (REGISTER, REGISTER)}, DuplicateName),
        ({"methods": (METHOD, METHOD)}, DuplicateName),
        ({"registers": (replace(REGISTER, name=Name("Count")),)}, BadName),
        ({"methods": (replace(METHOD, name=Name("set-readers")),)}, BadName),
        ({"methods": (replace(METHOD, name=Name("increment\n")),)}, BadName),
        ({"registers": (replace(REGISTER, sort=Uint(1)),)}, UnsupportedRegister),
        ({"registers": (replace(REGISTER, mode=Uint(1)),)}, UnsupportedRegister),
        ({"registers": (replace(REGISTER, values=Uint(0)),)}, WrongCount),
        ({"registers": (replace(REGISTER, values=Uint(15)),)}, WrongCount),
        ({"methods": (replace(METHOD, writes=(Uint(1),)),)}, UnknownRegister),
        ({"methods": (replace(METHOD, writes=(Uint(0), Uint(0))),)}, UnknownRegister),
        ({"methods": (replace(METHOD, reads=(Uint(0),)),)}, UnknownRegister),
        ({"methods": (replace(METHOD, writes=()),)}, WrongCount),
        ({"methods": (replace(METHOD, arguments=Uint(23)),)}, WrongCount),
        ({"methods": (replace(METHOD, arguments=Uint(1)),)}, KeyShapeMismatch),
        ({"methods": (replace(METHOD, vk_id=SEALING_KEY),)}, KeyShapeMismatch),
        ({"sealing": (SealingKey(Uint(2), SEALING_KEY),)}, KeyShapeMismatch),
        ({"methods": (replace(METHOD, vk_id=VkId(b"?" * 32)),)}, KeyUnknown),
    ],
)
def test_a_description_that_breaks_a_rule_is_refused(
    chain: ConfidentialChain, owner: AccountId, change: dict[str, object], rule: type[Exception]
) -> None:
    with pytest.raises(rule) as refused:
        chain.check(owner, replace(GOOD, **change))  # type: ignore[arg-type]
    assert not isinstance(refused.value, ConfidentialError) or 4320 <= refused.value.code < 4330


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
    chain.check(owner, Deploy(Hash(bytes(32)), registers, (method,), (SealingKey(Uint(8), eight),)))
