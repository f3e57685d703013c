"""A final block from a peer is believed for its commit alone."""

from dataclasses import replace

import pytest

from chain.execution.header import WrongCommit
from chain.execution.verifier import BadSignature
from chain.types.scalars import BlockId, Height, Signature
from chain.types.sync import FinalBlock
from chain.types.vote import Commit
from node.bodies import WrongBody
from node.ledger import Ledger
from tests.support.sealed_chain import SealedChain, commit_of


@pytest.fixture
def chain() -> SealedChain:
    return SealedChain(powers=(10, 10, 10, 10))


def ledger_of(chain: SealedChain) -> Ledger:
    """A ledger at the chain's tip, without a database: what is refused never reaches it."""
    ledger = Ledger.__new__(Ledger)
    ledger.tip, ledger.view, ledger.chain = chain.tip, chain.view, chain.chain  # type: ignore[assignment]
    ledger._verifier = chain.verifier  # type: ignore[assignment]
    return ledger


def final(chain: SealedChain, signers: tuple[int, ...] = (0, 1, 2)) -> FinalBlock:
    block = chain.build()
    return FinalBlock(block, commit_of(block.height, block.header.id(), signers))


def test_two_of_four_signatures_make_no_block_final(chain: SealedChain) -> None:
    with pytest.raises(WrongCommit):
        ledger_of(chain).judge_final(final(chain, (0, 1)))


def test_a_forged_signature_makes_no_block_final(chain: SealedChain) -> None:
    good = final(chain)
    signatures = (replace(good.commit.signatures[0], signature=Signature(bytes(64))), *good.commit.signatures[1:])
    with pytest.raises(BadSignature):
        ledger_of(chain).judge_final(replace(good, commit=replace(good.commit, signatures=signatures)))


@pytest.mark.parametrize("change", [{"height": Height(2)}, {"block_id": BlockId(bytes(32))}])
def test_a_commit_for_another_block_makes_no_block_final(chain: SealedChain, change: dict[str, object]) -> None:
    good = final(chain)
    commit: Commit = replace(good.commit, **change)  # type: ignore[arg-type]
    with pytest.raises(WrongCommit):
        ledger_of(chain).judge_final(replace(good, commit=commit))


def test_other_content_under_a_committed_header_is_refused(chain: SealedChain) -> None:
    good = final(chain)
    other = replace(good.block, last_commit=replace(good.block.last_commit, block_id=BlockId(b"\x01" * 32)))
    with pytest.raises(WrongBody):
        ledger_of(chain).judge_final(replace(good, block=other))
