"""What a call's secrecy hangs on is checked down to validators' signatures, so that no node can make up an epoch.

A node that answers alone could show an epoch under a data key of its own, sealed to the caller, or its own address in a
public register that notes go to: the chain would refuse the call, and the node could read it. So before anything is
sealed, the contract's record, its epochs and its registers are held against state that more than 2/3 of the
trusted power signed, and against the clock. Sealed registers, too, and how many notes were posted to inboxes: an older
content opens under the same key, and a call drawn up on it tells the node in the clear what only the last one may tell.
The height that a call counts from is that of the signed headers. Signed state may be `oldest_ms` old, 30 seconds unless
one says else: what was true within them, a node can still show.

Source: client/light; docs/contracts.md, "Which node to ask".
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from chain.codec import encode
from chain.state.keys import Key
from chain.types.scalars import Height
from client.light.client import LightClient
from compute.confidential.errors import ContractNotSigned, StateTooOld
from contracts.confidential import state
from contracts.confidential.queries import ContractState, ContractView, NumberedEpoch

OLDEST_MS: Final = 30_000  # unless one says else: older state could hide a change of readers, or what came since
NO_HEIGHT: Final = Height(0)
ATTEMPTS: Final = 8  # a block later than the answer is what can be proven
POLL_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Watch:
    """Who proves state, and the time by one's own clock, in milliseconds since 1970.

    oldest_ms: how long ago state may have been signed.
    """

    light: LightClient
    now_ms: int
    oldest_ms: int = OLDEST_MS


@dataclass(frozen=True, slots=True)
class Signed:
    """What signed state holds under a key, and the height of the block that signs it, which is final itself."""

    value: bytes | None
    height: Height


async def require_signed(watch: Watch, contract: ContractView) -> None:
    """That validators signed the contract's record, epochs and public registers as they are shown.

    Waits for the block that proves what was shown. Raises ContractNotSigned, StateTooOld and what
    LightClient.prove raises.
    """
    await _require(watch, _entries(contract))


async def require_signed_epochs(watch: Watch, contract: ContractView, known: ContractView) -> None:
    """The same of epochs that `known`, whose record was required before, does not show. Raises as require_signed."""
    more = [numbered for numbered in contract.epochs if known.epoch(numbered.number) is None]
    await _require(watch, (_epoch(contract, numbered) for numbered in more))


async def signed_state(watch: Watch, now: ContractState) -> ContractState:
    """What changes between calls, at the height of the newest header that signs how many notes each inbox has.

    Raises as require_signed.
    """
    record = await _signed(watch, state.contract_key(now.contract))
    if record.value is None:
        raise ContractNotSigned("record")
    return replace(now, height=await _require(watch, _counts(now), record.height))


async def _require(
    watch: Watch, entries: Iterable[tuple[Key, bytes | None, str]], height: Height = NO_HEIGHT
) -> Height:
    """The newest height at which an entry was signed, or `height`."""
    for key, expected, what in entries:
        for attempt in range(ATTEMPTS):
            signed = await _signed(watch, key)
            if signed.value == expected:
                height = max(height, signed.height)
                break
            if attempt + 1 < ATTEMPTS:
                await asyncio.sleep(POLL_SECONDS)
        else:
            raise ContractNotSigned(what)
    return height


def _entries(contract: ContractView) -> Iterator[tuple[Key, bytes | None, str]]:
    """Key, value and name of each entry of state that is checked; None for what is not stored."""
    own = contract.contract
    yield state.contract_key(own), encode(contract.record), "record"
    if contract.record.epoch and contract.epoch(contract.record.epoch) is None:
        raise ContractNotSigned(f"epoch {contract.record.epoch}")
    for numbered in contract.epochs:
        yield _epoch(contract, numbered)
    if len(contract.registers) != len(contract.record.registers):
        raise ContractNotSigned("list of registers")
    for index, (spec, register) in enumerate(zip(contract.record.registers, contract.registers, strict=True)):
        fresh = register == state.initial_register(spec)
        yield state.register_key(own, index), None if fresh else encode(register), f"register {spec.name!r}"


def _epoch(contract: ContractView, numbered: NumberedEpoch) -> tuple[Key, bytes | None, str]:
    key = state.epoch_key(contract.contract, numbered.number)
    return key, encode(numbered.epoch), f"epoch {numbered.number}"


def _counts(now: ContractState) -> Iterator[tuple[Key, bytes | None, str]]:
    for index, register in enumerate(now.registers):
        expected = encode(state.Posted(register.posted)) if register.posted else None
        yield state.posted_key(now.contract, index), expected, f"inbox of {register.name!r}"


async def _signed(watch: Watch, key: Key) -> Signed:
    """What signed state holds under a key. Raises StateTooOld, and as LightClient.prove."""
    proven = await watch.light.prove(key)
    age = watch.now_ms - proven.time
    if age > watch.oldest_ms:
        raise StateTooOld(age // 1_000, watch.oldest_ms // 1_000)
    return Signed(proven.value, Height(proven.height + 1))
