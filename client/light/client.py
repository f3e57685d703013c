"""A light client: follows a chain by headers and signatures, and proves what state holds, without a node of its own.

    light = LightClient(RpcSource(rpc), Anchors(genesis_anchor(genesis)), witnesses=[RpcSource(other)])
    proven = await light.prove(keys.account(account))

It starts from what its user believes, a genesis or a block named by somebody, and skips as far as more than 1/3 of the
trusted power has signed; where fewer have, it looks at a header in the middle first. Before anything is believed the
witnesses are asked for the same height: a second block that can be verified too is an attack, and nothing is believed.

Source: arXiv 2010.07031; CometBFT's light client, which works alike.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from chain.state.keys import Key
from chain.types.block import Header
from chain.types.scalars import BlockId, Height
from chain.types.sync import LightBlock
from client.errors import AnswerRefused, NotAnRpc, RpcFailed, Unreachable
from client.light.anchors import Anchors
from client.light.attack import Attack
from client.light.blocks import Anchor, anchor_of
from client.light.errors import (
    LightClientAttack,
    NotYetFinal,
    TooFewTrusted,
    TrustedOtherwise,
    TrustExpired,
    WitnessDisagrees,
)
from client.light.proofs import Proven, answer_of, proven_by
from client.light.rules import DEFAULTS, Terms, require_final, require_new, require_parent, verify_later
from client.light.source import Source
from crypto.errors import ClusterError

NO_ANSWER: Final = (RpcFailed, Unreachable, NotAnRpc, NotYetFinal)


class LightClient:
    """Use one per chain. `silent` and `liars` name witnesses that did not answer last time, and that were caught."""

    def __init__(
        self,
        source: Source,
        anchors: Anchors,
        *,
        witnesses: Sequence[Source] = (),
        terms: Terms = DEFAULTS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._source, self.anchors, self._terms, self._clock = source, anchors, terms, clock
        self._witnesses = list(witnesses)
        self.silent: list[str] = []
        self.liars: list[str] = []

    async def follow(self, height: Height | None = None) -> LightBlock:
        """The verified block of a height, by default of the node's head, which is not behind what is trusted already.

        Raises a LightError that says why not, WrongCommit, BadSignature, and what the source raises.
        """
        block = await self._source.block(height)
        if height is None:
            require_new(self.anchors.newest, block.header, self._terms)
        await self._believe(block)
        return block

    async def prove(self, key: Key, height: Height | None = None) -> Proven:
        """What state held under `key` after a height, by default the newest that is signed.

        Raises AnswerRefused, InvalidProof, and as follow.
        """
        answer = answer_of(await self._source.proof(key, height))
        if height is not None and answer.header.height != height + 1:
            raise AnswerRefused(f"height {height} was asked for, and {answer.header.height - 1} came")
        if height is None:
            require_new(self.anchors.newest, answer.header, self._terms)
        await self._believe_header(answer.header)
        return proven_by(answer.header, key, answer.proof)

    async def _believe_header(self, header: Header) -> None:
        known = self.anchors.at_or_below(header.height)
        if known is not None and known.height == header.height and known.block_id == header.id():
            return
        block = await self._source.block(header.height)
        if block.header != header:
            raise TrustedOtherwise(header.height, block.header.id(), header.id())
        await self._believe(block)

    async def _believe(self, block: LightBlock) -> None:
        anchor = self.anchors.at_or_below(block.height)
        if anchor is None:
            await self._descend(block)
            return
        if anchor.height == block.height:
            _require_known(anchor, block.header.id())
            return
        trace = await self._verify(anchor, block, self._source)
        await self._ask_witnesses(block)
        self.anchors.add(map(anchor_of, trace))

    async def _verify(self, anchor: Anchor, target: LightBlock, source: Source) -> list[LightBlock]:
        """The blocks that lead from `anchor` to `target`, each believed because of the one before."""
        trace, pending = list[LightBlock](), [target]
        while pending:
            try:
                verify_later(anchor, pending[-1], self._now_ms(), self._terms)
            except TooFewTrusted:
                require_final(pending[-1], anchor.chain_id)  # before anybody is asked again because of it
                pending.append(await source.block(Height((anchor.height + pending[-1].height) // 2)))
                continue
            trace.append(pending.pop())
            anchor = anchor_of(trace[-1])
        return trace

    async def _descend(self, block: LightBlock) -> None:
        """Believe a block below all that is trusted: header by header, each names the one before. It is not kept."""
        upper = self.anchors.above(block.height)
        header = (await self._source.block(upper.height)).header
        _require_known(upper, header.id())
        while header.height > block.height + 1:
            below = (await self._source.block(Height(header.height - 1))).header
            require_parent(header, below)
            header = below
        require_parent(header, block.header)
        require_final(block, upper.chain_id)

    async def _ask_witnesses(self, block: LightBlock) -> None:
        """Raises LightClientAttack, WitnessDisagrees; who does not answer is silent, who cannot show why is a liar."""
        self.silent = []
        for witness in tuple(self._witnesses):
            try:
                other = await witness.block(block.height)
                if other.header.id() == block.header.id():
                    continue
                common = await self._common(witness, block.height)
                await self._verify(common, other, witness)
            except NO_ANSWER:
                self.silent.append(witness.name)
            except TrustExpired as expired:
                raise WitnessDisagrees(witness.name, block.height, expired.height) from expired
            except ClusterError:
                self._witnesses.remove(witness)
                self.liars.append(witness.name)
            else:
                raise LightClientAttack(Attack(common.height, block, other))

    async def _common(self, witness: Source, height: Height) -> Anchor:
        """The highest of what is trusted below `height` that a witness shows too; of the root nobody is asked."""
        for anchor in self.anchors.downwards(Height(height - 1)):
            if anchor != self.anchors.root and (await witness.block(anchor.height)).header.id() != anchor.block_id:
                continue
            return anchor
        return self.anchors.root

    def _now_ms(self) -> int:
        return int(1000 * self._clock())


async def named_anchor(source: Source, height: Height, block_id: BlockId) -> Anchor:
    """Trust in a block that somebody named by height and id: the node fills in the rest, and cannot lie about it.

    Raises TrustedOtherwise, require_final's errors, and what the source raises.
    """
    block = await source.block(height)
    if block.header.id() != block_id:
        raise TrustedOtherwise(height, block_id, block.header.id())
    require_final(block, block.header.chain_id)
    return anchor_of(block)


def _require_known(anchor: Anchor, block_id: BlockId) -> None:
    if anchor.block_id != block_id:
        raise TrustedOtherwise(anchor.height, anchor.block_id, block_id)
