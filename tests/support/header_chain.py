"""A chain of headers alone, really signed, whose validators change as a test wants; and nodes that show it, or lie."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from chain.params import DEVNET
from chain.state.keys import Key
from chain.types.block import Header
from chain.types.genesis import Genesis, GenesisValidator
from chain.types.scalars import (
    AccountId,
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
    VrfKey,
    VrfOutput,
    VrfProof,
)
from chain.types.sync import LightBlock
from chain.types.validators import Validator, ValidatorSet
from chain.types.vote import PRECOMMIT, Commit, CommitSignature, vote_signing_bytes
from client.light.errors import NotYetFinal
from crypto.keys import SecretKey

CHAIN = ChainId("headers")
START = Timestamp(1_700_000_000_000)
BLOCK_MS = 1_000
EMPTY = Hash(bytes(32))


def secret(number: int) -> SecretKey:
    return SecretKey(number.to_bytes(32, "big"))


def set_of(numbers: Sequence[int]) -> ValidatorSet:
    """Validators of equal power, known by numbers."""
    keys = sorted(secret(number).public for number in numbers)
    return ValidatorSet(tuple(Validator(ValidatorId(key), VrfKey(bytes(32)), Power(10)) for key in keys))


def signed(header: Header, numbers: Sequence[int], round_: int = 0) -> Commit:
    """A commit of a header by these validators."""
    target = VoteTarget(header.id())
    message = vote_signing_bytes(header.chain_id, PRECOMMIT, header.height, Round(round_), target)
    entries = [CommitSignature(ValidatorId(key.public), Signature(key.sign(message))) for key in map(secret, numbers)]
    return Commit(header.height, Round(round_), header.id(), tuple(sorted(entries, key=lambda entry: entry.validator)))


@dataclass
class HeaderChain:
    """`members(height)`: the numbers of the validators in force; `signers(height)`: who of them signs, else all.

    fork: marks the headers from a height on, so that two chains part there.
    """

    length: int
    members: Callable[[int], Sequence[int]] = lambda height: (1, 2, 3, 4)
    signers: Callable[[int], Sequence[int]] | None = None
    forked_from: int = 1_000_000
    round: Callable[[int], int] = lambda height: 0
    state_roots: dict[int, bytes] = field(default_factory=dict)

    @cached_property
    def genesis(self) -> Genesis:
        validators = tuple(
            GenesisValidator(validator, AccountId(bytes(32)), Name("v"))
            for validator in set_of(self.members(1)).validators
        )
        return Genesis(CHAIN, START, DEVNET, validators, (), ())

    @cached_property
    def blocks(self) -> list[LightBlock]:
        """Of heights 1 ... length; the block of height h stands at h - 1."""
        blocks, parent = list[LightBlock](), BlockId(self.genesis.hash())
        for height in range(1, self.length + 1):
            blocks.append(self._block(height, parent))
            parent = blocks[-1].header.id()
        return blocks

    def _block(self, height: int, parent: BlockId) -> LightBlock:
        now, later = set_of(self.members(height)), set_of(self.members(height + 1))
        header = Header(
            protocol_version=Uint(1),
            app_version=Uint(1),
            chain_id=CHAIN,
            height=Height(height),
            time=Timestamp(START + height * BLOCK_MS),
            proposer=now.validators[0].public_key,
            parent_id=parent,
            last_commit_hash=EMPTY,
            tx_root=EMPTY if height < self.forked_from else Hash(b"\x01" * 32),
            evidence_root=EMPTY,
            validators_hash=now.hash(),
            next_validators_hash=later.hash(),
            params_hash=EMPTY,
            beacon_output=VrfOutput(bytes(64)),
            beacon_proof=VrfProof(bytes(80)),
            state_root=Hash(self.state_roots.get(height, bytes(32))),
            receipts_root=EMPTY,
        )
        signers = self.members(height) if self.signers is None else self.signers(height)
        return LightBlock(header, signed(header, signers, self.round(height)), now)

    def at(self, height: int) -> LightBlock:
        return self.blocks[height - 1]


class ChainSource:
    """A node that shows a chain of headers, counts what it is asked, and bends what a test wants bent."""

    def __init__(self, chain: HeaderChain, name: str = "node") -> None:
        self.chain, self.name = chain, name
        self.asked = list[int]()
        self.bent = dict[int, LightBlock | Exception]()
        self.proofs = dict[Key, dict[str, Any]]()

    async def block(self, height: Height | None = None) -> LightBlock:
        at = self.chain.length if height is None else height
        self.asked.append(at)
        found = self.bent.get(at)
        if isinstance(found, Exception):
            raise found
        if found is not None:
            return found
        if at > self.chain.length:
            raise NotYetFinal(self.name, Height(at))
        return self.chain.at(at)

    async def proof(self, key: Key, height: Height | None = None) -> dict[str, Any]:
        return self.proofs[key]


def bent(block: LightBlock, **header: Any) -> LightBlock:
    """The block with another header, under its old commit."""
    return replace(block, header=replace(block.header, **header))
