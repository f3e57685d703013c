"""Puts a circom program on a chain: verifying key, program and name, in one transaction."""

from pathlib import Path

from client.wallet import Wallet
from compute.circom.compiler import Compiled
from compute.circom.errors import WrongSignals
from compute.circom.program import CircomManifest, circom_registration, save_circom
from compute.dev_keys import CircuitKeys
from compute.zkml.publish import Listing, Published, register
from contracts.registry.actions import Ceremony


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
    program = circom_registration(manifest, keys, listing.royalty_bps)
    return await register(wallet, program, keys, listing, folder, ceremony=ceremony)
