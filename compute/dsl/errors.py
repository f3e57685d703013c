"""What is refused when a contract's class is built: the rule, the place in the source, and what to write instead.

Codes 6400-6424 and 6470-6479; what a plain call refuses is in refusals.py, 6425-6449.
"""

from compute.dsl.place import NOWHERE, Place
from crypto.errors import ClusterError


class DslError(ClusterError):
    """Root of this folder's errors."""

    code = 6400
    lines = True


class ContractRefused(DslError):
    """Root of what is refused when a contract's class is built. place: the line of source at fault."""

    code = 6401

    def __init__(self, place: Place, what: str, instead: str) -> None:
        super().__init__(f"{place.shown}\n  {what}\n  {instead}")
        self.file, self.line, self.source = place.file, place.line, place.text
        self.what, self.instead = what, instead


class PrivateBranch(ContractRefused):
    """Python would have to decide something by a value that only the prover knows."""

    code = 6402


class PrivateNumber(ContractRefused):
    """A value is used where Python needs a number of its own: range(), int(), a list's index."""

    code = 6403


class PrivateText(ContractRefused):
    """A value is turned into text, a key of a dict, or a member of a set."""

    code = 6404


class StatementRefused(ContractRefused):
    """A statement or expression of Python that has no meaning in a circuit."""

    code = 6405


class NameRefused(ContractRefused):
    """A method uses a name that is no part of the language, nor a constant or function that it may use."""

    code = 6406


class FloatRefused(ContractRefused):
    """There are no fractions in a circuit."""

    code = 6407


class RecursionRefused(ContractRefused):
    """A function calls itself: how often must be known when the class is built."""

    code = 6408


class UnknownType(ContractRefused):
    """An annotation or a field's type is none of the language's types."""

    code = 6409


class TypesDiffer(ContractRefused):
    """An operation is given values whose types do not go together."""

    code = 6410


class UndeclaredField(ContractRefused):
    """A method changes something that is no register of its contract."""

    code = 6411


class UnusedArgument(ContractRefused):
    """A private argument that no constraint uses: the caller could have said anything."""

    code = 6412


class TooLarge(ContractRefused):
    """A contract has more registers, methods, values, public inputs, constraints or turns than there may be."""

    code = 6413


class BadDeclaration(ContractRefused):
    """A contract, field, method or parameter is declared in a way that the chain or the language does not know."""

    code = 6414


class NeverHolds(ContractRefused):
    """Constants of the source break a rule whatever the arguments are: no call could ever be proven."""

    code = 6415


class SourceMissing(ContractRefused):
    """The class's source cannot be read, so it cannot be checked."""

    code = 6416


class BodyFailed(ContractRefused):
    """Running a method's body raised an error of Python's."""

    code = 6417


class BranchEffect(ContractRefused):
    """A lambda of `select` writes a register, changes a list, makes a note or moves tokens: effects cannot depend on a
    value.
    """

    code = 6418


class ChangeLost(ContractRefused):
    """An entry that a private index picked is changed in place: it is a copy, so the array would not change."""

    code = 6470


class SharedValue(ContractRefused):
    """A method changes in place what was made outside of it: one call would leave it to the next."""

    code = 6471


class SecretShown(ContractRefused):
    """A public register, or a hash of what once() is given, would tell what nothing says is to be revealed."""

    code = 6472


class OutsideMethod(DslError):
    """Something that stands for a running call is used where no method runs."""

    code = 6419

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} exists only while a method runs; use it inside a method of a contract.")
        self.what = what


def nowhere(error: type[ContractRefused], what: str, instead: str) -> ContractRefused:
    """The error of a declaration whose line is not known."""
    return error(NOWHERE, what, instead)
