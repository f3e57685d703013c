"""`cluster ceremony`: vouch with a bond for keys that come from a multi-party setup."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

from chain.execution.action import Action
from chain.types.scalars import Amount, Hash, VkId
from client.market import KeyState, get_key_state, list_attesters
from client.rpc import RpcClient
from contracts.registry.ceremony_actions import (
    AttestCeremony,
    BondAttester,
    Ceremony,
    ReleaseAttester,
    UnbondAttester,
    WithdrawAttestation,
    require_same_ceremony,
)
from contracts.registry.events import AttesterBondChanged
from contracts.registry.state import KeyRecord
from crypto.address import encode_address
from crypto.groth16.ceremony import CeremonyReport, check_ceremony, transcript_hash
from crypto.groth16.encoding import compress_key, key_id
from crypto.groth16.powers import read_powers
from crypto.groth16.zkey import read_zkey
from crypto.r1cs.r1cs_file import read_r1cs
from node.cli.amounts import parse_amount, show_amount
from node.cli.errors import BadArgument, CliError
from node.cli.frame import add_command, subcommands
from node.cli.keyring import add_key_arguments, open_wallet
from node.cli.screen import Json, Screen

ID_BYTES: Final = 32


def register(parser: argparse.ArgumentParser) -> None:
    commands = subcommands(parser)
    show = add_command(commands, "show", "the ceremony that a key names, and who attests it", _show, rpc=True)
    attest = add_command(
        commands,
        "attest",
        "check the files of a key's ceremony, and attest it with a bonded account",
        _attest,
        rpc=True,
    )
    attest.add_argument("--zkey", type=Path, required=True, help="the final .zkey: key and transcript in one")
    attest.add_argument("--r1cs", type=Path, required=True, help="the .r1cs that you compiled from the source")
    attest.add_argument("--ptau", type=Path, required=True, help="the powers of tau that the ceremony began with")
    attest.add_argument(
        "--initial", type=Path, metavar="ZKEY", help="the key before the first contribution, if at hand"
    )
    attest.add_argument("--unnamed", action="store_true", help="whatever ceremony the key's registrant named")
    withdraw = add_command(commands, "withdraw", "take an attestation back, at once", _withdraw, rpc=True)
    for command in (show, attest, withdraw):
        command.add_argument("key_id", metavar="VK_ID", help="the verifying key's id, 0x-hex")
    bond = add_command(commands, "bond", "become an attester, or raise the bond", _bond, rpc=True)
    bond.add_argument("amount", help="CLU such as 100, or nano-CLU such as 500n")
    unbond = add_command(commands, "unbond", "stop attesting, and ask for the bond back", _unbond, rpc=True)
    release = add_command(commands, "release", "take the bond back when its delay is over", _release, rpc=True)
    for command in (attest, withdraw, bond, unbond, release):
        add_key_arguments(command)
    add_command(commands, "list", "who attests ceremonies, with which bond", _list, rpc=True)


class ZkeyOfAnotherKey(CliError):
    """A proving key's verifying key is not the registered one."""

    code = 7320

    def __init__(self, path: Path, vk_id: VkId, got: VkId) -> None:
        super().__init__(
            f"{path} is of verifying key 0x{got.hex()}, not of 0x{vk_id.hex()}; get the file of the registered key."
        )
        self.path, self.vk_id, self.got = str(path), vk_id, got


@dataclass(frozen=True, slots=True)
class Files:
    """What an attester has of a ceremony. initial: the key before the first contribution, if at hand.

    unnamed: they may be of another ceremony than the key's registrant named.
    """

    zkey: Path
    r1cs: Path
    ptau: Path
    initial: Path | None
    unnamed: bool = False


def checked_ceremony(
    key: KeyRecord, files: Files, tell: Callable[[str], None] = lambda text: None
) -> tuple[Ceremony, CeremonyReport]:
    """Everything that the files show of a registered key: they make it, and are those that its registrant named.

    Raises NoCeremony, CeremonyMismatch, ZkeyOfAnotherKey, what `check_ceremony` and the files' readers raise, OSError.
    """
    zkey = read_zkey(files.zkey.read_bytes())
    ceremony = Ceremony(file_hash(files.ptau), file_hash(files.r1cs), Hash(transcript_hash(zkey)))
    if not files.unnamed:
        require_same_ceremony(key, ceremony)
    got = VkId(key_id(compress_key(zkey.verifying())))
    if got != key.vk_id:
        raise ZkeyOfAnotherKey(files.zkey, key.vk_id, got)
    tell("checking every point against circuit, powers of tau and contributions")
    powers = read_powers(files.ptau.read_bytes(), zkey.header.domain)
    initial = None if files.initial is None else read_zkey(files.initial.read_bytes())
    return ceremony, check_ceremony(zkey, read_r1cs(files.r1cs.read_bytes()), powers, initial)


