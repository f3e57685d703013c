"""A light client believes what enough trusted validators signed, by as few headers as that takes, and nothing else."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chain.codec import to_json
from chain.execution.header import WrongCommit
from chain.execution.verifier import BadSignature
from chain.state.keys import Key
from chain.state.proofs import proof_to_json
from chain.types.scalars import BlockId, ChainId, Hash, Height, Round, Timestamp
from chain.types.sync import LightBlock
from chain.types.vote import Commit
from client.errors import Unreachable
from client.light.anchors import KEPT, Anchors
from client.light.blocks import anchor_of, genesis_anchor
from client.light.client import LightClient, named_anchor
from client.light.errors import (
    AnchorsUnreadable,
    CommitForAnother,
    FromTheFuture,
    LightClientAttack,
    NodeBehind,
    OtherChainId,
    OtherValidators,
    TimeNotLater,
    TooFewTrusted,
    TrustedOtherwise,
    TrustExpired,
    WitnessDisagrees,
)
from client.light.rules import DAY_MS, DEFAULTS, Terms, require_parent, verify_later
from crypto.errors import ClusterError
from tests.support.header_chain import BLOCK_MS, START, ChainSource, HeaderChain, bent, set_of, signed
from tests.support.make_tree_vectors import tree_of

LONG = 400


def steady(height: int) -> Sequence[int]:
    return (1, 2, 3, 4)


def changing(height: int) -> Sequence[int]:
    """One of four leaves every ten heights: after 30 heights nobody of the first set is left but one."""
    return tuple(range(1 + height // 10, 5 + height // 10))


@pytest.fixture(scope="module")
def chain() -> HeaderChain:
    made = HeaderChain(LONG, changing)
    assert made.blocks
    return made


def client(
    source: ChainSource, *, witnesses: Sequence[ChainSource] = (), at: int = LONG + 1, terms: Terms = DEFAULTS
) -> LightClient:
    """A client that trusts the genesis of the source's chain, when the clock shows the time of height `at`."""
    return LightClient(
        source,
        Anchors(genesis_anchor(source.chain.genesis)),
        witnesses=witnesses,
        terms=terms,
        clock=lambda: (START + at * BLOCK_MS) / 1000,
    )


def now(height: int) -> int:
    return START + height * BLOCK_MS


# One step


def test_the_next_block_and_a_far_one_are_believed(chain: HeaderChain) -> None:
    verify_later(genesis_anchor(chain.genesis), chain.at(1), now(2))
    verify_later(anchor_of(chain.at(1)), chain.at(2), now(3))
    verify_later(anchor_of(chain.at(1)), chain.at(25), now(26))  # two of the four are left


def test_too_few_of_the_trusted_are_too_few(chain: HeaderChain) -> None:
    with pytest.raises(TooFewTrusted) as refused:
        verify_later(anchor_of(chain.at(1)), chain.at(35), now(36))  # one of four: not more than a third
    assert (refused.value.power, refused.value.total) == (10, 40)


def test_the_next_blocks_validators_are_those_that_were_named(chain: HeaderChain) -> None:
    other = HeaderChain(10, lambda height: (1, 2, 3, 4) if height < 6 else (1, 2, 3, 9)).at(6)
    with pytest.raises(OtherValidators):
        verify_later(anchor_of(chain.at(5)), other, now(7))


def test_the_next_block_builds_on_the_one_that_is_believed(chain: HeaderChain) -> None:
    """The first one on this very genesis: the same keys may have begun another chain of the same name."""
    other = HeaderChain(10, changing, forked_from=5)
    with pytest.raises(TrustedOtherwise):
        verify_later(anchor_of(chain.at(5)), other.at(6), now(7))
    with pytest.raises(TrustedOtherwise):
        verify_later(replace(genesis_anchor(chain.genesis), block_id=BlockId(b"\x05" * 32)), chain.at(1), now(2))


def test_what_is_trusted_expires(chain: HeaderChain) -> None:
    anchor, period = anchor_of(chain.at(1)), DEFAULTS.period_ms
    verify_later(anchor, chain.at(2), anchor.time + period - 1)
    with pytest.raises(TrustExpired, match="7 days"):
        verify_later(anchor, chain.at(2), anchor.time + period)


