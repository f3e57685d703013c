"""A set that changes through blocks: every height's header, proposer and commit are those of its own set."""

import pytest

from chain.execution.header import WrongCommit, WrongHeader
from chain.execution.validator_schedule import validators_at
from chain.types.scalars import BlockId, Hash, Height
from chain.types.validators import ValidatorSet
from tests.support.sealed_chain import SealedChain, commit_of, validator_id, with_body, with_header
from tests.support.stake_chain import EPOCH, QUICK, StakeChain

NEWCOMER = 9
FIRST = EPOCH + 2  # height of the new set


def chain_of(*powers: int) -> SealedChain:
    return SealedChain(powers, staking=QUICK)


def with_newcomer() -> SealedChain:
    """Three validators, and a fourth whose bond stands in block 1; the head is the last block of the epoch."""
    chain = chain_of(100, 100, 100)
    bond = StakeChain.bond_of(chain, NEWCOMER, 1, clu=149)  # type: ignore[arg-type]
    chain.append(chain.build(chain.transaction(1, bond)))
    while chain.height < EPOCH:
        chain.append(chain.build())
    return chain


def test_headers_name_the_sets_of_their_own_height_and_the_next() -> None:
    chain = with_newcomer()
    before = validators_at(chain.view, Height(EPOCH)).hash()
    after = validators_at(chain.view, Height(FIRST)).hash()
    assert before != after
    named = []
    for height in range(EPOCH + 1, FIRST + 2):
        block = chain.build()
        named.append((block.header.validators_hash, block.header.next_validators_hash))
        if height == FIRST:
            chain.signers = (0, 1, 2, NEWCOMER)
        chain.append(block)
    assert named == [(before, after), (after, after), (after, after)]


def test_a_header_that_names_another_set_is_refused() -> None:
    chain = with_newcomer()
    block = chain.build()
    for field in ("validators_hash", "next_validators_hash"):
        with pytest.raises(WrongHeader, match=field):
            chain.apply(with_header(block, **{field: Hash(ValidatorSet(()).hash())}))


def test_a_newcomers_precommit_counts_from_its_first_height_on() -> None:
    chain = with_newcomer()
    for signers in ((0, 1, NEWCOMER), (0, 1, 2, NEWCOMER)):
        commit = commit_of(Height(EPOCH), chain.tip.block_id, signers)
        with pytest.raises(WrongCommit):
            chain.apply(with_body(chain.build(), last_commit=commit))
    chain.append(chain.build())
    chain.append(chain.build())
    assert chain.height == FIRST
    old = commit_of(Height(FIRST), chain.tip.block_id, (0, 1))  # 200 of 449, a quorum of nothing
    with pytest.raises(WrongCommit, match="at most 2/3"):
        chain.apply(with_body(chain.build(), last_commit=old))
    with pytest.raises(WrongCommit):
        chain.apply(with_body(chain.build(), last_commit=commit_of(Height(FIRST), BlockId(bytes(32)), (0, 1, 2))))
    commit = commit_of(Height(FIRST), chain.tip.block_id, (0, 1, NEWCOMER))
    chain.apply(with_body(chain.build(), last_commit=commit))


def test_a_newcomer_proposes_from_its_first_height_on() -> None:
    chain = with_newcomer()
    for height in (EPOCH + 1, FIRST):
        output, proof = chain.beacon(NEWCOMER)
        own = {"proposer": validator_id(NEWCOMER), "beacon_output": output, "beacon_proof": proof}
        block = with_header(chain.build(), **own)
        if height < FIRST:
            with pytest.raises(WrongHeader, match="proposer"):
                chain.apply(block)
            chain.append(chain.build())
        else:
            chain.apply(block)
