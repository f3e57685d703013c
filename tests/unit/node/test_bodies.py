"""Blocks on their way in: parts in any order from anybody, in bounded memory that no peer can crowd others out of."""

from dataclasses import replace

import pytest

from chain.consensus.timing import Timing
from chain.types.block import Block, transactions_root
from chain.types.parts import PART_BYTES, BlockPart, WrongPart
from chain.types.scalars import Amount, Blob, Height, Round, Signature, Timestamp, Uint, ValidRound, VoteTarget
from chain.types.vote import PREVOTE, DuplicateVote, PartSetHeader, Proposal
from contracts.token.actions import Transfer
from crypto.keys import PublicKey
from node.bodies import (
    MAX_ORPHANS,
    MAX_VOLUNTEERED,
    Awaited,
    Bodies,
    Body,
    WrongBody,
    body_from,
    body_of,
    require_own_body,
)
from p2p.address import NodeId
from tests.support.sealed_chain import SealedChain, signed_vote, validator_id, with_header
from tests.support.small_chain import account

HERE = Height(1)
NOW = Timestamp(1_000)


def peer(number: int) -> NodeId:
    return NodeId(PublicKey(bytes([number]) * 32))


def block(fill: int = 0, parts: int = 3) -> Block:
    """A block of this many parts; nobody asks here whether it is valid."""
    chain = SealedChain()
    empty = chain.build(chain.transaction(1, Transfer(account(2), Amount(1))))
    filling = tuple(Blob(bytes([fill + 1]) * PART_BYTES) for _ in range(parts - 1))
    body = replace(empty, transactions=(*empty.transactions, *filling))
    return with_header(body, tx_root=transactions_root(body.transactions))


def proposal(body: Body, round_: int = 0, valid_round: int = -1) -> Proposal:
    return Proposal(
        body.block.height,
        Round(round_),
        ValidRound(valid_round),
        body.id,
        body.header,
        body.block.header.proposer,
        Signature(bytes(64)),
    )


def give(
    bodies: Bodies, parts: list[BlockPart] | tuple[BlockPart, ...], sender: int = 1, wanted: bool = False
) -> bytes | None:
    """Hand in parts; the encoding that they made whole."""
    whole = None
    for part in parts:
        _, encoded = bodies.add(part, peer(sender), wanted=wanted)
        whole = encoded or whole
    return whole


def test_parts_of_a_proposal_make_its_block_whole_in_any_order_and_from_anybody() -> None:
    body = body_of(block())
    bodies = Bodies(HERE)
    assert bodies.expect(proposal(body), NOW) is None
    last, middle, first = reversed(body.parts)
    assert bodies.add(last, peer(1), wanted=False) == (True, None)
    assert bodies.add(first, peer(2), wanted=False) == (True, None)
    assert bodies.add(first, peer(3), wanted=False) == (False, None)
    news, encoded = bodies.add(middle, peer(3), wanted=False)
    assert news
    assert encoded == body.encoded
    assert body_from(encoded) == body


def test_parts_that_overtook_their_proposal_are_there_when_it_comes() -> None:
    body = body_of(block())
    bodies = Bodies(HERE)
    assert give(bodies, body.parts[:1], sender=1) is None
    assert give(bodies, body.parts[1:], sender=2) is None
    assert bodies.expect(proposal(body), NOW) == body.encoded


def test_early_parts_of_the_next_height_outlive_the_present_one() -> None:
    body = body_of(block())
    bodies = Bodies(Height(0))
    other = [replace(part, height=Height(7)) for part in body.parts]
    give(bodies, other, sender=2)
    give(bodies, body.parts)
    bodies.reset(HERE)
    assert bodies.expect(proposal(body), NOW) == body.encoded
    assert not bodies._orphans


@pytest.mark.parametrize(
    "bend",
    [
        lambda part: replace(part, data=Blob(b"x" + part.data[1:])),
        lambda part: replace(part, data=Blob(part.data[:-1])),
        lambda part: replace(part, index=Uint(part.index + 1)),
        lambda part: replace(part, index=Uint(2**62)),
        lambda part: replace(part, path=part.path[:-1]),
        lambda part: replace(part, parts=PartSetHeader(Uint(2**62), part.parts.root)),
        lambda part: replace(part, parts=PartSetHeader(Uint(0), part.parts.root)),
    ],
)
@pytest.mark.parametrize("wanted", [True, False])
def test_a_part_that_is_not_what_it_says_is_refused_and_leaves_nothing(bend, wanted: bool) -> None:
    body = body_of(block())
    bodies = Bodies(HERE)
    bodies.expect(proposal(body), NOW)
    with pytest.raises(WrongPart):
        bodies.add(bend(body.parts[0]), peer(1), wanted=wanted)
    assert not bodies._orphans
    assert not bodies._volunteered
    assert give(bodies, body.parts) == body.encoded


