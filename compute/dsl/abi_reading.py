"""Registers and notes by a contract's ABI: for whoever reads a contract without its source, such as an auditor.

An ABI is its deployer's word, as long as a deployment may be, and comes from a node: what it says is bounded, and held
against the number of elements that the chain knows. A wrong one shows other values of the same elements, never others'.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from compute.confidential.errors import ConfidentialComputeError
from compute.confidential.reader import Opening
from compute.dsl.elements import sealed_length, signed, unpacked
from compute.dsl.scalars import Address, Asset, Bool, Field, Identifier, Scalar
from compute.dsl.sized import i8, i16, i32, i64, u8, u16, u32, u64, u128
from compute.dsl.values import Leaf

VERSION: Final = 1
MAX_LEAVES: Final = 4_096  # of one register or note; fourteen elements hold fewer bits
MAX_DEPTH: Final = 16

_SCALARS: Final[dict[str, type[Scalar]]] = {
    kind.type_name: kind
    for kind in (Field, Bool, Identifier, Address, Asset, u8, u16, u32, u64, u128, i8, i16, i32, i64)
}


class AbiUnusable(ConfidentialComputeError):
    """A contract's ABI is not one, or does not fit the contract."""

    code = 6313

    def __init__(self, problem: str) -> None:
        super().__init__(f"the contract's ABI cannot be used: {problem}. Read with --source, or see bare elements.")
        self.problem = problem


class AbiReader:
    """What a contract's ABI says of its registers and notes."""

    def __init__(self, abi: bytes) -> None:
        """Raises AbiUnusable."""
        try:
            document = json.loads(abi.decode("utf-8"))
            version, self._types = document["abi"], dict(document["types"])
            self._registers = {str(each["name"]): each for each in document["registers"]}
            self._notes = {int(each["kind"]): each for each in document["notes"]}
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise AbiUnusable(f"it has not the form of one ({type(error).__name__})") from error
        if version != VERSION:
            raise AbiUnusable(f"it is of version {version!r:.20} and this software reads version {VERSION}")

    def register(self, name: str, opening: Opening) -> object:
        """A register's value as Python has it: an int, a bool, a list, a dict of parts. Raises AbiUnusable."""
        found = self._registers.get(name)
        if not isinstance(found, Mapping):
            raise AbiUnusable(f"it has no register {name!r}")
        kind = found.get("type")
        leaves = self._leaves(kind)
        if not found.get("sealed"):
            if len(leaves) != len(opening.values):
                raise AbiUnusable(f"register {name!r} has {len(opening.values)} elements, and {len(leaves)} in it")
            pairs = zip(leaves, opening.values, strict=True)
            return self._lifted(kind, iter([signed(leaf, value) for leaf, value in pairs]))
        return self._unpacked(f"register {name!r}", kind, leaves, opening.values)

    def note(self, kind: int, fields: tuple[int, ...]) -> tuple[str, object]:
        """A note's type by name, and what it holds. Raises AbiUnusable."""
        found = self._notes.get(kind)
        if not isinstance(found, Mapping):
            raise AbiUnusable(f"it has no notes of kind {kind}")
        name, type_ = str(found.get("name")), found.get("type")
        return name, self._unpacked(f"note {name!r}", type_, self._leaves(type_), fields)

    def _unpacked(self, what: str, kind: Any, leaves: list[Leaf], elements: tuple[int, ...]) -> object:
        if sealed_length(leaves) != len(elements):
            raise AbiUnusable(f"{what} has {len(elements)} elements, and {sealed_length(leaves)} in it")
        return self._lifted(kind, iter(unpacked(leaves, elements)))

    def _leaves(self, kind: Any) -> list[Leaf]:
        found: list[Leaf] = []
        for leaf in self._walk(kind, 0):
            found.append(leaf)
            if len(found) > MAX_LEAVES:
                raise AbiUnusable(f"a type of it has more than {MAX_LEAVES} numbers")
        return found

    def _walk(self, kind: Any, depth: int) -> Iterator[Leaf]:
        """The scalars of a type, in order."""
        if depth > MAX_DEPTH:
            raise AbiUnusable(f"its types are nested deeper than {MAX_DEPTH} levels")
        if isinstance(kind, str) and kind in _SCALARS:
            yield from _SCALARS[kind].leaves()
            return
        for _, part in self._parts(kind):
            yield from self._walk(part, depth + 1)

    def _parts(self, kind: Any) -> Iterator[tuple[str, Any]]:
        """The parts of a struct by name, the entries of an array."""
        if isinstance(kind, Mapping) and type(kind.get("length")) is int and 1 <= kind["length"] <= MAX_LEAVES:
            for place in range(kind["length"]):
                yield str(place), kind.get("array")
            return
        parts = self._types.get(kind) if isinstance(kind, str) else None
        if not isinstance(parts, list) or not parts or not all(_is_part(part) for part in parts):
            raise AbiUnusable(f"it does not say what a {kind!r:.40} is")
        yield from parts

    def _lifted(self, kind: Any, numbers: Iterator[int]) -> object:
        if isinstance(kind, str) and kind in _SCALARS:
            return _SCALARS[kind].lifted(numbers)
        found = {name: self._lifted(part, numbers) for name, part in self._parts(kind)}
        return list(found.values()) if isinstance(kind, Mapping) else found


def _is_part(part: object) -> bool:
    return isinstance(part, list) and len(part) == 2 and isinstance(part[0], str)
