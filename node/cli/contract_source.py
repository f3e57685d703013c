"""The contract that a command means: a class in a Python file, which is run, and where it was deployed."""

import argparse
import importlib.util
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, Any, Final

from chain.types.scalars import ObjectId
from client.wallet import ChainIdentity
from client.whole_files import write_whole
from crypto.errors import ClusterError
from node.cli.contract_errors import ContractCodeFailed, ContractUnknown, NoContractThere, OtherChainsContract
from node.cli.errors import BadArgument
from node.cli.places import contracts_folder

if TYPE_CHECKING:
    from compute.dsl import Contract

FILE: Final = "contract.py"
ID_BYTES: Final = 32
ANYTHING: Final = (Exception, SystemExit)  # that code of a user's may raise


@dataclass(frozen=True, slots=True)
class Source:
    """A contract's class and the file that it stands in."""

    file: Path
    cls: "type[Contract]"

    @property
    def name(self) -> str:
        return self.cls.__name__


@dataclass(frozen=True, slots=True)
class Entry:
    """A deployed contract. source: FILE.py:Class, None where nobody said."""

    contract: ObjectId
    source: str | None


def add_source(parser: argparse.ArgumentParser) -> None:
    """The positional argument of a contract's source."""
    parser.add_argument(
        "source", metavar="SOURCE", help="a folder of `contract new`, FILE.py, or FILE.py:Class; the file is run"
    )


def add_contract(parser: argparse.ArgumentParser) -> None:
    """The positional argument of a deployed contract, and where its source is."""
    parser.add_argument("contract", metavar="CONTRACT", help="the label it was deployed under, or its id in 0x-hex")
    parser.add_argument("--source", metavar="FILE.py", help="its source, if it was deployed from another machine")


def load_source(text: str) -> Source:
    """Run a contract's file and find its class. Raises NoContractThere, ContractCodeFailed, a ContractRefused."""
    path, _, wanted = text.partition(":")
    file = Path(path).absolute()
    if file.is_dir():
        file = file / FILE
    if not file.is_file():
        raise NoContractThere(str(file), "there is no such file")
    found = _classes(file)
    if wanted:
        found = {name: cls for name, cls in found.items() if name == wanted}
    if len(found) != 1:
        problem = f"it has {len(found)} classes with @contract" + (f" called {wanted}" if wanted else "")
        raise NoContractThere(str(file), problem + (": " + ", ".join(sorted(found)) if found else ""))
    return Source(file, next(iter(found.values())))


def _classes(file: Path) -> "dict[str, type[Contract]]":
    """The compiled contracts of a file, by name."""
    from compute.dsl import Contract

    name = f"contract_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise NoContractThere(str(file), "its name does not end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    except ClusterError:
        raise
    except ANYTHING as error:
        raise ContractCodeFailed(str(file), error, _line_of(file, error), _remedy(error)) from error
    finally:
        sys.path.remove(str(file.parent))
    here = [value for value in vars(module).values() if isinstance(value, type) and value.__module__ == name]
    return {cls.__name__: cls for cls in here if issubclass(cls, Contract) and "compiled" in vars(cls)}


def _line_of(file: Path, error: BaseException) -> int | None:
    """The last line of the file on the way to an error; None if it did not get there."""
    if isinstance(error, SyntaxError):
        return error.lineno if error.filename == str(file) else None
    lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == str(file)]
    return lines[-1] if lines else None


def _remedy(error: BaseException) -> str:
    """What to do about a file that ended with an error."""
    if isinstance(error, ModuleNotFoundError):
        return "A contract imports what lies beside it, and what is installed where `cluster` is."
    language = importlib.import_module("compute.dsl").__all__
    if isinstance(error, NameError) and error.name in language:
        return f"Write above: from compute.dsl import {error.name}"
    if isinstance(error, ImportError) and error.name == "compute.dsl":
        return f"The language has {', '.join(language)}."
    return "Mend it; it is run as it is."


def remember(label: str, contract: ObjectId, source: Source, chain: ChainIdentity) -> Path:
    """Keep a deployed contract under a label."""
    document = {
        "contract": "0x" + contract.hex(),
        "source": f"{source.file}:{source.name}",
        "chain_id": chain.chain_id,
        "genesis_hash": "0x" + chain.genesis_hash.hex(),
    }
    path = contracts_folder() / f"{label}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (json.dumps(document, indent=1) + "\n").encode())
    return path


def labelled(label: str) -> str | None:
    """The id that a label means so far, in 0x-hex; None if it is new. Raises BadArgument."""
    path = contracts_folder() / f"{label}.json"
    return str(_kept(path)["contract"]) if path.is_file() else None


def find_contract(arguments: argparse.Namespace, chain: ChainIdentity) -> Entry:
    """The contract that CONTRACT names. Raises ContractUnknown, OtherChainsContract, BadArgument."""
    text: str = arguments.contract
    if text.startswith("0x"):
        return Entry(contract_id(text), arguments.source)
    path = contracts_folder() / f"{text}.json"
    if path.parent != contracts_folder() or not path.is_file():
        raise ContractUnknown(text, str(contracts_folder()))
    kept = _kept(path)
    if (kept["chain_id"], kept["genesis_hash"]) != (chain.chain_id, "0x" + chain.genesis_hash.hex()):
        raise OtherChainsContract(text, str(kept["chain_id"]), str(chain))
    return Entry(contract_id(str(kept["contract"])), arguments.source or str(kept["source"]))


def source_of(entry: Entry) -> Source:
    """The class of a deployed contract. Raises BadArgument without one, and as load_source."""
    if entry.source is None:
        raise BadArgument("--source", "the contract's source, as it was deployed from another machine", "nothing")
    return load_source(entry.source)


def contract_id(text: str) -> ObjectId:
    """Raises BadArgument."""
    try:
        raw = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) != ID_BYTES or not text.startswith("0x"):
        raise BadArgument("CONTRACT", f"0x and {2 * ID_BYTES} hex digits", text)
    return ObjectId(raw)


def _kept(path: Path) -> dict[str, Any]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {name: kept[name] for name in ("contract", "source", "chain_id", "genesis_hash")}
    except (ValueError, KeyError, TypeError) as error:
        raise BadArgument("CONTRACT", f"a file of `contract deploy` at {path}", str(error)) from error