def test_a_header_from_the_future_is_refused(chain: HeaderChain) -> None:
    time = chain.at(2).header.time
    verify_later(anchor_of(chain.at(1)), chain.at(2), time - DEFAULTS.drift_ms)
    with pytest.raises(FromTheFuture):
        verify_later(anchor_of(chain.at(1)), chain.at(2), time - DEFAULTS.drift_ms - 1)


@pytest.mark.parametrize("height", [4, 5])
def test_a_header_that_is_not_later_is_refused(chain: HeaderChain, height: int) -> None:
    with pytest.raises(TimeNotLater):
        verify_later(anchor_of(chain.at(5)), chain.at(height), now(6))


def test_time_must_pass_between_heights(chain: HeaderChain) -> None:
    header = replace(chain.at(6).header, time=chain.at(5).header.time)
    stopped = LightBlock(header, signed(header, changing(6)), set_of(changing(6)))
    with pytest.raises(TimeNotLater):
        verify_later(anchor_of(chain.at(5)), stopped, now(7))


def test_a_block_that_its_validators_did_not_make_final_is_refused(chain: HeaderChain) -> None:
    anchor, block = anchor_of(chain.at(5)), chain.at(6)
    header = block.header
    cases: dict[type[ClusterError], LightBlock] = {
        OtherChainId: bent(block, chain_id=ChainId("another")),
        CommitForAnother: bent(block, tx_root=Hash(b"\x09" * 32)),
        WrongCommit: replace(block, commit=signed(header, (1, 2))),
        BadSignature: replace(block, commit=_forged(block.commit)),
        OtherValidators: replace(block, validators=set_of((7, 8, 9, 10))),
    }
    for error, shown in cases.items():
        with pytest.raises(error):
            verify_later(anchor, shown, now(7))
    with pytest.raises(CommitForAnother):
        verify_later(anchor, replace(block, commit=replace(block.commit, height=Height(7))), now(7))
    with pytest.raises(BadSignature):  # of another round
        verify_later(anchor, replace(block, commit=replace(block.commit, round=Round(1))), now(7))


def _forged(commit: Commit) -> Commit:
    first, *rest = commit.signatures
    return replace(commit, signatures=(replace(first, signature=rest[0].signature), *rest))


def test_names_without_signatures_are_no_trust(chain: HeaderChain) -> None:
    """Trusted validators are named in a far commit, whose signatures are those of strangers."""
    strangers = (1, 2, 3, 90)
    header = replace(chain.at(25).header, validators_hash=set_of(strangers).hash(), tx_root=Hash(b"\x01" * 32))
    commit = signed(header, strangers)
    forged = replace(
        commit, signatures=tuple(replace(each, signature=commit.signatures[0].signature) for each in commit.signatures)
    )
    with pytest.raises(BadSignature):
        verify_later(anchor_of(chain.at(1)), LightBlock(header, forged, set_of(strangers)), now(26))


# Following a chain


async def test_a_steady_chain_is_believed_in_one_step() -> None:
    source = ChainSource(HeaderChain(300, steady))
    light = client(source)
    assert (await light.follow()).height == 300
    assert source.asked == [300]


async def test_a_changing_chain_is_believed_by_headers_between(chain: HeaderChain) -> None:
    source = ChainSource(chain)
    light = client(source)
    assert (await light.follow()).height == LONG
    assert 15 < len(source.asked) < 80  # every 20 heights at least, never all 400
    assert light.anchors.newest.block_id == chain.at(LONG).header.id()
    await light.follow()
    assert source.asked[-1] == LONG and len(source.asked) < 80


async def test_an_older_block_is_believed_by_the_hashes_that_lead_to_it(chain: HeaderChain) -> None:
    source = ChainSource(chain)
    light = LightClient(source, Anchors(anchor_of(chain.at(50))), clock=lambda: now(60) / 1000)
    assert (await light.follow(Height(45))).header == chain.at(45).header
    source.bent[45] = bent(chain.at(45), tx_root=Hash(b"\x05" * 32))
    with pytest.raises(TrustedOtherwise):
        await light.follow(Height(45))
    source.bent = {45: replace(chain.at(45), commit=signed(chain.at(45).header, (1, 2)))}
    with pytest.raises(WrongCommit):
        await light.follow(Height(45))
    with pytest.raises(TrustedOtherwise):
        require_parent(chain.at(9).header, chain.at(7).header)


