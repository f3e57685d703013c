"""Whether this machine has room for what a model will take: asked before anything is built, answered with numbers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from compute.zkml.cost import CostReport
from compute.zkml.errors import ModelTooLarge, TooManyConstraints

MAX_CONSTRAINTS: Final = 1 << 20  # the largest circuits that setup and proofs were measured for
MEMINFO: Final = Path("/proc/meminfo")
CGROUPS: Final = Path("/sys/fs/cgroup")
OWN_CGROUP: Final = Path("/proc/self/cgroup")
_KIB: Final = 1024


def require_room(report: CostReport, work: str, peak_bytes: int) -> None:
    """Raises TooManyConstraints, ModelTooLarge where `work`, as the estimate says, would not fit into memory."""
    if report.constraints > MAX_CONSTRAINTS:
        raise TooManyConstraints(report.constraints, MAX_CONSTRAINTS)
    free = available_bytes()
    if free is not None and peak_bytes > free:
        raise ModelTooLarge(work, report.constraints, peak_bytes, free)


def available_bytes(meminfo: Path = MEMINFO, cgroups: Path = CGROUPS, own: Path = OWN_CGROUP) -> int | None:
    """Memory that this process may still take: the machine's, or less where a control group bounds it. None where
    neither can be read, on systems other than Linux."""
    return min((*_of_machine(meminfo), *_of_groups(cgroups, own)), default=None)


def _of_machine(meminfo: Path) -> Iterator[int]:
    for line in _text(meminfo).splitlines():
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * _KIB


def _of_groups(cgroups: Path, own: Path) -> Iterator[int]:
    """What each group over this process, of version 2 or 1, leaves; its file cache can be taken back."""
    for line in _text(own).splitlines():
        _, controllers, path = line.split(":", 2)
        version2 = not controllers
        if not version2 and "memory" not in controllers.split(","):
            continue
        root = cgroups if version2 else cgroups / "memory"
        group = root / path.lstrip("/")
        names = ("memory.max", "memory.current") if version2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
        for folder in (group, *group.parents):
            limit, used = (_text(folder / name).strip() for name in names)
            if limit.isdecimal() and used.isdecimal():
                yield max(0, int(limit) - int(used) + _reclaimable(folder))
            if folder == root:
                break


def _reclaimable(folder: Path) -> int:
    names = ("inactive_file", "total_inactive_file")
    pairs = (line.split() for line in _text(folder / "memory.stat").splitlines())
    return max((int(pair[1]) for pair in pairs if len(pair) == 2 and pair[0] in names), default=0)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
