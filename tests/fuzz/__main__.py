"""Coverage-guided fuzzing with atheris: coverage of our own Python decides which inputs are worth more changes.

    make fuzz                                      # all targets, five minutes each
    python -m tests.fuzz handshake --seconds 60    # one target; needs what tests/fuzz/setup.sh installs
    python -m tests.fuzz handshake --input FILE    # one input again, without atheris

What a target raises stops it: the input is kept in tests/fuzz/found, and replayed by `make test` once it is moved to
tests/fuzz/kept. Prints one JSON line per target.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tests.fuzz.inside import ATHERIS, FOUND
from tests.fuzz.targets import TARGETS

HERE: Final = Path(__file__).parent
KEPT: Final = HERE / "kept"
SECONDS: Final = 300
_DONE: Final = re.compile(r"Done (\d+) runs|stat::number_of_executed_units: (\d+)")
_COVERED: Final = re.compile(r"cov: (\d+)")


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    if options.input is not None:
        TARGETS[options.targets[0]].run(options.input.read_bytes())
        return 0
    failed = 0
    for name in options.targets or [*TARGETS]:
        row = fuzz(name, options.seconds)
        print(json.dumps(row), flush=True)
        failed += row["crashes"]
    return 1 if failed else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"for each target (default: {SECONDS})")
    parser.add_argument("--input", type=Path, metavar="FILE", help="run one target on one input")
    return parser.parse_args(arguments)


def installed() -> bool:
    return ATHERIS.is_dir()


def fuzz(name: str, seconds: int) -> dict[str, Any]:
    """One target in a process of its own: what it ran, what it covered, and what broke."""
    started = time.monotonic()
    FOUND.mkdir(exist_ok=True)
    before = set(FOUND.iterdir())
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(TARGETS[name].seeds()):
            Path(corpus, f"seed-{number}").write_bytes(seed)
        command = [sys.executable, "-m", "tests.fuzz.inside", name, corpus, str(seconds)]
        run = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
        inputs = len(list(Path(corpus).iterdir()))
    crashes = set(FOUND.iterdir()) - before
    if run.returncode and not crashes:
        raise SystemExit(f"{name} could not run:\n{run.stderr[-2000:]}")
    if crashes:
        print(run.stderr[-4000:], file=sys.stderr)
    return {
        "target": name,
        "executions": max((int(one or other) for one, other in _DONE.findall(run.stderr)), default=0),
        "corpus": inputs,
        "coverage": max(map(int, _COVERED.findall(run.stderr)), default=0),
        "crashes": len(crashes),
        "seconds": round(time.monotonic() - started, 1),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