# What peers can make a node keep


def test_one_peers_stray_parts_do_not_crowd_out_anothers() -> None:
    bodies = Bodies(HERE)
    honest = body_of(block(fill=9))
    give(bodies, honest.parts, sender=1)
    for fill in range(60):
        give(bodies, body_of(block(fill=fill % 50, parts=2 + fill % 7)).parts, sender=2)
    held = {sender: len(parts) for sender, parts in bodies._orphans.items()}
    assert sum(held.values()) <= MAX_ORPHANS
    assert held[peer(1)] == len(honest.parts)
    assert bodies.expect(proposal(honest), NOW) == honest.encoded


def test_a_wanted_block_is_collected_from_each_peer_by_itself() -> None:
    """Nobody knows the parts of a block that only votes name: a liar's sets must not take the place of others'."""
    bodies = Bodies(HERE)
    honest = body_of(block(fill=9))
    assert give(bodies, honest.parts[:-1], sender=1, wanted=True) is None
    for fill in range(20):
        give(bodies, body_of(block(fill=fill)).parts[:1], sender=2, wanted=True)
    assert len(bodies._volunteered[peer(2)]) == MAX_VOLUNTEERED
    assert give(bodies, honest.parts[-1:], sender=2, wanted=True) is None
    assert give(bodies, honest.parts[-1:], sender=1, wanted=True) == honest.encoded


def test_volunteered_parts_are_no_news_to_others() -> None:
    bodies = Bodies(HERE)
    part = body_of(block()).parts[0]
    assert bodies.add(part, peer(1), wanted=True) == (False, None)
    assert bodies.add(part, peer(1), wanted=False) == (False, None)


def test_what_a_lost_peer_left_unfinished_goes_with_it() -> None:
    bodies = Bodies(HERE)
    give(bodies, body_of(block(fill=1)).parts[:2], sender=1)
    give(bodies, body_of(block(fill=2)).parts[:2], sender=1, wanted=True)
    bodies.forget_peer(peer(1))
    bodies.forget_peer(peer(2))
    assert not bodies._orphans
    assert not bodies._volunteered


# A body is the one that its id names


@pytest.mark.parametrize("change", ["transactions", "evidence", "last_commit"])
def test_another_content_under_the_same_header_is_not_that_block(change: str) -> None:
    """Else a false body would make this node hold the true block of that id invalid."""
    chain = SealedChain()
    chain.append(chain.build())
    true = chain.build(chain.transaction(1, Transfer(account(2), Amount(1))))
    votes = [signed_vote(0, PREVOTE, HERE, VoteTarget(bytes([fill]) * 32)) for fill in (1, 2)]
    false = {
        "transactions": replace(true, transactions=()),
        "evidence": replace(true, evidence=(DuplicateVote(*votes),)),
        "last_commit": replace(true, last_commit=replace(true.last_commit, signatures=())),
    }[change]
    assert false.header.id() == true.header.id()
    with pytest.raises(WrongBody):
        body_from(body_of(false).encoded)


def test_a_block_of_a_million_empty_transactions_is_told_apart_without_hashing_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chain = SealedChain()
    crowded = replace(chain.build(), transactions=(Blob(b""),) * 500_000)
    monkeypatch.setattr("node.bodies.transactions_root", lambda _: pytest.fail("hashed"))
    with pytest.raises(WrongBody):
        require_own_body(crowded)


def test_a_proposal_announces_its_own_block_only() -> None:
    body, other = body_of(block()), body_of(block(fill=1))
    bodies = Bodies(HERE)
    bodies.expect(proposal(body), NOW)
    assert [entry.proposal for entry in bodies.announced(body)] == [proposal(body)]
    assert bodies.announced(other) == []


def test_a_proposal_with_other_parts_or_another_proposer_does_not_announce_a_block() -> None:
    body = body_of(block())
    lies = [
        replace(proposal(body), parts=PartSetHeader(Uint(5), body.header.root)),
        replace(proposal(body), proposer=validator_id(3)),
        replace(proposal(body), height=Height(5)),
    ]
    assert not any(Awaited(lie, NOW).announces(body) for lie in lies)
    again = replace(proposal(body, round_=2, valid_round=0), proposer=validator_id(3))
    assert Awaited(again, NOW).announces(body)


def test_timeliness_is_judged_by_the_first_sight_of_the_proposal() -> None:
    body = body_of(block())
    timing = Timing(clock_precision_ms=10, message_delay_ms=100)
    at = body.block.header.time
    assert Awaited(proposal(body), Timestamp(at + 50)).is_timely(body, timing)
    assert not Awaited(proposal(body), Timestamp(at + 200)).is_timely(body, timing)
    assert not Awaited(proposal(body), Timestamp(at - 200)).is_timely(body, timing)
