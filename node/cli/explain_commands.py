"""`cluster explain CODE`: which rule an error or receipt code names."""

import argparse
import inspect

from node.cli.errors import BadArgument
from node.cli.explain import find_rule
from node.cli.frame import command
from node.cli.screen import Json, Screen


def register(parser: argparse.ArgumentParser) -> None:
    command(parser, _explain)
    parser.add_argument("code", type=int, help="of an error message or of a receipt")


def _explain(arguments: argparse.Namespace, screen: Screen) -> Json:
    rule = find_rule(arguments.code)
    if rule is None:
        raise BadArgument("code", "a code that a rule of this version has", str(arguments.code))
    meaning = inspect.cleandoc(rule.__doc__ or "")
    screen.line(f"{rule.code} {rule.__name__} ({rule.__module__}): {meaning}")
    return {"code": rule.code, "name": rule.__name__, "module": rule.__module__, "meaning": meaning}
