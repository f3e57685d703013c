"""JSON from strangers: nesting is bounded before anything is parsed.

The standard parser recurses in C and stops only at the interpreter's recursion limit, which a program may have raised
beyond what its stack holds: a few kilobytes of brackets then end the process. So depth first, then parsing.
"""

import json
import re
from math import isinf
from typing import Any, Final, NoReturn

MAX_DEPTH: Final = 64
# A string without an end counts to the end of the text: to look for tokens inside it would take quadratic time.
_TOKENS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def parse(text: str, max_depth: int = MAX_DEPTH) -> Any:
    """The value of a JSON text.

    Raises ValueError: no JSON, NaN or infinity (also as a number too large), a key twice, nested deeper than max_depth.
    """
    if text.count("[") + text.count("{") > max_depth and _depth(text, max_depth) > max_depth:
        raise ValueError(f"nested deeper than {max_depth} levels")
    return json.loads(text, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_distinct)


def _depth(text: str, limit: int) -> int:
    """The deepest nesting, or limit + 1 as soon as it is exceeded. Brackets in strings do not count."""
    depth = deepest = 0
    for token in _TOKENS.finditer(text):
        bracket = token.group()
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > limit:
                break
        elif bracket in "]}":
            depth -= 1
    return deepest


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise ValueError(f"the number {digits[:40]} is too large")
    return number


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has the same key twice")
    return found
