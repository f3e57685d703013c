"""One target under atheris, in a process of its own: our modules are counted as they are imported, so first of all."""

import sys
from pathlib import Path
from typing import Final

ATHERIS: Final = Path(__file__).parent / ".atheris"  # where setup.sh puts it
FOUND: Final = Path(__file__).parent / "found"
COUNTED: Final = ["chain", "contracts", "crypto", "p2p", "node.rpc", "client"]


def main(name: str, corpus: str, seconds: str) -> None:
    """Runs until the time is up; libFuzzer ends the process."""
    sys.path.append(str(ATHERIS))
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

    with atheris.instrument_imports(include=COUNTED):
        from tests.fuzz.targets import TARGETS
    flags = [f"-max_total_time={seconds}", f"-artifact_prefix={FOUND}/{name}-", "-max_len=4096", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], corpus, *flags], TARGETS[name].run)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
