"""What a call is refused for: no proof of it exists. Plain execution raises these where the circuit has no witness.

Values are secret, so neither messages nor fields carry them. Codes 6425-6449.
"""

from compute.dsl.errors import DslError
from compute.dsl.place import Place


class CallRefused(DslError):
    """Root of the refusals of a call. place: the line of the contract that refuses."""

    code = 6425

    def __init__(self, place: Place, problem: str) -> None:
        super().__init__(f"{place.shown}\n  {problem}")
        self.file, self.line, self.source = place.file, place.line, place.text


class RequirementFailed(CallRefused):
    """A `require` does not hold."""

    code = 6426

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(place, message or "this requirement does not hold for the call's values.")
        self.message = message


class OutOfRange(CallRefused):
    """A result or a conversion does not fit its type: overflow or underflow, refused and never wrapped."""

    code = 6427

    def __init__(self, place: Place, type_name: str, low: int, high: int) -> None:
        super().__init__(
            place,
            f"the result does not fit {type_name}, which holds {low}..{high}; if it can be too large use a wider type, "
            f"if below {low} require first that it is not.",
        )
        self.type_name, self.low, self.high = type_name, low, high


class DividedByZero(CallRefused):
    """A division by zero, or the inverse of zero."""

    code = 6428

    def __init__(self, place: Place) -> None:
        super().__init__(place, "a division by zero; require that the divisor is not 0, or select another one.")


class OutsideArray(CallRefused):
    """A private index beyond an array's end."""

    code = 6429

    def __init__(self, place: Place, length: int) -> None:
        super().__init__(place, f"the index is beyond the array's {length} entries; require that it is below {length}.")
        self.length = length


class NoteRefused(CallRefused):
    """A note is spent that is not the caller's, or does not stand in the contract's tree."""

    code = 6436

    def __init__(self, place: Place, name: str) -> None:
        super().__init__(place, f"{name} is no note of this key in the contract's tree; spend notes that were scanned.")
        self.name = name


class OwnerRefused(CallRefused):
    """A note is made for a key that is no point of the group: nobody could ever read it."""

    code = 6437

    def __init__(self, place: Place) -> None:
        super().__init__(place, "the owner of a new note has no valid key; check the address that it came from.")


class AlreadyUsed(CallRefused):
    """A note was spent before, or a value given to once() used before: the chain refuses the second call."""

    code = 6438

    def __init__(self, place: Place) -> None:
        super().__init__(place, "this call spends what was spent before; read the contract again and choose another.")


class HoldingTooSmall(CallRefused):
    """A contract pays out more than it holds."""

    code = 6439

    def __init__(self, place: Place) -> None:
        super().__init__(place, "the contract holds less than this call pays out; take the tokens in first.")


class PaidToNobody(CallRefused):
    """A contract pays an amount to Address 0, which nobody has."""

    code = 6443

    def __init__(self, place: Place) -> None:
        super().__init__(
            place,
            "an amount is paid to Address 0, as in a register that was never set: it would be lost. Set the register "
            "first, or require that the address is not 0.",
        )


class ArgumentRefused(DslError):
    """An argument of a call, or a register's first value, does not fit its type."""

    code = 6430

    def __init__(self, name: str, expected: str) -> None:
        super().__init__(f"{name}: expected {expected}. The value is not shown, it may be secret.")
        self.name, self.expected = name, expected


class WrongArguments(DslError):
    """A call does not give the arguments that its method takes."""

    code = 6431

    def __init__(self, method: str, expected: tuple[str, ...], given: tuple[str, ...]) -> None:
        super().__init__(
            f"{method} takes {', '.join(expected) or 'no arguments'} and was given {', '.join(given) or 'none'}."
        )
        self.method, self.expected, self.given = method, expected, given
