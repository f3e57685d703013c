"""A signer in another process: what it signs is the validator's, whoever asks gets one signature for a position, and a
node without it is silent and nothing worse."""

import asyncio
import logging
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from chain.types.scalars import (
    NIL,
    Blob,
    BlockId,
    ChainId,
    Hash,
    Height,
    Round,
    Signature,
    Uint,
    ValidRound,
    VoteTarget,
)
from chain.types.vote import PRECOMMIT, PREVOTE, PartSetHeader, Proposal, Vote
from crypto import vrf
from crypto.keys import verify
from node.remote_signer import server as server_module
from node.remote_signer.errors import SignerAway
from node.remote_signer.messages import (
    Answer,
    Answered,
    BeaconProved,
    Introduced,
    Question,
    Signed,
    WantBeacon,
    WantVote,
    encode,
    network_id,
    read_question,
)
from node.remote_signer.server import MAX_HANDSHAKES
from node.signer import Refused, vrf_secret
from node.signer_state import LastSigned, SignerStateUnwritable, nothing_signed
from p2p.address import Address, NodeId
from p2p.channel import Channel
from p2p.errors import LinkClosed
from p2p.session import initiate, respond
from p2p.transport import Link, WebSocketTransport
from tests.support.p2p_nodes import CountedEntropy, eventually, key
from tests.support.remote_signers import CHAIN, IDENTITY, VALIDATOR, asked, node_at, running, signing, state_file
from tests.support.simulated_storage import MemoryStateFile

V, W = VoteTarget(b"v" * 32), VoteTarget(b"w" * 32)
PARTS = PartSetHeader(Uint(10), Hash(b"p" * 32))
NO_SIGNATURE = Signed(Signature(bytes(64)))
PREVOTE_1 = (PREVOTE, Height(1), Round(0))


async def test_votes_proposals_and_beacons_are_the_validators() -> None:
    async with signing(state_file()) as address:
        node = node_at(address)
        async with running(node):
            proposal = await asked(node.sign_proposal, Height(1), Round(0), ValidRound(-1), BlockId(V), PARTS)
            vote = await asked(node.sign_vote, *PREVOTE_1, V)
            output, proof = await asked(node.prove_beacon, b"alpha")
    assert isinstance(proposal, Proposal) and isinstance(vote, Vote)
    for signed in (proposal, vote):
        assert verify(VALIDATOR.public, signed.signing_bytes(CHAIN), signed.signature)
    assert vrf.verify(vrf_secret(VALIDATOR).public, b"alpha", proof) == output
    assert node.last_position == (1, 0, 2)


async def test_two_nodes_get_one_signature_for_a_position() -> None:
    async with signing(state_file()) as address:
        one, other = node_at(address, "node-0"), node_at(address, "node-1")
        async with running(one, other):
            first, second = await asyncio.gather(
                asked(one.sign_vote, *PREVOTE_1, V), asked(other.sign_vote, *PREVOTE_1, W)
            )
            signed = [answer for answer in (first, second) if isinstance(answer, Vote)]
            refused = [answer for answer in (first, second) if isinstance(answer, Refused)]
            assert len(signed) == len(refused) == 1
            assert refused[0].contradicts
            again = await asked(other.sign_vote, *PREVOTE_1, signed[0].target)
    assert again == signed[0]  # the same content gives the stored signature, to whoever asks


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_two_nodes_ask_no_position_gets_two_signatures(seed: int) -> None:
    draw = random.Random(seed)
    signed: dict[tuple[int, int, int], set[bytes]] = defaultdict(set)
    state = state_file()
    async with signing(state) as address:
        nodes = [node_at(address, "node-0"), node_at(address, "node-1")]
        async with running(*nodes):

            async def ask(node_index: int) -> None:
                for _ in range(25):
                    type_, height, round_ = draw.choice((PREVOTE, PRECOMMIT)), draw.randint(1, 3), draw.randint(0, 2)
                    target = draw.choice((V, W, NIL))
                    answer = await asked(nodes[node_index].sign_vote, type_, Height(height), Round(round_), target)
                    if isinstance(answer, Vote):
                        signed[height, round_, type_].add(answer.signature)

            await asyncio.gather(ask(0), ask(1))
    assert signed and all(len(signatures) == 1 for signatures in signed.values())


