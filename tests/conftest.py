"""What holds for all tests."""

import gc
import sys

import pytest
from hypothesis import settings

_DEPTH = sys.getrecursionlimit()

import py_ecc  # noqa: E402, F401

# Its import raises the limit to 100,000, so that deeply nested JSON would crash the interpreter instead of raising.
# Nodes never import it; tests do, and must see what a node sees.
sys.setrecursionlimit(_DEPTH)

# Timing never decides a test.
settings.register_profile("cluster", deadline=None)
settings.load_profile("cluster")


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """What is imported for all tests lives to the end, so nothing looks for garbage in it: now or later."""
    gc.disable()


def pytest_collection_finish() -> None:
    """From here on there is garbage, among what is made from here on."""
    gc.freeze()
    gc.enable()
