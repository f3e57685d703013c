"""Each target under atheris for a few seconds: coverage-guided, nothing found. `make fuzz` gives each five minutes."""

import pytest

from tests.fuzz.__main__ import fuzz, installed
from tests.fuzz.targets import TARGETS

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not installed(), reason="atheris is not installed: run tests/fuzz/setup.sh"),
]


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_is_found_in_a_few_seconds(name: str) -> None:
    row = fuzz(name, 4)
    assert row["crashes"] == 0
    assert row["executions"] > 100 and row["coverage"] > 20
