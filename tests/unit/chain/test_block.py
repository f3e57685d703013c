"""The story of a block: what a validator requires before it prevotes, field by field, and what comes out."""

from dataclasses import replace

import pytest

from chain.codec import decode, encode
from chain.errors import CodecError
from chain.execution.block import BlockTooLarge, TooMuchWork
from chain.execution.fees import read_base_fee
from chain.execution.genesis import UnusableGenesis, apply_genesis, check_genesis
from chain.execution.header import WrongCommit, WrongHeader
from chain.execution.transaction import NonceMismatch
from chain.execution.verifier import BadSignature
from chain.params import read_params
from chain.state.store import MemoryStore
from chain.types.block import Block
from chain.types.genesis import Genesis, GenesisAccount, GenesisSection
from chain.types.receipt import OK, receipts_root
from chain.types.scalars import (
    Amount,
    Blob,
    BlockId,
    ChainId,
    Hash,
    Height,
    Name,
    Power,
    Round,
    Signature,
    Timestamp,
    Uint,
    ValidatorId,
    VoteTarget,
    VrfOutput,
    VrfProof,
    WorkUnits,
)
from chain.types.transaction import MAX_TRANSACTION_BYTES
from chain.types.vote import PREVOTE, CommitSignature
from contracts.application import build_application
from contracts.registry.actions import RegisterKey
from contracts.staking.events import TipsPaid
from contracts.token.actions import Transfer
from crypto.vrf import VrfError
from tests.support.sealed_chain import SealedChain, commit_of, signed_vote, validator_id, with_body, with_header
from tests.support.small_chain import CLU, FUNDS, SmallChain, account, operator, small_genesis

PAY = Transfer(account(2), Amount(10))


@pytest.fixture
def chain() -> SealedChain:
    return SealedChain()


@pytest.fixture
def three() -> SealedChain:
    """Three validators of equal power, one block in: two of them hold exactly 2/3."""
    chain = SealedChain(powers=(10, 10, 10))
    chain.append(chain.build())
    return chain


# A block that holds


def test_a_chain_goes_on_block_by_block(chain: SealedChain) -> None:
    roots = [chain.tip.state_root]
    for height in range(1, 4):
        block = chain.build(chain.transaction(1, PAY, tip=4))
        assert block.height == height
        assert block.header.state_root == roots[-1]
        chain.append(block)
        roots.append(chain.tip.state_root)
    assert len(set(roots)) == 4
    assert chain.balance(2) == FUNDS + 30
    assert chain.money() == chain.supply()


def test_receipts_come_in_order_with_one_for_the_end_of_the_block(chain: SealedChain) -> None:
    paid, failed = chain.transaction(1, PAY, tip=4), chain.transaction(2, Transfer(account(1), Amount(0)))
    result = chain.append(chain.build(paid, failed))
    first, second, closing = result.receipts
    assert (first.code, second.code, closing.code) == (OK, 4001, OK)
    assert (closing.fee, closing.work) == (0, 0)
    assert closing.events == (TipsPaid(validator_id(0), account(operator(0)), Amount(0), Amount(4)),)
    assert chain.build().header.receipts_root == receipts_root(result.receipts)


def test_the_proposer_puts_the_best_paid_first_and_everything_it_was_given(chain: SealedChain) -> None:
    given = [chain.transaction(person, PAY) for person in (1, 3, 4)]
    block = chain.build(*given)
    assert block.transactions == tuple(transaction.raw for transaction in given)


def test_applying_a_block_changes_nothing_until_it_is_committed(chain: SealedChain) -> None:
    before = dict(chain.view.iterate(b""))  # type: ignore[arg-type]
    block = chain.build(chain.transaction(1, PAY))
    first, second = chain.apply(block), chain.apply(block)
    assert first.overlay.changes() == second.overlay.changes()
    assert first.receipts == second.receipts
    assert dict(chain.view.iterate(b"")) == before  # type: ignore[arg-type]


def test_a_block_is_its_encoding(chain: SealedChain) -> None:
    chain.append(chain.build())
    block = chain.build(chain.transaction(1, PAY))
    assert decode(Block, encode(block)) == block


