"""What a transaction must satisfy to stand in a block at all, what it costs, and what a failed rule leaves behind."""

from dataclasses import replace

import pytest

from chain.errors import CodecError, InvalidTransaction, NotCanonical, OversizeBytes, UnknownTag
from chain.execution import fees
from chain.execution.accounts import InsufficientBalance
from chain.execution.block import TooMuchWork
from chain.execution.fee_source import UnsupportedFeeSource, WrongOffers
from chain.execution.transaction import (
    MAX_ACTIONS,
    CannotPayFee,
    Expired,
    ExpiryTooFar,
    FeeLimitTooLow,
    NonceMismatch,
    WorkExceedsBlock,
    WrongChain,
    WrongFork,
    WrongGenesis,
    WrongNumberOfActions,
)
from chain.execution.verifier import BadSignature
from chain.types.identifiers import object_id
from chain.types.receipt import OK
from chain.types.scalars import (
    MAX_UINT,
    AccountId,
    Amount,
    Blob,
    ChainId,
    Hash,
    Height,
    Nonce,
    Signature,
    Uint,
    WorkUnits,
)
from chain.types.transaction import FROM_PROOF, MAX_TRANSACTION_BYTES, FeeSource, Transaction
from contracts.registry.actions import RegisterKey
from contracts.token.actions import Transfer
from contracts.token.errors import NothingToTransfer
from tests.support.small_chain import FUNDS, SmallChain, account, secret

PAY = Transfer(account(2), Amount(10))


@pytest.fixture
def chain() -> SmallChain:
    return SmallChain()


def refused(chain: SmallChain, error: type[Exception], transaction: Transaction) -> Exception:
    """The transaction makes its block invalid, and leaves nothing behind."""
    before = dict(chain.view.iterate(b""))  # type: ignore[arg-type]
    with pytest.raises(error) as raised:
        chain.block(transaction)
    assert dict(chain.view.iterate(b"")) == before  # type: ignore[arg-type]
    return raised.value


CHANGES = [
    (WrongChain, {"chain_id": ChainId("another-1")}),
    (WrongGenesis, {"genesis_hash": Hash(bytes(32))}),
    (WrongFork, {"fork_id": Hash(b"\x01" * 32)}),
    (WrongOffers, {"fee_source": FeeSource(FROM_PROOF, account(1))}),
    (UnsupportedFeeSource, {"fee_source": FeeSource(Uint(7), account(1))}),
    (WrongNumberOfActions, {"actions": ()}),
    (WrongNumberOfActions, {"actions": (PAY,) * (MAX_ACTIONS + 1)}),
    (Expired, {"expiry_height": Height(0)}),
    (ExpiryTooFar, {"expiry_height": Height(1_002)}),
    (NonceMismatch, {"nonce": Nonce(1)}),
    (FeeLimitTooLow, {"fee_limit": Amount(100)}),
    (FeeLimitTooLow, {"tip": Amount(MAX_UINT), "fee_limit": Amount(MAX_UINT)}),
    (CannotPayFee, {"tip": FUNDS, "fee_limit": Amount(2 * FUNDS)}),
]


@pytest.mark.parametrize(("error", "changes"), CHANGES, ids=lambda value: getattr(value, "__name__", ""))
def test_an_envelope_that_breaks_a_rule_is_refused(
    chain: SmallChain, error: type[InvalidTransaction], changes: dict[str, object]
) -> None:
    envelope = replace(chain.envelope(1, PAY), **changes)  # type: ignore[arg-type]
    refused(chain, error, chain.sign(1, envelope))
    assert issubclass(error, InvalidTransaction)