async def test_what_a_node_shows_as_its_newest_is_not_older_than_what_is_known(chain: HeaderChain) -> None:
    """A balance of last week is signed, too."""
    source = ChainSource(chain)
    light = client(source)
    await light.follow()
    lag = DEFAULTS.lag_ms // BLOCK_MS
    behind = HeaderChain(LONG - lag, changing)
    light._source = ChainSource(behind)
    assert (await light.follow()).height == LONG - lag  # honest nodes are not at one height
    light._source = stale = ChainSource(HeaderChain(LONG - lag - 1, changing))
    with pytest.raises(NodeBehind) as refused:
        await light.follow()
    assert (refused.value.shown, refused.value.newest) == (LONG - lag - 1, LONG)
    key, (tree, _) = Key(b"chain/balance"), tree_of({b"chain/balance": b"7"})
    stale.proofs[key] = {"header": to_json(chain.at(300).header), "proof": proof_to_json(tree.prove(key))}
    with pytest.raises(NodeBehind):
        await light.prove(key)
    assert (await light.follow(Height(300))).height == 300  # who asks for an old height gets it


async def test_a_known_height_has_one_block(chain: HeaderChain) -> None:
    source = ChainSource(chain)
    light = client(source, at=50)
    await light.follow(Height(40))
    source.bent[40] = bent(chain.at(40), tx_root=Hash(b"\x05" * 32))
    with pytest.raises(TrustedOtherwise):
        await light.follow(Height(40))


async def test_a_strangers_chain_is_not_followed(chain: HeaderChain) -> None:
    """True up to height 5; from there on four keys that nobody named sign headers of their own."""
    strangers = HeaderChain(60, lambda height: (1, 2, 3, 4) if height < 6 else (51, 52, 53, 54))
    source = ChainSource(chain)
    light = client(source, at=70)
    source.bent = {height: strangers.at(height) for height in range(6, 61)}
    with pytest.raises(OtherValidators):
        await light.follow(Height(60))
    assert light.anchors.newest == light.anchors.root


async def test_trust_in_a_named_block_needs_its_own_signatures(chain: HeaderChain) -> None:
    source, block = ChainSource(chain), chain.at(50)
    assert await named_anchor(source, Height(50), block.header.id()) == anchor_of(block)
    with pytest.raises(TrustedOtherwise):
        await named_anchor(source, Height(50), BlockId(bytes(32)))
    source.bent[50] = replace(block, validators=set_of((7, 8, 9, 10)))
    with pytest.raises(OtherValidators):
        await named_anchor(source, Height(50), block.header.id())


# Witnesses


def forked(at: int, round_: int = 0) -> HeaderChain:
    """The changing chain up to `at`, then another one that the same validators signed as well."""
    return HeaderChain(LONG, changing, forked_from=at, round=lambda height: round_ if height >= at else 0)


async def test_a_witness_that_agrees_changes_nothing(chain: HeaderChain) -> None:
    light = client(ChainSource(chain), witnesses=[ChainSource(chain, "one"), ChainSource(chain, "two")])
    await light.follow()
    assert (light.silent, light.liars) == ([], [])


async def test_two_believable_blocks_of_one_height_are_an_attack(chain: HeaderChain) -> None:
    light = client(ChainSource(chain), witnesses=[ChainSource(forked(101), "witness")])
    await light.follow(Height(100))
    with pytest.raises(LightClientAttack, match="4 of them voted for both") as found:
        await light.follow(Height(120))
    attack = found.value.attack
    assert (attack.common, attack.height) == (100, 120)
    assert [piece.first.validator for piece in attack.double_votes] == [
        member.public_key for member in set_of(changing(120)).validators
    ]
    for piece in attack.double_votes:
        assert piece.first.target < piece.second.target
    assert light.anchors.newest.height == 100


