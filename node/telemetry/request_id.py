"""The id of the request that is being handled: in the answer's header, and in every line that is logged on the way.

It travels as a context variable: tasks inherit it, and node/executor.py takes it along into threads.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

HEADER: Final = "X-Request-Id"
ID_BYTES: Final = 8

_GIVEN: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CURRENT: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)


def current_request() -> str | None:
    """The id of the request that this task or thread works for; None outside of any."""
    return _CURRENT.get()


def request_id(given: str | None, entropy: Callable[[int], bytes]) -> str:
    """The caller's own id if it is up to 64 letters, digits, '.', '_' and '-', which break no line; else a new one."""
    if given is not None and _GIVEN.fullmatch(given):
        return given
    return entropy(ID_BYTES).hex()


@contextmanager
def handling(id_: str) -> Iterator[None]:
    """What is logged within it carries the id."""
    token = _CURRENT.set(id_)
    try:
        yield
    finally:
        _CURRENT.reset(token)
