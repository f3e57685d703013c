"""What a contract's class may declare beside methods: the rest is refused, with what to write instead."""

from pathlib import Path

import pytest

from compute.dsl import errors
from tests.unit.compute.test_dsl_refusals import HEAD, USE, load

CLASSES = [
    ("seen = []", "'seen' of Subject is a list"),
    ("known = {}", "'known' of Subject is a dict"),
    ("limit = 0.5", "'limit' of Subject is a float"),
    ("least = property(lambda self: 1)", "'least' of Subject is a property"),
    ("draw = staticmethod(doubled)", "'draw' of Subject is a staticmethod"),
    ("draw = classmethod(doubled)", "'draw' of Subject is a classmethod"),
]


@pytest.mark.parametrize(("attribute", "problem"), CLASSES, ids=[attribute for attribute, _ in CLASSES])
def test_what_one_call_could_leave_to_the_next_or_nobody_checks_is_no_attribute(
    tmp_path: Path, attribute: str, problem: str
) -> None:
    text = HEAD.replace("    count = Sealed(u64)", f"    {attribute}\n    count = Sealed(u64)")
    with pytest.raises(errors.BadDeclaration, match=problem):
        load(tmp_path, f"{text}        {USE}\n")


EXAMPLES = "examples = classmethod(lambda cls: cls.plain())"
CONSTANTS = ["limit = 5", "words = ('a', b'b', 3)", "pair_type = Pair", "zero = u64(0)", EXAMPLES]


@pytest.mark.parametrize("attribute", CONSTANTS)
def test_constants_and_examples_for_tools_are_attributes(tmp_path: Path, attribute: str) -> None:
    text = HEAD.replace("    count = Sealed(u64)", f"    {attribute}\n    count = Sealed(u64)")
    assert load(tmp_path, f"{text}        {USE}\n").Subject.compiled.method("act")


DECLARED = [
    ("    def __init__(self):\n        self.count = 5\n", "", errors.BadDeclaration, r"__init__.*(?s:.)*initial"),
    (
        "",
        "    @method\n    def told(self) -> Public[u64]:\n        require(self.count > 1)\n",
        errors.BadDeclaration,
        "returns nothing",
    ),
    (
        "",
        "    @method\n    def spent(self, pair: Spend[Pair]) -> None:\n        self.count += 1\n",
        errors.UnknownType,
        r"class Pair\(Note\)",
    ),
    (
        "",
        "    @method\n    def told(self) -> u64:\n        return self.count\n",
        errors.UnknownType,
        r"-> Public\[u64\], or",
    ),
    ("    fixed_readers = 1\n", "", errors.BadDeclaration, "is a int(?s:.)*fixed_readers = True"),
    ("    fixed_readers = Sealed(u64)\n", "", errors.BadDeclaration, "cannot name a register"),
]
DECLARED_IDS = ["init", "no return", "spends no note", "a result that is not public", "no bool", "a name that is taken"]


@pytest.mark.parametrize(("before", "after", "error", "said"), DECLARED, ids=DECLARED_IDS)
def test_what_would_not_do_what_it_says_is_refused_with_what_to_write(
    tmp_path: Path, before: str, after: str, error: type[errors.ContractRefused], said: str
) -> None:
    head = HEAD.replace("    count = Sealed(u64)\n", f"    count = Sealed(u64)\n{before}")
    with pytest.raises(error, match=said):
        load(tmp_path, f"{head}        {USE}\n{after}")


def test_nobody_reads_what_is_not_sealed(tmp_path: Path) -> None:
    public = HEAD.replace("Sealed(", "Register(").replace("    count", "    fixed_readers = True\n    count", 1)
    with pytest.raises(errors.BadDeclaration, match="no Sealed register"):
        load(tmp_path, f"{public}        {USE}\n")


def test_a_class_without_methods_is_told_to_mark_them(tmp_path: Path) -> None:
    with pytest.raises(errors.BadDeclaration, match="@method above"):
        load(tmp_path, f"{HEAD.replace('    @method', '    # none')}        {USE}\n")
