"""The functions of the language: requirements, selection, extremes, hashing."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from compute.dsl.composites import chosen
from compute.dsl.errors import BadDeclaration, TypesDiffer
from compute.dsl.escapes import leaving_lists_alone
from compute.dsl.integers import machine
from compute.dsl.place import calling_place
from compute.dsl.scalars import Bool, Field, named
from compute.dsl.sized import Integer
from compute.dsl.values import Value, concatenated
from crypto.domains import CIRCOMLIB
from crypto.poseidon import MAX_INPUTS

V = TypeVar("V", bound=Value)
I = TypeVar("I", bound=Integer)  # noqa: E741  # an integer type


def require(condition: Bool, message: str = "") -> None:
    """The call is refused unless the condition holds. message: constant text, for plain execution and tools.

    Constraints: of x == y 1; of x < y, x <= y the type's bits; of any other condition its own and 1.
    """
    if type(condition) is not Bool:
        raise TypesDiffer(
            calling_place(), f"require() of a {named(condition)}.", "It takes a Bool: the result of a comparison."
        )
    if type(message) is not str:
        raise TypesDiffer(calling_place(), "a message that is no text.", "Write the message as constant text.")
    condition.require(message)


def select(condition: Bool, if_true: V | Callable[[], V | int] | int, if_false: V | Callable[[], V | int] | int) -> V:
    """if_true where the condition holds, else if_false. Constraints: 1 for each number of the type.

    Both are computed. Where one of them could be refused though it is not taken, give a lambda: refusals inside count
    only where it is taken, for one more constraint each, as in select(a > b, lambda: a - b, lambda: b - a).
    """
    if type(condition) is not Bool:
        raise TypesDiffer(
            calling_place(), f"select() by a {named(condition)}.", "Its first argument is a Bool, as of a comparison."
        )
    bit = Bool.made(condition.number)
    left, right = _alike(_branch(bit, if_true), _branch(~bit, if_false))
    return cast(V, chosen(bit, left, right))


def _branch(condition: Bool, branch: object) -> object:
    if not callable(branch):
        return branch
    with machine().branch(condition.number):
        return leaving_lists_alone(branch)


def _alike(one: object, zero: object) -> tuple[Any, Any]:
    """Both branches as values of one type."""
    if isinstance(one, Integer) and isinstance(zero, Integer):
        return one._paired(zero, "select")
    if isinstance(one, Value):
        return one, type(one).coerced(zero)
    if isinstance(zero, Value):
        return type(zero).coerced(one), zero
    raise TypesDiffer(
        calling_place(),
        f"select() between {named(one)} and {named(zero)}.",
        "Say the type of one of them, as in u64(0).",
    )


def reveal(value: V) -> V:
    """The value, which everybody may know from here on: only so a public register takes what depends on a secret.

    What depends on a private argument, a sealed register or a spent note is one. Constraints: none.
    """
    if not isinstance(value, Value):
        raise TypesDiffer(calling_place(), f"reveal() of a {named(value)}.", "Give a value of the language, as a u64.")
    return type(value).of(iter([machine().revealed(number) for number in value.numbers()]))


def minimum(left: I, right: "I | int", *others: "I | int") -> I:
    """The least. Constraints: those of `<` and 1 for each but the first."""
    least = left
    for other in (right, *others):
        first, second = least._paired(other, "minimum")
        least = cast(I, chosen(second < first, second, first))
    return least


def maximum(left: I, right: "I | int", *others: "I | int") -> I:
    """The largest. Constraints: those of `<` and 1 for each but the first."""
    largest = left
    for other in (right, *others):
        first, second = largest._paired(other, "maximum")
        largest = cast(I, chosen(first < second, second, first))
    return largest


def poseidon(*values: Value) -> Field:
    """circomlib's Poseidon of the values' numbers, 1 to 16 of them. Constraints: 240 for two, 297 for four."""
    return tagged_poseidon(values, CIRCOMLIB)


def tagged_poseidon(values: Sequence[Value], tag: int) -> Field:
    """Poseidon under a domain tag of the language's own."""
    for value in values:
        if not isinstance(value, Value):
            raise TypesDiffer(calling_place(), f"a hash of {named(value)}.", "Say its type, as in u64(1).")
    numbers = concatenated(values)
    if not 1 <= len(numbers) <= MAX_INPUTS:
        raise BadDeclaration(
            calling_place(), f"a hash of {len(numbers)} numbers.", f"Hash 1 to {MAX_INPUTS}, and those hashes again."
        )
    return Field.made(machine().poseidon(numbers, tag))
