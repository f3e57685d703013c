"""What a contract may say of itself when it is deployed; each refusal has its own error."""

from dataclasses import replace

import pytest

from chain.types.scalars import AccountId, Blob, FieldElement, Hash, Height, Name, ObjectId, Uint, VkId
from contracts.confidential.actions import Deploy
from contracts.confidential.description import MAX_ABI_BYTES, MAX_METHODS, MAX_READERS, MAX_REGISTERS
from contracts.confidential.errors import (
    BadDeployment,
    BadName,
    ConfidentialError,
    DuplicateName,
    InboxNotFolded,
    KeyShapeMismatch,
    NotAnInbox,
    UnknownContract,
    UnknownRegister,
    UnsupportedRegister,
    WrongCodeHash,
    WrongCount,
    WrongInitialValues,
)
from contracts.confidential.queries import contract_abi
from contracts.confidential.specs import (
    FIRST,
    INBOX,
    PUBLIC,
    SEALED,
    Method,
    RegisterSpec,
    SealingKey,
    abi_hash,
    code_hash,
)
from contracts.registry import state as registry
from contracts.registry.errors import KeyFrozen, KeyNotActive, KeyUnknown
from tests.support.confidential_chain import HEIGHT, ConfidentialChain
from tests.support.contract_calls import outputs

METHOD_KEY, SEALING_KEY, OPEN_KEY = VkId(b"m" * 32), VkId(b"s" * 32), VkId(b"o" * 32)
REGISTER = RegisterSpec(Name("count"), SEALED, FIRST, Uint(1))
R1CS = Hash(b"r" * 32)
METHOD = Method(Name("increment"), METHOD_KEY, R1CS, writes=(Uint(0),))
SEALING = SealingKey(Uint(1), SEALING_KEY, R1CS)
GOOD = Deploy(code_hash((METHOD,), (SEALING,)), (REGISTER,), (METHOD,), (SEALING,), Blob(b"abi"))


COUNTS_TWICE = replace(METHOD, nullifiers=Uint(1), counts=(Uint(0), Uint(0)))


def changed(deploy: Deploy, **fields: object) -> Deploy:
    """The deployment with other parts, and the code hash of these."""
    other: Deploy = replace(deploy, **fields)  # type: ignore[arg-type]
    return replace(other, code_hash=code_hash(other.methods, other.sealing))


@pytest.fixture
def chain() -> ConfidentialChain:
    chain = ConfidentialChain()
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
        ({"methods": (replace(METHOD, arguments=Uint(2**62)),)}, WrongCount),
        ({"methods": (replace(METHOD, nullifiers=Uint(2**62)),)}, WrongCount),
        ({"methods": (replace(METHOD, outputs=outputs(0)),)}, WrongCount),
        ({"methods": (replace(METHOD, outputs=outputs(17)),)}, WrongCount),
        ({"methods": (replace(METHOD, outputs=outputs(1) * 40),)}, WrongCount),
        ({"methods": (replace(METHOD, outputs=outputs(1, inbox=0)),)}, NotAnInbox),
        ({"methods": (replace(METHOD, outputs=outputs(1, inbox=1)),)}, UnknownRegister),
        ({"methods": (replace(METHOD, counts=(Uint(0),)),)}, NotAnInbox),
        ({"methods": (replace(METHOD, counts=(Uint(1),)),)}, UnknownRegister),
        ({"methods": (replace(METHOD, counts=tuple(map(Uint, range(33)))),)}, WrongCount),  # a square of work
        ({"registers": (replace(REGISTER, mode=INBOX),)}, InboxNotFolded),
        ({"registers": (replace(REGISTER, mode=INBOX),), "methods": (COUNTS_TWICE,)}, UnknownRegister),
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


def test_a_contract_without_sealed_registers_needs_no_sealing_circuit(
    chain: ConfidentialChain, owner: AccountId
) -> None:
    public = replace(REGISTER, sort=PUBLIC, initial=(FieldElement(7),))
    method = replace(METHOD, vk_id=OPEN_KEY)
    chain.register(OPEN_KEY, 4)
    view = chain.view(chain.send(owner, changed(GOOD, registers=(public,), methods=(method,), sealing=())))
    assert view.registers[0].values == (7,)


def test_a_contract_may_have_no_registers_at_all(chain: ConfidentialChain, owner: AccountId) -> None:
    chain.register(OPEN_KEY, 4)
    method = replace(METHOD, vk_id=OPEN_KEY, writes=(), takes=Uint(1))
    chain.check(owner, changed(GOOD, registers=(), methods=(method,), sealing=()))


def test_circuits_and_code_hash_come_from_one_build(chain: ConfidentialChain, owner: AccountId) -> None:
    """A key of another build beside this build's code hash, or the same circuits in another order."""
    other = replace(METHOD, r1cs_hash=Hash(b"o" * 32))
    for deploy in (replace(GOOD, code_hash=Hash(bytes(32))), replace(GOOD, methods=(other,))):
        with pytest.raises(WrongCodeHash) as refused:
            chain.check(owner, deploy)
        assert refused.value.got == deploy.code_hash
    second = replace(METHOD, name=Name("second"), r1cs_hash=Hash(b"o" * 32))
    assert code_hash((METHOD, second), ()) != code_hash((second, METHOD), ()) != code_hash((second,), (SEALING,))


def test_an_inactive_key_is_not_deployed(chain: ConfidentialChain, owner: AccountId) -> None:
    record = registry.require_key(chain.overlay, METHOD_KEY)
    registry.write_key(chain.overlay, replace(record, active_from=Height(HEIGHT + 1)))
    with pytest.raises(KeyNotActive):
        chain.check(owner, GOOD)


def test_the_abi_is_served_as_deployed(chain: ConfidentialChain, owner: AccountId) -> None:
    largest = Blob(bytes(range(256)) * 64)
    contract = chain.send(owner, replace(GOOD, abi=largest))
    answer = contract_abi(chain.overlay, contract)
    assert (answer.abi, answer.abi_hash, answer.code_hash) == (largest, abi_hash(largest), GOOD.code_hash)
    without = contract_abi(chain.overlay, chain.send(owner, replace(GOOD, abi=Blob(b""))))
    assert without.abi == b""
    with pytest.raises(UnknownContract):
        contract_abi(chain.overlay, ObjectId(bytes(32)))
