"""Errors go to users by number: each class has its own code, in its room's range, and says in a sentence what it is."""

from collections.abc import Iterator

from crypto.errors import ClusterError
from tests.support.rooms import import_all

RANGES = {
    "crypto": range(1000, 2000),
    "p2p": range(2000, 3000),
    "chain": range(3000, 4000),
    "contracts": range(4000, 5000),
    "contracts.token": range(4000, 4050),
    "contracts.staking": range(4050, 4100),
    "contracts.tasks": range(4100, 4200),
    "contracts.registry": range(4200, 4300),
    "contracts.confidential": range(4300, 4400),
    "contracts.governance": range(4450, 4500),
    "client": range(5000, 6000),
    "compute": range(6000, 7000),
    "node": range(7000, 8000),
}


def errors() -> list[type[ClusterError]]:
    import_all()
    return sorted(set(_below(ClusterError)), key=lambda error: (error.__module__, error.__qualname__))


def _below(error: type[ClusterError]) -> Iterator[type[ClusterError]]:
    for child in error.__subclasses__():
        if child.__module__.partition(".")[0] in RANGES:  # not those that a test made
            yield child
        yield from _below(child)


def name(error: type[ClusterError]) -> str:
    return f"{error.__module__}.{error.__qualname__}"


def test_there_are_errors_to_judge() -> None:
    assert ClusterError.code == 0
    assert len(errors()) > 30


def test_every_error_has_a_code_of_its_own() -> None:
    inherited = [name(error) for error in errors() if "code" not in vars(error)]
    assert inherited == []


def test_no_two_errors_share_a_code() -> None:
    by_code: dict[int, list[str]] = {}
    for error in errors():
        by_code.setdefault(error.code, []).append(name(error))
    assert {code: names for code, names in by_code.items() if len(names) > 1} == {}


def test_every_code_is_in_its_rooms_range() -> None:
    outside = [
        f"{name(error)} = {error.code}"
        for error in errors()
        for place, codes in RANGES.items()
        if f"{error.__module__}.".startswith(f"{place}.") and error.code not in codes
    ]
    assert outside == []


def test_every_error_has_a_docstring_of_its_own() -> None:
    silent = [name(error) for error in errors() if not (vars(error).get("__doc__") or "").strip()]
    assert silent == []


def test_the_fields_of_an_error_are_its_public_attributes() -> None:
    class Refused(ClusterError):
        """Made for this test."""

        def __init__(self) -> None:
            super().__init__("refused")
            self.expected, self.found, self._hidden = 1, 2, 3

    assert Refused().fields == {"expected": 1, "found": 2}