async def test_the_guard_holds_across_a_restart_of_the_signer_and_the_node_comes_back_by_itself() -> None:
    state = state_file()
    async with AsyncExitStack() as signer:
        address = await signer.enter_async_context(signing(state))
        node = node_at(address)
        async with running(node):
            first = await asked(node.sign_vote, *PREVOTE_1, V)
            await signer.aclose()
            with pytest.raises(SignerAway):
                await asked(node.sign_vote, *PREVOTE_1, V)
            async with signing(state, address.port):
                await eventually(lambda: node.connected)
                assert await asked(node.sign_vote, *PREVOTE_1, W) == Refused((1, 0, 2), (1, 0, 2))
                assert await asked(node.sign_vote, *PREVOTE_1, V) == first


# Without a signer


async def test_without_a_link_the_node_is_silent_at_once() -> None:
    node = node_at(Address("127.0.0.1", 1))
    with pytest.raises(SignerAway, match="not reached yet"):
        await asked(node.sign_vote, *PREVOTE_1, V)
    async with running(node, connected=False):
        await eventually(lambda: "refused" in node.trouble.lower() or "connect" in node.trouble.lower())
        with pytest.raises(SignerAway):
            await asked(node.sign_vote, *PREVOTE_1, V)
        with pytest.raises(SignerAway):
            await asked(node.prove_beacon, b"alpha")


async def test_a_signer_that_does_not_answer_costs_its_timeout_and_no_time_of_the_event_loop() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    async with false_signer(lambda question: None) as address:
        node = node_at(address, timeout=0.2)
        async with running(node):
            before = node._session
            ticking = asyncio.create_task(tick())
            with pytest.raises(SignerAway, match="within"):
                await asked(node.sign_vote, *PREVOTE_1, V)
            assert ticks > 3  # it went on meanwhile
            ticking.cancel()
            await eventually(lambda: node.connected and node._session is not before)  # the link was made anew


async def test_a_stopped_event_loop_keeps_no_thread_for_ever() -> None:
    async with signing(state_file()) as address:
        node = node_at(address, timeout=0.05)
        async with running(node):
            waiting = asyncio.get_running_loop().run_in_executor(None, node.sign_vote, *PREVOTE_1, V)
            time.sleep(0.2)  # noqa: ASYNC251  nothing turns
            await asyncio.wait([waiting], timeout=10)
            assert waiting.done()


# Who may


async def test_a_node_that_the_settings_do_not_name_gets_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "node.remote_signer.server")
    async with signing(state_file(), nodes=("node-1",)) as address:
        node = node_at(address, "node-0")
        async with running(node, connected=False):
            await eventually(lambda: key("node-0").public.hex() in caplog.text)
            with pytest.raises(SignerAway):
                await asked(node.sign_vote, *PREVOTE_1, V)
    assert "is not among `nodes`" in caplog.text


async def test_strangers_who_say_nothing_keep_no_node_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "HANDSHAKE_SECONDS", 600.0)
    async with signing(state_file()) as address:
        transport = WebSocketTransport()
        idle = [await transport.dial(address) for _ in range(MAX_HANDSHAKES + 2)]
        node = node_at(address)
        async with running(node):
            assert isinstance(await asked(node.sign_vote, *PREVOTE_1, V), Vote)
        await asyncio.gather(*(link.close("done") for link in idle))
        await transport.close()


async def test_a_signer_of_another_identity_learns_nothing() -> None:
    async with signing(state_file()) as address:
        node = node_at(address, expected=NodeId(key("another").public))
        async with running(node, connected=False):
            await eventually(lambda: "expects" in node.trouble)
            assert not node.connected


