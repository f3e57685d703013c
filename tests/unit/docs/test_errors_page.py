"""docs/errors.md lists every error there is, as its class says it."""

from tests.support.make_errors_page import PAGE, main, make_page
from tests.unit.test_errors import errors

HOW = "run python -m tests.support.make_errors_page"


def test_the_page_is_what_the_classes_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == make_page(), HOW
    assert main(["--check"]) == 0


def test_every_error_stands_on_it_once() -> None:
    page = make_page()
    for error in errors():
        assert page.count(f"| {error.code} | `{error.__name__}` |") == 1, error
