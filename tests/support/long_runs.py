"""Tests of many minutes, too long even for `make test-peers`: `make long` runs them."""

import os
from collections.abc import Callable
from typing import TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., object])
WANTED = "CLUSTER_LONG"


def long(test: Test) -> Test:
    """Marks a test that runs only where the environment asks for long ones."""
    wanted = pytest.mark.skipif(not os.environ.get(WANTED), reason="a long one: make long")
    marked: Test = pytest.mark.slow(wanted(test))
    return marked
