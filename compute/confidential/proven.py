"""What a call's secrecy hangs on is checked down to validators' signatures, so that no node can make up an epoch.

A node that answers alone could show an epoch under a data key of its own, sealed to the caller, or its own address in a
public register that notes go to: the chain would refuse the call, and the node could read it. So before anything is
sealed, the contract's record, its epochs and its public registers are held against state that more than 2/3 of the
trusted power signed, and against the clock. Sealed registers need no proof: they open under the epoch's key or not.

Source: client/light.py; docs/contracts.md, "Which node to ask".
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chain.codec import encode, from_json
from chain.state.keys import Key
from chain.types.block import Header
from client.light import Trusted, check_answer
from client.rpc import RpcClient
from compute.confidential.errors import ContractNotSigned, StateTooOld
from contracts.confidential import state
from contracts.confidential.queries import ContractView

OLDEST_MS: Final = 120_000  # older state could hide a change of readers
ATTEMPTS: Final = 8  # a block later than the answer is what can be proven
POLL_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Watch:
    """The validators that are trusted, and the time by one's own clock, in milliseconds since 1970."""

    trusted: Trusted
    now_ms: int


async def require_signed(rpc: RpcClient, watch: Watch, contract: ContractView) -> None:
    """That validators signed the contract's record, epochs and public registers as they are shown.

    Waits for the block that proves what was shown. Raises ContractNotSigned, StateTooOld, AnswerRefused and what
    check_answer raises, RpcFailed, Unreachable.
    """
    for key, expected, what in _entries(contract):
        for attempt in range(ATTEMPTS):
            if await _signed(rpc, watch, key) == expected:
                break
            if attempt + 1 < ATTEMPTS:
                await asyncio.sleep(POLL_SECONDS)
        else:
            raise ContractNotSigned(what)


def _entries(contract: ContractView) -> Iterator[tuple[Key, bytes | None, str]]:
    """Key, value and name of each entry of state that is checked; None for what is not stored."""
    own = contract.contract
    yield state.contract_key(own), encode(contract.record), "record"
    if contract.record.epoch and contract.epoch(contract.record.epoch) is None:
        raise ContractNotSigned(f"epoch {contract.record.epoch}")
    for numbered in contract.epochs:
        yield state.epoch_key(own, numbered.number), encode(numbered.epoch), f"epoch {numbered.number}"
    for index, (spec, register) in enumerate(zip(contract.record.registers, contract.registers, strict=True)):
        if not spec.sealed:
            fresh = register == state.initial_register(spec)
            yield state.register_key(own, index), None if fresh else encode(register), f"register {spec.name!r}"


async def _signed(rpc: RpcClient, watch: Watch, key: Key) -> bytes | None:
    """What signed state holds under a key. Raises StateTooOld, and as check_answer."""
    answer = await rpc.call("chain_getProof", key=key)
    proven = check_answer(watch.trusted, key, answer)
    age = watch.now_ms - from_json(Header, answer["header"]).time
    if age > OLDEST_MS:
        raise StateTooOld(age // 1_000)
    return proven.value
