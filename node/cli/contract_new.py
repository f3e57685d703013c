"""`cluster contract new`: a folder with a small contract, its test and what to do next."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from node.cli.contract_errors import FolderTaken
from node.cli.errors import BadArgument
from node.cli.frame import add_command
from node.cli.screen import Json, Screen

if TYPE_CHECKING:
    from node.cli.frame import Commands

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}")

CONTRACT: Final = '''"""@NAME@: @CLASS@, a confidential contract."""

from compute.dsl import Contract, Private, Public, Register, Sealed, contract, method, require, u32, u64


@contract
class @CLASS@(Contract):
    """Counts what nobody but its readers sees."""

    total = Sealed(u64)  # a commitment and ciphertext on the chain
    calls = Register(u32)  # everybody reads it

    @method
    def add(self, amount: Private[u32]) -> None:
        """Add an amount that stays private."""
        require(amount > 0, "nothing to add")
        self.total += amount
        self.calls += 1

    @method
    def announce(self, least: Public[u64]) -> Public[u64]:
        """Say the total to everybody, if it is at least `least`."""
        require(self.total >= least, "not so much yet")
        return self.total

    @classmethod
    def examples(cls) -> object:
        """Calls from which `cluster contract audit` starts its search for forgeries."""
        plain = cls.plain()
        plain.add(1)
        plain.add(2**32 - 1)
        plain.announce(1)
        return plain
'''

TEST: Final = '''"""The contract in a chain of its own: no network, no waiting. Run by `cluster contract test`."""

import pytest
from contract import @CLASS@

from compute.confidential.errors import NotAReader
from compute.dsl.refusals import RequirementFailed
from compute.sandbox import Sandbox


def test_only_readers_see_the_total() -> None:
    with Sandbox() as chain:
        owner, alice, stranger = (chain.person(name) for name in ("owner", "alice", "stranger"))
        deployed = chain.deploy(@CLASS@, owner, readers=[owner, alice])
        deployed.add(5, sender=alice)
        deployed.add(7, sender=owner)
        assert deployed.read(alice).total == 12
        assert deployed.read().calls == 2
        with pytest.raises(NotAReader):
            deployed.read(stranger).total


def test_what_the_contract_refuses() -> None:
    with Sandbox() as chain:
        owner = chain.person("owner")
        deployed = chain.deploy(@CLASS@, owner)
        with pytest.raises(RequirementFailed, match="nothing to add"):
            deployed.add(0, sender=owner)
        with pytest.raises(RequirementFailed, match="not so much yet"):
            deployed.announce(1, sender=owner)
        deployed.add(3, sender=owner)
        assert deployed.announce(1, sender=owner).result == 3


def test_calls_of_a_method_cost_the_same_whatever_they_add() -> None:
    with Sandbox() as chain:
        owner = chain.person("owner")
        deployed = chain.deploy(@CLASS@, owner)
        assert deployed.add(1, sender=owner).work == deployed.add(4_000_000_000, sender=owner).work
'''

README: Final = """# @NAME@

    cluster contract test .                       # its tests, in seconds, without a network
    cluster contract build .                      # circuits, ABI, what is public, what it costs
    cluster contract audit .                      # searches for forgeries in every method
    cluster contract deploy . --key account0      # on the network that --rpc names
    cluster contract call @LABEL@ add 5 --key account0
    cluster contract read @LABEL@ --key account0

`contract.py` is the contract, `test_contract.py` its tests. The language: docs/dsl.md; readers, permits and the
sandbox: docs/contracts.md.
"""


def add_new(commands: "Commands") -> None:
    """Adds the command to its group."""
    new = add_command(commands, "new", "write a small contract with its test into a new folder", _new)
    new.add_argument("name", help="of the folder and, in CamelCase, of the class")
    new.add_argument("--into", type=Path, default=Path(), metavar="DIR", help="where the folder goes (default: here)")


def _new(arguments: argparse.Namespace, screen: Screen) -> Json:
    name: str = arguments.name
    if not _NAME.fullmatch(name):
        raise BadArgument("NAME", "a letter and then letters, digits, _ and -", name)
    folder: Path = arguments.into / name
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderTaken(str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    words = re.split("[-_]", name)
    said = {"@NAME@": name, "@CLASS@": "".join(word[:1].upper() + word[1:] for word in words), "@LABEL@": name.lower()}
    files = {"contract.py": CONTRACT, "test_contract.py": TEST, "README.md": README}
    for file, text in files.items():
        for mark, value in said.items():
            text = text.replace(mark, value)
        (folder / file).write_text(text, encoding="utf-8")
    screen.line(f"{folder}: {', '.join(files)}")
    screen.line(f"next: cluster contract test {folder}")
    return {"folder": str(folder), "class": said["@CLASS@"], "files": list(files)}