def test_a_chain_with_headers_ends_in_the_same_state_as_one_without(chain: SealedChain) -> None:
    other = SmallChain()
    for target in (chain, other):
        transactions = [target.transaction(1, PAY, tip=3), target.transaction(2, PAY)]
        if isinstance(target, SealedChain):
            target.append(target.build(*transactions))
        else:
            target.block(*transactions)
    assert list(chain.view.iterate(b"")) == list(other.view.iterate(b""))  # type: ignore[arg-type]


# The header, field by field

WRONG_FIELDS = {
    "protocol_version": Uint(2),
    "app_version": Uint(2),
    "chain_id": ChainId("other-1"),
    "height": Height(3),
    "parent_id": BlockId(bytes(32)),
    "last_commit_hash": Hash(bytes(32)),
    "tx_root": Hash(bytes(32)),
    "evidence_root": Hash(bytes(32)),
    "validators_hash": Hash(bytes(32)),
    "next_validators_hash": Hash(bytes(32)),
    "params_hash": Hash(bytes(32)),
    "state_root": Hash(bytes(32)),
    "receipts_root": Hash(bytes(32)),
    "proposer": ValidatorId(bytes(32)),
    "beacon_output": VrfOutput(bytes(64)),
}


@pytest.mark.parametrize("field", WRONG_FIELDS)
def test_a_header_that_says_something_else_is_refused(three: SealedChain, field: str) -> None:
    block = three.build(three.transaction(1, PAY))
    with pytest.raises(WrongHeader) as refused:
        three.apply(with_header(block, **{field: WRONG_FIELDS[field]}))
    assert refused.value.field == field


def test_every_field_of_the_header_is_checked() -> None:
    by_other_means = {"time", "beacon_proof"}
    assert set(WRONG_FIELDS) | by_other_means == set(Block.__annotations__["header"].__dataclass_fields__)


@pytest.mark.parametrize("later", [0, -1])
def test_time_moves_on(three: SealedChain, later: int) -> None:
    block = three.build()
    with pytest.raises(WrongHeader) as refused:
        three.apply(with_header(block, time=Timestamp(three.tip.time + later)))
    assert refused.value.field == "time"
    three.apply(with_header(block, time=Timestamp(three.tip.time + 1)))


def test_the_height_is_the_next_one(three: SealedChain) -> None:
    block = three.build()
    for height in (three.tip.height, three.tip.height + 2):
        with pytest.raises(WrongHeader, match=r"header\.height"):
            three.apply(with_header(block, height=Height(height)))


def test_the_beacon_is_the_proposers_own(three: SealedChain) -> None:
    block = three.build()
    output, proof = three.beacon(index=1)
    with pytest.raises(VrfError):
        three.apply(with_header(block, beacon_output=output, beacon_proof=proof))
    with pytest.raises(VrfError):
        three.apply(with_header(block, beacon_proof=VrfProof(bytes(80))))
    three.apply(with_header(block, proposer=validator_id(1), beacon_output=output, beacon_proof=proof))


def test_a_beacon_of_another_height_is_refused(three: SealedChain) -> None:
    stale = three.build().header
    three.append(three.build())
    with pytest.raises(VrfError):
        three.apply(with_header(three.build(), beacon_output=stale.beacon_output, beacon_proof=stale.beacon_proof))


# The commit that it builds on


def with_signers(chain: SealedChain, *signers: int) -> Block:
    return with_body(chain.build(), last_commit=commit_of(chain.tip.height, chain.tip.block_id, signers))


def test_more_than_two_thirds_must_have_signed_the_parent(three: SealedChain) -> None:
    three.apply(with_signers(three, 0, 1, 2))
    for signers in ((0, 1), (2,), ()):
        with pytest.raises(WrongCommit, match="at most 2/3"):
            three.apply(with_signers(three, *signers))


def test_power_counts_and_not_heads() -> None:
    chain = SealedChain(powers=(70, 10, 10))
    chain.append(chain.build())
    chain.apply(with_signers(chain, 0))
    with pytest.raises(WrongCommit, match="at most 2/3"):
        chain.apply(with_signers(chain, 1, 2))