async def test_a_signer_for_another_validator_is_not_believed() -> None:
    other = key("other validator")
    state = MemoryStateFile(nothing_signed(CHAIN, other.public))  # type: ignore[arg-type]
    async with signing(state, secret=other) as address:
        node = node_at(address)
        async with running(node, connected=False):
            await eventually(lambda: "signs for validator" in node.trouble)
            with pytest.raises(SignerAway, match="signs for validator"):
                await asked(node.sign_vote, *PREVOTE_1, V)


async def test_a_node_of_another_chain_does_not_get_through_the_handshake() -> None:
    async with signing(state_file()) as address:
        node = node_at(address, chain_id=ChainId("other-chain"))
        async with running(node, connected=False):
            await eventually(lambda: "network" in node.trouble or "closed" in node.trouble)
            assert not node.connected


# What is said


@asynccontextmanager
async def false_signer(reply: Callable[[Question], Answered | bytes | None]) -> AsyncIterator[Address]:
    """Proves the signer's identity and introduces itself, then answers what the test says; None for silence."""

    async def accept(link: Link) -> None:
        try:
            channel = await respond(link, IDENTITY, network_id(CHAIN), CountedEntropy("false"))
            await converse(link, channel)
        finally:
            await link.close("done")

    async def converse(link: Link, channel: Channel) -> None:
        while True:
            question = read_question(channel.open(await link.receive()))
            if question.asked.name == "introduce":
                answer: Answered | bytes | None = Introduced(VALIDATOR.public, Height(0), Round(0), Uint(0))
            else:
                answer = reply(question)
            if answer is not None:
                said = answer if isinstance(answer, bytes) else encode(Answer(question.number, answer))
                await link.send(channel.seal(said))

    transport = WebSocketTransport()
    address = await transport.listen(Address("127.0.0.1", 0), accept)
    try:
        yield address
    finally:
        await transport.stop()
        await transport.close()


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (lambda question: NO_SIGNATURE, "does not verify"),
        (lambda question: BeaconProved(bytes(64), bytes(80)), "something else"),
        (lambda question: b"\x00garbage", "of no use"),
        (
            lambda question: encode(Answer(Uint(question.number + 1), Signed(Signature(bytes(64))))),
            "it answers question",
        ),
    ],
)
async def test_useless_answers_are_no_signatures_and_end_the_link(
    reply: Callable[[Question], Answered | bytes | None], reason: str
) -> None:
    async with false_signer(reply) as address:
        node = node_at(address)
        async with running(node):
            before = node._session
            with pytest.raises(SignerAway, match=reason):
                await asked(node.sign_vote, *PREVOTE_1, V)
            await eventually(lambda: node.connected and node._session is not before)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\xc1",
        encode(Question(Uint(1), WantVote(*PREVOTE_1, V))) + b"\x00",
        encode(Question(Uint(1), WantVote(Uint(3), Height(1), Round(0), V))),
        encode(Question(Uint(1), WantBeacon(Blob(bytes(1_025))))),
        bytes(100_000),
    ],
)
async def test_a_useless_question_ends_the_link_and_signs_nothing(said: bytes) -> None:
    state = state_file()
    async with signing(state) as address:
        transport = WebSocketTransport()
        link = await transport.dial(address)
        entropy, expected = CountedEntropy("blunt"), NodeId(IDENTITY.public)
        channel = await initiate(link, key("node-0"), network_id(CHAIN), entropy, expected, lambda _node: None)
        await link.send(channel.seal(said))
        with pytest.raises(LinkClosed, match="UnusableWord"):
            await link.receive()
        await link.close("done")
        await transport.close()
    assert state.read().position == (0, 0, 0)


class FullDisk(MemoryStateFile):
    """Takes nothing."""

    def replace(self, state: LastSigned) -> None:
        raise SignerStateUnwritable(Path("signer_state.json"), "No space left on device")


async def test_a_signer_that_cannot_write_its_state_gives_no_signature_and_stops() -> None:
    state = FullDisk(state_file().read())
    with pytest.raises(SignerStateUnwritable):
        async with signing(state, ends=True) as address:
            node = node_at(address)
            async with running(node):
                with pytest.raises(SignerAway):
                    await asked(node.sign_vote, *PREVOTE_1, V)
