"""Whether a wheel holds what it must and nothing else: python -m tests.support.check_wheel WHEEL."""

import sys
import zipfile
from pathlib import Path

from tests.support.rooms import ROOMS, ROOT

PACKAGES = (*ROOMS, "configs")
CONSTANTS = "crypto/poseidon_constants.bin"


def faults(names: set[str]) -> list[str]:
    """What is missing from a wheel with these entries, or does not belong there."""
    modules = {path.relative_to(ROOT).as_posix() for room in PACKAGES for path in (ROOT / room).rglob("*.py")}
    configs = {path.relative_to(ROOT).as_posix() for path in (ROOT / "configs").glob("*.*")}
    explorer = {path.relative_to(ROOT).as_posix() for path in (ROOT / "node" / "explorer").glob("*.*")}
    templates = {path.relative_to(ROOT).as_posix() for path in (ROOT / "compute" / "circom").rglob("*.circom")}
    missing = (modules | configs | explorer | templates | {CONSTANTS}) - names
    foreign = {name for name in names if name.split("/")[0] not in PACKAGES and ".dist-info/" not in name}
    return [f"missing: {name}" for name in sorted(missing)] + [f"does not belong: {name}" for name in sorted(foreign)]


def main(wheel: Path) -> int:
    with zipfile.ZipFile(wheel) as archive:
        found = faults(set(archive.namelist()))
    print("\n".join(found) or f"{wheel.name}: complete")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