def test_signers_are_sorted_and_distinct(three: SealedChain) -> None:
    commit = three.last_commit
    for signatures in (
        commit.signatures[::-1],
        (commit.signatures[0],) * 3,
        (*commit.signatures, commit.signatures[2]),
    ):
        with pytest.raises(WrongCommit, match="sorted and distinct"):
            three.apply(with_body(three.build(), last_commit=replace(commit, signatures=signatures)))


def test_a_stranger_signs_no_commit(three: SealedChain) -> None:
    with pytest.raises(WrongCommit, match="no validator"):
        three.apply(with_signers(three, 0, 1, 2, 5))


def test_every_signature_of_a_commit_is_checked(three: SealedChain) -> None:
    commit = three.last_commit
    for place in range(3):
        signatures = list(commit.signatures)
        signatures[place] = CommitSignature(signatures[place].validator, Signature(bytes(64)))
        with pytest.raises(BadSignature):
            three.apply(with_body(three.build(), last_commit=replace(commit, signatures=tuple(signatures))))


@pytest.mark.parametrize("change", [{"height": Height(0)}, {"height": Height(2)}, {"block_id": BlockId(bytes(32))}])
def test_a_commit_for_another_block_is_refused(three: SealedChain, change: dict[str, object]) -> None:
    commit = replace(three.last_commit, **change)  # type: ignore[arg-type]
    with pytest.raises(WrongCommit, match="the parent is"):
        three.apply(with_body(three.build(), last_commit=commit))


def test_signatures_of_another_round_or_kind_are_refused(three: SealedChain) -> None:
    with pytest.raises(BadSignature):
        three.apply(with_body(three.build(), last_commit=replace(three.last_commit, round=Round(1))))
    prevotes = sorted(
        (vote.validator, vote.signature)
        for vote in (
            signed_vote(index, PREVOTE, three.tip.height, VoteTarget(three.tip.block_id)) for index in range(3)
        )
    )
    commit = replace(three.last_commit, signatures=tuple(CommitSignature(*entry) for entry in prevotes))
    with pytest.raises(BadSignature):
        three.apply(with_body(three.build(), last_commit=commit))


def test_genesis_has_no_signatures(chain: SealedChain) -> None:
    with pytest.raises(WrongCommit, match="genesis"):
        chain.apply(with_signers(chain, 0))


# The body and its limits


def test_an_invalid_transaction_makes_the_block_invalid(chain: SealedChain) -> None:
    used = chain.transaction(1, PAY)
    chain.append(chain.build(used))
    with pytest.raises(NonceMismatch):
        chain.apply(with_body(chain.build(), transactions=(Blob(used.raw),)))
    with pytest.raises(CodecError):
        chain.apply(with_body(chain.build(), transactions=(Blob(b"\x90"),)))
    unsigned = chain.sign(2, chain.envelope(1, PAY))
    with pytest.raises(BadSignature):
        chain.apply(with_body(chain.build(), transactions=(Blob(unsigned.raw),)))


def test_one_transaction_stands_in_a_block_once(chain: SealedChain) -> None:
    raw = Blob(chain.transaction(1, PAY).raw)
    with pytest.raises(NonceMismatch):
        chain.apply(with_body(chain.build(), transactions=(raw, raw)))


