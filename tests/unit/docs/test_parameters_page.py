"""docs/parameters.md names every parameter of the chain with its devnet value."""

import re
from dataclasses import fields, is_dataclass

from chain.execution.param_changes import RANGES
from chain.params import DEVNET
from tests.support.rooms import ROOT

PAGE = (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([a-z0-9_.]+)` \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)

BOUNDS = re.compile(r"^\| `([a-z0-9_.]+)` \| ([0-9,]+(?: to [0-9,]+)?) \|$", re.MULTILINE)


def parameters(params: object, prefix: str = "") -> dict[str, object]:
    """Every field by its dotted name."""
    found: dict[str, object] = {}
    for entry in fields(params):  # type: ignore[arg-type]
        value = getattr(params, entry.name)
        name = prefix + entry.name
        found |= parameters(value, name + ".") if is_dataclass(value) else {name: value}
    return found


def shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else str(value)


def test_every_parameter_stands_on_the_page_with_its_devnet_value() -> None:
    assert dict(ROW.findall(PAGE)) == {name: shown(value) for name, value in parameters(DEVNET).items()}


def test_the_bounds_of_a_vote_stand_on_the_page() -> None:
    """One value where it is the only one."""
    bounds = {name: (low,) if low == high else (low, high) for name, (low, high) in RANGES.items()}
    assert dict(BOUNDS.findall(PAGE)) == {name: " to ".join(map(shown, values)) for name, values in bounds.items()}


def test_no_parameter_stands_there_twice() -> None:
    names = [name for name, _ in ROW.findall(PAGE)]
    assert len(names) == len(set(names))
