"""The fuzzer's targets hold on their seeds, on changed seeds, and on what was ever found; every wire type holds."""

from random import Random

import pytest

from chain.codec import decode, encode
from tests.fuzz.__main__ import KEPT
from tests.fuzz.targets import TARGETS, Wrong
from tests.fuzz.wire_cases import NotHeld, try_type
from tests.fuzz.wire_values import Maker, bent, known_types, known_unions

CHANGED = 400
CASES = 24


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_holds(name: str) -> None:
    random, target = Random(7), TARGETS[name]
    seeds = [*target.seeds()]
    for seed in seeds:
        target.run(seed)
    for _ in range(CHANGED):
        changed = bent(random.choice(seeds), random)
        target.run(changed if random.random() < 0.7 or not changed else bent(changed, random))
    for found in KEPT.glob(f"{name}-*"):
        target.run(found.read_bytes())
    target.run(b"")


def test_every_wire_type_holds() -> None:
    types = known_types()
    assert len(types) > 150
    for cls in types:
        tally = try_type(cls, CASES)
        assert tally.cases == CASES == tally.refused + tally.canonical


def test_every_member_of_a_union_is_tried() -> None:
    members = {cls for union in known_unions().values() for cls in union.values()}
    assert members <= set(known_types()) and len(members) > 60


def test_the_targets_notice_a_decoder_that_takes_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte more is cut off instead of refused: the codec's and the transaction's targets must see it."""
    monkeypatch.setattr("tests.fuzz.targets.decode", lambda cls, data, **options: decode(cls, data[:-1], **options))
    with pytest.raises(Wrong):
        for seed in TARGETS["codec"].seeds():
            TARGETS["codec"].run(seed + b"\x00")


def test_the_cases_notice_an_encoding_that_loses_something(monkeypatch: pytest.MonkeyPatch) -> None:
    [cls] = [cls for cls in known_types() if cls.__name__ == "Header"]
    monkeypatch.setattr("tests.fuzz.wire_cases.encode", lambda value: encode(Maker(3).struct(cls)))
    with pytest.raises(NotHeld):
        try_type(cls, 2)
