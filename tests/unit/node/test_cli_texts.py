"""What commands say of prices, manifests and answers to people."""

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from chain.types.scalars import Amount, Height, ObjectId, ProgramId
from client.inference import PrivateInput
from compute.circom.program import bound_manifest, unbound_manifest
from compute.manifests import AnyManifest
from compute.zkml.buyer import Answer
from compute.zkml.errors import RowsUnusable
from compute.zkml.folder_errors import FolderUnusable
from compute.zkml.graph import IDENTITY, REGRESSION, SOFTMAX
from compute.zkml.importers.errors import OnnxFileUnusable
from compute.zkml.receipt import Receipt
from crypto.groth16.key_file_errors import DamagedKeyFile
from node.cli.amounts import add_prices, parse_prices
from node.cli.answers import answer_json, show_answer
from node.cli.errors import BadArgument
from node.cli.manifest_text import manifest_pairs
from node.cli.screen import Screen
from tests.support.small_models import SMALL

MANIFEST = replace(SMALL.manifest, classes=("low", "high", "other"), link=SOFTMAX, unit=0.5)
ZEROS = bytes(32)


def prices(*argv: str) -> tuple[Amount, Amount]:
    parser = argparse.ArgumentParser()
    add_prices(parser)
    given = parser.parse_args(argv)
    return parse_prices(given.price, given.max_price)


def test_one_price_alone_is_an_offer() -> None:
    assert prices() == (Amount(50_000_000), Amount(200_000_000))
    assert prices("--max-price", "0.01") == (Amount(10_000_000), Amount(10_000_000))
    assert prices("--price", "0.1") == (Amount(100_000_000), Amount(200_000_000))


@pytest.mark.parametrize("argv", [("--price", "0.3"), ("--price", "1", "--max-price", "0.5"), ("--max-price", "0")])
def test_a_price_that_falls_is_refused_before_anything_is_posted(argv: tuple[str, ...]) -> None:
    with pytest.raises(BadArgument, match="--max-price"):
        prices(*argv)


def test_a_manifest_is_told_in_words() -> None:
    told = dict(manifest_pairs(MANIFEST))
    assert told["says"] == "one of low, high, other"
    assert told["their ranges"] == "all 0 to 7.5"
    assert told["score"] == "accuracy 1 proven, 1 in floats; held-out rows"
    assert dict(manifest_pairs(replace(MANIFEST, score_float=None)))["score"] == "none stated"
    number = replace(MANIFEST, kind=REGRESSION, classes=(), outputs=1, rows=4)
    assert dict(manifest_pairs(number))["says"] == "1 number"
    assert "4 rows a task" in str(dict(manifest_pairs(number))["row"])
    for said in (*told.values(), *dict(manifest_pairs(unbound_manifest("x", 1))).values()):
        assert "None" not in str(said) and "{" not in str(said)
    assert dict(manifest_pairs(bound_manifest("x", 2, 16, 1, (1, 2))))["row"] == "2 whole numbers below 2^16"


def answer(manifest: AnyManifest, *outputs: tuple[int, ...]) -> Answer:
    receipt = Receipt(ObjectId(ZEROS), ProgramId(ZEROS), "m", PrivateInput((1,), 4, 5), (), "", 0)
    said = tuple(manifest.said(one) for one in outputs)
    return Answer(receipt, manifest, outputs, said, "cluster1", Amount(1), Height(2))


def test_probabilities_have_the_names_of_their_classes(capsys: pytest.CaptureFixture[str]) -> None:
    given = answer(MANIFEST, (0, 4, 2))
    show_answer(given, Screen(silent=False))
    assert "high 0.665, other 0.245, low 0.09" in capsys.readouterr().out
    (row,) = answer_json(given)["rows"]
    assert (row["class"], row["classes"]) == ("high", ["low", "high", "other"])
    many = replace(MANIFEST, classes=tuple("abcdefg"), outputs=7)
    show_answer(answer(many, (0, 4, 2, 0, 0, 0, 0)), Screen(silent=False))
    assert "3 less likely" in capsys.readouterr().out


def test_a_reason_that_is_a_sentence_ends_once() -> None:
    path, reason = Path("file"), "It is broken."
    for error in (
        DamagedKeyFile(path, reason),
        RowsUnusable(path, reason),
        FolderUnusable(path, reason),
        OnnxFileUnusable("file", reason),
    ):
        assert "It is broken. " in str(error) and ".." not in str(error)


def test_what_has_no_probabilities_shows_none(capsys: pytest.CaptureFixture[str]) -> None:
    circuit = answer(bound_manifest("x", 2, 16, 2, (1, 2)), (5, -7))
    show_answer(circuit, Screen(silent=False))
    shown = capsys.readouterr().out
    assert "5, -7" in shown and "probabilities" not in shown
    assert answer_json(circuit)["rows"] == [{"outputs": [5, -7]}]
    show_answer(answer(replace(MANIFEST, link=IDENTITY), (0, 4, 2)), Screen(silent=False))
    assert "probabilities" not in capsys.readouterr().out
