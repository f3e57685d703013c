"""The validator process stays small: no room compute, no numeric libraries, nothing that only people's terminals need."""

import subprocess
import sys

FOREIGN = ("compute", "numpy", "scipy", "sklearn", "rich", "py_ecc", "matplotlib", "hypothesis")


def test_the_validator_process_imports_nothing_that_it_does_not_need() -> None:
    program = "import sys, node.cli.start_commands; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    imported = ended.stdout.split()
    assert "node" in imported
    assert [name for name in FOREIGN if name in imported] == []
