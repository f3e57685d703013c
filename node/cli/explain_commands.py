"""`cluster explain CODE`: which rule the code or name of an error or receipt means."""

import argparse
import inspect

from crypto.errors import ClusterError
from node.cli.errors import BadArgument
from node.cli.explain import find_rule, rules_named
from node.cli.frame import command
from node.cli.screen import Json, Screen


def register(parser: argparse.ArgumentParser) -> None:
    command(parser, _explain)
    parser.add_argument("code", metavar="CODE", help="of an error message or of a receipt, or the rule's name")


def _explain(arguments: argparse.Namespace, screen: Screen) -> Json:
    rules = [_document(rule) for rule in _rules(arguments.code)]
    if not rules:
        raise BadArgument("CODE", "the code or name of a rule of this version, such as 3021", arguments.code)
    for rule in rules:
        screen.line(f"{rule['code']} {rule['name']} ({rule['module']}): {rule['meaning']}")
    return {**rules[0], "others": rules[1:]}


def _rules(text: str) -> list[type[ClusterError]]:
    if not text.isdecimal():
        return rules_named(text)
    rule = find_rule(int(text))
    return [] if rule is None else [rule]


def _document(rule: type[ClusterError]) -> dict[str, Json]:
    meaning = inspect.cleandoc(rule.__doc__ or "")
    return {"code": rule.code, "name": rule.__name__, "module": rule.__module__, "meaning": meaning}
