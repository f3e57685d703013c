"""The search for secrets finds every form in which one could lie about, wherever it lies, and nothing else."""

import random
from pathlib import Path

import msgpack
import pytest

from chain.codec import encode
from chain.types.scalars import FieldElement
from contracts.notes.output import Point
from node.demo.secrets import Secret, forms, search

NUMBER = random.Random(1).randrange(2**200, 2**250)
AMOUNT = 2**61 + 12_345_678_901
KEY = random.Random(2).randbytes(32)
SECRETS: dict[str, Secret] = {"number": NUMBER, "amount": AMOUNT, "key": KEY, "text": "rent of the blue house"}

FORMS = {
    "number": [
        NUMBER.to_bytes(32, "big"),
        NUMBER.to_bytes(32, "little"),
        str(NUMBER).encode(),
        hex(NUMBER).encode(),
        f"{NUMBER:064x}".encode(),
        f"{NUMBER:064X}".encode(),
        NUMBER.to_bytes(32, "little").hex().encode(),
        encode(Point(FieldElement(NUMBER), FieldElement(1))),
    ],
    "amount": [
        AMOUNT.to_bytes(8, "big"),
        AMOUNT.to_bytes(8, "little"),
        AMOUNT.to_bytes(32, "big"),
        str(AMOUNT).encode(),
        hex(AMOUNT).encode(),
        msgpack.packb([1, AMOUNT]),
        encode(Point(FieldElement(1), FieldElement(AMOUNT))),
    ],
    "key": [KEY, KEY[::-1], KEY.hex().encode(), KEY.hex().upper().encode(), msgpack.packb([KEY])],
    "text": [b"rent of the blue house", b"rent of the blue house".hex().encode(), b"esuoh eulb eht fo tner"],
}
CASES = [(what, form) for what, each in FORMS.items() for form in each]


@pytest.mark.parametrize("shift", [0, 3, 8, 4093])
def test_every_form_is_found_at_any_place(tmp_path: Path, shift: int) -> None:
    noise = random.Random(shift).randbytes(5000)
    for place, (_, form) in enumerate(CASES):
        (tmp_path / f"{place:02}").write_bytes(noise[:shift] + form + noise[shift:])
    found, searched = search(SECRETS, [tmp_path])
    assert [(each.what, each.file.name) for each in found] == [
        (what, f"{place:02}") for place, (what, _) in enumerate(CASES)
    ]
    assert searched == sum(5000 + len(form) for _, form in CASES)


def test_the_end_of_a_file_and_short_files_are_searched(tmp_path: Path) -> None:
    for name, data in {"empty": b"", "short": b"1234567", "last": b"x" * 5 + KEY, "cut": KEY[:-1], "only": KEY}.items():
        (tmp_path / name).write_bytes(data)
    assert [each.file.name for each in search(SECRETS, [tmp_path])[0]] == ["last", "only"]


def test_two_secrets_that_begin_alike_are_told_apart(tmp_path: Path) -> None:
    other = KEY[:31] + bytes([KEY[31] ^ 1])
    (tmp_path / "file").write_bytes(other)
    assert [each.what for each in search({"key": KEY, "other": other}, [tmp_path])[0]] == ["other"]


def test_nothing_is_found_in_noise(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(random.Random(3).randbytes(2**20))
    assert search(SECRETS, [tmp_path]) == ([], 2**20)


def test_what_would_be_found_by_chance_is_not_sought() -> None:
    assert set(forms(5)) == {form for form in forms(5) if len(form) >= 8}
    assert not list(forms(b"1234")) or all(len(form) >= 8 for form in forms(b"1234"))