def test_a_block_has_a_limit_in_bytes() -> None:
    limit = 2 * MAX_TRANSACTION_BYTES
    chain = SealedChain(max_block_bytes=Uint(limit))
    large = RegisterKey(Blob(bytes(limit // 3)), None)
    transactions = [chain.transaction(person, large) for person in range(1, 5)]
    block = chain.build(*transactions)
    assert len(block.transactions) == 2
    assert len(encode(block)) <= limit
    chain.apply(block)
    with pytest.raises(BlockTooLarge) as refused:
        chain.apply(with_body(block, transactions=tuple(Blob(transaction.raw) for transaction in transactions)))
    assert refused.value.limit == limit


def test_a_block_has_a_limit_in_work() -> None:
    chain = SealedChain(max_block_work=WorkUnits(1_200), target_block_work=WorkUnits(500))
    transactions = [chain.transaction(person, PAY) for person in range(1, 4)]
    assert len(chain.build(*transactions).transactions) == 2
    with pytest.raises(TooMuchWork):
        chain.apply(with_body(chain.build(), transactions=tuple(Blob(transaction.raw) for transaction in transactions)))


def test_the_base_fee_follows_the_work_of_blocks(chain: SealedChain) -> None:
    start = read_base_fee(chain.view)
    chain.append(chain.build())
    assert read_base_fee(chain.view) == start - start // 8


# Genesis


def test_genesis_is_the_state_of_height_0(chain: SealedChain) -> None:
    assert chain.tip.height == 0
    assert chain.tip.block_id == chain.genesis.hash()
    assert read_params(chain.view) == chain.params
    staked = 10 * chain.params.staking.power_unit
    assert chain.money() == chain.supply() == FUNDS * len(chain.genesis.accounts) + staked


def _genesis(**changes: object) -> Genesis:
    return replace(small_genesis((10, 10)), **changes)  # type: ignore[arg-type]


def _params(**changes: object) -> Genesis:
    genesis = small_genesis()
    return replace(genesis, params=replace(genesis.params, **changes))  # type: ignore[arg-type]


def _staking(**changes: object) -> Genesis:
    return _params(staking=replace(small_genesis().params.staking, **changes))  # type: ignore[arg-type]


def _powerless() -> Genesis:
    first, *rest = small_genesis((10, 10)).validators
    return _genesis(validators=(replace(first, validator=replace(first.validator, power=Power(0))), *rest))


UNUSABLE = {
    "no validators": _genesis(validators=()),
    "not sorted": _genesis(validators=small_genesis((10, 10)).validators[::-1]),
    "one stands twice": _genesis(validators=small_genesis().validators * 2),
    "no power": _powerless(),
    "account stands twice": _genesis(accounts=(GenesisAccount(account(1), Amount(1)),) * 2),
    "runs": _params(verifier_backend=Name("hope-1.0")),
    "activation_delay": _params(activation_delay=Uint(0)),
    "target_block_work": _params(target_block_work=WorkUnits(0)),
    "max_block_bytes": _params(max_block_bytes=Uint(2 * MAX_TRANSACTION_BYTES - 1)),
    "max_expiries_per_block": _params(max_expiries_per_block=Uint(0)),
    "settlement_burn_bps": _params(settlement_burn_bps=Uint(10_001)),
    "ceremony_quorum": _params(ceremony_quorum=Uint(0)),
    "between 1 and 32": _params(ceremony_quorum=Uint(33)),
    "min_attester_bond": _params(min_attester_bond=Amount(0), allow_insecure_keys=False),
    "lets fewer vote": _genesis(params=_staking(max_validators=Uint(1)).params),
    "power_unit": _staking(power_unit=Amount(0)),
    "min_self_bond": _staking(min_self_bond=Amount(3 * CLU - 1)),
    "max_validators": _staking(max_validators=Uint(257)),
    "epoch_blocks": _staking(epoch_blocks=Uint(0)),
    "at most staking.unbonding": _staking(epoch_blocks=Uint(11), unbonding=Uint(10)),
    "slash_bps": _staking(slash_bps=Uint(10_001)),
    "max_missed": _staking(max_missed=Uint(49)),
    "from half": _staking(max_missed=Uint(101)),
    "jail_heights": _staking(jail_heights=Uint(0)),
    "liveness_window and": _staking(liveness_window=Uint(0), max_missed=Uint(0)),
}


@pytest.mark.parametrize("reason", UNUSABLE)
def test_a_genesis_that_cannot_start_a_chain_says_why(reason: str) -> None:
    with pytest.raises(UnusableGenesis, match=reason):
        check_genesis(UNUSABLE[reason])


@pytest.mark.parametrize(("names", "reason"), [(["astrology"], "astrology"), (["token", "token"], "stands twice")])
def test_a_genesis_section_has_one_owner_and_stands_once(names: list[str], reason: str) -> None:
    sections = tuple(GenesisSection(Name(name), Blob(b"")) for name in names)
    with pytest.raises(UnusableGenesis, match=reason):
        apply_genesis(_genesis(sections=sections), MemoryStore(), build_application())
