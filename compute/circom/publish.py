"""Puts a circom program on a chain: verifying key, program and name, in one transaction."""

from pathlib import Path

from chain.execution.action import Action
from chain.types.scalars import Blob, Height, Name, ObjectId, ProgramId, Text
from client.errors import RpcFailed
from client.market import get_key, get_program
from client.rpc import RpcClient
from client.wallet import Wallet
from compute.circom.compiler import Compiled
from compute.circom.errors import WrongSignals
from compute.circom.program import CircomManifest, circom_program_id, circom_registration, save_circom
from compute.dev_keys import CircuitKeys
from compute.zkml.publish import KEY_UNKNOWN, PROGRAM_UNKNOWN, Listing, Published, wait_active
from contracts.registry.actions import Ceremony, PublishModel, RegisterKey
from contracts.registry.events import ModelPublished


async def publish_circom(
    wallet: Wallet,
    compiled: Compiled,
    manifest: CircomManifest,
    keys: CircuitKeys,
    listing: Listing,
    models: Path,
    ceremony: Ceremony | None = None,
) -> Published:
    """Write the program's files under `models`, then register what the chain does not know of it yet, and its name.

    ceremony: the hashes of the ceremony that the keys come from. Waits until the key may be used. Raises WrongSignals
    when the circuit has not the manifest's number of public signals, RpcFailed for what the chain refuses,
    TransactionFailed, TransactionExpired, Unreachable.
    """
    due = manifest.outputs + (3 if manifest.bound else 1)
    if compiled.circuit.public_count != due:
        raise WrongSignals("count", compiled.circuit.public_count, due)
    folder = save_circom(models, compiled, manifest, keys)
    program = circom_program_id(manifest, keys)
    actions = await _missing(wallet.rpc, manifest, keys, program, listing, ceremony)
    name = PublishModel(Name(listing.name), Name(listing.version), program, Text(listing.description))
    outcome = await wallet.submit([*actions, name])
    model = next(event["id"] for event in outcome.events if event["type"] == ModelPublished.name)
    key = await get_key(wallet.rpc, keys.vk_id)
    await wait_active(wallet.rpc, key.active_from)
    return Published(
        model=ObjectId(bytes.fromhex(model[2:])),
        program=program,
        vk_id=keys.vk_id,
        transaction=outcome.hash,
        height=Height(outcome.height or 0),
        active_from=key.active_from,
        ceremony_named=ceremony in (None, key.ceremony),
        folder=folder,
    )


async def _missing(
    rpc: RpcClient,
    manifest: CircomManifest,
    keys: CircuitKeys,
    program: ProgramId,
    listing: Listing,
    ceremony: Ceremony | None,
) -> list[Action]:
    actions: list[Action] = []
    try:
        await get_key(rpc, keys.vk_id)
    except RpcFailed as failed:
        if failed.name != KEY_UNKNOWN:
            raise
        actions.append(RegisterKey(Blob(keys.compressed), ceremony))
    try:
        await get_program(rpc, program)
    except RpcFailed as failed:
        if failed.name != PROGRAM_UNKNOWN:
            raise
        actions.append(circom_registration(manifest, keys, listing.royalty_bps))
    return actions