def file_hash(path: Path) -> Hash:
    """The SHA-256 of a file of any size. Raises OSError."""
    with path.open("rb") as file:
        return Hash(file_digest(file, "sha256").digest())


async def _show(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        key = await get_key_state(rpc, _vk_id(arguments.key_id))
    document = _key_json(key)
    screen.pairs([(name, value) for name, value in document.items() if name not in ("ceremony", "attestations")])
    for name, value in (document["ceremony"] or {}).items():
        screen.line(f"  {name}: {value}")
    rows = [
        (entry["attester"], entry["height"], "" if entry["as_named"] else entry["ceremony"]["transcript"])
        for entry in document["attestations"]
    ]
    screen.table("", ("attester", "since height", "transcript, if not the registrant's"), rows)
    return document


async def _attest(arguments: argparse.Namespace, screen: Screen) -> Json:
    vk_id = _vk_id(arguments.key_id)
    async with RpcClient(arguments.rpc) as rpc:
        key = await get_key_state(rpc, vk_id)
        with screen.progress("hashing the files") as step:
            files = Files(arguments.zkey, arguments.r1cs, arguments.ptau, arguments.initial, arguments.unnamed)
            ceremony, report = checked_ceremony(key.record, files, step.describe)
        for number, one in enumerate(report.contributions, 1):
            screen.line(f"contribution {number}{' (beacon)' if one.beacon else ''}: {one.name}, hash {one.hash.hex()}")
        document = await _submitted(arguments, rpc, AttestCeremony(vk_id, ceremony), screen)
        key = await get_key_state(rpc, vk_id)
    screen.pairs([("evidence", key.strength)])
    contributions = [{"name": one.name, "hash": "0x" + one.hash.hex()} for one in report.contributions]
    return {**document, "vk_id": "0x" + vk_id.hex(), "evidence": key.strength, "contributions": contributions}


async def _withdraw(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        return await _submitted(arguments, rpc, WithdrawAttestation(_vk_id(arguments.key_id)), screen)


async def _bond(arguments: argparse.Namespace, screen: Screen) -> Json:
    action = BondAttester(Amount(parse_amount(arguments.amount)))
    async with RpcClient(arguments.rpc) as rpc:
        return await _submitted(arguments, rpc, action, screen)


async def _unbond(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        return await _submitted(arguments, rpc, UnbondAttester(), screen)


async def _release(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        return await _submitted(arguments, rpc, ReleaseAttester(), screen)


async def _list(arguments: argparse.Namespace, screen: Screen) -> Json:
    async with RpcClient(arguments.rpc) as rpc:
        attesters = await list_attesters(rpc)
    listed = [
        {
            "attester": encode_address(entry.record.account),
            "bond": str(entry.bond),
            "since": entry.record.bonded_at,
            "release_at": entry.record.release_at,
        }
        for entry in attesters
    ]
    rows = [(e["attester"], show_amount(str(e["bond"])), e["since"], e["release_at"] or "bonded") for e in listed]
    screen.table("", ("attester", "bond", "since height", "release from height"), rows)
    return {"attesters": listed}


async def _submitted(arguments: argparse.Namespace, rpc: RpcClient, action: Action, screen: Screen) -> dict[str, Any]:
    """Send one action and wait until it is final; what is known then."""
    wallet = await open_wallet(arguments, rpc)
    with screen.progress("waiting for the block"):
        outcome = await wallet.submit([action])
    document: dict[str, Any] = {"account": wallet.address, "hash": outcome.hash, "height": outcome.height}
    for event in outcome.events:
        if event["type"] == AttesterBondChanged.name:
            document |= {"bond": str(event["bond"]), "release_at": event["release_at"]}
    screen.pairs([(name, show_amount(value) if name == "bond" else value) for name, value in document.items()])
    return document


def _key_json(key: KeyState) -> dict[str, Any]:
    record, named = key.record, key.record.ceremony
    return {
        "vk_id": "0x" + record.vk_id.hex(),
        "registrant": encode_address(record.registrant),
        "evidence": key.strength,
        "frozen_at": record.frozen_at,
        "ceremony": None if named is None else _hashes(named),
        "attestations": [
            {
                "attester": encode_address(entry.attester),
                "height": entry.attested_at,
                "as_named": entry.ceremony == named,
                "ceremony": _hashes(entry.ceremony),
            }
            for entry in key.attestations
        ],
    }


def _hashes(ceremony: Ceremony) -> dict[str, str]:
    return {name: "0x" + getattr(ceremony, name).hex() for name in ("ptau", "r1cs", "transcript")}


def _vk_id(text: str) -> VkId:
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != ID_BYTES:
        raise BadArgument("VK_ID", "an id of 32 bytes in 0x-hex", text)
    return VkId(found)