@pytest.mark.parametrize(
    "changes", [{"expiry_height": Height(1)}, {"expiry_height": Height(1_001)}, {"tip": Amount(FUNDS // 2)}]
)
def test_the_limits_themselves_are_accepted(chain: SmallChain, changes: dict[str, object]) -> None:
    assert chain.block(chain.transaction(1, PAY, **{"fee_limit": FUNDS, **changes}))[0].code == OK  # type: ignore[arg-type]


def test_as_many_actions_as_allowed_apply_in_order(chain: SmallChain) -> None:
    receipt = chain.do(1, *(PAY for _ in range(MAX_ACTIONS)))
    assert receipt.code == OK
    assert len(receipt.events) == MAX_ACTIONS


def test_a_nonce_is_used_once_and_leaves_no_gap(chain: SmallChain) -> None:
    transaction = chain.transaction(1, PAY)
    assert chain.block(transaction)[0].code == OK
    error = refused(chain, NonceMismatch, transaction)
    assert isinstance(error, NonceMismatch)
    assert (error.expected, error.got) == (1, 0)
    assert "was used already" in str(error)
    error = refused(chain, NonceMismatch, chain.transaction(1, PAY, nonce=Nonce(2)))
    assert "leaves a gap" in str(error)


def test_the_same_nonce_to_two_recipients_lands_once(chain: SmallChain) -> None:
    one = chain.transaction(1, Transfer(account(2), Amount(10)))
    other = chain.transaction(1, Transfer(account(3), Amount(10)))
    with pytest.raises(NonceMismatch):
        chain.block(one, other)
    chain.block(other)
    refused(chain, NonceMismatch, one)
    assert (chain.balance(2), chain.balance(3)) == (FUNDS, FUNDS + 10)


def test_somebody_elses_signature_is_refused(chain: SmallChain) -> None:
    refused(chain, BadSignature, chain.sign(2, chain.envelope(1, PAY)))


@pytest.mark.parametrize(
    "changes", [{"tip": Amount(3)}, {"nonce": Nonce(5)}, {"expiry_height": Height(9)}, {"fee_limit": Amount(10**9)}]
)
def test_a_signature_covers_every_field(chain: SmallChain, changes: dict[str, object]) -> None:
    signed = chain.transaction(1, PAY)
    altered = replace(signed.envelope, **changes)  # type: ignore[arg-type]
    assert altered.signing_bytes() != signed.signing_bytes
    if "nonce" not in changes:
        refused(chain, BadSignature, Transaction(altered, signed.signature))


def test_a_signature_covers_the_actions(chain: SmallChain) -> None:
    signed = chain.transaction(1, PAY)
    altered = replace(signed.envelope, actions=(replace(PAY, recipient=account(3)),))
    refused(chain, BadSignature, Transaction(altered, signed.signature))


def test_a_bent_signature_is_refused(chain: SmallChain) -> None:
    signed = chain.transaction(1, PAY)
    for place in (0, 31, 32, 63):
        bent = bytearray(signed.signature)
        bent[place] ^= 1
        refused(chain, BadSignature, Transaction(signed.envelope, Signature(bytes(bent))))


# Failed rules of state


def test_a_failed_rule_costs_the_fee_and_the_nonce_and_nothing_else(chain: SmallChain) -> None:
    before = dict(chain.view.iterate(b""))  # type: ignore[arg-type]
    receipt = chain.do(1, PAY, Transfer(account(3), Amount(0)))
    assert receipt.code == NothingToTransfer.code
    assert receipt.events == ()
    assert (chain.nonce(1), chain.balance(1)) == (1, FUNDS - receipt.fee)
    after = dict(chain.view.iterate(b""))  # type: ignore[arg-type]
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert {key.split(b"/")[1] for key in changed} <= {b"account", b"supply", b"base-fee"}
    assert sum(key.startswith(b"chain/account/") for key in changed) == 1


def test_a_receipt_carries_the_code_of_the_rule(chain: SmallChain) -> None:
    receipt = chain.do(1, Transfer(account(2), Amount(2 * FUNDS)))
    assert receipt.code == InsufficientBalance.code


# Fees


def test_fees_are_per_class_and_not_per_content(chain: SmallChain) -> None:
    cheap, dear = (chain.transaction(1, Transfer(account(2), Amount(value))) for value in (1, 2))
    assert fees.transaction_work(cheap, chain.params) == fees.transaction_work(dear, chain.params)
    prices = chain.params.prices
    buckets = -(-len(cheap.raw) // fees.BUCKET_BYTES)
    expected = buckets * prices.bytes_bucket + prices.signature + (1 + Transfer.writes) * prices.write
    assert fees.transaction_work(cheap, chain.params) == expected


def test_bytes_are_charged_in_buckets(chain: SmallChain) -> None:
    sizes = [
        fees.transaction_work(chain.transaction(1, RegisterKey(Blob(bytes(n)), None)), chain.params) for n in (0, 256)
    ]
    assert sizes[1] - sizes[0] == chain.params.prices.bytes_bucket


def test_the_base_fee_is_burnt_and_the_tip_is_not(chain: SmallChain) -> None:
    base_fee, supply = fees.read_base_fee(chain.view), chain.supply()
    receipt = chain.do(1, PAY, tip=77)
    assert receipt.fee == receipt.work * base_fee + 77
    assert chain.supply() == supply - receipt.work * base_fee
    assert chain.money() == chain.supply()


@pytest.mark.parametrize(
    ("fee", "work", "expected"),
    [
        (1_000, 200_000, 1_000),
        (1_000, 400_000, 1_125),
        (1_000, 300_000, 1_062),
        (1_000, 0, 875),
        (1_000, 100_000, 938),
        (8, 200_001, 9),  # off target it rises by one step at least
        (8, 0, 8),  # and never falls below the least
        (9, 0, 8),
    ],
)
def test_the_base_fee_moves_by_an_eighth_at_most(chain: SmallChain, fee: int, work: int, expected: int) -> None:
    assert fees.next_base_fee(Amount(fee), WorkUnits(work), chain.params) == expected


def test_a_full_block_raises_the_base_fee_and_empty_ones_lower_it() -> None:
    chain = SmallChain(target_block_work=WorkUnits(500), max_block_work=WorkUnits(1_000))
    start = fees.read_base_fee(chain.view)
    chain.do(1, PAY)
    raised = fees.read_base_fee(chain.view)
    assert raised > start
    chain.pass_to(30)
    assert fees.read_base_fee(chain.view) < start


def test_a_block_takes_no_more_work_than_its_limit() -> None:
    chain = SmallChain(target_block_work=WorkUnits(500), max_block_work=WorkUnits(1_000))
    one, other = chain.transaction(1, PAY), chain.transaction(2, PAY)
    with pytest.raises(TooMuchWork) as raised:
        chain.block(one, other)
    assert raised.value.limit == 1_000
    assert chain.block(one)[0].code == OK


def test_a_transaction_that_no_block_could_hold_is_refused_by_itself() -> None:
    """Else it would wait in front of every other one, and no block would take any."""
    chain = SmallChain(target_block_work=WorkUnits(500), max_block_work=WorkUnits(1_000))
    error = refused(chain, WorkExceedsBlock, chain.transaction(1, PAY, PAY, PAY))
    assert isinstance(error, WorkExceedsBlock)
    assert error.work > error.limit == 1_000


# Bytes


def test_a_transaction_is_exactly_its_bytes(chain: SmallChain) -> None:
    transaction = chain.transaction(1, PAY)
    again = Transaction.decode(transaction.raw, chain.chain.application.unions)
    assert (again.envelope, again.signature, again.hash) == (
        transaction.envelope,
        transaction.signature,
        transaction.hash,
    )
    assert Transaction(transaction.envelope, transaction.signature).raw == transaction.raw


def test_the_signature_is_part_of_the_hash_and_not_of_what_is_signed(chain: SmallChain) -> None:
    transaction = chain.transaction(1, PAY)
    other = Transaction(transaction.envelope, Signature(bytes(64)))
    assert other.hash != transaction.hash
    assert other.signing_bytes == transaction.signing_bytes


def test_oversize_and_malformed_transactions_are_refused(chain: SmallChain) -> None:
    unions = chain.chain.application.unions
    raw = chain.transaction(1, PAY).raw
    with pytest.raises(OversizeBytes):
        Transaction.decode(bytes(MAX_TRANSACTION_BYTES + 1), unions)
    for bad in (b"", raw[:-1], raw + b"\x00", b"\x90", raw[1:]):
        with pytest.raises(CodecError):
            Transaction.decode(bad, unions)
    wide = raw.replace(b"\x93\x01", b"\x93\xcc\x01", 1)
    assert wide != raw
    with pytest.raises(NotCanonical):
        Transaction.decode(wide, unions)


def test_an_action_that_no_component_knows_is_refused(chain: SmallChain) -> None:
    raw = chain.transaction(1, PAY).raw
    with pytest.raises(UnknownTag):
        Transaction.decode(raw, {})


def test_ids_of_what_is_created_depend_on_sender_nonce_and_place_alone() -> None:
    ids = {
        object_id(AccountId(secret(person).public), Nonce(nonce), index)
        for person in (1, 2)
        for nonce in (0, 1)
        for index in (0, 1)
    }
    assert len(ids) == 8
