"""docs/rpc.md describes the methods that the server has, each with an example."""

from tests.support.make_rpc_page import PAGE, make_page, openrpc, read_examples, shortened

HOW = "run python -m tests.support.make_rpc_page (with --record NETWORK for examples of new methods)"


def test_the_page_is_what_the_server_says_of_itself() -> None:
    assert PAGE.read_text(encoding="utf-8") == make_page(openrpc()["methods"], read_examples()), HOW


def test_every_method_has_an_example_of_its_own_parameters() -> None:
    methods = {method["name"]: {item["name"] for item in method["params"]} for method in openrpc()["methods"]}
    examples = read_examples()
    assert examples.keys() == methods.keys(), HOW
    for name, parameters in methods.items():
        assert examples[name]["call"]["params"].keys() <= parameters, name


def test_a_cut_example_keeps_hashes_and_shows_that_it_was_cut() -> None:
    hash_ = "0x" + 32 * "ab"
    assert shortened({"a": hash_, "b": hash_ + "00", "c": [1, 2, 3]}) == {
        "a": hash_,
        "b": hash_[:34] + "…",
        "c": [1, 2, "…"],
    }
