"""Ceremonies: who may vouch for a key, for how long it counts, and what nobody may begin with a key until enough do."""

import json
from dataclasses import fields, replace

import pytest

from chain.codec import from_json, to_json
from chain.execution.accounts import InsufficientBalance
from chain.params import DEVNET, MAINNET
from chain.types.genesis import Genesis
from chain.types.receipt import OK
from chain.types.scalars import Amount, Hash, ProgramId, Uint, VkId
from contracts.registry import ceremony_state as state
from contracts.registry.actions import RegisterKey
from contracts.registry.ceremony_actions import (
    AttestCeremony,
    BondAttester,
    Ceremony,
    ReleaseAttester,
    UnbondAttester,
    WithdrawAttestation,
)
from contracts.registry.ceremony_errors import (
    AttestationsFull,
    AttestedAlready,
    AttesterBondTooLow,
    AttesterNotUnbonding,
    AttesterUnbonding,
    BondStillHeld,
    CeremonyNotAttested,
    NotAnAttester,
    NotAttested,
    RegistrantAttests,
)
from contracts.registry.errors import InsecureKey, KeyUnknown
from contracts.registry.events import AttestationWithdrawn, AttesterBondChanged, CeremonyAttested
from contracts.registry.state import require_key
from contracts.tasks import state as tasks
from crypto.address import encode_address
from tests.support.programs import R1CS, compressed_key, program_of, register_providers, vk_id
from tests.support.rooms import ROOT
from tests.support.small_chain import CLU, FUNDS, SmallChain, account, small_genesis
from tests.support.task_chain import OWNER, PROVIDER, REQUESTER, TaskChain

INPUTS = 5
KEY = vk_id(INPUTS)
CEREMONY = Ceremony(Hash(b"\x01" * 32), R1CS, Hash(b"\x03" * 32))
REGISTRATION = RegisterKey(compressed_key(INPUTS), CEREMONY)
ATTEST = AttestCeremony(KEY, CEREMONY)
BOND = DEVNET.min_attester_bond
ATTESTERS = (6, 7, 8)
QUORUM = DEVNET.ceremony_quorum
DELAY = DEVNET.attester_unbonding


@pytest.fixture
def chain() -> SmallChain:
    """The key stands there with a ceremony, and ATTESTERS have bonded."""
    chain = SmallChain()
    receipts = chain.block(
        chain.transaction(OWNER, REGISTRATION), *(chain.transaction(person, BondAttester(BOND)) for person in ATTESTERS)
    )
    assert all(receipt.code == OK for receipt in receipts), receipts
    return chain


def attest(chain: SmallChain, *people: int, key: VkId = KEY) -> None:
    receipts = chain.block(*(chain.transaction(person, replace(ATTEST, vk_id=key)) for person in people))
    assert all(receipt.code == OK for receipt in receipts), receipts


def strength(chain: SmallChain, r1cs: Hash | None = None) -> str:
    return state.strength(chain.view, require_key(chain.view, KEY), chain.params, r1cs)


SINGLE = f"proof/single-party({encode_address(account(OWNER))})"


# Bonds


def test_an_attester_bonds_from_its_account(chain: SmallChain) -> None:
    receipt = chain.do(1, BondAttester(BOND))
    assert receipt.events == (AttesterBondChanged(account(1), BOND, None),)
    assert chain.balance(1) == FUNDS - BOND - receipt.fee
    record = state.require_bonded_attester(chain.view, account(1))
    assert (state.attester_bond(chain.view, record), record.bonded_at) == (BOND, chain.height)
    assert {entry.account for entry in state.attesters(chain.view)} == {account(person) for person in (1, *ATTESTERS)}


def test_a_bond_may_be_raised(chain: SmallChain) -> None:
    receipt = chain.do(6, BondAttester(Amount(1)))
    assert receipt.events == (AttesterBondChanged(account(6), Amount(BOND + 1), None),)
    record = state.require_attester(chain.view, account(6))
    assert state.attester_bond(chain.view, record) == BOND + 1
    assert record.bonded_at == 1


