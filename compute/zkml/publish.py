"""Puts a quantised model, or another program, on a chain: verifying key, program and name, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain.execution.action import Action
from chain.types.scalars import Blob, Height, Name, ObjectId, ProgramId, Text, VkId
from client.errors import RpcFailed
from client.market import get_key, get_program, wait_active
from client.rpc import RpcClient
from client.wallet import Wallet
from compute.dev_keys import CircuitKeys
from compute.zkml.artifact import registration, save_artifact
from compute.zkml.provable import Provable
from contracts.registry.actions import Ceremony, PublishModel, RegisterKey, RegisterProgram
from contracts.registry.events import ModelPublished

Progress = Callable[[str], None]
KEY_UNKNOWN: Final = "KeyUnknown"
PROGRAM_UNKNOWN: Final = "ProgramUnknown"
ROYALTY_BPS: Final = 500


@dataclass(frozen=True, slots=True)
class Listing:
    """How a model is offered. royalty_bps: the owner's share of what is left of a price after the burn, in 1/10,000."""

    name: str
    version: str
    description: str
    royalty_bps: int = ROYALTY_BPS


@dataclass(frozen=True, slots=True)
class Published:
    """Where a model stands on chain. Tasks may name its program from `active_from` on.

    ceremony_named: whether the chain names the ceremony that the publisher does, if any. Somebody else may have
    registered the key first and named none or another; attesters can attest the true one all the same.
    """

    model: ObjectId
    program: ProgramId
    vk_id: VkId
    transaction: str
    height: Height
    active_from: Height
    folder: Path
    ceremony_named: bool


async def publish(
    wallet: Wallet,
    provable: Provable,
    keys: CircuitKeys,
    listing: Listing,
    models: Path,
    progress: Progress = lambda text: None,
    ceremony: Ceremony | None = None,
) -> Published:
    """Write the model's files under `models`, then register what the chain does not know of it yet, and its name.

    ceremony: the hashes of the ceremony that the keys come from. Waits until the key may be used. Raises RpcFailed for
    what the chain refuses (a name of somebody else's, a version that is taken, a program that somebody else registered
    first), TransactionFailed, TransactionExpired, Unreachable.
    """
    progress("writing the model's files")
    folder = save_artifact(models, provable, keys)
    program = registration(provable, keys, listing.royalty_bps)
    return await register(wallet, program, keys, listing, folder, progress, ceremony)


async def register(
    wallet: Wallet,
    program: RegisterProgram,
    keys: CircuitKeys,
    listing: Listing,
    folder: Path,
    progress: Progress = lambda text: None,
    ceremony: Ceremony | None = None,
) -> Published:
    """Register a program of any kind as far as the chain does not know it yet, and its name. As `publish`."""
    actions = await _missing(wallet.rpc, program, keys, ceremony)
    name = PublishModel(Name(listing.name), Name(listing.version), program.program, Text(listing.description))
    progress(f"registering {', '.join(action.name for action in (*actions, name))}")
    outcome = await wallet.submit([*actions, name])
    model = next(event["id"] for event in outcome.events if event["type"] == ModelPublished.name)
    progress("waiting until the key is active")
    key = await get_key(wallet.rpc, keys.vk_id)
    await wait_active(wallet.rpc, key.active_from)
    return Published(
        model=ObjectId(bytes.fromhex(model[2:])),
        program=program.program,
        vk_id=keys.vk_id,
        transaction=outcome.hash,
        height=Height(outcome.height or 0),
        active_from=key.active_from,
        ceremony_named=ceremony in (None, key.ceremony),
        folder=folder,
    )


async def _missing(
    rpc: RpcClient, program: RegisterProgram, keys: CircuitKeys, ceremony: Ceremony | None
) -> list[Action]:
    actions: list[Action] = []
    try:
        await get_key(rpc, keys.vk_id)
    except RpcFailed as failed:
        if failed.name != KEY_UNKNOWN:
            raise
        actions.append(RegisterKey(Blob(keys.compressed), ceremony))
    try:
        await get_program(rpc, program.program)
    except RpcFailed as failed:
        if failed.name != PROGRAM_UNKNOWN:
            raise
        actions.append(program)
    return actions
