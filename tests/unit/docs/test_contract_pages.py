"""The READMEs of the contracts that ship end with what the language says of their classes."""

from examples.contracts.pages import pages


def test_the_pages_of_contracts_are_what_the_classes_give() -> None:
    made = pages()
    assert {page.parent.name for page in made} >= {"anonymous_vote", "escrow", "payroll", "sealed_bid_auction"}
    for page, text in made.items():
        assert page.read_text(encoding="utf-8") == text, "run python -m examples.contracts.pages"