@pytest.mark.parametrize(
    ("person", "amount", "error"),
    [
        (1, 0, AttesterBondTooLow),
        (1, BOND - 1, AttesterBondTooLow),
        (6, 0, AttesterBondTooLow),
        (1, FUNDS + 1, InsufficientBalance),
    ],
)
def test_a_bond_that_is_too_low_or_not_there_is_refused(
    chain: SmallChain, person: int, amount: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        chain.check(person, BondAttester(Amount(amount)))


def test_a_bond_comes_back_whole_after_the_delay_and_not_before(chain: SmallChain) -> None:
    with pytest.raises(AttesterNotUnbonding):
        chain.check(6, ReleaseAttester())
    receipt = chain.do(6, UnbondAttester())
    release_at = chain.height + DELAY
    assert receipt.events == (AttesterBondChanged(account(6), BOND, release_at),)  # type: ignore[arg-type]
    chain.pass_to(release_at - 2)
    with pytest.raises(BondStillHeld) as refused:
        chain.check(6, ReleaseAttester())
    assert (refused.value.release_at, refused.value.height) == (release_at, release_at - 1)
    chain.block()
    before = chain.balance(6)
    receipt = chain.do(6, ReleaseAttester())
    assert chain.balance(6) == before + BOND - receipt.fee
    assert state.find_attester(chain.view, account(6)) is None
    assert chain.money() == chain.supply()
    with pytest.raises(NotAnAttester):
        chain.check(6, ReleaseAttester())


def test_who_unbonds_acts_no_more_as_an_attester(chain: SmallChain) -> None:
    chain.do(6, UnbondAttester())
    for action in (UnbondAttester(), BondAttester(BOND), ATTEST):
        with pytest.raises(AttesterUnbonding):
            chain.check(6, action)


def test_a_stranger_has_nothing_to_unbond_or_release(chain: SmallChain) -> None:
    for action in (UnbondAttester(), ReleaseAttester()):
        with pytest.raises(NotAnAttester):
            chain.check(1, action)


# Attestations


def test_a_key_is_of_a_ceremony_once_enough_attest(chain: SmallChain) -> None:
    assert strength(chain) == SINGLE
    receipt = chain.do(6, ATTEST)
    assert receipt.events == (CeremonyAttested(KEY, account(6)),)
    assert strength(chain) == SINGLE
    attest(chain, 7)
    assert strength(chain) == "proof/ceremony(2)"
    attest(chain, 8)
    assert strength(chain) == "proof/ceremony(3)"
    assert [entry.attester for entry in state.attestations(chain.view, KEY)] == sorted(
        account(person) for person in ATTESTERS
    )


def test_attestations_of_one_key_say_nothing_of_another(chain: SmallChain) -> None:
    other = RegisterKey(compressed_key(INPUTS, seed=2), CEREMONY)
    chain.do(OWNER, other)
    attest(chain, 6, 7, key=other.vk_id)
    assert strength(chain) == SINGLE


@pytest.mark.parametrize("what", [entry.name for entry in fields(Ceremony)])
def test_those_who_checked_other_files_do_not_add_up(chain: SmallChain, what: str) -> None:
    other = replace(CEREMONY, **{what: Hash(b"\xee" * 32)})
    assert chain.do(6, AttestCeremony(KEY, other)).code == OK
    attest(chain, 7)
    assert strength(chain) == SINGLE
    attest(chain, 8)
    assert strength(chain) == "proof/ceremony(2)"


@pytest.mark.parametrize("named", [None, Ceremony(Hash(b"\x09" * 32), Hash(b"\x08" * 32), Hash(b"\x07" * 32))])
def test_who_registers_a_key_first_cannot_spoil_its_ceremony(named: Ceremony | None) -> None:
    """The bytes are copied from the pool and registered without the ceremony, or with a false one."""
    chain = SmallChain()
    chain.do(5, RegisterKey(compressed_key(INPUTS), named))
    assert chain.do(OWNER, program_of(2)).code == OK
    for person in ATTESTERS:
        chain.do(person, BondAttester(BOND))
    attest(chain, *ATTESTERS)
    assert strength(chain) == "proof/ceremony(3)"
    assert strength(chain, R1CS) == "proof/ceremony(3)"


def test_a_ceremony_of_other_constraints_is_worth_nothing_to_a_program(chain: SmallChain) -> None:
    attest(chain, *ATTESTERS)
    assert strength(chain, R1CS) == "proof/ceremony(3)"
    assert strength(chain, Hash(b"\x12" * 32)) == SINGLE


def test_an_unknown_key_has_nothing_to_attest(chain: SmallChain) -> None:
    with pytest.raises(KeyUnknown):
        chain.check(6, AttestCeremony(VkId(bytes(32)), CEREMONY))


def test_only_bonded_accounts_attest(chain: SmallChain) -> None:
    with pytest.raises(NotAnAttester):
        chain.check(1, ATTEST)
    receipt = chain.do(1, BondAttester(BOND), ATTEST)
    assert receipt.code == OK


def test_a_registrant_does_not_vouch_for_itself(chain: SmallChain) -> None:
    chain.do(OWNER, BondAttester(BOND))
    with pytest.raises(RegistrantAttests):
        chain.check(OWNER, ATTEST)


def test_one_account_counts_once(chain: SmallChain) -> None:
    attest(chain, 6)
    with pytest.raises(AttestedAlready):
        chain.check(6, ATTEST)
    chain.do(6, BondAttester(Amount(5 * BOND)))  # a larger bond is no second voice
    with pytest.raises(AttestedAlready):
        chain.check(6, ATTEST)
    assert strength(chain) == SINGLE


def test_a_word_may_be_taken_back(chain: SmallChain) -> None:
    attest(chain, 6, 7)
    with pytest.raises(NotAttested):
        chain.check(8, WithdrawAttestation(KEY))
    receipt = chain.do(6, WithdrawAttestation(KEY))
    assert receipt.events == (AttestationWithdrawn(KEY, account(6)),)
    assert strength(chain) == SINGLE
    attest(chain, 6)
    assert strength(chain) == "proof/ceremony(2)"


def test_an_attestation_stops_counting_when_its_bond_is_asked_back(chain: SmallChain) -> None:
    attest(chain, 6, 7)
    chain.do(6, UnbondAttester())
    assert strength(chain) == SINGLE
    chain.do(6, WithdrawAttestation(KEY))
    assert list(state.all_attestations(chain.view, KEY)) == list(state.attestations(chain.view, KEY))


def test_a_new_bond_does_not_raise_old_words_from_the_dead(chain: SmallChain) -> None:
    attest(chain, 6, 7)
    chain.do(6, UnbondAttester())
    chain.pass_to(chain.height + DELAY)
    chain.do(6, ReleaseAttester(), BondAttester(BOND))
    assert strength(chain) == SINGLE
    attest(chain, 6)
    assert strength(chain) == "proof/ceremony(2)"


def test_no_more_attestations_are_kept_than_are_ever_counted(
    chain: SmallChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "MAX_ATTESTATIONS", 2)
    attest(chain, 6, 7)
    with pytest.raises(AttestationsFull):
        chain.check(8, ATTEST)
    chain.do(6, UnbondAttester())
    attest(chain, 8)
    assert [entry.attester for entry in state.all_attestations(chain.view, KEY)] == sorted([account(7), account(8)])


# Chains that allow no insecure keys


class SecureChain(TaskChain):
    """A chain with a mainnet's rule and a devnet's small numbers. No attester has attested the program's key yet."""

    def __init__(self) -> None:
        SmallChain.__init__(self, allow_insecure_keys=False)
        action = program_of(2)
        bonds = [self.transaction(person, BondAttester(BOND)) for person in ATTESTERS[1:]]
        receipts = self.block(self.transaction(OWNER, REGISTRATION, action), *bonds)
        assert all(receipt.code == OK for receipt in receipts), receipts
        self.program = ProgramId(action.program)
        register_providers(self, PROVIDER, 4)


@pytest.fixture
def secure() -> SecureChain:
    return SecureChain()


def test_a_key_is_used_only_once_it_has_its_quorum(secure: SecureChain) -> None:
    for number, person in enumerate(ATTESTERS[1:]):
        with pytest.raises(CeremonyNotAttested) as refused:
            secure.check(REQUESTER, secure.offer())
        assert (refused.value.attestations, refused.value.quorum) == (number, QUORUM)
        attest(secure, person)
    task = secure.locked()
    assert secure.settle(task).code == OK


def test_a_program_of_other_constraints_has_no_use_of_its_keys_ceremony(secure: SecureChain) -> None:
    attest(secure, *ATTESTERS[1:])
    other = replace(program_of(2), r1cs_hash=Hash(b"\x12" * 32))
    assert secure.do(OWNER, other).code == OK
    secure.check(REQUESTER, secure.offer())
    with pytest.raises(CeremonyNotAttested) as refused:
        secure.check(REQUESTER, secure.offer(program=other.program))
    assert refused.value.attestations == 0


def test_live_tasks_go_on_when_attestations_are_withdrawn(secure: SecureChain) -> None:
    attest(secure, *ATTESTERS[1:])
    locked, opened = secure.locked(), secure.open()
    secure.do(7, WithdrawAttestation(KEY))
    with pytest.raises(CeremonyNotAttested):
        secure.check(REQUESTER, secure.offer())
    assert secure.settle(locked).code == OK
    assert secure.lock(opened).code == OK
    assert secure.settle(opened).code == OK
    assert secure.state_of(opened) == tasks.SETTLED


def test_unbonding_closes_a_key_to_new_tasks_at_once(secure: SecureChain) -> None:
    attest(secure, *ATTESTERS[1:])
    secure.check(REQUESTER, secure.offer())
    secure.do(7, UnbondAttester())
    with pytest.raises(CeremonyNotAttested):
        secure.check(REQUESTER, secure.offer())


def test_a_chain_that_allows_insecure_keys_shows_what_they_are_worth_and_takes_both(chain: SmallChain) -> None:
    state.require_usable_key(chain.view, KEY, chain.next_block.height, chain.params)
    assert strength(chain) == SINGLE


# Mainnet


def test_the_mainnet_template_refuses_single_party_keys() -> None:
    """configs/genesis-mainnet.json, filled in with validators and accounts."""
    template = from_json(Genesis, json.loads((ROOT / "configs" / "genesis-mainnet.json").read_text()))
    assert template.params == MAINNET
    assert not template.params.allow_insecure_keys
    assert (template.validators, template.accounts) == ((), ())
    chain = SmallChain(**{entry.name: getattr(template.params, entry.name) for entry in fields(template.params)})
    with pytest.raises(InsecureKey):
        chain.check(OWNER, RegisterKey(compressed_key(INPUTS), None))
    chain.do(OWNER, REGISTRATION)
    with pytest.raises(AttesterBondTooLow):
        chain.check(6, BondAttester(BOND))
    active = chain.height + chain.params.activation_delay
    with pytest.raises(CeremonyNotAttested) as refused:
        state.require_usable_key(chain.view, KEY, active, chain.params)  # type: ignore[arg-type]
    assert refused.value.quorum == MAINNET.ceremony_quorum > QUORUM


def test_the_params_of_a_genesis_come_through_json() -> None:
    genesis = small_genesis(params=MAINNET)
    assert from_json(Genesis, json.loads(json.dumps(to_json(genesis)))) == genesis
    assert MAINNET.min_attester_bond > 100 * CLU and Uint(MAINNET.attester_unbonding) > DELAY
