"""What a light client keeps of what it believes."""

import re
from dataclasses import dataclass
from typing import Final, Self

from chain.codec import wire
from chain.types.genesis import Genesis
from chain.types.scalars import BlockId, ChainId, Hash, Height, Timestamp
from chain.types.sync import LightBlock
from chain.types.validators import ValidatorSet

_FORM: Final = re.compile(r"([0-9]{1,18}):(?:0x)?([0-9a-fA-F]{64})")


@dataclass(frozen=True, slots=True)
class Trust:
    """A block that somebody vouches for."""

    height: Height
    block_id: BlockId

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """From HEIGHT:BLOCK_ID, the id as hex with or without 0x; None for another form."""
        parts = _FORM.fullmatch(text)
        return None if parts is None else cls(Height(int(parts[1])), BlockId(bytes.fromhex(parts[2])))

    def __str__(self) -> str:
        return f"{self.height}:0x{self.block_id.hex()}"


@wire()
@dataclass(frozen=True, slots=True)
class Anchor:
    """What is believed of one height, enough to judge later ones; of genesis, height 0, the block id is its hash."""

    chain_id: ChainId
    height: Height
    block_id: BlockId
    time: Timestamp
    validators: ValidatorSet
    next_validators_hash: Hash


def anchor_of(block: LightBlock) -> Anchor:
    """What stays of a block that was verified."""
    header = block.header
    return Anchor(
        header.chain_id, header.height, header.id(), header.time, block.validators, header.next_validators_hash
    )


def genesis_anchor(genesis: Genesis) -> Anchor:
    """Trust in a genesis document: in whom it lets vote first."""
    validators = ValidatorSet(tuple(entry.validator for entry in genesis.validators))
    return Anchor(genesis.chain_id, Height(0), BlockId(genesis.hash()), genesis.time, validators, validators.hash())