async def test_in_different_rounds_nobody_voted_twice(chain: HeaderChain) -> None:
    light = client(ChainSource(chain), witnesses=[ChainSource(forked(101, round_=1))])
    with pytest.raises(LightClientAttack) as found:
        await light.follow(Height(120))
    assert found.value.attack.double_votes == ()


async def test_a_fork_that_was_believed_before_is_found_later(chain: HeaderChain) -> None:
    """The node lied alone at first; the witness comes later and parts below what was believed."""
    light = client(ChainSource(forked(50)))
    await light.follow(Height(60))
    later = LightClient(
        ChainSource(forked(50)), light.anchors, witnesses=[ChainSource(chain)], clock=lambda: now(130) / 1000
    )
    with pytest.raises(LightClientAttack) as found:
        await later.follow(Height(120))
    assert found.value.attack.common < 50


async def test_a_witness_that_cannot_show_why_is_a_liar(chain: HeaderChain) -> None:
    false = ChainSource(chain, "liar")
    false.bent[120] = bent(chain.at(120), tx_root=Hash(b"\x05" * 32))
    light = client(ChainSource(chain), witnesses=[false, ChainSource(chain, "honest")])
    assert (await light.follow(Height(120))).header == chain.at(120).header
    assert light.liars == ["liar"]
    asked = len(false.asked)
    await light.follow(Height(130))
    assert len(false.asked) == asked  # it is not asked again


async def test_a_witness_that_does_not_answer_is_named(chain: HeaderChain) -> None:
    away = ChainSource(chain, "away")
    away.bent[120] = Unreachable("away", "refused")
    behind = ChainSource(HeaderChain(100, changing), "behind")
    light = client(ChainSource(chain), witnesses=[away, behind])
    await light.follow(Height(120))
    assert (light.silent, light.liars) == (["away", "behind"], [])


async def test_what_is_too_old_to_judge_is_not_believed(chain: HeaderChain) -> None:
    terms = Terms(period_ms=100 * BLOCK_MS)
    light = client(ChainSource(forked(50)), at=80, terms=terms)
    await light.follow(Height(70))
    late = LightClient(
        ChainSource(forked(50)),
        light.anchors,
        witnesses=[ChainSource(chain, "witness")],
        terms=terms,
        clock=lambda: now(160) / 1000,
    )
    with pytest.raises(WitnessDisagrees):
        await late.follow(Height(150))


# What is kept


async def test_what_was_believed_is_found_again(chain: HeaderChain, tmp_path: Path) -> None:
    root, file = genesis_anchor(chain.genesis), tmp_path / "light" / "chain.anchors"
    source = ChainSource(chain)
    await LightClient(source, Anchors.in_file(file, root), clock=lambda: now(LONG) / 1000).follow()
    again = Anchors.in_file(file, root)
    assert again.newest == anchor_of(chain.at(LONG))
    assert len(list(again.downwards(Height(LONG)))) <= KEPT + 1


def test_a_changed_file_is_refused(chain: HeaderChain, tmp_path: Path) -> None:
    root, file = genesis_anchor(chain.genesis), tmp_path / "chain.anchors"
    Anchors.in_file(file, root).add([anchor_of(chain.at(5))])
    whole = file.read_bytes()
    for place in range(0, len(whole), 97):
        file.write_bytes(whole[:place] + bytes((whole[place] ^ 1,)) + whole[place + 1 :])
        with pytest.raises(AnchorsUnreadable):
            Anchors.in_file(file, root)
    file.write_bytes(whole)
    with pytest.raises(AnchorsUnreadable, match="another block"):
        Anchors.in_file(file, anchor_of(chain.at(1)))


def test_the_period_is_less_than_a_month() -> None:
    assert DEFAULTS.period_ms <= 21 * DAY_MS


def test_time_is_in_milliseconds(chain: HeaderChain) -> None:
    assert chain.at(1).header.time == Timestamp(START + BLOCK_MS)
    assert asyncio.run(client(ChainSource(chain)).follow(Height(1))).height == 1
