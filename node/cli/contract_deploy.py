"""`cluster contract deploy`: register a contract's circuits, create it together with its first readers."""

import argparse
import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from client.rpc import RpcClient
from client.wallet import Wallet
from compute.confidential.keys import ReaderKey, encode_reader, reader_key
from compute.confidential.on_chain import deploy_contract, register_circuits
from compute.confidential.prover import CircuitSource, Prover
from compute.confidential.reader_changes import sealing_circuit
from compute.dev_keys import CircuitKeys, DevKeys
from contracts.confidential.description import MAX_READERS
from contracts.notes.output import Point
from node.cli.contract_source import Source, add_source, contract_id, labelled, load_source, remember
from node.cli.contract_values import NOTE, named_value, read_value
from node.cli.errors import BadArgument
from node.cli.frame import add_command
from node.cli.keyring import add_key_arguments, open_account
from node.cli.places import cache_folder
from node.cli.recipients import reader_or_own
from node.cli.screen import PARTS, Json, Screen, Step

if TYPE_CHECKING:
    from compute.dsl.compiled import Compiled
    from node.cli.frame import Commands

MOST_READERS: Final = 3
DEVELOPMENT: Final = "its circuits' keys are of a setup on this machine (insecure-dev): who made them could forge calls"
_LABEL: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def add_deploy(commands: "Commands") -> None:
    """Adds the command to its group."""
    new = add_command(commands, "deploy", "register a contract's circuits and create it on a chain", _deploy, rpc=True)
    add_source(new)
    new.add_argument(
        "--reader",
        metavar="READER",
        action="append",
        help="a first reader: clur1..., a key without a passphrase, or `me`; repeatable (default: the deployer)",
    )
    new.add_argument(
        "--most-readers",
        type=int,
        default=MOST_READERS,
        metavar="N",
        help=f"how many readers it can ever have; each count is a circuit of its own (default: {MOST_READERS})",
    )
    new.add_argument(
        "--fixed-readers",
        action="store_true",
        help="its readers stay those for ever; so are, without asking, those of a class with fixed_readers = True",
    )
    new.add_argument(
        "--initial", metavar="NAME=VALUE", action="append", default=[], help="first content of a public register"
    )
    new.add_argument("--label", help="what other commands call it here (default: the class's name)")
    add_key_arguments(new)


async def _deploy(arguments: argparse.Namespace, screen: Screen) -> Json:
    if not 1 <= arguments.most_readers <= MAX_READERS:
        raise BadArgument("--most-readers", f"1 to {MAX_READERS}", str(arguments.most_readers))
    with screen.progress("compiling"):
        source = load_source(arguments.source)
    compiled = source.cls.compiled
    label = _label(arguments.label, source)
    before = labelled(label)
    initial = _initial(compiled, arguments.initial)
    async with RpcClient(arguments.rpc) as rpc:
        secret, wallet = await open_account(arguments, rpc)
        first = _first_readers(arguments, compiled, reader_key(secret.seed))
        with screen.progress("keys of circuits", parts=PARTS) as step:
            document = await _create(wallet, compiled, first, initial, step)
    path = remember(label, contract_id(str(document["contract"])), source, wallet.identity)
    screen.pairs([*document.items(), ("label", label)])
    if before is not None:
        screen.line(f"{label} meant {before} until now; name that one by its id, or deploy under another --label")
    screen.line(DEVELOPMENT)
    for text in what_comes_next(compiled, label, arguments.key):
        screen.line(text)
    return {**document, "label": label, "replaced": before, "file": str(path)}


@dataclass(frozen=True, slots=True)
class FirstReaders:
    """With whom a contract begins, nobody if it seals nothing. counts: how many readers it can ever have."""

    points: tuple[Point, ...]
    counts: tuple[int, ...]
    fixed: bool


async def _create(
    wallet: Wallet, compiled: "Compiled", first: FirstReaders, initial: Mapping[str, object], step: Step
) -> dict[str, object]:
    """Circuits, then the contract with its readers."""
    from compute.dsl.deployment import deploy

    prover = Prover(DevKeys(cache_folder()))
    counts = first.counts
    sources = [*(method.source for method in compiled.methods), *map(sealing_circuit, counts)]
    made = [await _keys(prover, source, step, place / len(sources)) for place, source in enumerate(sources)]
    keys = {method.name: circuit for method, circuit in zip(compiled.methods, made, strict=False)}
    sealing = dict(zip(counts, made[len(keys) :], strict=True))
    step.restart("registering circuit keys", known=False)
    registered = await register_circuits(wallet, made, step.describe)
    step.describe("deploying" + (", and sealing the first data key to its readers" if first.points else ""))
    action = deploy(compiled, keys, sealing, initial, fixed_readers=first.fixed)
    contract, outcome = await deploy_contract(wallet, prover, action, first.points)
    return {
        "contract": "0x" + contract.hex(),
        "class": compiled.name,
        "owner": wallet.address,
        "readers": [encode_reader(reader) for reader in first.points],
        "fixed_readers": first.fixed,
        "most_readers": max(counts, default=0),
        "keys_registered": registered,
        "transaction": outcome.hash,
        "height": outcome.height,
    }


async def _keys(prover: Prover, source: CircuitSource, step: Step, done: float) -> CircuitKeys:
    """The circuit's keys, by a setup if this machine has none; `done`: the share of all that came before."""
    step.describe(f"keys of {source.name}")
    step.reach(done)
    return await asyncio.to_thread(prover.keys, source)


def what_comes_next(compiled: "Compiled", label: str, key: str) -> Iterator[str]:
    """A call of each method; where one spends notes, also what shows their numbers."""
    spending = False
    for method in compiled.methods:
        given = [f"{NOTE}NUMBER" if each.spent else each.name.upper() for each in method.declaration.parameters]
        spending |= bool(method.shape.spends)
        yield " ".join(["next: cluster contract call", label, method.name, *given, "--key", key])
    if spending:
        yield f"{NOTE}NUMBER is a note of the account's: cluster contract read {label} --key {key}"


def _label(given: str | None, source: Source) -> str:
    label = source.name.lower() if given is None else given
    if not _LABEL.fullmatch(label):
        raise BadArgument("--label", "a-z, 0-9, _ and -", label)
    return label


def _initial(compiled: "Compiled", given: Sequence[str]) -> dict[str, object]:
    """First contents of public registers. Raises BadArgument."""
    kinds = {each.name: each.kind for each in compiled.declaration.registers if not each.sealed}
    found: dict[str, object] = {}
    for text in given:
        name, value = named_value("--initial", text)
        if name not in kinds:
            raise BadArgument("--initial", "a public register: " + (", ".join(kinds) or "there is none"), name)
        found[name] = read_value(kinds[name], value, name)
    return found


def _first_readers(arguments: argparse.Namespace, compiled: "Compiled", own: ReaderKey) -> FirstReaders:
    """Raises BadArgument, and as reader_of."""
    if not any(declared.sealed for declared in compiled.declaration.registers):
        if arguments.fixed_readers:
            raise BadArgument("--fixed-readers", "a contract with a sealed register", compiled.name)
        return FirstReaders((), (), fixed=False)
    given = arguments.reader
    points = tuple(reader_or_own(text, "--reader", own.public) for text in given) if given else (own.public,)
    if arguments.fixed_readers or compiled.declaration.fixed_readers:
        return FirstReaders(points, (len(points),), fixed=True)
    return FirstReaders(points, tuple(range(1, max(arguments.most_readers, len(points)) + 1)), fixed=False)
